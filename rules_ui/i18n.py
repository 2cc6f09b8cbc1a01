"""Which language a reader gets, and how numbers, money and times are said in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent, get_currency_symbol
from babel.support import NullTranslations, Translations
from markupsafe import Markup

from regulars.kernel.written import LOCALES, locale_of, meet, written_amount, written_clock, written_day

LOCALE_DIR = Path(__file__).parent / "locale"
LanguageTag = Literal["zh", "en"]
LANGUAGES: Mapping[LanguageTag, str] = LOCALES
Counted = tuple[str, str]
DEFAULT_LANGUAGE: LanguageTag = "zh"
LANGUAGE_COOKIE = "regulars_language"

_SPAN_STYLE: Mapping[LanguageTag, Literal["long", "short"]] = {"zh": "short", "en": "long"}
_BLANK = re.compile(r"%\((\w+)\)s")
_ALMOST_NONE, _LEAST_SHARE = Decimal("0.005"), Decimal("0.001")


def N_(message: str) -> str:  # noqa: N802 — gettext's own name for "translate later"
    """Mark a message for extraction; it is translated where it is shown."""
    return message


def NN_(one: str, many: str) -> Counted:  # noqa: N802
    """Mark a message that counts something for extraction; `Speech.counted` translates it."""
    return one, many


def _spaced(said: str) -> str:
    """With a space between a number and a Chinese word, as all our texts have it."""
    return re.sub(r"(\d)([\u4e00-\u9fff])", r"\1 \2", said)


def seamed(said: str, values: Mapping[str, object]) -> str:
    """A message of which a space stands wherever a value that comes into it will `meet` its words."""

    def spaced(blank: re.Match[str]) -> str:
        value = values.get(blank[1], "")
        shown = value.striptags() if isinstance(value, Markup) else str(value)
        before = " " if meet(said[: blank.start()], shown) else ""
        return f"{before}{blank[0]} " if meet(shown, said[blank.end() :]) else f"{before}{blank[0]}"

    return _BLANK.sub(spaced, said)


def is_language(tag: object) -> bool:
    """Whether we speak it."""
    return tag in LANGUAGES


def choose_language(*, cookie: str | None, own: str | None, accepted: str) -> LanguageTag:
    """The first of: what the reader chose, what the operator's account says, what the browser asks for.

    Args:
        cookie: value of the language cookie, if any.
        own: locale of the signed-in operator, e.g. "zh-CN", if any.
        accepted: the Accept-Language header, maybe empty.
    Returns: a language we speak; Chinese when nothing matches.
    """
    for wish in [cookie or "", own or "", *_ranked(accepted)]:
        tag = wish.strip().lower().replace("_", "-").split("-")[0]
        for language in LANGUAGES:
            if tag == language:
                return language
    return DEFAULT_LANGUAGE


def _ranked(accepted: str) -> Sequence[str]:
    weighed = []
    for position, part in enumerate(accepted.split(",")[:20]):
        tag, _, weight = part.partition(";q=")
        try:
            weighed.append((-float(weight or 1), position, tag))
        except ValueError:
            continue
    return [tag for _, _, tag in sorted(weighed)]


@cache
def translations(language: LanguageTag) -> NullTranslations:
    """The catalogue of a language, read once a process."""
    return Translations.load(LOCALE_DIR, [LANGUAGES[language]])


@dataclass(frozen=True, slots=True)
class Money:
    """The chain's currency, by which minor units are shown."""

    currency: str
    exponent: int


@dataclass(frozen=True, slots=True)
class Speech:
    """One reader's language and wall clock.

    Attributes:
        language: which catalogue.
        zone: the zone in which times are shown.
        money: the chain's currency.
        now: the instant the page was made, for "5 minutes ago" and for leaving out this year.
    """

    language: LanguageTag
    zone: ZoneInfo
    money: Money
    now: datetime

    @property
    def locale(self) -> Locale:
        return locale_of(self.language)

    @property
    def gap(self) -> str:
        """What stands between two sentences: after its full-width marks Chinese takes no space."""
        return "" if self.language == "zh" else " "

    def text(self, message: str, **values: object) -> str:
        """A message in the reader's language."""
        said = translations(self.language).gettext(message)
        return seamed(said, values) % values if values else said

    def ngettext(self, one: str, many: str, number: int, **values: object) -> str:
        """A message that counts something, `num`, in the reader's language."""
        said = translations(self.language).ngettext(one, many, abs(number))
        told = {"num": self.number(number), **values}
        return seamed(said, told) % told

    def counted(self, words: Counted, number: int, **values: object) -> str:
        """A message marked by `NN_` that counts something, `num`, in the reader's language."""
        one, many = words
        return self.ngettext(one, many, number, **values)

    def number(self, value: int) -> str:
        """1234 → "1,234"."""
        return str(format_decimal(value, locale=self.locale))

    def quantity(self, milli: int) -> str:
        """Thousandths as a quantity: 1500 → "1.5"."""
        return str(format_decimal(Decimal(milli).scaleb(-3), locale=self.locale))

    def decimal(self, value: int, places: int) -> str:
        """A scaled whole number without needless zeros: 12500 with 2 places → "125"."""
        return str(format_decimal(Decimal(value).scaleb(-places), locale=self.locale))

    @property
    def currency_sign(self) -> str:
        """What stands before an amount: "¥"."""
        return str(get_currency_symbol(self.money.currency, locale=self.locale))

    def share(self, part: int, whole: int) -> str:
        """A part of a whole as a percentage; without decimals, unless that made it nothing or all."""
        share = Decimal(part) / Decimal(whole) if whole else Decimal(0)
        if not 0 < share < 1 or _ALMOST_NONE <= share < 1 - _ALMOST_NONE:
            return str(format_percent(share, locale=self.locale))
        shown = min(max(share, _LEAST_SHARE), 1 - _LEAST_SHARE)
        return str(format_percent(shown, "0.0%", locale=self.locale))

    def amount(self, minor: int) -> str:
        """Minor units in the chain's currency: 123456 → "¥1,234.56"."""
        return written_amount(minor, self.money.currency, self.money.exponent, self.language)

    def day(self, at: datetime | date) -> str:
        """The date, with the year only where it is not this one."""
        local = at.astimezone(self.zone).date() if isinstance(at, datetime) else at
        return written_day(local, self.language, this_year=self.now.astimezone(self.zone).year)

    def clock(self, at: datetime) -> str:
        """The time of day on the reader's wall clock."""
        return written_clock(at, self.zone, self.language)

    def moment(self, at: datetime) -> str:
        """Date and time of day."""
        return f"{self.day(at)} {self.clock(at)}"

    def exact(self, at: datetime) -> str:
        """The whole instant with its zone, for a tooltip."""
        local = at.astimezone(self.zone)
        offset = str(format_datetime(local, "xxx", locale=self.locale)).replace("-", "−")
        return f"{format_datetime(local, 'y-MM-dd HH:mm:ss', locale=self.locale)} UTC{offset}"

    def ago(self, at: datetime) -> str:
        """How far away an instant is: "just now", "5 minutes ago", "in 3 days"."""
        delta = at - self.now
        if abs(delta) < timedelta(minutes=1):
            return self.text(N_("within a minute") if delta > timedelta(0) else N_("just now"))
        return _spaced(format_timedelta(delta, add_direction=True, threshold=1, locale=self.locale))

    def span(self, delta: timedelta) -> str:
        """A length of time: "3 seconds", "2 hours"."""
        style = _SPAN_STYLE[self.language]
        return _spaced(format_timedelta(delta, threshold=1.2, format=style, locale=self.locale))
