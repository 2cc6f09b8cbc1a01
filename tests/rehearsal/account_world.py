"""A member's account as the books keep it, and a rehearsal of it: small histories for properties."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from rehearsal.test_reversing import MEMBER, NOON, award, earn, member_time

from regulars.ledger.domain import Lot, OpenPointsLot, earn_entry, repay_entry
from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import changed
from regulars.rehearsal.history import Corrected, Policy, TakenBack, TakenShare
from regulars.rehearsal.reversing import Reversing
from regulars.rules.domain import Award
from regulars.undoing.domain import Item, takings

DAY = timedelta(days=1)
VALID_BY_HAND = 20 * DAY


@dataclass(frozen=True)
class Gave:
    """Points of a gift and of another pack, each with the days for which they are valid; None for ever.

    Attributes:
        pending: after so many days they can be used.
    """

    gift: int
    gift_days: int | None
    base: int
    base_days: int | None
    pending: int = 0


@dataclass(frozen=True)
class Buy:
    then: Gave
    draft: Gave


@dataclass(frozen=True)
class Undo:
    policy: Policy


@dataclass(frozen=True)
class ByHand:
    points: int


@dataclass(frozen=True)
class GiveBack:
    """What was taken by hand last is given back."""


Step = Buy | Undo | ByHand | GiveBack


def awards_of(gave: Gave, at: datetime, version: int) -> list[Award]:
    found = [
        award(gave.gift, f"gift/{version}", _end(at, gave.gift_days)),
        award(gave.base, "base/1", _end(at, gave.base_days)),
    ]
    usable_from = at + gave.pending * DAY
    return [replaced._replace(available_at=usable_from) for replaced in found if replaced.points]


def _end(at: datetime, days: int | None) -> datetime | None:
    return None if days is None else at + days * DAY


def cause(number: int) -> UUID:
    return UUID(int=1_000 + number)


@dataclass
class Books:
    """The account, step by step, by the same pure functions as the books'.

    Attributes:
        most: what an undo order takes of a purchase at most, by (step, purchase); None where it takes all.
    """

    most: Mapping[tuple[int, UUID], int] | None = None
    by_hand: Mapping[int, TakenBack] = field(default_factory=dict)
    lots: dict[UUID, Lot] = field(default_factory=dict)
    left: dict[UUID, int] = field(default_factory=dict)
    causes: dict[UUID, UUID] = field(default_factory=dict)
    gifts: dict[UUID, tuple[UUID, int]] = field(default_factory=dict)
    gone: dict[UUID, int] = field(default_factory=dict)
    owed: int = 0
    given: int = 0
    lost: int = 0
    taken: list[TakenBack] = field(default_factory=list)
    corrected: list[Corrected] = field(default_factory=list)
    last_taken: tuple[UUID, int] | None = None

    def open_at(self, at: datetime) -> list[OpenPointsLot]:
        lots = (self.lots[lot_id] for lot_id, points in self.left.items() if points)
        found = [OpenPointsLot(lot.id, self.left[lot.id], lot.available_at, lot.expires_at) for lot in lots]
        return [lot for lot in found if lot.is_open(at)]

    def earn(self, cause_id: UUID, at: datetime, awards: Sequence[Award]) -> None:
        ids = (UUID(int=cause_id.int * 10 + number) for number in range(5))
        entry = earn_entry(cause_id, ids, cause_id, MEMBER, at, awards)
        for lot in entry.lots:
            self.lots[lot.id], self.left[lot.id], self.causes[lot.id] = lot, lot.amount, cause_id
            self.given += lot.amount
        if self.owed and entry.lots:
            payment, _ = repay_entry(cause_id, entry, self.owed)
            shares = {used.lot_id: used.amount for used in payment.consumptions}
            self.owed -= sum(shares.values())
            self.taken.append(TakenBack(at, None, (), self._take(shares)))

    def buy(self, cause_id: UUID, at: datetime, awards: Sequence[Award]) -> None:
        self.earn(cause_id, at, awards)
        lot_of = {lot.expires_at: lot.id for lot in self.lots.values() if self.causes[lot.id] == cause_id}
        for each in awards:
            if each.pack_version.startswith("gift"):
                self.gifts[cause_id] = (lot_of[each.expires_at], each.points)

    def undo(self, step: int, at: datetime, policy: Policy) -> None:
        items = [self._item(step, bought) for bought in self.gifts]
        for done in takings([i for i in items if i.points], {}, self.open_at(at), policy, at):
            if not (done.taken or done.owed):
                continue
            bought, whole = done.item.cause_id, done.taken + done.owed
            self.gone[bought] = self.gone.get(bought, 0) + whole
            self.owed += done.owed
            shares = self._take({used.lot_id: used.amount for used in done.consumptions})
            back = TakenBack(at, bought, (("gift", whole),), shares, done.owed, policy=policy)
            self.taken.append(back)

    def _item(self, step: int, bought: UUID) -> Item:
        lot_id, points = self.gifts[bought]
        points -= self.gone.get(bought, 0)
        if self.most is not None:
            points = min(points, self.most.get((step, bought), 0))
        lots = ((lot_id, points),)
        return Item(bought, MEMBER, bought, MEMBER, NOON, points, points, 0, (("base", points),), lots)

    def adjust(self, step: int, at: datetime, points: int) -> None:
        if points > 0:
            lots = ((points, at + VALID_BY_HAND),)
            self._give(step, at, lots, None)
            return
        usable = sorted(
            (lot for lot in self.open_at(at) if lot.available_at <= at),
            key=lambda lot: (lot.expires_at is None, lot.expires_at or at, lot.available_at, lot.id),
        )
        due, shares = min(-points, sum(lot.remaining for lot in usable)), dict[UUID, int]()
        if self.most is not None:  # a draft: as much as history took, from the same points first
            due = min(due, self.by_hand[step].points) if step in self.by_hand else 0
            for share in self.by_hand[step].shares if step in self.by_hand else ():
                for lot in usable:
                    if (self.causes[lot.id], lot.expires_at) == (share.purchase_id, share.expires_at):
                        shares[lot.id] = min(share.points, lot.remaining)
        for lot in usable:
            more = min(lot.remaining - shares.get(lot.id, 0), due - sum(shares.values()))
            shares[lot.id] = shares.get(lot.id, 0) + more
        took = self._take({lot_id: amount for lot_id, amount in shares.items() if amount})
        self.last_taken = (cause(step), due)
        if took:
            back = TakenBack(at, None, (), took, by_hand=True, policy="within_balance", cause_id=cause(step))
            self.taken.append(back)

    def give_back(self, step: int, at: datetime) -> None:
        if self.last_taken is None:
            return
        taking, points = self.last_taken
        self.last_taken = None
        if points:
            self._give(step, at, ((points, at + VALID_BY_HAND),), taking)

    def _give(
        self, step: int, at: datetime, lots: tuple[tuple[int, datetime | None], ...], back: UUID | None
    ) -> None:
        self.corrected.append(Corrected(at, cause(step), None, (), lots, back))
        awards = [award(points, "by-hand/1", ends)._replace(available_at=at) for points, ends in lots]
        self.earn(cause(step), at, awards)

    def _take(self, shares: Mapping[UUID, int]) -> tuple[TakenShare, ...]:
        for lot_id, amount in shares.items():
            self.left[lot_id] -= amount
            self.lost += amount
        return tuple(
            TakenShare(self.causes[lot_id], self.lots[lot_id].expires_at, amount)
            for lot_id, amount in shares.items()
        )


def booked(steps: Sequence[Step], *, as_draft: Books | None = None) -> Books:
    """What the books say after all steps: as it was, or under the draft, where orders of history take as
    much as they took then."""
    most = by_hand = None
    if as_draft is not None:
        orders = [one for one in as_draft.taken if one.purchase_id is not None]
        most = {(_step_of(one.at), one.purchase_id): one.points + one.owed for one in orders}
        by_hand = {_step_of(one.at): one for one in as_draft.taken if one.by_hand}
    books = Books(most, by_hand or {})
    for number, step in enumerate(steps):
        at = NOON + number * DAY
        match step:
            case Buy():
                gave, version = (step.then, 1) if as_draft is None else (step.draft, 2)
                books.buy(cause(number), at, awards_of(gave, at, version))
            case Undo():
                books.undo(number, at, step.policy)
            case ByHand():
                books.adjust(number, at, step.points)
            case GiveBack():
                books.give_back(number, at)
    return books


def _step_of(at: datetime) -> int:
    return (at - NOON) // DAY


def rehearsed(
    steps: Sequence[Step], history: Books, *, as_draft: bool, always_told: bool = True
) -> tuple[Reversing, MemberTime]:
    """The same steps as a rehearsal replays them, from what the books kept of history.

    Args:
        always_told: history says at each step how far time was decided; else only purchases do.
    """
    reversing, time = Reversing(history.taken, history.corrected), member_time()
    for number, step in enumerate(steps):
        at = NOON + number * DAY
        if always_told or isinstance(step, Buy):
            reversing.reach(time, at)
            time.advance(at)
        if isinstance(step, Buy):
            gave, version = (step.draft, 2) if as_draft else (step.then, 1)
            same = frozenset({"base"} if as_draft else {"base", "gift"})
            then = step.then.gift + step.then.base
            earn(reversing, time, cause(number), awards_of(gave, at, version), same, then)
            soonest = min((lot.expires_at for lot in time.lots), default=None)
            time.standing = changed(time.standing, next_expiry_at=soonest)
            reversing.reach(time, at)
    reversing.finish(time)
    time.advance(NOON + len(steps) * DAY)
    return reversing, time


def open_lots(books: Books, at: datetime) -> dict[tuple[UUID, datetime | None], int]:
    """What is left, by cause and end."""
    return {(books.causes[lot.id], lot.expires_at): lot.remaining for lot in books.open_at(at)}
