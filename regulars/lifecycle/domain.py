"""Where a member stands, what time decides about it, and what a purchase decides: pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.kernel.clock import add_local_days
from regulars.rules.consequences import STAGE_RANKS, StageMove
from regulars.rules.domain import LifecyclePlan, TierMove

Stage = Literal["joined", "active", "at_risk", "lapsed"]
EventKind = Literal[
    "joined",
    "first_purchase",
    "upgraded",
    "kept",
    "downgraded",
    "at_risk",
    "lapsed",
    "reactivated",
    "stage_moved",
    "tier_corrected",
    "stage_corrected",
    "revisit_due",
    "points_expired",
    "silence_corrected",
    "frozen",
    "unfrozen",
]
BASE_TIER = "base"
SILENCES: tuple[EventKind, ...] = ("at_risk", "lapsed")


@dataclass(frozen=True)  # no slots: `changed` copies a dictionary
class Standing:
    """What a member's history amounts to; a cache that `regulars verify` can recompute whole.

    Attributes:
        last_seq: number of the member's last purchase, gapless from 1; 0 before the first.
        spend_365d_minor, visits_365d: purchases that occurred in the 365 × 24 h up to and
            including window_as_of.
        window_oldest_at: no purchase in that window is older; None while it is empty.
        next_revisit_at: when the next revisit falls due; None while there is none to come.
        next_expiry_at: soonest expiry of an open lot, or None.
        advanced_to: every event that time decides and that fell due up to here is written.
        care_from: revisits due earlier were never going to be worked (history that was imported).
    """

    member_id: UUID
    home_store_id: UUID
    enrolled_at: datetime
    tier: str
    tier_since: datetime
    tier_year_ends_at: datetime | None
    stage: Stage
    stage_since: datetime
    last_seq: int
    last_event_no: int
    first_purchase_at: datetime | None
    last_purchase_at: datetime | None
    visits: int
    spend_minor: int
    points_earned: int
    spend_365d_minor: int
    visits_365d: int
    window_as_of: datetime
    window_oldest_at: datetime | None
    next_revisit_at: datetime | None
    next_expiry_at: datetime | None
    next_due_at: datetime | None
    advanced_to: datetime
    care_from: datetime
    frozen_at: datetime | None
    frozen_reason: str | None

    @property
    def silent_since(self) -> datetime:
        """Silence counts from the last purchase, else from enrolment; never from before it."""
        return max(self.last_purchase_at or self.enrolled_at, self.enrolled_at)


_FIELDS: Final = frozenset(field.name for field in fields(Standing))


def changed(standing: Standing, /, **new: object) -> Standing:
    """The standing with other values: `dataclasses.replace` in an eighth of its time.

    Args:
        standing: stays as it is.
        new: field → value.
    Raises: TypeError: a standing has no such field.
    """
    if not new.keys() <= _FIELDS:
        raise TypeError(f"a standing has no {', '.join(sorted(new.keys() - _FIELDS))}")
    made = object.__new__(Standing)
    made.__dict__.update(standing.__dict__)
    made.__dict__.update(new)
    return made


@dataclass(frozen=True, slots=True)
class LifecycleEvent:
    """One thing that happened to a member's tier, stage or care; never changed afterwards.

    Attributes:
        event_no: the member's own numbering, gapless from 1, in the order of writing.
        after_seq: the member's last purchase when it was written.
        effective_at: when it took effect: the due date where time decided it.
        reason: the figures that decided it; plain values.
        worked: False for a revisit of imported history, which opens no task.
    """

    member_id: UUID
    event_no: int
    after_seq: int
    kind: EventKind
    effective_at: datetime
    tier_from: str | None = None
    tier_to: str | None = None
    stage_from: Stage | None = None
    stage_to: Stage | None = None
    pack_version: str | None = None
    rule_id: str | None = None
    reason: Mapping[str, object] = field(default_factory=dict)
    worked: bool = True


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who joins: what `opened` needs to know.

    Attributes:
        care_from: revisits due before it are recorded as not worked; enrolment, or the time of an import.
    """

    member_id: UUID
    home_store_id: UUID
    enrolled_at: datetime
    care_from: datetime


