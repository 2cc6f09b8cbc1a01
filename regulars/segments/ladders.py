"""The tiers that a condition names and that nobody comes into: it counts fewer than its author thinks."""

from datetime import datetime

from regulars.rules.domain import BASE_TIER
from regulars.rules.findings import Finding, finding
from regulars.rules.live import LiveView
from regulars.rules.tier_names import tiers_compared
from regulars.segments.domain import Condition


def tiers_nowhere_live(condition: Condition, view: LiveView, at: datetime) -> tuple[Finding, ...]:
    """A warning for each tier of a condition that no live ladder has.

    Args:
        condition: from `service.check`; a stage that there is not is refused there.
        view: of the packs that are live, refreshed.
        at: aware instant, now.
    Returns: one for each tier, at the first place that names it.
    """
    named: dict[str, str] = {}
    for pointer, tier in tiers_compared(condition.tree):
        named.setdefault(tier, pointer)
    if not named:
        return ()
    plans = [packs.plan for packs in view.everywhere(at)]
    known = {BASE_TIER} | {band.code for plan in plans if plan for band in plan.bands}
    return tuple(
        finding("tier_nowhere_live", pointer, tier=tier)
        for tier, pointer in named.items()
        if tier not in known
    )
