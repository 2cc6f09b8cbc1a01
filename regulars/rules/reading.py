"""Reads a pack's text into plain values, whatever the text holds: bombs become findings."""

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple, NoReturn

from regulars.rules.catalogue import EXACT_BELOW
from regulars.rules.findings import MOST_FINDINGS, Finding, at, finding

MOST_BYTES = 256 * 1024
MOST_LEVELS = 48
MOST_VALUES = 20_000
LONGEST_NUMBER = 40

_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class _Fraction(float):
    """A number that was written with a point or an exponent."""


class _Repeated(dict[str, JsonValue]):
    """An object in which a key stood twice."""

    key = ""


class _Refused(Exception):
    """Stops the parser with a finding."""

    def __init__(self, found: Finding) -> None:
        self.found = found


def read(text: str | bytes) -> tuple[JsonValue, list[Finding]]:
    """The values of a JSON text, and what is wrong with it.

    Args:
        text: anything.
    Returns: the value, None where nothing could be read, and the findings; without findings the value is
        made of objects, lists, texts, booleans and whole numbers, at most `MOST_LEVELS` deep.
    """
    size = len(text)
    if size > MOST_BYTES:
        return None, [finding("pack_too_large", "", size=size, limit=MOST_BYTES)]
    try:
        plain = text.decode("utf-8") if isinstance(text, bytes) else text
        plain.encode("utf-8")
    except UnicodeError:
        return None, [finding("not_utf8", "")]
    try:
        value = json.loads(
            plain,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_Fraction,
            parse_constant=_constant,
        )
    except _Refused as refused:
        return None, [refused.found]
    except RecursionError:
        return None, [finding("too_deep", "", limit=MOST_LEVELS)]
    except json.JSONDecodeError as error:
        return None, [finding("not_json", "", line=error.lineno, column=error.colno)]
    findings = _walk(value)
    return (value, findings) if not findings else (None, findings)


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    repeated = _Repeated(made)
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            repeated.key = key
            break
        seen.add(key)
    return repeated


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise _Refused(finding("number_too_large", "", value=digits))
    return int(digits)


def _constant(name: str) -> NoReturn:
    raise _Refused(finding("number_not_finite", "", value=name))


class _Place(NamedTuple):
    """A place in the text; its pointer is written only where there is something to say of it."""

    value: JsonValue
    step: str | int
    above: "_Place | None"
    level: int

    def pointer(self) -> str:
        steps: list[str | int] = []
        here = self
        while here.above is not None:
            steps.append(here.step)
            here = here.above
        return at("", *reversed(steps))


def _walk(root: JsonValue) -> list[Finding]:
    findings: list[Finding] = []
    waiting = [_Place(root, "", None, 1)]
    seen = 1
    while waiting:
        here = waiting.pop()
        value, level = here.value, here.level
        if not isinstance(value, (dict, list)):
            if level > MOST_LEVELS:
                return [_too_deep(here)]
            findings.extend(_scalar(value, here))
            continue
        seen += len(value)
        if seen > MOST_VALUES:
            return [finding("too_complex", "", limit=MOST_VALUES)]
        if level > MOST_LEVELS:
            return [_too_deep(here)]
        if isinstance(value, dict):
            findings.extend(_keys(value, here))
        members = value.items() if isinstance(value, dict) else enumerate(value)
        waiting.extend([_Place(child, step, here, level + 1) for step, child in members])
        if len(findings) > MOST_FINDINGS:  # the rest would only be cut off
            return findings
    return findings


def _too_deep(place: _Place) -> Finding:
    return finding("too_deep", place.pointer(), limit=MOST_LEVELS)


def _keys(value: dict[str, JsonValue], place: _Place) -> Iterator[Finding]:
    if isinstance(value, _Repeated):
        yield finding("key_repeated", place.pointer(), key=value.key)
    for key in value:
        if not _clean(key):
            yield finding("text_unprintable", place.pointer())


def _scalar(value: JsonValue, place: _Place) -> list[Finding]:
    if isinstance(value, str):
        return [] if _clean(value) else [finding("text_unprintable", place.pointer())]
    if isinstance(value, float):
        return [finding("fraction_found", place.pointer(), value=repr(float(value)))]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= EXACT_BELOW:
        return [finding("number_too_large", place.pointer(), value=value)]
    return []


def _clean(text: str) -> bool:
    if text.isascii() and text.isprintable():
        return True
    return _UNPRINTABLE.search(text) is None
