"""Checks the ladder of a tier pack, and the days of its life cycle."""

from itertools import pairwise

from regulars.rules.domain import BASE_TIER
from regulars.rules.expressions import Expressions
from regulars.rules.findings import at, may_be
from regulars.rules.model import Lifecycle, Pack, Tier, conditions_of
from regulars.rules.parts import ParameterRef

MOST_DAYS = 36_500
_OF_TIME = ("tier", "lifecycle")


def check_tiers(expressions: Expressions, pack: Pack) -> None:
    """Add what is wrong with `tiers` and `lifecycle` to the findings, and with their absence."""
    _present(expressions, pack)
    if pack.tiers is not None and pack.kind == "tier":
        _ladder(expressions, pack, pack.tiers)
    if pack.lifecycle is not None and pack.kind in _OF_TIME:
        _days(expressions, pack, pack.lifecycle)


def _present(expressions: Expressions, pack: Pack) -> None:
    for name, kinds in (("tiers", ("tier",)), ("lifecycle", _OF_TIME)):
        given = getattr(pack, name) is not None
        if given and pack.kind not in kinds:
            expressions.say("tier_part_misplaced", at("", name), field=name)
        if not given and pack.kind in kinds:
            expressions.say("tier_part_missing", "", field=name)
    if pack.kind != "lifecycle" and not pack.rules:
        expressions.say("list_length", "/rules", low=1, high=200)


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
    year = lifecycle.tier_year_days
    if year is None and pack.kind == "tier":
        expressions.say("field_missing", "/lifecycle", field="tier_year_days")
    if year is not None and pack.kind == "lifecycle":
        field = "tier_year_days"
        expressions.say("part_misplaced", at("", "lifecycle", field), field=field, kind=pack.kind)
    for name in Lifecycle.model_fields:
        pointer, number = at("", "lifecycle", name), getattr(lifecycle, name)
        if number is None:
            continue
        days = found[name] = _value(expressions, pack, number, pointer)
        if not 1 <= days <= MOST_DAYS:
            expressions.say(
                "amount_out_of_bounds",
                pointer,
                field=name,
                low=1,
                high=MOST_DAYS,
                found=may_be(days, days),
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
