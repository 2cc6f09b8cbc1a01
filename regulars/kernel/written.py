"""How amounts, dates, times and joined words are written in each language: one way everywhere."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from string import Formatter
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency

Language = Literal["zh", "en"]
LOCALES: Final[Mapping[Language, str]] = {"zh": "zh_CN", "en": "en"}
_DAY: Final[Mapping[Language, str]] = {"zh": "M月d日", "en": "d MMM"}
_FOREIGN: Final = "A-Za-z0-9¥€£$"
_HAN: Final = "\u3400-\u9fff"
_MEET: Final = re.compile(f"[{_HAN}][{_FOREIGN}]|[{_FOREIGN}%][{_HAN}]")
_DAY_OF_YEAR: Final[Mapping[Language, str]] = {"zh": "y年M月d日", "en": "d MMM y"}


@cache
def locale_of(language: Language) -> Locale:
    """Finding one takes half a millisecond, and a page says a thousand numbers."""
    return Locale.parse(LOCALES[language])


def written_amount(minor: int | Decimal, currency: str, exponent: int, language: Language) -> str:
    """Minor units in a currency: 123456 is "¥1,234.56"; parts of a minor unit are written out."""
    value = Decimal(minor).scaleb(-exponent)
    whole = isinstance(minor, int)
    return str(format_currency(value, currency, locale=locale_of(language), decimal_quantization=whole))


def written_day(day: date, language: Language, *, this_year: int | None = None) -> str:
    """A date, without its year where that is `this_year`."""
    patterns = _DAY if day.year == this_year else _DAY_OF_YEAR
    return str(format_date(day, patterns[language], locale=locale_of(language)))


def written_clock(at: datetime, zone: ZoneInfo, language: Language) -> str:
    """The time of day on a wall clock."""
    return str(format_time(at.astimezone(zone), "HH:mm", locale=locale_of(language)))


def written_digits(yyyymmdd: int, language: Language) -> str:
    """A date that rules keep as eight digits; as digits where it is none."""
    try:
        day = date(yyyymmdd // 10_000, yyyymmdd // 100 % 100, yyyymmdd % 100)
    except ValueError:
        return f"{yyyymmdd:,}"
    return written_day(day, language)


def meet(left: str, right: str) -> bool:
    """Whether a Chinese word stands beside a number or a Latin word there: a space belongs between them."""
    return _MEET.fullmatch(left[-1:] + right[:1]) is not None


def spaced(*parts: str) -> str:
    """Parts of a Chinese sentence as one, with a space wherever two `meet`; none itself is changed."""
    said = ""
    for part in parts:
        said += f" {part}" if meet(said, part) else part
    return said


def filled(template: str, **values: str) -> str:
    """A Chinese sentence whose {blanks} are filled, with a space wherever a value and its words `meet`."""
    pieces = ((words, values[name] if name else "") for words, name, _, _ in Formatter().parse(template))
    return spaced(*(part for piece in pieces for part in piece if part))
