"""Forms about the chain's own fields: yuan for fen, dates for eight digits, a row for each choice."""

from collections.abc import Mapping, Sequence
from typing import Final, cast, get_args
from uuid import UUID

from starlette.datastructures import FormData

from regulars.custom_fields.domain import (
    NO_DATE,
    Choice,
    CustomField,
    CustomType,
    Subject,
    Value,
    usual_bounds,
    usual_default,
)
from regulars.kernel.errors import RegularsError
from rules_ui.contexts.base import Choice as Option
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.fields import ChoiceTyped, FieldTyped, ValueField
from rules_ui.editor.values import Unit, Unreadable, is_day, shown, typed
from rules_ui.i18n import N_, Speech
from rules_ui.troubles import troubles_of
from rules_ui.words import word_for

SPARE_CHOICES: Final = 4
MORE_CHOICES: Final = 6
MOST_ROWS: Final = 56
_LONGEST: Final = 2_500
_UNITS: Final[Mapping[CustomType, Unit]] = {"money_minor": "minor", "date": "yyyymmdd"}
_NUMBERS: Final = ("integer", "money_minor", "date")
_TEXTS: Final = (
    *("subject", "type", "code", "title_zh", "title_en", "help_zh", "help_en"),
    *("low", "high", "default", "default_choice"),
)
UNREADABLE: Final[Mapping[str, str]] = {
    "number": N_("Write a number with no more decimals than the unit has."),
    "whole_number": N_("Write a whole number."),
    "too_large": N_("The number is too large."),
    "date": N_("Write a day such as 2026-11-22."),
    "nothing": N_("Write a number."),
}


class Refused(Exception):
    """What was typed is no field, and why."""

    def __init__(self, problems: Sequence[FieldTrouble]) -> None:
        super().__init__()
        self.problems = tuple(problems)


def typed_of(form: FormData) -> FieldTyped:
    """What a form holds, as it was typed."""
    said = {name: _said(form, name) for name in _TEXTS}
    columns = [
        [str(each)[:_LONGEST] for each in form.getlist(f"choice_{part}")] for part in ("value", "zh", "en")
    ]
    kept = frozenset(_all_said(form, "choice_kept"))
    rows = [ChoiceTyped(value, zh, en, kept=value in kept) for value, zh, en in zip(*columns, strict=False)]
    return FieldTyped(**said, flag=bool(form.get("flag")), choices=tuple(rows[:MOST_ROWS]))


def with_spare(choices: Sequence[ChoiceTyped], spare: int = SPARE_CHOICES) -> tuple[ChoiceTyped, ...]:
    """The rows in which something stands, and some empty ones."""
    return (*_written(choices), *[ChoiceTyped()] * spare)


def typed_of_field(field: CustomField, exponent: int) -> FieldTyped:
    """A field as its form shows it."""
    return FieldTyped(
        subject=field.subject,
        type=field.type,
        code=field.code,
        title_zh=field.title_zh,
        title_en=field.title_en,
        help_zh=field.help_zh,
        help_en=field.help_en,
        default=shown_value(field.type, field.default, exponent),
        choices=tuple(ChoiceTyped(each.value, each.zh, each.en, kept=True) for each in field.choices),
    )


def field_of(wanted: FieldTyped, field_id: UUID, say: Speech) -> CustomField:
    """The field that somebody wants; the service says whether it can be.

    Raises: Refused: a bound or the usual value cannot be read, or there is no such type.
    """
    if wanted.type not in get_args(CustomType) or wanted.subject not in get_args(Subject):
        raise Refused([FieldTrouble("type", say.text(N_("Choose one.")))])
    kind = cast("CustomType", wanted.type)
    lowest, highest = usual_bounds(kind)
    problems: list[FieldTrouble] = []

    def number(name: str, usual: int) -> int:
        said = getattr(wanted, name).strip()
        if kind not in _NUMBERS or not said:
            return usual
        try:
            return typed(said, _UNITS.get(kind, "plain"), say.money.exponent)
        except Unreadable as trouble:
            problems.append(FieldTrouble(name, say.text(UNREADABLE[trouble.reason])))
            return usual

    low, high = number("low", lowest), number("high", highest)
    usual = usual_default(kind, low)
    default: Value = number("default", usual) if isinstance(usual, int) and kind in _NUMBERS else usual
    if kind == "boolean":
        default = wanted.flag
    if kind == "choice":
        default = wanted.default_choice.strip()
    if isinstance(default, int) and kind in _NUMBERS and not problems and low <= high:
        problems += _outside(default, (low, high), "default", kind, say)
    if problems:
        raise Refused(problems)
    return CustomField(
        id=field_id,
        subject=cast("Subject", wanted.subject),
        code=wanted.code.strip(),
        type=kind,
        title_zh=wanted.title_zh.strip(),
        title_en=wanted.title_en.strip(),
        help_zh=wanted.help_zh.strip(),
        help_en=wanted.help_en.strip(),
        low=low,
        high=high,
        choices=choices_of(wanted) if kind == "choice" else (),
        default=default,
    )


