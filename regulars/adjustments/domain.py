"""What an adjustment by hand is, how much somebody may adjust alone, and from which lots it takes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID, uuid5

from regulars.adjustments.errors import AdjustmentBeyondBalance
from regulars.ledger.domain import Consumption, LedgerEntry, Lot, OpenPointsLot, adjust_entry
from regulars.security.domain import Grant
from regulars.security.scope import Scope

AdjustmentState = Literal["waiting", "posted", "rejected", "withdrawn"]
POINTS_MAX: Final = 1_000_000
WORDS_MIN: Final = 2
"""Two, for 太慢 is a reason."""
WORDS_MAX: Final = 200
LIMITS_SETTING: Final = "adjustment_points_a_day"
LIMITS: Final[Mapping[str, int]] = {"store": 200, "service_desk": 500, "admin": 2_000}
VALID_SETTING: Final = "adjustment_points_valid_days"
VALID_DAYS: Final = 365
_FOR_EVER: Final = timedelta(days=365_000)


class AdjustmentReason(StrEnum):
    """Why points are adjusted, as a code to count by; the words stand beside it."""

    MISSED_POINTS = "missed_points"
    GOODWILL = "goodwill"
    GOODS_RETURNED = "goods_returned"
    WRONG_ENTRY = "wrong_entry"
    MISUSE = "misuse"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for.

    Attributes:
        id: drawn by who asks and kept across retries: an adjustment is asked for once.
        points: given, or below zero taken; None where an adjustment is to be reversed: all of it.
        note: in their own words, for whoever decides and reads.
        reverses: the adjustment to be taken back.
    """

    id: UUID
    member_id: UUID
    points: int | None
    reason: str
    note: str
    reverses: UUID | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A request and what became of it.

    Attributes:
        store_id: the member's home store when it was asked for: whoever sees it, sees the adjustment.
        within_limit: posted at once, by the asker's own right.
        on_day: the day at that store for whose limit it counts.
        requested_by, decided_by: kind and id, e.g. "operator:…".
        words: of whoever decided.
    """

    id: UUID
    member_id: UUID
    store_id: UUID
    points: int
    reason: str
    note: str
    reverses: UUID | None
    state: AdjustmentState
    within_limit: bool
    on_day: date
    requested_by: str
    requested_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    words: str | None = None

    @property
    def entry_id(self) -> UUID:
        """The entry of the books that posts it."""
        return entry_of(self.id)

    def asks_for(self, wish: Wish, points: int, asker: str) -> bool:
        """Whether this is what somebody asks for."""
        asked = (wish.member_id, points, wish.reason, wish.note.strip(), wish.reverses, asker)
        return asked == (
            self.member_id,
            self.points,
            self.reason,
            self.note,
            self.reverses,
            self.requested_by,
        )


@dataclass(frozen=True, slots=True)
class Allowance:
    """What somebody may adjust alone at a place on one day.

    Attributes:
        limit: points given and taken, added up; 0 for nothing.
        used: of it, that day.
    """

    limit: int
    used: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)

    def covers(self, points: int) -> bool:
        """Whether so many points may be given or taken without anybody else."""
        return abs(points) <= self.left


def limit_at(grants: Iterable[Grant], path: str, settings: Mapping[str, object]) -> int:
    """How many points a day somebody may adjust alone at a place: the most that one role there allows.

    Args:
        grants: roles at places.
        path: of the member's home store.
        settings: the chain's; `adjustment_points_a_day` maps roles to points and replaces what is usual.
    """
    chosen = settings.get(LIMITS_SETTING)
    limits = chosen if isinstance(chosen, Mapping) else LIMITS
    held = (limits.get(grant.role.value, 0) for grant in grants if Scope((grant.path,)).covers(path))
    return max((limit for limit in held if isinstance(limit, int)), default=0)


def valid_days(settings: Mapping[str, object]) -> int:
    """How long points that are given by hand can be spent (`adjustment_points_valid_days`)."""
    chosen = settings.get(VALID_SETTING)
    return chosen if isinstance(chosen, int) and chosen > 0 else VALID_DAYS


def posted(
    adjustment: Adjustment,
    lots: Sequence[OpenPointsLot],
    taken: Sequence[OpenPointsLot],
    at: datetime,
    days: int,
) -> LedgerEntry:
    """The entry that books an adjustment.

    Args:
        adjustment: allowed.
        lots: all that the member owns.
        taken: what the adjustment that is reversed took, lot by lot; none where none is.
        at: when it is booked.
        days: how long points given are valid where no lot says so.
    Returns: one posting against the house's account of adjustments, with lots or consumptions of its sum.
    Raises: AdjustmentBeyondBalance: more is to be taken than can be used.
    Source: docs/semantics.md, "Adjustments by hand".
    """
    entry_id = adjustment.entry_id
    original = entry_of(adjustment.reverses) if adjustment.reverses else None
    given: tuple[Lot, ...] = ()
    consumed: tuple[Consumption, ...] = ()
    if adjustment.points > 0:
        dates = _dates(adjustment.points, taken, at, days)
        given = tuple(
            Lot(_lot_of(entry_id, number), adjustment.member_id, "points", amount, at, expires_at)
            for number, (expires_at, amount) in enumerate(dates.items())
        )
    else:
        consumed = _taken_from(lots, -adjustment.points, at, _lot_of(original, 0) if original else None)
    return adjust_entry(
        entry_id, adjustment.id, adjustment.member_id, at, adjustment.points, given, consumed, original
    )


def entry_of(adjustment_id: UUID) -> UUID:
    """The entry of the books that posts an adjustment."""
    return uuid5(adjustment_id, "adjust")


def _lot_of(entry_id: UUID, number: int) -> UUID:
    return uuid5(entry_id, f"lot {number}")


def usable(lots: Iterable[OpenPointsLot], at: datetime) -> int:
    """Points that can be used at an instant."""
    return sum(lot.remaining for lot in lots if lot.is_open(at) and lot.available_at <= at)


def _dates(
    points: int, taken: Sequence[OpenPointsLot], at: datetime, days: int
) -> dict[datetime | None, int]:
    """When points that are given expire: as those that were taken would have, else after so many days."""
    if not taken:
        return {at + timedelta(days=days): points}
    found: dict[datetime | None, int] = {}
    for lot in taken:
        expires_at = lot.expires_at if lot.is_open(at) else at + timedelta(days=days)
        found[expires_at] = found.get(expires_at, 0) + lot.remaining
    return found


def _taken_from(
    lots: Sequence[OpenPointsLot], points: int, at: datetime, first: UUID | None
) -> tuple[Consumption, ...]:
    """The lots that give: first the one that is reversed, then those that expire soonest."""
    available = usable(lots, at)
    if available < points:
        raise AdjustmentBeyondBalance(points, available)
    never = at + _FOR_EVER
    open_lots = [lot for lot in lots if lot.is_open(at) and lot.available_at <= at]
    open_lots.sort(key=lambda lot: (lot.id != first, lot.expires_at or never, lot.available_at, lot.id.bytes))
    found = []
    for lot in open_lots:
        part = min(points, lot.remaining)
        points -= part
        if part:
            found.append(Consumption(lot.id, part))
    return tuple(found)
