"""What the books hold of one member: events, purchases and expired lots, as recomputing events needs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from regulars.lifecycle.domain import LifecycleEvent
from regulars.lifecycle.recent import RecentVisits
from regulars.lifecycle.window import WINDOW
from regulars.rules.domain import RecentFacts


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A lifecycle event with what it refers to.

    Attributes:
        purchase_id: the purchase that decided it; None where time did.
        qualifying_minor: the spend that this purchase's record says tiers counted, of a move up.
    """

    id: UUID
    recorded_at: datetime
    purchase_id: UUID | None
    qualifying_minor: int | None
    event: LifecycleEvent


@dataclass(frozen=True, slots=True)
class Bought:
    """One purchase as far as time cares."""

    id: UUID
    seq: int
    occurred_at: datetime
    sales_minor: int


@dataclass(frozen=True, slots=True)
class ExpiredLot:
    """What was left of a lot when it expired, and the purchase that had earned it.

    Attributes:
        purchase_id: None where points were given by hand.
    """

    amount: int
    earned_at: datetime
    purchase_id: UUID | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Expired:
    """What was booked for one expiry."""

    posted: int
    lots: tuple[ExpiredLot, ...]


@dataclass(frozen=True, slots=True)
class MemberHistory:
    """One member's whole past.

    Attributes:
        events: in the order in which they were written.
        bought: in the order in which they were recorded.
        expired: by the id of the event.
    """

    member_id: UUID
    home_store_id: UUID
    enrolled_at: datetime
    events: Sequence[StoredEvent]
    bought: Sequence[Bought]
    expired: Mapping[UUID, Expired]

    def known_at(self, event: LifecycleEvent) -> list[Bought]:
        """The purchases that were recorded when an event was written."""
        return [one for one in self.bought if one.seq <= event.after_seq]

    def window_at(self, event: LifecycleEvent) -> tuple[int, int]:
        """Spend and visits of the 365 days up to an event, as it was known then."""
        at = event.effective_at
        inside = [one for one in self.known_at(event) if at - WINDOW <= one.occurred_at <= at]
        return sum(one.sales_minor for one in inside), len(inside)

    def lately_at(self, event: LifecycleEvent) -> RecentFacts:
        """What had been done lately up to an event, as it was known then."""
        known = ((one.occurred_at, one.sales_minor) for one in self.known_at(event))
        return RecentVisits(known, self.enrolled_at).seen_at(event.effective_at)

    def before(self, event: LifecycleEvent) -> list[LifecycleEvent]:
        """The events that were written before one."""
        return [one.event for one in self.events if one.event.event_no < event.event_no]


@dataclass(frozen=True, slots=True)
class EventLine:
    """One lifecycle event in a list; or what one undo order took back, or an adjustment by hand.

    Attributes:
        event_id: of the latter two, the first entry of the books.
        event_no: None of the latter two.
        points: all that the order took of this member; that were given by hand, below zero taken.
        undo_id, adjustment_id: the order; the adjustment.
    """

    event_id: UUID
    kind: str
    effective_at: datetime
    recorded_at: datetime
    event_no: int | None = None
    tier_from: str | None = None
    tier_to: str | None = None
    stage_from: str | None = None
    stage_to: str | None = None
    purchase_id: UUID | None = None
    pack: str | None = None
    rule: str | None = None
    points: int | None = None
    undo_id: UUID | None = None
    adjustment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some of a member's events; `next_before` asks for those before them.

    Attributes:
        lines: newest first; what was taken back or adjusted stands after the event that was written before.
    """

    lines: tuple[EventLine, ...]
    next_before: int | None