def choices_of(wanted: FieldTyped) -> tuple[Choice, ...]:
    """The choices that were written; rows left empty are none."""
    return tuple(
        Choice(each.value.strip(), each.zh.strip(), each.en.strip()) for each in _written(wanted.choices)
    )


def problems_of(error: RegularsError, say: Speech) -> tuple[FieldTrouble, ...]:
    """What a service found wrong, at the form's own fields."""
    return troubles_of(error, say.language)


def shown_value(kind: CustomType, value: Value | None, exponent: int) -> str:
    """A value as a field of a form holds it; "" where there is none."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "date" and (value == NO_DATE or not is_day(value)):
        return ""
    return shown(value, _UNITS.get(kind, "plain"), exponent)


def read_value(field: CustomField, said: str, say: Speech) -> Value | None:
    """A value as it was typed; None where nothing was.

    Raises: Unreadable: it is no value of the field's type. Refused: it lies outside of the field's bounds.
    """
    text = said.strip()
    if not text:
        return None
    if field.type == "choice":
        return text
    if field.type == "boolean":
        return text == "true"
    value = typed(text, _UNITS.get(field.type, "plain"), say.money.exponent)
    if problems := _outside(value, (field.low, field.high), field.code, field.type, say):
        raise Refused(problems)
    return value


def _outside(
    value: int, bounds: tuple[int, int], name: str, kind: CustomType, say: Speech
) -> list[FieldTrouble]:
    """That a value lies outside of its bounds, in the units in which it was typed."""
    if bounds[0] <= value <= bounds[1]:
        return []
    low, high = (shown_value(kind, each, say.money.exponent) or "—" for each in bounds)
    return [FieldTrouble(name, say.text(N_("Give a value from %(low)s to %(high)s."), low=low, high=high))]


def value_field(field: CustomField, value: str, usual: str, say: Speech) -> ValueField:
    """A field of a store as it is filled in."""
    options: tuple[Option, ...] = ()
    if field.type == "choice":
        options = tuple(
            Option(each.value, each.zh if say.language == "zh" else each.en, each.value == value)
            for each in field.choices
        )
    if field.type == "boolean":
        words = {"true": N_("yes"), "false": N_("no")}
        options = tuple(Option(code, say.text(said), code == value) for code, said in words.items())
    return ValueField(
        code=field.code,
        title=field.title_zh if say.language == "zh" else field.title_en,
        help=field.help_zh if say.language == "zh" else field.help_en,
        input="choice" if options else "date" if field.type == "date" else "number",
        value=value,
        before=say.currency_sign if field.type == "money_minor" else "",
        options=options,
        usual=usual,
        href=f"/fields/{field.subject}.custom.{field.code}",
    )


def type_choices(chosen: str, say: Speech) -> tuple[Option, ...]:
    """The types a field can have."""
    return tuple(
        Option(each, say.text(word_for("fact_kind", each)), each == chosen) for each in get_args(CustomType)
    )


def subject_choices(chosen: str, say: Speech) -> tuple[Option, ...]:
    """What a field can be about."""
    return tuple(
        Option(each, say.text(word_for("field_subject", each)), each == chosen) for each in get_args(Subject)
    )


def _written(choices: Sequence[ChoiceTyped]) -> list[ChoiceTyped]:
    return [each for each in choices if each.value.strip() or each.zh.strip() or each.en.strip()]


def _said(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value[:_LONGEST] if isinstance(value, str) else ""


def _all_said(form: FormData, name: str) -> list[str]:
    return [each[:_LONGEST] for each in form.getlist(name) if isinstance(each, str)]
