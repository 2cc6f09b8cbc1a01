"""How amounts, dates and times of day are written in each language of the product: one way everywhere."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency

Language = Literal["zh", "en"]
LOCALES: Final[Mapping[Language, str]] = {"zh": "zh_CN", "en": "en"}
_DAY: Final[Mapping[Language, str]] = {"zh": "M月d日", "en": "d MMM"}
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
