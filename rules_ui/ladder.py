"""What the tiers of a store are called, and how far it is to the next."""

from collections.abc import Sequence

from regulars.rules.domain import LifecyclePlan, TierBand
from rules_ui import telling
from rules_ui.contexts.base import Tier
from rules_ui.contexts.members import Progress
from rules_ui.i18n import Speech

USUAL_LADDER = ("base", "silver", "gold")


def ladder_of(plan: LifecyclePlan | None, say: Speech) -> tuple[Tier, ...]:
    """The tiers of the live pack, lowest first; the usual three where no tier pack is live."""
    if plan is None:
        return tuple(Tier(code, telling.title_of(code, {}, say)) for code in USUAL_LADDER)
    return tuple(Tier(band.code, _title(band, say)) for band in plan.bands)


def titles_of(ladder: Sequence[Tier]) -> dict[str, str]:
    """Tier code → what it is called."""
    return {tier.code: tier.title for tier in ladder}


def tier_of(code: str, ladder: Sequence[Tier], say: Speech) -> Tier:
    """A tier as it is shown, whether or not the live pack still has it."""
    return Tier(code, telling.title_of(code, titles_of(ladder), say))


def progress_of(tier: str, spend_minor: int, plan: LifecyclePlan | None, say: Speech) -> Progress | None:
    """How far it is to the next tier; None at the top, and where no tier pack is live."""
    if plan is None:
        return None
    ranks = {band.code: band.rank for band in plan.bands}
    above = [band for band in plan.bands if band.rank > ranks.get(tier, 0)]
    if not above:
        return None
    band = min(above, key=lambda band: band.rank)
    reached = min(spend_minor, band.threshold_minor)
    return Progress(
        next_title=_title(band, say),
        percent=100 * reached // band.threshold_minor if band.threshold_minor else 100,
        reached=say.amount(spend_minor),
        threshold=say.amount(band.threshold_minor),
        missing=say.amount(band.threshold_minor - reached),
    )


def _title(band: TierBand, say: Speech) -> str:
    return band.title_zh if say.language == "zh" else band.title_en
