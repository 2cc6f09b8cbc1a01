"""Says facts, amounts and instants in both languages, with the chain's currency and the store's clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from regulars.explanation.domain import Said, Value
from regulars.kernel.money import format_minor
from regulars.kernel.written import written_amount, written_clock, written_day
from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.facts import plain_code
from regulars.rules.model import Pack
from regulars.rules.wording import Wording

YES: Final = Said("是", "yes")
NO: Final = Said("否", "no")
NONE: Final = Said("（无）", "none")
_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class Speech:
    """How one chain says things.

    Attributes:
        currency: its ISO code; exponent: decimal places of it.
        zone: the wall clock on which instants are said.
        tier_names: what tiers are called in both languages, by code.
        catalogue: what the chain's facts are called.
    """

    currency: str
    exponent: int
    zone: ZoneInfo
    tier_names: Mapping[str, Said]
    catalogue: Catalogue = BUILT_IN

    def money(self, minor: int) -> Said:
        """An amount with its currency: 1250 is "¥12.50" where the chain counts in yuan."""
        return self._amount(minor)

    def exact_money(self, minor: Fraction) -> Said:
        """An amount with its parts of a minor unit; cut off, and said so, where they do not end."""
        cut, rest = divmod(abs(minor.numerator) * 10**_DECIMALS, minor.denominator)
        found = self._amount(Decimal(-cut if minor < 0 else cut).scaleb(-_DECIMALS))
        return Said(f"{found.zh}…", f"{found.en}…") if rest else found

    def _amount(self, minor: int | Decimal) -> Said:
        return Said(
            written_amount(minor, self.currency, self.exponent, "zh"),
            written_amount(minor, self.currency, self.exponent, "en"),
        )

    def points(self, points: int) -> Said:
        """Whole points."""
        return Said(f"{points:,} 分", f"{points:,} point{'' if points == 1 else 's'}")

    def moment(self, at: datetime) -> Said:
        """An instant on the store's wall clock: "2026年3月2日 10:00"; what is kept names its year."""
        day = self.day(at)
        return Said(
            f"{day.zh} {written_clock(at, self.zone, 'zh')}", f"{day.en} {written_clock(at, self.zone, 'en')}"
        )

    def day(self, at: datetime) -> Said:
        """The date on the store's wall clock."""
        local = at.astimezone(self.zone).date()
        return Said(written_day(local, "zh"), written_day(local, "en"))

    def stamp(self, at: datetime) -> str:
        """An instant on the store's wall clock for machines and tables: "2026-03-02 10:00"."""
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def tier(self, code: str | None) -> Said:
        """What a tier is called; its code where nobody says."""
        return self.tier_names.get(code or "") or Said(code or "–", code or "–")

    def in_pack(self, pack: Pack) -> "PackSpeech":
        """How the rules of a pack are said."""
        zh = {code: name.zh for code, name in self.tier_names.items()}
        en = {code: name.en for code, name in self.tier_names.items()}
        facts = self.catalogue
        return PackSpeech(
            self,
            Wording("zh", pack, self.exponent, zh, catalogue=facts, currency=self.currency),
            Wording("en", pack, self.exponent, en, catalogue=facts, currency=self.currency),
        )


@dataclass(frozen=True, slots=True)
class PackSpeech:
    """How the expressions of one pack are said, and the values that they come to."""

    chain: Speech
    zh: Wording
    en: Wording

    def words(self, tree: object) -> Said:
        """An expression in words, its first letter a capital."""
        zh, en = self.zh.words(tree), self.en.words(tree)
        return Said(capital(zh), capital(en))

    def name(self, tree: object) -> Said:
        """An expression in words, to stand within a sentence."""
        return Said(self.zh.words(tree), self.en.words(tree))

    def value(self, value: Value, like: object) -> Said:
        """What an expression came to, as people write it."""
        if value is None:
            return Said("–", "–")
        if isinstance(value, bool):
            return YES if value else NO
        if isinstance(value, list):
            return self._listed(value, like) if value else NONE
        plain = plain_code(value) if isinstance(value, str) else value
        if self.unit(like) == "minor" and isinstance(plain, int):
            return self.chain.money(plain)
        return Said(self.zh.words(plain, like), self.en.words(plain, like))

    def amount(self, amount: int, like: object) -> Said:
        """A difference between numbers like those of an expression."""
        return self.value(abs(amount), like if self.unit(like) else None)

    def unit(self, tree: object) -> str | None:
        """The unit of an expression's number."""
        return self.en.unit(tree)

    def _listed(self, values: Sequence[object], like: object) -> Said:
        plain = [plain_code(value) if isinstance(value, str) else value for value in values]
        return Said(
            self.zh.listing([self.zh.words(value, like) for value in plain]),
            self.en.listing([self.en.words(value, like) for value in plain]),
        )


def capital(sentence: str) -> str:
    """With a capital in front."""
    return sentence[:1].upper() + sentence[1:]


def exact(value: Fraction) -> str:
    """A fraction as a decimal; cut off, and said so, where it does not end."""
    scaled, rest = divmod(abs(value.numerator) * 10**_DECIMALS, value.denominator)
    digits = format_minor(scaled, _DECIMALS).rstrip("0").rstrip(".")
    whole, dot, decimals = digits.partition(".")
    return f"{'-' if value < 0 else ''}{int(whole):,}{dot}{decimals}{'…' if rest else ''}"


def numbers(lines: Sequence[int]) -> Said:
    """Line numbers in words."""
    if not lines:
        return Said("没有明细", "no line")
    shown = lines[:20]
    more = Said("等", ", …") if len(lines) > len(shown) else Said("", "")
    return Said(
        f"第 {'、'.join(map(str, shown))} 行{more.zh}",
        f"line{'' if len(lines) == 1 else 's'} {', '.join(map(str, shown))}{more.en}",
    )
