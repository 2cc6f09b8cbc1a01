"""Changes one value of a JSON text and leaves every other byte of it as it stands."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from regulars.rules.canonical import laid_out
from regulars.rules.errors import ParameterInvalid, PointerUnknown

_SPACE: Final = " \t\r\n"
_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object or a list.

    Attributes:
        key: of an object's member; None in a list.
        start: where it begins: its key in an object, its value in a list.
        value: where its value stands.
    """

    key: str | None
    start: int
    value: "Span"


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands in a text.

    Attributes:
        start, end: of its first character, and one after its last.
        members: of an object or a list; None of anything else.
    """

    start: int
    end: int
    members: tuple[Member, ...] | None = None


def span_of(text: str, pointer: str = "") -> Span:
    """Where a value stands.

    Args:
        text: JSON that `reading.read` reads without a finding.
        pointer: RFC 6901.
    Raises: PointerUnknown: the text has no such value.
    """
    here = _parse(text, _skip(text, 0))
    for step in steps_of(pointer):
        found = _member(text, here, step)
        if found is None:
            raise PointerUnknown(pointer)
        here = found.value
    return here


def fragment(text: str, pointer: str) -> str:
    """The very characters of a value. Raises: PointerUnknown."""
    span = span_of(text, pointer)
    return text[span.start : span.end]


def replaced(text: str, pointer: str, value: object) -> str:
    """The text with another value in a place. Raises: PointerUnknown."""
    return replaced_raw(
        text, pointer, laid_out(value, _margin(text, span_of(text, pointer).start), _last(pointer))
    )


def replaced_raw(text: str, pointer: str, raw: str) -> str:
    """The text with other characters in the place of a value. Raises: PointerUnknown."""
    span = span_of(text, pointer)
    return text[: span.start] + raw + text[span.end :]


def inserted(text: str, pointer: str, value: object, *, index: int | None = None) -> str:
    """The text with one more member in a list.

    Args:
        text: as in `span_of`.
        pointer: of the list.
        value: the new member.
        index: before which one it stands; None: as the last.
    Raises: PointerUnknown: there is no list.
    """
    span = span_of(text, pointer)
    if span.members is None or text[span.start] != "[":
        raise PointerUnknown(pointer)
    at = len(span.members) if index is None else max(0, min(index, len(span.members)))
    return _put(text, span, at, laid_out(value, _member_margin(text, span)))


def with_member(text: str, pointer: str, key: str, value: object) -> str:
    """The text with a value under a key of an object: in the place of the one before, or as the last.

    Raises: PointerUnknown: there is no object.
    """
    span = span_of(text, pointer)
    if span.members is None or text[span.start] != "{":
        raise PointerUnknown(pointer)
    if any(member.key == key for member in span.members):
        return replaced(text, f"{pointer}/{escaped(key)}", value)
    said = f"{json.dumps(key, ensure_ascii=False)}: {laid_out(value, _member_margin(text, span), key)}"
    return _put(text, span, len(span.members), said)


def removed(text: str, pointer: str) -> str:
    """The text without a member of an object or a list. Raises: PointerUnknown: also of the whole text."""
    above, _, last = pointer.rpartition("/")
    if not pointer:
        raise PointerUnknown(pointer)
    span = span_of(text, above)
    gone = _member(text, span, _unescaped(last))
    if gone is None or span.members is None:
        raise PointerUnknown(pointer)
    at = span.members.index(gone)
    if len(span.members) == 1:
        start, end = span.start + 1, span.end - 1
    elif at == len(span.members) - 1:
        start, end = span.members[at - 1].value.end, gone.value.end
    else:
        start, end = gone.start, span.members[at + 1].start
    return text[:start] + text[end:]


def renamed(text: str, pointer: str, key: str) -> str:
    """The text with another key for a member of an object; its value stays as it is written.

    Raises: PointerUnknown: there is no such member of an object.
    """
    above, _, last = pointer.rpartition("/")
    holder = span_of(text, above)
    found = _member(text, holder, _unescaped(last)) if pointer else None
    if found is None or found.key is None:
        raise PointerUnknown(pointer)
    end = _DECODER.raw_decode(text, found.start)[1]
    return text[: found.start] + json.dumps(key, ensure_ascii=False) + text[end:]


def moved(text: str, pointer: str, index: int) -> str:
    """The text with a member of a list before another one, counted without it; its characters stay.

    Raises: PointerUnknown.
    """
    above, _, _ = pointer.rpartition("/")
    raw = fragment(text, pointer)
    without = removed(text, pointer)
    span = span_of(without, above)
    if span.members is None or without[span.start] != "[":
        raise PointerUnknown(pointer)
    return _put(without, span, max(0, min(index, len(span.members))), raw)


def with_parameters(text: str, values: Mapping[str, int]) -> str:
    """A pack's text with other parameter values and nothing else changed, byte for byte.

    Args:
        text: a pack that was checked.
        values: new value by parameter name; the bounds are the checker's to see to.
    Returns: the new text.
    Raises: ParameterInvalid: no such parameter.
    """
    for name, value in values.items():
        try:
            text = replaced(text, f"/parameters/{escaped(name)}/value", int(value))
        except PointerUnknown:
            raise ParameterInvalid(name) from None
    return text


def steps_of(pointer: str) -> Sequence[str]:
    """The keys and positions of a JSON Pointer. Raises: PointerUnknown: it is none."""
    if pointer and not pointer.startswith("/"):
        raise PointerUnknown(pointer)
    return [_unescaped(step) for step in pointer.split("/")[1:]]


def escaped(key: str) -> str:
    """A key as a step of a JSON Pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _last(pointer: str) -> str:
    return next(reversed(steps_of(pointer)), "")


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _put(text: str, span: Span, at: int, said: str) -> str:
    members = span.members or ()
    if not members:
        return text[: span.start + 1] + said + text[span.end - 1 :]
    between = "," + (_gap(text, span) or " ")
    if at < len(members):
        here = members[at].start
        return text[:here] + said + between + text[here:]
    here = members[-1].value.end
    return text[:here] + between + said + text[here:]


