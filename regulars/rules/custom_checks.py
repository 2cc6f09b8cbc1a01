"""Checks what the cases of a pack give for the chain's own facts."""

from collections.abc import Iterator, Mapping

from regulars.rules.case_model import Given
from regulars.rules.catalogue import Catalogue, Field
from regulars.rules.findings import Finding, at, finding
from regulars.rules.model import Pack

_Given = tuple[str, Mapping[str, object] | None, Mapping[str, Field]]


def check_custom(pack: Pack, catalogue: Catalogue) -> Iterator[Finding]:
    """What is wrong with the chain's own facts as cases give them."""
    for index, case in enumerate(pack.cases):
        for pointer, values, fields in _given(case.given, catalogue, at("", "cases", index, "given")):
            for code, value in (values or {}).items():
                yield from _value(fields, code, value, at(pointer, "custom"))


def _given(given: Given, catalogue: Catalogue, pointer: str) -> Iterator[_Given]:
    if given.member is not None:
        yield at(pointer, "member"), given.member.custom, catalogue.member
    if given.store is not None:
        yield at(pointer, "store"), given.store.custom, catalogue.store
    for index, line in enumerate(getattr(given.purchase, "lines", None) or ()):
        yield at(pointer, "purchase", "lines", index), line.custom, catalogue.product


def _value(fields: Mapping[str, Field], code: str, value: object, pointer: str) -> Iterator[Finding]:
    field = fields.get(code)
    if field is None:
        choices = ", ".join(fields) or "—"
        yield finding("case_custom_unknown", pointer, name=code, choices=choices)
        return
    expected = _expected(field, value)
    if expected is not None:
        yield finding("case_custom_wrong", at(pointer, code), name=code, expected=expected)


def _expected(field: Field, value: object) -> str | None:
    if field.type == "boolean":
        return None if isinstance(value, bool) else "true / false"
    if field.type == "text":
        allowed = [str(option.value) for option in field.options]
        return None if value in allowed else " / ".join(allowed)
    whole = isinstance(value, int) and not isinstance(value, bool) and field.low <= value <= field.high
    return None if whole else f"{field.low} … {field.high}"