def opened(newcomer: Newcomer) -> tuple[Standing, LifecycleEvent]:
    """The standing of somebody who has just joined, and the event that says so.

    Args:
        newcomer: who joins, where and when.
    Returns: a standing without purchases, in the base tier, with nothing due until a plan is known.
    """
    at = newcomer.enrolled_at
    standing = Standing(
        member_id=newcomer.member_id,
        home_store_id=newcomer.home_store_id,
        enrolled_at=at,
        tier=BASE_TIER,
        tier_since=at,
        tier_year_ends_at=None,
        stage="joined",
        stage_since=at,
        last_seq=0,
        last_event_no=1,
        first_purchase_at=None,
        last_purchase_at=None,
        visits=0,
        spend_minor=0,
        points_earned=0,
        spend_365d_minor=0,
        visits_365d=0,
        window_as_of=at,
        window_oldest_at=None,
        next_revisit_at=None,
        next_expiry_at=None,
        next_due_at=None,
        advanced_to=at,
        care_from=newcomer.care_from,
        frozen_at=None,
        frozen_reason=None,
    )
    event = LifecycleEvent(
        member_id=newcomer.member_id,
        event_no=1,
        after_seq=0,
        kind="joined",
        effective_at=at,
        tier_to=BASE_TIER,
        stage_to="joined",
    )
    return standing, event


def silence_due(standing: Standing, plan: LifecyclePlan) -> datetime | None:
    """When the member's silence next counts: at risk, then lapsed; None once lapsed."""
    if standing.stage == "lapsed":
        return None
    days = plan.lapse_after_days if standing.stage == "at_risk" else plan.at_risk_after_days
    return standing.silent_since + timedelta(days=days)


def next_due(standing: Standing, plan: LifecyclePlan | None) -> datetime | None:
    """The earliest instant at which time will decide something, under one plan.

    Args:
        standing: the member's.
        plan: the live tier pack's numbers, or None where no tier pack is live.
    Returns: aware instant, or None where nothing will fall due.
    """
    dues = [standing.next_expiry_at]
    if plan is not None:
        dues += [standing.tier_year_ends_at, standing.next_revisit_at, silence_due(standing, plan)]
    return min((due for due in dues if due is not None), default=None)


def moved_up(
    standing: Standing, move: TierMove, plan: LifecyclePlan, at: datetime, zone: ZoneInfo, spend_minor: int
) -> tuple[Standing, LifecycleEvent] | None:
    """A move up, at once, where the rules give a higher tier than the member has.

    Args:
        standing: before the move.
        move: the highest tier whose rule applies.
        plan: the ladder, for the ranks.
        at: when it takes effect; a new tier year starts then.
        zone: the home store's, whose local days a tier year counts.
        spend_minor: the qualifying spend that earned it, for the reason.
    Returns: the new standing and the event, or None where the member already stands as high.
    """
    ranks = {band.code: band.rank for band in plan.bands}
    if move.rank <= ranks.get(standing.tier, 0):
        return None
    raised = changed(
        standing,
        tier=move.tier,
        tier_since=at,
        tier_year_ends_at=add_local_days(at, plan.tier_year_days, zone),
        last_event_no=standing.last_event_no + 1,
    )
    thresholds = {band.code: band.threshold_minor for band in plan.bands}
    event = LifecycleEvent(
        member_id=standing.member_id,
        event_no=raised.last_event_no,
        after_seq=raised.last_seq,
        kind="upgraded",
        effective_at=at,
        tier_from=standing.tier,
        tier_to=move.tier,
        pack_version=move.pack_version,
        rule_id=move.rule_id,
        reason={"spend_365d_minor": spend_minor, "threshold_minor": thresholds.get(move.tier)},
    )
    return raised, event


def retiered(standing: Standing, tier: str, plan: LifecyclePlan, at: datetime, zone: ZoneInfo) -> Standing:
    """The standing in a tier that was corrected; the event that says so takes the next number.

    Args:
        standing: before.
        tier: the right one.
        plan: the ladder that knows it: a tier year of its length starts, unless the tier is its lowest.
        at: when it takes effect.
        zone: the home store's, whose local days a tier year counts.
    """
    lowest = min(plan.bands, key=lambda band: band.rank).code
    return changed(
        standing,
        tier=tier,
        tier_since=at,
        tier_year_ends_at=None if tier == lowest else add_local_days(at, plan.tier_year_days, zone),
        last_event_no=standing.last_event_no + 1,
    )


