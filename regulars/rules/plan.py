"""The numbers of a pack that others than the evaluator need: the ladder and its days, and the limits."""

from regulars.rules.compiler import CompiledPack
from regulars.rules.domain import LifecyclePlan, Limit, TierBand


def plan_of(compiled: CompiledPack) -> LifecyclePlan | None:
    """The tier ladder and the days of a tier pack; None for a pack without them."""
    pack = compiled.pack
    if pack.tiers is None or pack.lifecycle is None:
        return None
    bands = (
        TierBand(tier.code, tier.rank, pack.value_of(tier.threshold), tier.title.zh, tier.title.en)
        for tier in pack.tiers
    )
    days = pack.lifecycle
    return LifecyclePlan(
        pack_version=compiled.version.name,
        bands=tuple(sorted(bands, key=lambda band: band.rank)),
        tier_year_days=pack.value_of(days.tier_year_days),
        at_risk_after_days=pack.value_of(days.at_risk_after_days),
        lapse_after_days=pack.value_of(days.lapse_after_days),
        first_revisit_after_days=pack.value_of(days.first_revisit_after_days),
        revisit_every_days=pack.value_of(days.revisit_every_days),
    )


def limits_of(compiled: CompiledPack) -> tuple[Limit, ...]:
    """The limits of a pack, with the values of its parameters, by code."""
    pack = compiled.pack
    every_rule = tuple(sorted(rule.id for rule in pack.rules))
    limits = (
        Limit(
            pack_code=pack.code,
            code=limit.code,
            of=limit.of,
            per=limit.per,
            every=limit.every,
            at_most=pack.value_of(limit.at_most),
            rule_ids=every_rule if limit.rules is None else tuple(sorted(set(limit.rules))),
            partial=limit.when_reached == "partial",
        )
        for limit in pack.limits or ()
    )
    return tuple(sorted(limits, key=lambda limit: limit.code))
