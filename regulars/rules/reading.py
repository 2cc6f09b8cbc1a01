"""Reads a pack's text into plain values, whatever the text holds: bombs become findings."""

import json
from typing import NoReturn

from regulars.rules.catalogue import EXACT_BELOW
from regulars.rules.findings import Finding, at, finding

MOST_BYTES = 256 * 1024
MOST_LEVELS = 48
MOST_VALUES = 20_000
LONGEST_NUMBER = 40

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


def _walk(root: JsonValue) -> list[Finding]:
    findings: list[Finding] = []
    waiting: list[tuple[JsonValue, str, int]] = [(root, "", 1)]
    seen = 1
    while waiting:
        value, pointer, level = waiting.pop()
        seen += len(value) if isinstance(value, (dict, list)) else 0
        if seen > MOST_VALUES:
            return [finding("too_complex", "", limit=MOST_VALUES)]
        if level > MOST_LEVELS:
            return [finding("too_deep", pointer, limit=MOST_LEVELS)]
        if isinstance(value, dict):
            if isinstance(value, _Repeated):
                findings.append(finding("key_repeated", pointer, key=value.key))
            for key, child in value.items():
                if not _clean(key):
                    findings.append(finding("text_unprintable", pointer))
                waiting.append((child, at(pointer, key), level + 1))
        elif isinstance(value, list):
            waiting.extend((child, at(pointer, index), level + 1) for index, child in enumerate(value))
        else:
            findings.extend(_scalar(value, pointer))
    return findings


def _scalar(value: JsonValue, pointer: str) -> list[Finding]:
    if isinstance(value, float):
        return [finding("fraction_found", pointer, value=repr(float(value)))]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= EXACT_BELOW:
        return [finding("number_too_large", pointer, value=value)]
    if isinstance(value, str) and not _clean(value):
        return [finding("text_unprintable", pointer)]
    return []


def _clean(text: str) -> bool:
    if text.isascii() and text.isprintable():
        return True
    return not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in text) and not any(
        0xD800 <= ord(c) < 0xE000 for c in text
    )
