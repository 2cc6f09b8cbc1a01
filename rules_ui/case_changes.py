"""What a change in the table of cases does to a pack's text."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import ValidationError

from regulars.explanation.as_case import expected_of
from regulars.rules.case_model import Given
from regulars.rules.catalogue import Catalogue, Field
from regulars.rules.checker import Report, examine
from regulars.rules.errors import PointerUnknown
from regulars.rules.text_edits import inserted, removed, replaced, with_member
from rules_ui.editor import operations
from rules_ui.editor.bench import Bench, Change, ChangeUnknown
from rules_ui.editor.values import Unreadable, typed, unit_of

NOBODY: Final = "-"
MOST_CASES: Final = 200
LONGEST_NAME: Final = 200
_CASE: Final = re.compile(r"/cases/[0-9]{1,3}")
_GIVEN: Final = re.compile(r"(/cases/[0-9]{1,3}/given)/(.+)")
_LINE: Final = re.compile(r"/cases/[0-9]{1,3}/given/purchase/lines/[0-9]{1,3}")
_EXPECTED: Final = re.compile(r"/cases/[0-9]{1,3}/expect/([a-z_]+)(/[^/]+)?")
_COMMAS: Final = re.compile(r"[,，、;；\n]")
_MONEY: Final = ("discount_minor", "lines")
_NUMBERS: Final = ("points", "awards", "revisit_after_days")
_CHOICES: Final = ("tier", "stage", "moved_to")
_NEW_LINE: Final = {"department": "", "sales_minor": 10_000}


def field_of(path: str, catalogue: Catalogue) -> Field | None:
    """The fact that a place below `given` holds; None where it is none of the catalogue's."""
    line = re.fullmatch(r"purchase/lines/[0-9]{1,3}/(.+)", path)
    if line:
        return catalogue.lines.get(line[1].replace("/", "."))
    found = catalogue.document.get(path.replace("/", "."))
    return found if found is not None and found.type != "lines" else None


def _add_case(bench: Bench, change: Change) -> str:
    """Keep facts as a case that expects what the rules give now."""
    try:
        given = orjson.loads(change.value)
        Given.model_validate(given)
    except (ValueError, ValidationError):
        raise ChangeUnknown(change.do) from None
    report = _report(bench)
    if report.pack is None or report.document is None or len(report.pack.cases) >= MOST_CASES:
        raise Unreadable("too_large")
    names = {language: _name(change, f"name_{language}") for language in ("zh", "en")}
    expect = expected_of(report.pack, report.document, given, bench.catalogue)
    return operations.add_to(bench.text, "/cases", {"name": names, "given": given, "expect": expect})


def _copy_case(bench: Bench, change: Change) -> str:
    case = bench.object_at(_known(_CASE, change.at))
    name = case.get("name")
    if isinstance(name, dict):
        endings = {"zh": "（副本）", "en": " (copy)"}
        case["name"] = {key: f"{said}{endings.get(key, '')}" for key, said in name.items()}
    return inserted(bench.text, "/cases", case, index=int(change.at.rpartition("/")[2]) + 1)


def _adopt_case(bench: Bench, change: Change) -> str:
    """Let one failing case expect what the rules now give."""
    number = int(_known(_CASE, change.at).rpartition("/")[2])
    report = _report(bench)
    if number >= len(report.cases):
        raise PointerUnknown(change.at)
    differences = report.cases[number].differences
    if any(each.what == "errors" for each in differences):
        raise PointerUnknown(change.at)
    text = bench.text
    for each in differences:
        text = replaced(text, f"{change.at}/expect/{each.what}", orjson.loads(each.got))
    return text


def _set_given(bench: Bench, change: Change) -> str:
    given, path = _split(change.at)
    said = change.value.strip()
    if path == "member/tier":
        return _set_tier(bench, given, said)
    if not said:
        if _LINE.fullmatch(change.at.rpartition("/")[0]) and path.endswith("/sales_minor"):
            raise Unreadable("nothing")
        return _taken(bench.text, change.at)
    return _put(bench.text, given, path, _value(bench, path, said, change))


def _set_tier(bench: Bench, given: str, said: str) -> str:
    """Whose purchase it is: a member's of a tier, or nobody's."""
    if said == NOBODY:
        return _put(bench.text, given, "member", {"known": False, "tier": ""})
    text = _put(bench.text, given, "member/tier", said)
    return _taken(text, f"{given}/member/known")


