"""One member's stored history as a replay reads it: purchases, what time had decided, and what came of it."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

import orjson

from regulars.lifecycle.domain import EventKind, LifecycleEvent
from regulars.members.tagging import TagChange

DECIDED_BY_TIME: frozenset[EventKind] = frozenset(
    {"kept", "downgraded", "at_risk", "lapsed", "revisit_due", "points_expired"}
)
"""Events that say how far a member's time had been decided when they were written."""


Policy = Literal["let_be", "within_balance", "debt"]


@dataclass(slots=True)
class Bought:
    """A purchase as it stands, with what the live packs gave for it then.

    Attributes:
        seq: the member's own numbering; 0 without a member.
        late: time had passed it by when it was recorded.
        attributed: it was given to the member afterwards; its discounts were told at the sale.
        lines: as the rules read them, JSON text.
        packs: the versions that read it, JSON text: name → hash.
        tags: the member's then, JSON text.
        rule_tags: which of them only rules had given, JSON text.
        asked: what rules wanted done to the member, JSON text as in the evaluation record.
        own: the chain's own facts then, JSON text; None without any.
        reached: how far time had been decided when it came late, ISO text; None where it did not, and in
            records that do not say.
        awards, offered: what they gave, JSON text as in the evaluation record.
        limited: the rules that limits left less than they wanted, JSON text as in the evaluation record.
    """

    purchase_id: UUID
    member_id: UUID | None
    seq: int
    store_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    channel: str
    sales_minor: int
    list_minor: int
    points: int
    late: bool
    attributed: bool
    lines: str
    packs: str
    tags: str
    own: str | None
    awards: str
    offered: str
    reached: str | None
    rule_tags: str
    asked: str
    limited: str


@dataclass(frozen=True, slots=True)
class Told:
    """A lifecycle event, and when it was written."""

    event: LifecycleEvent
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class TakenShare:
    """Points that were taken from what one purchase had earned, to expire together."""

    purchase_id: UUID
    expires_at: datetime | None
    points: int


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An entry of the books by which a member's points went otherwise than by expiring.

    Attributes:
        purchase_id: whose points it took back, or the cause of the entry that had given them afterwards; None
            where it pays what the member owed, or somebody took them by hand.
        by_pack: points by the pack that had given them, with those that are owed instead.
        shares: from where they were taken.
        owed: what no lot gave, and the member owes from then on.
        corrects: another version decided how much it is; else all that the pack gave is meant.
        by_hand: it is an adjustment.
        policy: where what is missing comes from: from nowhere, from the member's other points, and what is
            missing even then is owed.
        cause_id: the adjustment.
    """

    at: datetime
    purchase_id: UUID | None
    by_pack: tuple[tuple[str, int], ...]
    shares: tuple[TakenShare, ...]
    owed: int = 0
    corrects: bool = False
    by_hand: bool = False
    policy: Policy = "let_be"
    cause_id: UUID | None = None

    @property
    def pays(self) -> bool:
        """Whether it pays what the member owed."""
        return self.purchase_id is None and not self.by_hand

    @property
    def points(self) -> int:
        return sum(share.points for share in self.shares)

    @property
    def purchases(self) -> set[UUID]:
        """Those whose points it took."""
        return {share.purchase_id for share in self.shares}


@dataclass(frozen=True, slots=True)
class Corrected:
    """An entry of the books that gave a purchase points afterwards.

    Attributes:
        cause_id: under which its lots are found again.
        purchase_id: the purchase; None where nothing says which, and of an adjustment.
        by_pack: points by the pack that should have given them; none of an adjustment.
        lots: (points, when they expire).
        reverses: the adjustment that had taken what it gives back.
        usable_from: when the points of each lot can be used; at once, where nothing is said.
    """

    at: datetime
    cause_id: UUID
    purchase_id: UUID | None
    by_pack: tuple[tuple[str, int], ...]
    lots: tuple[tuple[int, datetime | None], ...]
    reverses: UUID | None = None
    usable_from: tuple[datetime, ...] = ()

    @property
    def points(self) -> int:
        return sum(points for points, _ in self.lots)


@dataclass(frozen=True, slots=True)
class Retagged:
    """What an undo order or a person did to a tag that rules had given, as far as time was decided by then.

    Attributes:
        earlier, later: purchases of the same instant whose own changes of tags were written before it, and
            after it.
    """

    recorded_at: datetime
    change: TagChange
    earlier: frozenset[UUID] = frozenset()
    later: frozenset[UUID] = frozenset()

    def precedes(self, bought: Bought, replayed: Set[UUID]) -> bool:
        """Whether it was done before a purchase was read.

        By how far time was decided each time, for hours of recording are told before locks are waited for.
        Where that is the same: by the order of writing, and by the tags that the purchase read; of one that
        came late by the hours.

        Args:
            replayed: the purchases before this one, where any are `earlier`.
        """
        reached = bought.occurred_at
        if bought.late:
            if bought.reached is None:
                return self.recorded_at < bought.recorded_at
            reached = datetime.fromisoformat(bought.reached)
        if self.change.effective_at != reached:
            return self.change.effective_at < reached
        if not self.earlier <= replayed:
            return False
        if bought.purchase_id in self.later:
            return True
        if bought.late:  # it read an earlier instant, which tells nothing
            return self.recorded_at < bought.recorded_at
        read = bought.tags if self.change.given else bought.rule_tags
        return (self.change.tag in orjson.loads(read)) == self.change.given


@dataclass(slots=True)
class MemberHistory:
    """All that is stored of one member.

    Attributes:
        care_from: as kept with the standing.
        advanced_to: how far time has been decided.
        told: every event, by number.
        bought: every purchase, by `seq`.
        taken, corrected: what was taken back and given afterwards, in order of time.
        retagged: by undo orders and by people, in the order of recording.
        own_now: the chain's own facts of the member today, for fields that came after a purchase.
    """

    member_id: UUID
    home_store_id: UUID
    enrolled_at: datetime
    care_from: datetime
    advanced_to: datetime
    told: Sequence[Told] = ()
    bought: list[Bought] = field(default_factory=list)
    taken: Sequence[TakenBack] = ()
    corrected: Sequence[Corrected] = ()
    retagged: Sequence[Retagged] = ()
    own_now: str = ""
