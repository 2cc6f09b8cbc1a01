"""The limits of a pack in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from regulars.rules.domain import LimitEvery, LimitPer
from regulars.rules.model import Pack, PackLimit
from regulars.rules.wording import Wording

_PER: Mapping[LimitPer, tuple[str, str]] = {
    "member": ("每位会员", "each member"),
    "store": ("每家门店", "each store"),
    "pack": ("所有门店合计", "all stores together"),
}
_EVERY: Mapping[LimitEvery, tuple[str, str]] = {
    "day": ("每天", "a day"),
    "week": ("每周", "a week"),
    "month": ("每月", "a month"),
    "year": ("每年", "a year"),
    "ever": ("累计", "in all"),
}


@dataclass(frozen=True, slots=True)
class LimitSentence:
    """One limit in words."""

    code: str
    title: str
    words: str


def limit_sentences(
    pack: Pack, locale: str, *, exponent: int = 2, currency: str = ""
) -> tuple[LimitSentence, ...]:
    """Each limit of a pack in words.

    Args:
        pack: checked.
        locale: "zh…" for Chinese, else English.
        exponent: decimal places of the chain's currency.
        currency: its ISO code, written with each amount; "": amounts are written bare.
    Returns: by code, as on the pack set.
    """
    wording = Wording("zh" if locale.startswith("zh") else "en", pack, exponent, currency=currency)
    limits = sorted(pack.limits or (), key=lambda limit: limit.code)
    return tuple(
        LimitSentence(limit.code, wording.pick(limit.title.zh, limit.title.en), _limit(wording, limit))
        for limit in limits
    )


def _limit(wording: Wording, limit: PackLimit) -> str:
    per, every = wording.pick(*_PER[limit.per]), wording.pick(*_EVERY[limit.every])
    most = _most(wording, limit)
    partial = limit.when_reached == "partial"
    rest = wording.pick(
        *(
            ("，不足时给剩余部分", ", the last one in part")
            if partial
            else ("，超出不给", ", only where the whole fits")
        )
    )
    said = wording.pick(f"{per}{every}最多{most}{rest}", f"at most {most} {every} for {per}{rest}")
    return said[:1].upper() + said[1:] + _rules(wording, limit)


def _most(wording: Wording, limit: PackLimit) -> str:
    value = wording.pack.value_of(limit.at_most)
    match limit.of:
        case "points":
            return wording.pick(f" {value:,} 分", f"{value:,} point{'' if value == 1 else 's'}")
        case "money_minor":
            money = wording.number(value, "minor")
            return wording.pick(f"优惠 {money}", f"{money} off")
        case "uses":
            return wording.pick(f" {value:,} 次", f"{value:,} use{'' if value == 1 else 's'}")


def _rules(wording: Wording, limit: PackLimit) -> str:
    if limit.rules is None:
        return ""
    titles = [
        wording.pick(r.title.zh, r.title.en) for r in wording.pack.rules_in_order() if r.id in limit.rules
    ]
    return wording.pick("（仅限：", " (only: ") + wording.listing(titles) + wording.pick("）", ")")
