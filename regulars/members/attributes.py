"""Custom attributes of a member: small, flat, typed; the chain declares what it wants to hold to."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import orjson

from regulars.kernel.codes import is_code
from regulars.kernel.errors import FieldProblem
from regulars.members.errors import AttributeInvalid, TooMany

ATTRIBUTES_MAX: Final = 50
TEXT_LENGTH_MAX: Final = 500
TOTAL_BYTES_MAX: Final = 8_192
INTEGER_MAX: Final = 2**53 - 1
SETTING: Final = "member_attributes"
"""Chain setting: attribute code → {"type": text | integer | boolean | date | choice, "choices": […]}."""


def check_attributes(
    values: Mapping[str, object], settings: Mapping[str, object], prefix: str
) -> list[FieldProblem]:
    """What is wrong with a member's attributes.

    Args:
        values: by code; text, whole numbers and booleans only.
        settings: the chain's settings, whose declarations an attribute must meet.
        prefix: stands before each field's name.
    Returns: one problem a wrong attribute.
    """
    if len(values) > ATTRIBUTES_MAX:
        return [TooMany(ATTRIBUTES_MAX, field=f"{prefix}attributes")]
    declared = settings.get(SETTING)
    declarations = declared if isinstance(declared, Mapping) else {}
    problems: list[FieldProblem] = []
    for code, value in values.items():
        expected = _expected(code, value, declarations.get(code))
        if expected is not None:
            problems.append(AttributeInvalid(expected, field=f"{prefix}attributes.{code[:40]}"))
    if not problems and len(orjson.dumps(dict(values))) > TOTAL_BYTES_MAX:
        problems.append(
            AttributeInvalid(f"at most {TOTAL_BYTES_MAX} bytes in all", field=f"{prefix}attributes")
        )
    return problems


def _expected(code: str, value: object, declaration: object) -> str | None:
    """What should have been given, or None where the value is right."""
    if not is_code(code):
        return "a name of letters, digits, - or _"
    if not _is_plain(value):
        return f"text up to {TEXT_LENGTH_MAX} characters, a whole number, or true or false"
    if not isinstance(declaration, Mapping):
        return None
    kind, choices = declaration.get("type"), declaration.get("choices")
    if _has_type(value, kind, choices):
        return None
    return (
        f"one of {', '.join(map(str, choices))}" if isinstance(choices, list) else f"a value of type {kind}"
    )


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= TEXT_LENGTH_MAX and "\x00" not in value
    return isinstance(value, bool) or (isinstance(value, int) and abs(value) <= INTEGER_MAX)


def _has_type(value: object, kind: object, choices: object) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "date":
        return isinstance(value, str) and _is_date(value)
    if kind == "choice":
        return isinstance(choices, list) and value in choices
    return isinstance(value, str)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