def restaged(standing: Standing, stage: Stage, plan: LifecyclePlan, at: datetime) -> Standing:
    """The standing in a stage that was corrected; the event that says so takes the next number.

    Args:
        standing: before.
        stage: the right one.
        plan: live at the home store: by it the revisits of whom a rule had made lapsed begin anew; they stop
            at lapse.
        at: when it takes effect.
    """
    revisit = standing.next_revisit_at
    if stage == "lapsed":
        revisit = None
    elif standing.stage == "lapsed" and revisit is None:
        revisit = at + timedelta(days=plan.revisit_every_days)
    return changed(
        standing,
        stage=stage,
        stage_since=at,
        next_revisit_at=revisit,
        last_event_no=standing.last_event_no + 1,
    )


def bought(
    standing: Standing, at: datetime, plan: LifecyclePlan | None
) -> tuple[Standing, list[LifecycleEvent]]:
    """What a purchase in order of time does to the stage: first purchase, or reactivation.

    Args:
        standing: with `last_seq` already this purchase's.
        at: the purchase's occurred_at, not before `last_purchase_at`; what lies before enrolment takes
            effect with it.
        plan: the live plan at that time, or None.
    Returns: the standing with its new silence and stage, and the events, in order.
    """
    first = standing.first_purchase_at is None
    after = changed(standing, first_purchase_at=standing.first_purchase_at or at, last_purchase_at=at)
    if standing.stage == "active":
        return after, []
    began = max(at, standing.enrolled_at)
    kind: EventKind = "first_purchase" if standing.stage == "joined" else "reactivated"
    after = changed(
        after,
        stage="active",
        stage_since=began,
        next_revisit_at=_revisit_after(standing, began, plan, first=first),
        last_event_no=standing.last_event_no + 1,
    )
    event = LifecycleEvent(
        member_id=standing.member_id,
        event_no=after.last_event_no,
        after_seq=after.last_seq,
        kind=kind,
        effective_at=began,
        stage_from=standing.stage,
        stage_to="active",
        pack_version=plan.days_version if plan else None,
        reason={} if first else {"silent_since": standing.silent_since.isoformat()},
    )
    return after, [event]


def moved_stage(standing: Standing, move: StageMove, at: datetime) -> tuple[Standing, LifecycleEvent] | None:
    """A move towards silence that a rule of a purchase makes; silence counts on from that purchase.

    Args:
        standing: after the purchase has counted.
        move: at risk, or lapsed.
        at: when it takes effect.
    Returns: the new standing and the event, or None where the member has come as far already. Who has lapsed
        is not revisited; the next purchase brings the member back.
    Source: docs/semantics.md, "Stage".
    """
    if STAGE_RANKS[move.stage] <= STAGE_RANKS[standing.stage]:
        return None
    after = changed(
        standing,
        stage=move.stage,
        stage_since=at,
        next_revisit_at=None if move.stage == "lapsed" else standing.next_revisit_at,
        last_event_no=standing.last_event_no + 1,
    )
    event = LifecycleEvent(
        member_id=standing.member_id,
        event_no=after.last_event_no,
        after_seq=after.last_seq,
        kind="stage_moved",
        effective_at=at,
        stage_from=standing.stage,
        stage_to=move.stage,
        pack_version=move.pack_version,
        rule_id=move.rule_id,
    )
    return after, event


def _revisit_after(
    standing: Standing, at: datetime, plan: LifecyclePlan | None, *, first: bool
) -> datetime | None:
    """The schedule starts with the first purchase, runs on through silence, and starts anew after a lapse."""
    if plan is None:
        return standing.next_revisit_at
    if first:
        return at + timedelta(days=plan.first_revisit_after_days)
    if standing.next_revisit_at is None:
        return at + timedelta(days=plan.revisit_every_days)
    return standing.next_revisit_at
