"""The numbers of a tier pack that time needs."""

from regulars.rules.compiler import CompiledPack
from regulars.rules.domain import LifecyclePlan, TierBand


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
