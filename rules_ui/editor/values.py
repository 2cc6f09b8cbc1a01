"""Values as people type them and as a pack holds them: yuan for fen, dates for numbers, and back."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from regulars.rules.catalogue import EXACT_BELOW, Field
from regulars.rules.model import ParameterType
from rules_ui.editor.nodes import Literally
from rules_ui.i18n import Speech

Unit = Literal["minor", "bps", "milli", "percent", "days", "yyyymmdd", "plain", "times"]
LONGEST: Final = 40
_BPS_PLACES: Final = 2
_TIMES_PLACES: Final = 4
_MILLI_PLACES: Final = 3
_OF_PARAMETER: Final[dict[ParameterType, Unit]] = {
    "money_minor": "minor",
    "rate_bps": "bps",
    "percent": "percent",
    "days": "days",
}


Reason = Literal["number", "whole_number", "too_large", "date", "text", "nothing", "name", "taken"]


class Unreadable(Exception):
    """What was typed is no value."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def unit_of(field: Field | None) -> Unit:
    """In which unit a fact is typed."""
    match field.unit if field else None:
        case "minor":
            return "minor"
        case "milli":
            return "milli"
        case "days":
            return "days"
        case "yyyymmdd":
            return "yyyymmdd"
        case _:
            return "plain"


def unit_of_parameter(type_: ParameterType) -> Unit:
    """In which unit a parameter is typed."""
    return _OF_PARAMETER.get(type_, "plain")


def places_of(unit: Unit, exponent: int) -> int:
    """How many decimals are typed of a unit, where the currency has `exponent`."""
    return {"minor": exponent, "bps": _BPS_PLACES, "milli": _MILLI_PLACES, "times": _TIMES_PLACES}.get(
        unit, 0
    )


def shown(value: int, unit: Unit, exponent: int) -> str:
    """A number as an input field wants it: 12500 fen are "125"."""
    if unit == "yyyymmdd":
        return f"{value // 10_000:04d}-{value // 100 % 100:02d}-{value % 100:02d}"
    text = format(Decimal(value).scaleb(-places_of(unit, exponent)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def said_number(value: int, unit: Unit, say: Speech) -> str:
    """A number as people read it, without the word of what it counts: "¥1,000.00", "12.5%", "1,500"."""
    match unit:
        case "minor":
            return say.amount(value)
        case "yyyymmdd":
            return shown(value, unit, say.money.exponent)
        case _:
            sign = "%" if unit in ("bps", "percent") else ""
            return f"{say.decimal(value, places_of(unit, say.money.exponent))}{sign}"


def with_word(number: str, word: str) -> str:
    """A number and what it counts, "30 days"; alone where there is no word."""
    return f"{number} {word}" if word else number


def typed(text: str, unit: Unit, exponent: int) -> int:
    """What was typed, in the pack's own unit.

    Args:
        text: as it stands in the field; Chinese commas and full-width digits are read too.
        unit: in which it is typed.
        exponent: decimals of the chain's currency.
    Raises: Unreadable.
    """
    clean = text.strip().replace("，", ",").replace(",", "").replace("．", ".")
    if not clean:
        raise Unreadable("nothing")
    if unit == "yyyymmdd":
        return _day(clean)
    if len(clean) > LONGEST or not re.fullmatch(r"[+-]?\d+(\.\d+)?", clean):
        raise Unreadable("number")
    places = places_of(unit, exponent)
    try:
        scaled = Decimal(clean).scaleb(places)
    except InvalidOperation:
        raise Unreadable("number") from None
    if scaled != scaled.to_integral_value():
        raise Unreadable("number" if places else "whole_number")
    if abs(scaled) >= EXACT_BELOW:
        raise Unreadable("too_large")
    return int(scaled)


def _day(text: str) -> int:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Unreadable("date") from None
    return found.year * 10_000 + found.month * 100 + found.day


def is_day(value: int) -> bool:
    """Whether a number is a day as rules write it, so that a date field can show it."""
    try:
        date(value // 10_000, value // 100 % 100, value % 100)
    except ValueError:
        return False
    return True


def listed(text: str, unit: Unit, exponent: int, *, texts: bool) -> tuple[Literally, ...]:
    """Several values, typed with commas or line breaks between them. Raises: Unreadable."""
    pieces: Sequence[str] = [piece.strip() for piece in re.split(r"[,，、;；\n]", text)]
    pieces = [piece for piece in pieces if piece]
    if not pieces:
        raise Unreadable("nothing")
    return tuple(Literally(piece if texts else typed(piece, unit, exponent)) for piece in pieces)
