"""The numbers of a pack that others than the evaluator need: the ladder and its days, and the limits."""

from collections.abc import Sequence
from typing import Final

from regulars.rules.compiler import CompiledPack
from regulars.rules.domain import BASE_TIER, LifecyclePlan, Limit, TierBand

_A_YEAR: Final = 365
_ONE_STEP: Final = (TierBand(BASE_TIER, 0, 0, "会员", "Member"),)


def plan_of(packs: Sequence[CompiledPack]) -> LifecyclePlan | None:
    """What time decides by, of packs that are live together.

    Args:
        packs: in their order; the first of a kind counts.
    Returns: the ladder of the tier pack, and the days of the lifecycle pack or else of the tier pack; without
        a tier pack everybody stays on one step. None where neither is live.
    """
    ladder = next((_ladder(pack) for pack in packs if pack.kind == "tier"), None)
    timing = next((pack for pack in packs if pack.kind == "lifecycle"), None)
    if timing is None or timing.pack.lifecycle is None:
        return ladder
    pack, days, name = timing.pack, timing.pack.lifecycle, timing.version.name
    return LifecyclePlan(
        pack_version=ladder.pack_version if ladder else name,
        bands=ladder.bands if ladder else _ONE_STEP,
        tier_year_days=ladder.tier_year_days if ladder else _A_YEAR,
        at_risk_after_days=pack.value_of(days.at_risk_after_days),
        lapse_after_days=pack.value_of(days.lapse_after_days),
        first_revisit_after_days=pack.value_of(days.first_revisit_after_days),
        revisit_every_days=pack.value_of(days.revisit_every_days),
        days_from=name,
    )


def _ladder(compiled: CompiledPack) -> LifecyclePlan | None:
    pack, days = compiled.pack, compiled.pack.lifecycle
    if pack.tiers is None or days is None:
        return None
    bands = (
        TierBand(tier.code, tier.rank, pack.value_of(tier.threshold), tier.title.zh, tier.title.en)
        for tier in pack.tiers
    )
    return LifecyclePlan(
        pack_version=compiled.version.name,
        bands=tuple(sorted(bands, key=lambda band: band.rank)),
        tier_year_days=_A_YEAR if days.tier_year_days is None else pack.value_of(days.tier_year_days),
        at_risk_after_days=pack.value_of(days.at_risk_after_days),
        lapse_after_days=pack.value_of(days.lapse_after_days),
        first_revisit_after_days=pack.value_of(days.first_revisit_after_days),
        revisit_every_days=pack.value_of(days.revisit_every_days),
    )


def limits_of(compiled: CompiledPack) -> tuple[Limit, ...]:
    """The limits of a pack, with the values of its parameters, by code."""
    pack = compiled.pack
    every_rule = tuple(sorted(rule.id for rule in compiled.rules if rule.consequence is None))
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
    return tuple(sorted((limit for limit in limits if limit.rule_ids), key=lambda limit: limit.code))
