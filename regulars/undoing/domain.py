"""What is undone of a pack version, by which policy, and from which lots: pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

from regulars.ledger.domain import Consumption, OpenPointsLot
from regulars.rules.domain import Award
from regulars.undoing.asides import Aside

UndoState = Literal[
    "preparing",
    "empty",
    "in_review",
    "rejected",
    "approved",
    "running",
    "paused",
    "cancelled",
    "finished",
]
Policy = Literal["let_be", "within_balance", "debt"]
EffectKind = Literal["award", "discount", "move", "refusal", "tag", "message"]

AT_WORK: Final[frozenset[UndoState]] = frozenset({"preparing", "approved", "running"})
"""States in which there is something to be done without anybody's doing."""

ENDED: Final[frozenset[UndoState]] = frozenset({"empty", "rejected", "cancelled", "finished"})
WORDS_MAX: Final = 500
NEVER: Final = datetime.max.replace(tzinfo=UTC)
QuickKind = Literal["award", "move", "tag", "message"]
"""Those that can be counted without reading purchases."""

EffectKey = tuple[datetime, UUID, str]
"""When, id and rule of an effect."""

RulePoints = tuple[str, int]
LotShare = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Reach:
    """Which effects of a version are meant.

    Attributes:
        version: its name, e.g. "grocery-classic/2".
        place_paths: of places; purchases there and below. "" is the whole chain.
        since, until: when they occurred, from the one on and before the other; None for no bound.
    """

    version: str
    place_paths: tuple[str, ...]
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that a version did.

    Attributes:
        id: the ledger entry of an award, the purchase of a discount or refusal, the event of a move.
        amount: points of an award, minor units of a discount, else 0.
        what: kind of a move with the tier or stage it led to, code of a refusal's reason, else "".
        store_id: where it was bought; of what time decided, the member's home store.
    """

    kind: EffectKind
    at: datetime
    id: UUID
    rule_id: str
    member_id: UUID | None
    store_id: UUID
    amount: int
    what: str


@dataclass(frozen=True, slots=True)
class EffectPage:
    """Effects of one kind, the latest first.

    Attributes:
        next_after: asks for the page behind it; None: there is none.
        looked_back_to: looking stopped before the page was full, at what was recorded then; else None.
    """

    effects: Sequence[Effect]
    next_after: EffectKey | None
    looked_back_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the books in the frozen list of an undo order.

    Attributes:
        entry_id: the entry that booked the awards; of a correction the purchase, where nothing was booked.
        cause_id: the purchase.
        points: what the version gave in it.
        due: the same, less what earlier undo orders took back.
        takes: what the preview says can be taken of it.
        rules: rule → points, in the order of the entry's postings; of a correction "version#rule".
        lots: in which lots those points lie, and how many in each.
        stood: of a correction, what stood of the purchase's points when the list was made.
        gives: of a correction, what is missing, with its dates.
        tier_from, tier_to: of a tier that is decided anew; its entry is the event that decided it last.
        aside: a tag, a stage or a message instead of points; its entry is the event of the stage or the
            request of the message.
    """

    entry_id: UUID
    member_id: UUID
    cause_id: UUID
    store_id: UUID
    occurred_at: datetime
    points: int
    due: int
    takes: int
    rules: tuple[RulePoints, ...]
    lots: tuple[LotShare, ...]
    stood: int = 0
    gives: tuple[Award, ...] = ()
    tier_from: str | None = None
    tier_to: str | None = None
    aside: Aside | None = None

    @property
    def to_change(self) -> bool:
        """Whether a tier, a tag, a stage or a message is to become another."""
        return self.tier_to is not None or (self.aside is not None and self.aside.changes)

    @property
    def purchase_id(self) -> UUID | None:
        """The purchase; None where time alone had decided a tier or a stage."""
        return None if self.to_change and self.cause_id == self.entry_id else self.cause_id

    @property
    def to_give(self) -> int:
        return sum(award.points for award in self.gives)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item.

    Attributes:
        due: what was still to be taken back when it was done.
        owed: what could not be taken, and the member owes.
        given: what was missing and has been given.
        moved: the member's tier or stage was, a tag has changed, a message was withdrawn.
        reversal_id: the entry that took or gave, the event that moved, the change of the tag, the message;
            None where there is none.
    """

    due: int
    taken: int
    owed: int
    given: int
    moved: bool
    reversal_id: UUID | None
    done_at: datetime


@dataclass(frozen=True, slots=True)
class Undo:
    """An undo order as it stands.

    Attributes:
        to_version: the version that should have decided instead; None for none.
        content_hash: of what it will do; None while that is being found out.
        preview: members, entries and points, in all and by store, and what cannot be undone.
        members_in_all, members_done: progress.
        done_after: the last member who was dealt with.
        ordered_by, decided_by: kind and id, e.g. "operator:…".
        words: what was said last, at approval or when it was stopped.
        listed_at: when its list was made; what was recorded since is not on it.
        came_after: how many purchases that were; known once it is finished.
    """

    id: UUID
    pack_code: str
    version: int
    to_version: int | None
    place_id: UUID
    since: datetime | None
    until: datetime
    policy: Policy
    note: str | None
    state: UndoState
    content_hash: str | None
    preview: Mapping[str, Any] | None
    members_in_all: int
    members_done: int
    points_taken: int
    points_owed: int
    points_given: int
    tiers_moved: int
    tags_changed: int
    stages_moved: int
    messages_withdrawn: int
    differences: int
    done_after: UUID | None
    ordered_at: datetime
    ordered_by: str
    decided_at: datetime | None
    decided_by: str | None
    words: str | None
    started_at: datetime | None
    ended_at: datetime | None
    listed_at: datetime | None = None
    came_after: int = 0

    @property
    def version_name(self) -> str:
        return f"{self.pack_code}/{self.version}"

    @property
    def to_name(self) -> str | None:
        return None if self.to_version is None else f"{self.pack_code}/{self.to_version}"


@dataclass(frozen=True, slots=True)
class Taking:
    """What is taken for one item, from which lots, and what is owed instead."""

    item: Item
    due: int
    consumptions: tuple[Consumption, ...]
    owed: int = 0

    @property
    def taken(self) -> int:
        return sum(consumption.amount for consumption in self.consumptions)


@dataclass(slots=True)
class _Open:
    """What is due of an item while it is shared out."""

    item: Item
    due: int
    from_lots: dict[UUID, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        return self.due - sum(self.from_lots.values())

    def take(self, lot_id: UUID, remaining: dict[UUID, int], most: int) -> None:
        amount = min(most, self.missing, remaining.get(lot_id, 0))
        if amount > 0:
            self.from_lots[lot_id] = self.from_lots.get(lot_id, 0) + amount
            remaining[lot_id] -= amount


def takings(
    items: Sequence[Item],
    taken_before: Mapping[UUID, int],
    lots: Iterable[OpenPointsLot],
    policy: Policy,
    at: datetime,
) -> list[Taking]:
    """From which lots the items of one member are taken back.

    Args:
        items: all of the member's, in any order.
        taken_before: entry → what earlier undos took back of the same version's points in it.
        lots: the member's, with something left in them.
        policy: "let_be" takes what is left where the points lie; "within_balance" takes what is missing
            from the member's other lots too, soonest expiry first; "debt" does so, and what is missing even
            then is owed. None takes more than there is.
        at: aware; a lot that has expired by then gives nothing.
    Returns: one for each item, in the order of entries' ids, those that take nothing included.
    Source: docs/adr/0021-undoing-takes-what-is-there.md, docs/adr/0023-what-cannot-be-taken-back-is-owed.md.
    """
    open_lots = sorted((lot for lot in lots if lot.is_open(at)), key=_soonest_first)
    remaining = {lot.id: lot.remaining for lot in open_lots}
    ordered = sorted(items, key=lambda item: item.entry_id.bytes)
    shared = [_Open(item, max(0, item.points - taken_before.get(item.entry_id, 0))) for item in ordered]
    for each in shared:
        for lot_id, share in each.item.lots:
            each.take(lot_id, remaining, share)
    if policy != "let_be":
        for each in shared:
            for lot in open_lots:
                each.take(lot.id, remaining, each.missing)
    return [
        Taking(
            each.item,
            each.due,
            tuple(Consumption(*taken) for taken in each.from_lots.items()),
            each.missing if policy == "debt" else 0,
        )
        for each in shared
    ]


def _soonest_first(lot: OpenPointsLot) -> tuple[datetime, datetime, bytes]:
    return (lot.expires_at or NEVER, lot.available_at, lot.id.bytes)


def by_rule(rules: Sequence[RulePoints], skipped: int, taken: int) -> tuple[RulePoints, ...]:
    """Which rules' points are taken back: in the order of their postings, from where the last undo stopped.

    Args:
        rules: rule → points that it gave.
        skipped: points that were taken back before.
        taken: points to take now, no more than are left.
    """
    found = []
    for rule_id, points in rules:
        passed = min(skipped, points)
        skipped -= passed
        part = min(points - passed, taken)
        taken -= part
        if part:
            found.append((rule_id, part))
    return tuple(found)
