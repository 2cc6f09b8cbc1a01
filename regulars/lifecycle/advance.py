"""What time decides about a member, in the order in which it falls due."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.kernel.clock import add_local_days
from regulars.lifecycle.domain import (
    BASE_TIER,
    SILENCES,
    EventKind,
    LifecycleEvent,
    Stage,
    Standing,
    changed,
    next_due,
    silence_due,
)
from regulars.lifecycle.recent import RecentVisits
from regulars.lifecycle.window import SpendWindow
from regulars.members.tagging import Tagging
from regulars.rules.domain import LifecyclePlan, RecentFacts, TierMove


@dataclass(frozen=True, slots=True)
class Reign:
    """A stretch of time in which one set of packs is live at the member's home store.

    Attributes:
        until: exclusive end; None while nothing else is planned.
        tier_for: what the tier rules give for (spend, visits) in 365 days, and for what was done lately.
    """

    plan: LifecyclePlan | None
    until: datetime | None
    tier_for: Callable[[Standing, int, int, datetime, RecentFacts | None], TierMove | None]


@dataclass(frozen=True, slots=True)
class OpenLot:
    """What is left of a lot that will expire."""

    lot_id: UUID
    remaining: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Expiry:
    """Points that expire together: to be booked for one event."""

    member_id: UUID
    event_no: int
    at: datetime
    lots: tuple[OpenLot, ...]

    @property
    def points(self) -> int:
        return sum(lot.remaining for lot in self.lots)


class Reigns(Protocol):
    """Which packs reign at an instant."""

    def __call__(self, at: datetime) -> Reign: ...


@dataclass(slots=True)
class MemberTime:
    """One member while its time is being advanced: the standing so far, and all that came of it.

    Attributes:
        lots: open lots that may expire before the caller is done, and the one after them.
        others_expire_at: soonest expiry among lots that are not in `lots`; later than the caller will go.
        tags: what people and rules gave.
        recent: what was bought lately; None where no pack that reads or reviews the member asks for it.
    """

    standing: Standing
    window: SpendWindow
    reigns: Reigns
    zone: ZoneInfo
    lots: list[OpenLot] = field(default_factory=list)
    others_expire_at: datetime | None = None
    tags: Tagging = field(default_factory=Tagging)
    recent: RecentVisits | None = None
    events: list[LifecycleEvent] = field(default_factory=list)
    expiries: list[Expiry] = field(default_factory=list)

    def advance(self, to: datetime) -> None:
        """Write, in order of due time, every event that time decides and that fell due up to `to`.

        Stepping there in one go or in many gives the same events: each due date is judged by the packs
        that reign then. Does nothing where the member was advanced further already.
        """
        while to >= self.standing.advanced_to:
            reign = self.reigns(self.standing.advanced_to)
            horizon = to if reign.until is None else min(to, reign.until)
            due = next_due(self.standing, reign.plan)
            # At its very end another reign has begun, and judges what falls due then.
            falls_due = due is not None and (due < horizon or (due == horizon != reign.until))
            if falls_due and due is not None:
                self._decide(max(due, self.standing.advanced_to), due, reign)
                continue
            if horizon == to != reign.until:
                self.standing = changed(self.standing, advanced_to=horizon, next_due_at=due)
                return
            self.standing = changed(self.standing, advanced_to=horizon)
        self._settle()

    def _settle(self) -> None:
        due = next_due(self.standing, self.reigns(self.standing.advanced_to).plan)
        if due != self.standing.next_due_at:
            self.standing = changed(self.standing, next_due_at=due)

    def _decide(self, at: datetime, due: datetime, reign: Reign) -> None:
        """Decide the one thing that is due; a due date that a new pack put into the past counts from now."""
        standing, plan = self.standing, reign.plan
        if due == standing.next_expiry_at:
            self._expire(at)
        elif plan is None:
            raise AssertionError("without a plan only lots fall due")
        elif due == standing.tier_year_ends_at:
            self._review_tier(at, plan, reign)
        elif due == silence_due(standing, plan):
            self._fall_silent(at, plan)
        else:
            self._revisit(at, plan)

    def _expire(self, at: datetime) -> None:
        gone = tuple(lot for lot in self.lots if lot.expires_at <= at)
        self.lots = [lot for lot in self.lots if lot.expires_at > at]
        expiries = [lot.expires_at for lot in self.lots]
        following = min((e for e in (*expiries, self.others_expire_at) if e is not None), default=None)
        self.standing = changed(self.standing, next_expiry_at=following)
        if gone:
            points = sum(lot.remaining for lot in gone)
            event = self._note("points_expired", at, reason={"points": points})
            self.expiries.append(Expiry(self.standing.member_id, event.event_no, at, gone))

    def _review_tier(self, at: datetime, plan: LifecyclePlan, reign: Reign) -> None:
        """At the end of a tier year: kept where the spend still reaches the tier, else one step down."""
        standing = self.standing
        spend_minor, visits = self.window.seen_at(at)
        ladder = sorted(plan.bands, key=lambda band: band.rank)
        held = next((band for band in ladder if band.code == standing.tier), ladder[0])
        recent = self.recent.seen_at(at) if self.recent is not None else None
        reached = reign.tier_for(standing, spend_minor, visits, at, recent)
        reason = {"spend_365d_minor": spend_minor, "threshold_minor": held.threshold_minor}
        if reached is not None and reached.rank >= held.rank:
            kind: EventKind = "kept"
            tier = held.code
        else:
            kind = "downgraded"
            tier = next((band.code for band in reversed(ladder) if band.rank < held.rank), BASE_TIER)
        ends_at = add_local_days(at, plan.tier_year_days, self.zone)
        lowest = tier == ladder[0].code
        self._note(
            kind,
            at,
            tier_from=standing.tier,
            tier_to=tier,
            pack_version=plan.pack_version,
            rule_id=reached.rule_id if reached and kind == "kept" else None,
            reason=reason,
        )
        self.standing = changed(
            self.standing,
            tier=tier,
            tier_since=standing.tier_since if kind == "kept" else at,
            tier_year_ends_at=None if lowest else ends_at,
        )

    def _fall_silent(self, at: datetime, plan: LifecyclePlan) -> None:
        standing = self.standing
        lapsed = standing.stage == "at_risk"
        stage: Stage = "lapsed" if lapsed else "at_risk"
        days = plan.lapse_after_days if lapsed else plan.at_risk_after_days
        self._note(
            "lapsed" if lapsed else "at_risk",
            at,
            stage_from=standing.stage,
            stage_to=stage,
            pack_version=plan.days_version,
            reason={"silent_since": standing.silent_since.isoformat(), "after_days": days},
        )
        revisit = None if lapsed else standing.next_revisit_at
        self.standing = changed(self.standing, stage=stage, stage_since=at, next_revisit_at=revisit)

    def _revisit(self, at: datetime, plan: LifecyclePlan) -> None:
        standing = self.standing
        self._note("revisit_due", at, pack_version=plan.days_version, worked=at >= standing.care_from)
        self.standing = changed(self.standing, next_revisit_at=at + timedelta(days=plan.revisit_every_days))

    def _note(self, kind: EventKind, at: datetime, **what: object) -> LifecycleEvent:
        number = self.standing.last_event_no + 1
        event = LifecycleEvent(
            member_id=self.standing.member_id,
            event_no=number,
            after_seq=self.standing.last_seq,
            kind=kind,
            effective_at=at,
            **what,  # type: ignore[arg-type]
        )
        self.events.append(event)
        advanced_to = max(at, self.standing.advanced_to)
        self.standing = changed(self.standing, last_event_no=number, advanced_to=advanced_to)
        return event

    def take(self, standing: Standing, events: Sequence[LifecycleEvent]) -> None:
        """Go on from what a purchase decided."""
        self.standing = standing
        self.events.extend(events)
        self._settle()

    def correct_silences(
        self, late_at: datetime, history: Sequence[LifecycleEvent], next_purchase_at: datetime | None
    ) -> None:
        """Append what a late purchase shows: a silence that was recorded and was none.

        Args:
            late_at: when the late purchase happened.
            history: the member's events so far, corrections of silences included.
            next_purchase_at: the member's first purchase after it, or None where it is the newest;
                the silences up to then that are true are appended too (without one, advancing does that).
        """
        plan = self.reigns(late_at).plan
        by_number = sorted(history, key=attrgetter("event_no"))
        last_words = {event.effective_at: event for event in by_number if event.stage_to is not None}
        refuted = [event for event in last_words.values() if _refutes(late_at, event)]
        if plan is None or not refuted:
            return
        for event in refuted:
            silent = event.effective_at - late_at
            stage: Stage = "at_risk" if silent >= timedelta(days=plan.at_risk_after_days) else "active"
            self._note(
                "silence_corrected",
                event.effective_at,
                stage_from=event.stage_to,
                stage_to=stage,
                pack_version=plan.days_version,
                reason={"late_purchase_at": late_at.isoformat(), "corrects_event_no": event.event_no},
            )
        if next_purchase_at is not None:
            self._note_true_silences(late_at, next_purchase_at, plan)

    def correct_stage(self, late_at: datetime, history: Sequence[LifecycleEvent]) -> None:
        """Append that a stage holds no longer which an earlier purchase had led to, but for later.

        Args:
            late_at: when the newest purchase happened; it has counted, and time has gone on from it.
            history: the member's events before it.
        """
        told = {event.event_no: event for event in (*history, *self.events) if event.stage_to is not None}
        last = max(told.values(), key=attrgetter("effective_at", "event_no"), default=None)
        if last is None or last.stage_to == self.standing.stage:
            return
        plan, reached = self.reigns(late_at).plan, self.standing.advanced_to
        self._note(
            "silence_corrected",
            last.effective_at,
            stage_from=last.stage_to,
            stage_to=self.standing.stage,
            pack_version=plan.days_version if plan else None,
            reason={"late_purchase_at": late_at.isoformat(), "corrects_event_no": last.event_no},
        )
        self.standing = changed(self.standing, advanced_to=reached)

    def _note_true_silences(self, since: datetime, until: datetime, plan: LifecyclePlan) -> None:
        steps: tuple[tuple[EventKind, Stage, Stage, int], ...] = (
            ("at_risk", "active", "at_risk", plan.at_risk_after_days),
            ("lapsed", "at_risk", "lapsed", plan.lapse_after_days),
        )
        for kind, stage_from, stage_to, days in steps:
            at = since + timedelta(days=days)
            if at < until:
                reason = {"silent_since": since.isoformat(), "after_days": days}
                self._note(
                    kind,
                    at,
                    stage_from=stage_from,
                    stage_to=stage_to,
                    pack_version=plan.days_version,
                    reason=reason,
                )


def _refutes(late_at: datetime, event: LifecycleEvent) -> bool:
    """A purchase refutes a silence that it interrupts: it began before and was recorded for later."""
    if event.kind in SILENCES:
        silent_since = event.reason["silent_since"]
    elif event.kind == "silence_corrected" and event.stage_to != "active":
        silent_since = event.reason["late_purchase_at"]  # less silent than thought, but silent still
    else:
        return False
    return datetime.fromisoformat(str(silent_since)) < late_at < event.effective_at
