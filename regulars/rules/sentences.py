"""A pack in words: what each rule asks and what it gives, for receipts and pages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from regulars.kernel.money import format_minor
from regulars.rules.model import Discount, Earn, Multiply, Pack, Refuse, Rule, conditions_of
from regulars.rules.parts import BPS
from regulars.rules.reach_wording import said_reach, said_season
from regulars.rules.wording import Wording

_SCOPES = {"earning": ("不累积积分", "no points"), "discount": ("不享受折扣", "no discounts")}


@dataclass(frozen=True, slots=True)
class RuleSentence:
    """One rule in words.

    Attributes:
        conditions: in the order of `RuleOutcome.failed`.
        effect: what it gives where all of them hold.
        scope: where and for whom it counts, its pack's scope included; empty where there is no limit to it.
        calendar: when it counts, likewise.
    """

    rule_id: str
    title: str
    conditions: tuple[str, ...]
    effect: str
    scope: str = ""
    calendar: str = ""


def pack_of(document: str | bytes | Mapping[str, object]) -> Pack:
    """The pack of a stored version, which was checked when it was made."""
    return Pack.model_validate(document if isinstance(document, Mapping) else json.loads(document))


def sentences(
    pack: Pack, locale: str, *, exponent: int = 2, tier_names: Mapping[str, str] | None = None
) -> tuple[RuleSentence, ...]:
    """Each rule and each condition of a pack in words.

    Args:
        pack: checked.
        locale: "zh…" for Chinese, else English.
        exponent: decimal places of the chain's currency.
        tier_names: what tiers are called, by code.
    Returns: one sentence a rule, in the order in which they act.
    """
    wording = Wording("zh" if locale.startswith("zh") else "en", pack, exponent, tier_names or {})
    return tuple(_rule(wording, rule) for rule in pack.rules_in_order())


def _rule(wording: Wording, rule: Rule) -> RuleSentence:
    conditions = tuple(_capital(wording.words(condition)) for condition in conditions_of(rule.when))
    title = wording.pick(rule.title.zh, rule.title.en)
    return RuleSentence(
        rule.id,
        title,
        conditions,
        _capital(_effect(wording, rule)),
        _capital(said_reach(wording, (wording.pack.scope, rule.scope))),
        _capital(said_season(wording, (wording.pack.calendar, rule.calendar))),
    )


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _effect(wording: Wording, rule: Rule) -> str:
    action = rule.then
    if action.earn:
        return _earn(wording, action.earn)
    if action.multiply:
        return _multiply(wording, action.multiply)
    if action.discount:
        return _discount(wording, action.discount)
    if action.refuse:
        return _refuse(wording, action.refuse)
    tier = action.set_tier.tier if action.set_tier else ""
    like = {"var": "member.tier"}
    return wording.pick(f"升为{wording.words(tier, like)}", f"moves up to {wording.words(tier, like)}")


def _earn(wording: Wording, earn: Earn) -> str:
    per = wording.number(wording.pack.value_of(earn.per), wording.unit(earn.amount) or "minor")
    amount = wording.words(earn.amount)
    said = wording.pick(f"{amount}每满 {per} 积 1 分", f"1 point for each {per} of {amount}")
    return said + _valid(wording, earn)


def _multiply(wording: Wording, multiply: Multiply) -> str:
    times = _places(wording.pack.value_of(multiply.rate_bps), 4)
    return wording.pick(f"本单积分 × {times}", f"points of the purchase × {times}") + _valid(
        wording, multiply
    )


def _valid(wording: Wording, action: Earn | Multiply) -> str:
    if action.valid_days is None:
        return ""
    days = wording.number(wording.pack.value_of(action.valid_days), "days")
    return wording.pick(f"，有效期 {days}", f", valid for {days}")


def _discount(wording: Wording, discount: Discount) -> str:
    rate = wording.pack.value_of(discount.rate_bps)
    lines = wording.lines(discount.lines)
    off = wording.number(rate, "bps")
    said = wording.pick(f"{lines}{_fold(rate)}", f"{off} off {lines}")
    if discount.cap_minor is None:
        return said
    cap = wording.number(wording.pack.value_of(discount.cap_minor), "minor")
    return said + wording.pick(f"，每单最多优惠 {cap}", f", at most {cap} a purchase")


def _fold(rate_bps: int) -> str:
    """A discount as shops in China say it: 5 % off is 9.5 折."""
    left = BPS - rate_bps
    if left <= 0:
        return "免费"
    return "不打折" if rate_bps == 0 else f"打 {_places(left, 3)} 折"


def _places(value: int, places: int) -> str:
    return format_minor(value, places).rstrip("0").rstrip(".")


def _refuse(wording: Wording, refuse: Refuse) -> str:
    scopes = wording.listing([wording.pick(*_SCOPES[scope]) for scope in refuse.scopes])
    return f"{wording.pick(refuse.reason.words.zh, refuse.reason.words.en)}{wording.pick('：', ': ')}{scopes}"
