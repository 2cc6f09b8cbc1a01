"""The arithmetic of an evaluation, step by step: amount, per, multiplier, rounding, share, cap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Final

from regulars.explanation.domain import Said
from regulars.explanation.probing import Probe, source_of
from regulars.explanation.speech import PackSpeech, exact, grouped, numbers
from regulars.explanation.stored import RuleKey
from regulars.kernel.money import format_minor
from regulars.rules.arithmetic import BPS
from regulars.rules.domain import Evaluation, RuleOutcome
from regulars.rules.model import Pack, Rule

Steps = Mapping[RuleKey, tuple[Said, ...]]


@dataclass(frozen=True, slots=True)
class Working:
    """One pack version at work on one document."""

    name: str
    pack: Pack
    probe: Probe
    speech: PackSpeech


@dataclass(frozen=True, slots=True)
class _Share:
    """What a rule adds to the whole: the exact running total after it, and its own rounded part."""

    key: RuleKey
    first: Said
    total: Fraction
    share: int
    before: int


def point_steps(workings: Sequence[Working], evaluation: Evaluation) -> Steps:
    """How the points of a purchase came about, rule by rule.

    Args:
        workings: the packs in the order in which they act.
        evaluation: what they gave.
    Returns: the steps of each rule that took part; none where another way of computing gave the points,
        which is then told by its result alone.
    """
    outcomes = {(o.pack_version, o.rule_id): o for o in evaluation.outcomes}
    shares = [*_earned(workings, outcomes)]
    total = shares[-1].total if shares else Fraction(0)
    given = floor(total)
    for working, rule, rate_bps in _multiplying(workings, outcomes) if shares else ():
        rate = Fraction(rate_bps, BPS)
        raised = total * rate
        said = f"{exact(total)} × {exact(rate)} = {exact(raised)}"
        shares.append(_Share((working.name, rule.id), Said(said, said), raised, floor(raised) - given, given))
        total, given = raised, floor(raised)
    agree = all(_gave(outcomes[share.key], share.share) for share in shares)
    return {share.key: (share.first, _rounded(share)) for share in shares} if agree else {}


def _earned(workings: Sequence[Working], outcomes: Mapping[RuleKey, RuleOutcome]) -> list[_Share]:
    shares: list[_Share] = []
    total = Fraction(0)
    for working in workings:
        for rule in working.pack.rules_in_order():
            key, earn = (working.name, rule.id), rule.then.earn
            if earn is None or not outcomes[key].applied:
                continue
            amount = working.probe.value(earn.amount)
            if not isinstance(amount, int) or earn.per is None:
                return []
            per = working.pack.value_of(earn.per)
            raised = total + Fraction(amount, per)
            share = floor(raised) - floor(total)
            shares.append(_Share(key, _first(working, earn.amount, amount, per), raised, share, floor(total)))
            total = raised
    return shares


def _multiplying(
    workings: Sequence[Working], outcomes: Mapping[RuleKey, RuleOutcome]
) -> list[tuple[Working, Rule, int]]:
    return [
        (working, rule, working.pack.value_of(rule.then.multiply.rate_bps))
        for working in workings
        for rule in working.pack.rules_in_order()
        if rule.then.multiply is not None and outcomes[working.name, rule.id].applied
    ]


def _gave(outcome: RuleOutcome, share: int) -> bool:
    """Whether the outcome is that share, or what a limit left of it."""
    limited = (outcome.note or "").startswith("limited")
    return outcome.gave <= share if limited else outcome.gave == share


def _first(working: Working, tree: object, amount: int, per: int) -> Said:
    speech = working.speech
    unit = speech.unit(tree)
    places = speech.chain.exponent if unit == "minor" else 0
    said = f"{grouped(amount, places)} ÷ {grouped(per, places)} = {exact(Fraction(amount, per))}"
    source = source_of(tree)
    if source is None:
        return Said(said, said)
    lines = numbers(working.probe.lines(source))
    return Said(f"{said}（{lines.zh}）", f"{said} ({lines.en})")


def _rounded(share: _Share) -> Said:
    whole = floor(share.total)
    if share.before == 0:
        return Said(f"向下取整：{whole:,} 分", f"rounded down: {whole:,}")
    return Said(
        f"累计 {exact(share.total)}，向下取整为 {whole:,} 分；前面的规则已给 {share.before:,} 分，"
        f"本条 {share.share:,} 分",
        f"{exact(share.total)} so far, rounded down {whole:,}; less {share.before:,} given by the rules "
        f"before: {share.share:,}",
    )


def discount_steps(working: Working, rule: Rule, evaluation: Evaluation) -> tuple[Said, ...]:
    """How a discount came about: the lines, the rate, the cap, and each line's share."""
    shares = {
        found.line: found.amount_minor
        for found in evaluation.discounts
        if (found.pack_version, found.rule_id) == (working.name, rule.id)
    }
    steps: list[Said] = []
    discount = rule.then.discount
    assert discount is not None
    selected = working.probe.value(
        {"map": [{"filter": [{"var": "purchase.lines"}, discount.lines]}, {"var": "sales_minor"}]}
    )
    given, places = sum(shares.values()), working.speech.chain.exponent
    if isinstance(selected, list) and discount.rate_bps is not None:
        whole = sum(value for value in selected if isinstance(value, int) and value > 0)
        rate = working.pack.value_of(discount.rate_bps)
        full = whole * rate // BPS
        percent = format_minor(rate, 2).rstrip("0").rstrip(".")
        sum_text = (
            f"{grouped(whole, places)} × {percent}% = {exact(Fraction(whole * rate, BPS * 10**places))}"
        )
        down = grouped(full, places)
        steps.append(Said(f"{sum_text}，向下取整 {down}", f"{sum_text}, rounded down {down}"))
        if discount.cap_minor is not None and full > (most := working.pack.value_of(discount.cap_minor)):
            cap = grouped(most, places)
            steps.append(Said(f"每单最多 {cap}", f"at most {cap} a purchase"))
    if shares:
        each_zh = "，".join(f"第 {line} 行 {grouped(part, places)}" for line, part in sorted(shares.items()))
        each_en = ", ".join(f"line {line}: {grouped(part, places)}" for line, part in sorted(shares.items()))
        total = grouped(given, places)
        steps.append(Said(f"按行分摊：{each_zh}；合计 {total}", f"by line: {each_en}; in all {total}"))
    return tuple(steps)


NO_STEPS: Final[Steps] = {}