def _gap(text: str, span: Span) -> str:
    """What stands before each member where each has a line of its own; "" where all share one."""
    gap = text[span.start + 1 : (span.members or ())[0].start]
    return gap if "\n" in gap else ""


def _member_margin(text: str, span: Span) -> str:
    gap = _gap(text, span) if span.members else ""
    return gap.rpartition("\n")[2] if gap else _margin(text, span.start)


def _margin(text: str, here: int) -> str:
    line = text[text.rfind("\n", 0, here) + 1 : here]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _member(text: str, span: Span, step: str) -> Member | None:
    if span.members is None:
        return None
    if text[span.start] == "[":
        position = int(step) if step.isascii() and step.isdigit() and len(step) < 9 else -1
        return span.members[position] if 0 <= position < len(span.members) else None
    return next((member for member in span.members if member.key == step), None)


def _parse(text: str, start: int) -> Span:
    if text[start] not in "[{":
        return Span(start, _DECODER.raw_decode(text, start)[1])
    keyed = text[start] == "{"
    members: list[Member] = []
    here = _skip(text, start + 1)
    while text[here] not in "]}":
        begin, key = here, None
        if keyed:
            key, here = _DECODER.raw_decode(text, here)
            here = _skip(text, _skip(text, here) + 1)
        value = _parse(text, here)
        members.append(Member(key, begin, value))
        here = _skip(text, value.end)
        if text[here] == ",":
            here = _skip(text, here + 1)
    return Span(start, here + 1, tuple(members))


def _skip(text: str, here: int) -> int:
    while here < len(text) and text[here] in _SPACE:
        here += 1
    return here