def _value(bench: Bench, path: str, said: str, change: Change) -> object:
    if path == "at":
        try:
            return datetime.fromisoformat(said).strftime("%Y-%m-%dT%H:%M")
        except ValueError:
            raise Unreadable("date") from None
    if path == "silent_days":
        return typed(said, "plain", 0)
    field = field_of(path, bench.catalogue)
    if field is None:
        raise ChangeUnknown(path)
    match field.type:
        case "boolean":
            return said == "true"
        case "integer":
            return typed(said, "plain" if field.options else unit_of(field), bench.exponent)
        case "text_list":
            pieces = (piece.strip() for each in change.values["value"] for piece in _COMMAS.split(each))
            return [piece for piece in pieces if piece]
        case _:
            return said


def _add_given(bench: Bench, change: Change) -> str:
    """Give a fact that the case has left to its usual value."""
    given, path = f"{_known(_CASE, change.at)}/given", change.value.replace(".", "/")
    if path == "silent_days":
        return _put(bench.text, given, path, 30)
    field = field_of(path, bench.catalogue)
    if field is None:
        raise ChangeUnknown(change.value)
    usual: object = field.options[0].value if field.options else field.example
    if field.type == "text_list":
        usual = [field.example]
    return _put(bench.text, given, path, usual)


def _add_line(bench: Bench, change: Change) -> str:
    given = f"{_known(_CASE, change.at)}/given"
    lines = f"{given}/purchase/lines"
    if bench.value_or_none(lines) is None:
        return _put(bench.text, given, "purchase/lines", [_NEW_LINE])
    return inserted(bench.text, lines, _NEW_LINE)


def _remove_line(bench: Bench, change: Change) -> str:
    return removed(bench.text, _known(_LINE, change.at))


def _set_expect(bench: Bench, change: Change) -> str:
    found = _EXPECTED.fullmatch(change.at)
    if found is None or (bench.value_or_none(change.at) is None and found[1] not in _CHOICES):
        raise PointerUnknown(change.at)
    said = change.value.strip()
    if found[1] in _CHOICES:
        return replaced(bench.text, change.at, said or None)
    if found[1] in _MONEY:
        return replaced(bench.text, change.at, typed(said, "minor", bench.exponent))
    if found[1] in _NUMBERS:
        return replaced(bench.text, change.at, typed(said, "plain", 0))
    raise ChangeUnknown(change.at)


def _put(text: str, given: str, path: str, value: object) -> str:
    """Write a fact; the objects above it that are not there are made."""
    steps: Sequence[str] = path.split("/")
    here = given
    for number, step in enumerate(steps):
        if not _there(text, f"{here}/{step}"):
            made: Any = value
            for key in reversed(steps[number + 1 :]):
                made = {key: made}
            return with_member(text, here, step, made)
        here = f"{here}/{step}"
    return replaced(text, here, value)


def _taken(text: str, pointer: str) -> str:
    return removed(text, pointer) if _there(text, pointer) else text


def _there(text: str, pointer: str) -> bool:
    here: object = json.loads(text)
    for step in pointer.split("/")[1:]:
        if isinstance(here, dict) and step in here:
            here = here[step]
        elif isinstance(here, list) and step.isdigit() and int(step) < len(here):
            here = here[int(step)]
        else:
            return False
    return True


def _split(pointer: str) -> tuple[str, str]:
    found = _GIVEN.fullmatch(pointer)
    if found is None:
        raise PointerUnknown(pointer)
    return found[1], found[2]


def _report(bench: Bench) -> Report:
    return examine(bench.text, bench.catalogue)


def _name(change: Change, key: str) -> str:
    said = next(iter(change.values.get(key, ())), "").strip()[:LONGEST_NAME]
    if not said:
        raise Unreadable("nothing")
    return said


def _known(pattern: re.Pattern[str], pointer: str) -> str:
    if not pattern.fullmatch(pointer):
        raise PointerUnknown(pointer)
    return pointer


CASE_CHANGES: Final[Mapping[str, Callable[[Bench, Change], str]]] = {
    "add-case": _add_case,
    "copy-case": _copy_case,
    "adopt-case": _adopt_case,
    "set-given": _set_given,
    "add-given": _add_given,
    "add-line": _add_line,
    "remove-line": _remove_line,
    "set-expect": _set_expect,
}
