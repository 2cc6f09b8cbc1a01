"""What a rehearsal comes to: small sums, whatever the number of purchases."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappush, heappushpop
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

from regulars.rehearsal.limited import LimitUse, Want

Measure = Literal["points", "discount_minor"]
MEASURES: Final[tuple[Measure, ...]] = ("points", "discount_minor")
MEMBERS_KEPT: Final = 1_000
"""Winners, and as many losers, that a report names."""

SAMPLES_KEPT: Final = 3


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when purchases are compared: [since, until)."""

    since: datetime | None
    until: datetime

    def holds(self, at: datetime) -> bool:
        return at < self.until and (self.since is None or at >= self.since)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a rehearsal compares.

    Attributes:
        stores: whose purchases, and the members at home there; None: all.
        decile_bounds_minor: the spend that parts one tenth of the members from the next, ascending.
    """

    span: Span
    stores: frozenset[UUID] | None = None
    decile_bounds_minor: tuple[int, ...] = ()

    def covers(self, store_id: UUID) -> bool:
        return self.stores is None or store_id in self.stores


@dataclass(slots=True)
class Cell:
    """Points and offered discounts of some purchases: as they were, and as they would have been."""

    purchases: int = 0
    points_before: int = 0
    points_after: int = 0
    discount_before_minor: int = 0
    discount_after_minor: int = 0

    def add(self, points: int, points_after: int, discount: int, discount_after: int) -> None:
        self.purchases += 1
        self.points_before += points
        self.points_after += points_after
        self.discount_before_minor += discount
        self.discount_after_minor += discount_after

    def join(self, other: "Cell") -> None:
        self.purchases += other.purchases
        self.points_before += other.points_before
        self.points_after += other.points_after
        self.discount_before_minor += other.discount_before_minor
        self.discount_after_minor += other.discount_after_minor


@dataclass(frozen=True, slots=True)
class RuleAmount:
    """What one rule of a pack version gave a purchase: points, or minor units off."""

    pack: str
    rule: str
    amount: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One purchase of a winner or loser, rule by rule.

    Attributes:
        rules_before, rules_after: points.
        discounts_before, discounts_after: what is offered off its lines, in minor units.
    """

    purchase_id: UUID
    occurred_at: datetime
    points_before: int
    points_after: int
    discount_before_minor: int
    discount_after_minor: int
    rules_before: tuple[RuleAmount, ...]
    rules_after: tuple[RuleAmount, ...]
    discounts_before: tuple[RuleAmount, ...]
    discounts_after: tuple[RuleAmount, ...]


@dataclass(frozen=True, slots=True)
class MemberChange:
    """A member for whom the draft makes a difference."""

    member_id: UUID
    points_before: int
    points_after: int
    discount_before_minor: int
    discount_after_minor: int
    tier_before: str
    tier_after: str
    samples: tuple[Sample, ...]

    def difference(self, measure: Measure) -> int:
        if measure == "points":
            return self.points_after - self.points_before
        return self.discount_after_minor - self.discount_before_minor


_Key = TypeVar("_Key", int, str, UUID, tuple[str, str])
Ranked = tuple[int, int, MemberChange]
Move = tuple[str, str | None, str | None]


@dataclass(slots=True)
class Pair:
    """A count as it was and as it would have been."""

    before: int = 0
    after: int = 0

    def join(self, other: "Pair") -> None:
        self.before += other.before
        self.after += other.after


@dataclass(slots=True)
class Sums:
    """What one part of a rehearsal, or the whole, comes to.

    Attributes:
        open_points: earned, not expired and not taken back at the end of the span.
        taken_back_points: by undo orders, and in payment of what they left owed, in the span.
        owed_points: what members owe at the end of the span.
        by_rule: points and discounts by (pack version, rule).
        by_category: points by share of sales value, discounts by line; only purchases that differ.
        moves: lifecycle events by (kind, from, to).
        messages: how often rules asked for a message, by its text, however late the purchase came.
        tags: how often rules gave a tag.
        differing_purchases: whose points or offered discounts differ.
        differing_members: whose tier or stage moved otherwise, or whose points expired otherwise.
        top: the members that gain most and lose most, by (measure, side), heaps.
        wants: what limited rules would give, of a first replay.
        limits: how limits were used, of the whole.
        work_ns, replay_ns: time that the processes were at work, and of it what was not reading.
    """

    total: Cell = field(default_factory=Cell)
    open_points: Pair = field(default_factory=Pair)
    expired_points: Pair = field(default_factory=Pair)
    taken_back_points: Pair = field(default_factory=Pair)
    owed_points: Pair = field(default_factory=Pair)
    by_day: dict[int, Cell] = field(default_factory=dict)
    by_store: dict[UUID, Cell] = field(default_factory=dict)
    by_tier: dict[str, Cell] = field(default_factory=dict)
    by_decile: dict[int, Cell] = field(default_factory=dict)
    by_rule: dict[tuple[str, str], Cell] = field(default_factory=dict)
    by_category: dict[str, Cell] = field(default_factory=dict)
    moves: dict[Move, Pair] = field(default_factory=dict)
    messages: dict[str, Pair] = field(default_factory=dict)
    tags: dict[str, Pair] = field(default_factory=dict)
    tiers: dict[str, Pair] = field(default_factory=dict)
    stages: dict[str, Pair] = field(default_factory=dict)
    members: int = 0
    winners: dict[Measure, int] = field(default_factory=lambda: dict.fromkeys(MEASURES, 0))
    losers: dict[Measure, int] = field(default_factory=lambda: dict.fromkeys(MEASURES, 0))
    differing_purchases: int = 0
    differing_members: int = 0
    top: dict[tuple[Measure, str], list[Ranked]] = field(default_factory=dict)
    wants: list[Want] = field(default_factory=list)
    limits: tuple[LimitUse, ...] = ()
    work_ns: int = 0
    replay_ns: int = 0

    def join(self, other: "Sums") -> None:
        """Add what another part came to."""
        self.total.join(other.total)
        self.open_points.join(other.open_points)
        self.expired_points.join(other.expired_points)
        self.taken_back_points.join(other.taken_back_points)
        self.owed_points.join(other.owed_points)
        for name in ("by_day", "by_store", "by_tier", "by_decile", "by_rule", "by_category"):
            _join_all(getattr(self, name), getattr(other, name), Cell)
        for name in ("moves", "messages", "tags", "tiers", "stages"):
            _join_all(getattr(self, name), getattr(other, name), Pair)
        self.members += other.members
        for measure in MEASURES:
            self.winners[measure] += other.winners[measure]
            self.losers[measure] += other.losers[measure]
        self.differing_purchases += other.differing_purchases
        self.differing_members += other.differing_members
        self.wants += other.wants
        self.work_ns += other.work_ns
        self.replay_ns += other.replay_ns
        for key, ranked in other.top.items():
            for one in ranked:
                keep(self.top.setdefault(key, []), one)


def _join_all(ours: dict[Any, Any], theirs: Mapping[Any, Any], new: Callable[[], Cell | Pair]) -> None:
    for key, part in theirs.items():
        ours.setdefault(key, new()).join(part)


def keep(ranked: list[Ranked], one: Ranked) -> None:
    """Keep the greatest."""
    if len(ranked) < MEMBERS_KEPT:
        heappush(ranked, one)
    else:
        heappushpop(ranked, one)


def cell_of(cells: dict[_Key, Cell], key: _Key) -> Cell:
    """The cell of a key, made where there is none yet."""
    cell = cells.get(key)
    if cell is None:
        cell = cells[key] = Cell()
    return cell
