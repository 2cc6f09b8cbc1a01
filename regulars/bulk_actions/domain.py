"""What a bulk action is, which kinds need a second person, and what its list is worth: pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID

from regulars.recompute.domain import POINTS_ALONE, needs_second

BulkKind = Literal["retry", "tell", "restart", "freeze", "unfreeze", "recompute"]
BulkState = Literal["draft", "in_review", "rejected", "approved", "running", "cancelled", "finished"]
Outcome = Literal[
    "hurried", "reset", "started", "told", "restarted", "frozen", "unfrozen", "given", "unchanged", "refused"
]
"""What became of one item: its failing step is tried at once; its workflow was taken back to before the step
that it could not do, was begun, was told to look, was ended and begun anew; the account was frozen or
unfrozen; points were given; there was nothing to do; it could not be done."""

AT_WORK: Final[frozenset[BulkState]] = frozenset({"approved", "running"})
"""States in which there is something to be done without anybody's doing."""

BY_WORKFLOW_HAND: Final[frozenset[BulkKind]] = frozenset({"retry", "restart"})
"""Kinds that Temporal carries out; the others are transactions of ours."""

LONGEST: Final[Mapping[BulkKind, int]] = {
    "retry": 1_000,
    "tell": 1_000,
    "restart": 200,
    "freeze": 1_000,
    "unfreeze": 1_000,
    "recompute": 200,
}
"""Items on one list; what matches beyond that waits for the next action."""

FREEZES_ALONE: Final = 5
"""So many accounts one person may freeze or unfreeze together."""

WORDS_MIN: Final = 2
WORDS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """Which members, or for `recompute` which purchases, are meant; all that is given must hold.

    Attributes:
        member_ids: these alone; None for any.
        stage, tier: the member's.
        overdue: something has been due for a while, and nobody decided it.
        unheard: the outbox holds a message for it that Temporal refused.
        pack: for `recompute`, code of a pack of which a rule failed.
    """

    member_ids: tuple[UUID, ...] | None = None
    stage: str | None = None
    tier: str | None = None
    overdue: bool = False
    unheard: bool = False
    pack: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it means everybody, which nobody means."""
        return self == Filter()


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the frozen list.

    Attributes:
        no: its place on the list, from 1.
        subject_id: the member, or for `recompute` the purchase.
        points: what recomputing was reckoned to give; else 0, as what follows.
        redated: points that get other dates.
        missed_minor: discounts that were not offered and should have been; they stay as charged.
        tier_to: the tier that the member is raised to.
        dropped: a rule that failed is in none of the versions any more, so that nobody reads it again.
    """

    no: int
    subject_id: UUID
    member_id: UUID | None
    store_id: UUID
    points: int
    redated: int = 0
    missed_minor: int = 0
    tier_to: str | None = None
    dropped: bool = False

    @property
    def signed(self) -> str:
        """What of it somebody signs who approves the list."""
        closed = " closed" if self.dropped else ""
        if not (self.points or self.redated or self.tier_to):
            return f"{self.subject_id}{closed}"
        return f"{self.subject_id} {self.points} {self.redated} {self.tier_to or '-'}{closed}"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item.

    Attributes:
        detail: code of the error where it was refused, else "".
        points: given.
    """

    subject_id: UUID
    outcome: Outcome
    detail: str
    points: int
    done_at: datetime


@dataclass(frozen=True, slots=True)
class BulkAction:
    """A bulk action as it stands.

    Attributes:
        place_id: members at home there and below; for `recompute` purchases there and below.
        wanted: the filter, as it was given.
        versions: mended pack versions, for `recompute`.
        freeze_reason: code, for `freeze`.
        content_hash: of kind, place and list, with what each on it gets.
        more: matched more than one list takes.
        points: what the list was reckoned to give.
        tiers: members whom it raises; `redated`: points that get other dates; `missed_minor`: discounts
            that were not offered.
        changed, unchanged, refused: results so far.
        ordered_by, decided_by: kind and id, e.g. "operator:…".
        reason: why; None while it is a draft.
        words: what was said last, at the decision or when it was stopped.
        points_alone: what one person might give alone when the list was made; None of other kinds.
        dropped: purchases that are closed though a rule that failed is read by nobody again.
        wish_hash: of what was asked for; None of actions from before this was kept.
    """

    id: UUID
    kind: BulkKind
    place_id: UUID
    wanted: Mapping[str, object]
    versions: tuple[str, ...]
    freeze_reason: str | None
    state: BulkState
    content_hash: str
    items: int
    more: bool
    points: int
    changed: int
    unchanged: int
    refused: int
    points_given: int
    ordered_at: datetime
    ordered_by: str
    reason: str | None
    decided_at: datetime | None
    decided_by: str | None
    words: str | None
    started_at: datetime | None
    ended_at: datetime | None
    wish_hash: str | None = None
    tiers: int = 0
    redated: int = 0
    missed_minor: int = 0
    points_alone: int | None = None
    dropped: int = 0

    @property
    def done(self) -> int:
        return self.changed + self.unchanged + self.refused

    @property
    def needs_second(self) -> bool:
        return self.state == "in_review" or self.takes_two(self.points, self.bound)

    @property
    def bound(self) -> int:
        """How many points one person might give alone when the list was made."""
        return POINTS_ALONE if self.points_alone is None else self.points_alone

    def takes_two(self, points: int, points_alone: int) -> bool:
        """Whether somebody else must approve it.

        Args:
            points: that it gives, and who orders it has given lately.
            points_alone: what one person may give alone.
        """
        if self.kind == "recompute":
            return needs_second(points, self.tiers, self.redated, self.dropped, points_alone=points_alone)
        return needs_second_person(self.kind, self.items)


def needs_second_person(kind: BulkKind, items: int) -> bool:
    """Whether somebody else must approve what is done to members.

    Args:
        kind: what is done.
        items: to how many.
    Returns: for whatever ends workflows, and for freezing or unfreezing many.
    Source: docs/operations.md, "Four eyes".
    """
    return kind == "restart" or (kind in ("freeze", "unfreeze") and items > FREEZES_ALONE)


def hash_of(kind: BulkKind, place_id: UUID, extra: Sequence[str], items: Sequence[Item]) -> str:
    """What stands for kind, place, details and list, so that nobody decides on another.

    Args:
        kind: what is done.
        place_id: where.
        extra: reason of a freeze, mended versions.
        items: in the order of the list.
    """
    said = "\n".join((kind, str(place_id), *extra, "", *(item.signed for item in items)))
    return sha256(said.encode()).hexdigest()
