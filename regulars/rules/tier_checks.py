"""Checks the ladder of a tier pack, and the days of its life cycle."""

from itertools import pairwise

from regulars.rules.expressions import Expressions
from regulars.rules.findings import at
from regulars.rules.model import Lifecycle, Pack, Tier, conditions_of
from regulars.rules.parts import ParameterRef

MOST_DAYS = 36_500
BASE_TIER = "base"
"""Where every member begins."""


def check_tiers(expressions: Expressions, pack: Pack) -> None:
    """Add what is wrong with `tiers` and `lifecycle` to the findings."""
    if pack.kind != "tier":
        for name in ("tiers", "lifecycle"):
            if getattr(pack, name) is not None:
                expressions.say("tier_part_misplaced", at("", name), field=name)
        return
    if pack.tiers is None:
        expressions.say("tier_part_missing", "", field="tiers")
    else:
        _ladder(expressions, pack, pack.tiers)
    if pack.lifecycle is None:
        expressions.say("tier_part_missing", "", field="lifecycle")
    else:
        _days(expressions, pack, pack.lifecycle)


def _ladder(expressions: Expressions, pack: Pack, tiers: list[Tier]) -> None:
    for name in ("code", "rank"):
        seen: set[object] = set()
        for index, tier in enumerate(tiers):
            value = getattr(tier, name)
            if value in seen:
                expressions.say("id_repeated", at("", "tiers", index, name), value=value)
            seen.add(value)
    thresholds = [
        _value(expressions, pack, tier.threshold, at("", "tiers", index, "threshold"))
        for index, tier in enumerate(tiers)
    ]
    steps = sorted(range(len(tiers)), key=lambda index: tiers[index].rank)
    if thresholds[steps[0]] != 0:
        expressions.say("tier_base_missing", at("", "tiers", steps[0], "threshold"))
    if tiers[steps[0]].code != BASE_TIER:
        expressions.say("tier_base_code", at("", "tiers", steps[0], "code"), base=BASE_TIER)
    for lower, upper in pairwise(steps):
        if thresholds[upper] <= thresholds[lower]:
            pointer = at("", "tiers", upper, "threshold")
            expressions.say("tier_not_ascending", pointer, tier=tiers[upper].code)
    _reached(expressions, pack, [tiers[index] for index in steps])


def _reached(expressions: Expressions, pack: Pack, steps: list[Tier]) -> None:
    codes = [tier.code for tier in steps]
    named = [rule.then.set_tier.tier if rule.then.set_tier else "" for rule in pack.rules]
    for index, code in enumerate(named):
        if code and code not in codes:
            pointer = at("", "rules", index, "then", "set_tier", "tier")
            expressions.say("tier_unknown", pointer, tier=code, choices=", ".join(codes))
    for index, rule in enumerate(pack.rules):
        tier = next((tier for tier in steps if tier.code == named[index]), None)
        if tier is not None and _asks(tier) not in conditions_of(rule.when):
            expressions.say("tier_rule_differs", at("", "rules", index, "when"), tier=tier.code)
    for tier in steps[1:]:
        if tier.code not in named:
            expressions.say("tier_without_rule", at("", "tiers"), tier=tier.code)


def _asks(tier: Tier) -> object:
    threshold = tier.threshold
    wanted = {"param": threshold.param} if isinstance(threshold, ParameterRef) else threshold
    return {">=": [{"var": "member.qualifying_spend_minor"}, wanted]}


def _days(expressions: Expressions, pack: Pack, lifecycle: Lifecycle) -> None:
    found: dict[str, int] = {}
    for name in Lifecycle.model_fields:
        pointer = at("", "lifecycle", name)
        days = found[name] = _value(expressions, pack, getattr(lifecycle, name), pointer)
        if not 1 <= days <= MOST_DAYS:
            expressions.say(
                "amount_out_of_bounds",
                pointer,
                field=name,
                low=1,
                high=MOST_DAYS,
                found_low=days,
                found_high=days,
            )
    if found["lapse_after_days"] <= found["at_risk_after_days"]:
        expressions.say(
            "lapse_before_risk",
            at("", "lifecycle", "lapse_after_days"),
            lapse=found["lapse_after_days"],
            risk=found["at_risk_after_days"],
        )


def _value(expressions: Expressions, pack: Pack, number: int | ParameterRef, pointer: str) -> int:
    if not isinstance(number, ParameterRef):
        return number
    expressions.parameter(number.param, pointer)
    parameter = pack.parameters.get(number.param)
    return parameter.value if parameter else 0
