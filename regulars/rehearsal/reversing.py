"""What became of points in a replay beside purchases and expiries: taken back, paid, given afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import repeat
from typing import Final
from uuid import UUID

from regulars.ledger.domain import POINTS, LedgerEntry, Lot, repay_entry
from regulars.lifecycle.advance import MemberTime, OpenLot
from regulars.lifecycle.domain import changed
from regulars.rehearsal.history import Corrected, TakenBack
from regulars.rules.domain import Award

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_EVER: Final = datetime.min.replace(tzinfo=UTC)
_NOBODY: Final = UUID(int=0)


@dataclass(slots=True)
class _Lying:
    """What is left of points that a purchase earned, to expire together."""

    purchase_id: UUID
    remaining: int
    expires_at: datetime | None

    def take(self, most: int) -> int:
        points = max(0, min(most, self.remaining))
        self.remaining -= points
        return points


@dataclass(slots=True)
class _Gift:
    """What one pack gave for one purchase: points not taken back so far, when they expire, and under which
    ids they lie."""

    points: int = 0
    expiries: set[datetime | None] = field(default_factory=set)
    causes: set[UUID] = field(default_factory=set)

    def add(self, cause_id: UUID, points: int, expiries: Iterable[datetime | None]) -> None:
        self.points += points
        self.expiries.update(expiries)
        self.causes.add(cause_id)


@dataclass(slots=True)
class _Debt:
    """What a member owes in the replay, and what the books say at the same point of it."""

    owed: int = 0
    then: int = 0

    def incur(self, owed: int, then: int) -> None:
        self.owed += owed
        self.then += then

    def due(self, earned_then: int, paid_then: int) -> int:
        """What is to be paid by something that earned so much in history and paid so much of it.

        Whoever owes pays with all that comes. Where history earned and paid less than that, it was booked
        before the debt: then it pays only what a draft left owed beyond what history did.
        """
        if paid_then >= min(self.then, earned_then):
            return self.owed
        return min(self.owed, paid_then + max(0, self.owed - self.then))


@dataclass(slots=True)
class _Taking:
    """One entry that takes points, while several of one order are shared out.

    Attributes:
        due: what it is to take in the replay.
        own: where its packs' own points lie.
        parts: what is due of each gift.
    """

    one: TakenBack
    due: int
    own: Sequence[_Lying]
    as_then: bool
    parts: Sequence[tuple[_Gift, int]] = ()
    taken: int = 0

    def take(self, lying: Iterable[_Lying]) -> None:
        self.taken += _from(lying, self.due - self.taken)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an entry in the replay.

    Attributes:
        points: that it took.
        owed: what the member owes since, because there was no more to take.
    """

    taken: TakenBack
    points: int
    owed: int = 0


class Reversing:
    """What is still to be taken back of one member, and given, while the history is replayed.

    Attributes:
        pending, to_give: not taken back, not given yet, in order of time.
        done: what was taken, or paid; a payment that history does not have stands beside one of nothing.
        given: each with the points that it gave in the replay.
    """

    def __init__(self, taken: Sequence[TakenBack], corrected: Iterable[Corrected] = ()) -> None:
        self.pending = [one for one in taken if not one.pays]
        self.to_give = list(corrected)
        self.done: list[Done] = []
        self.given: list[tuple[Corrected, int]] = []
        self._payments = {next(iter(one.purchases)): one for one in taken if one.pays}
        self._corrects = {one.cause_id: one.purchase_id or one.cause_id for one in self.to_give}
        self._as_then: dict[UUID, frozenset[str]] = {}
        self._seen: set[UUID] = set()
        self._gifts: dict[tuple[UUID, str], _Gift] = {}
        self._lasting: list[_Lying] = []
        self._usable_from: dict[tuple[UUID, datetime | None], datetime] = {}
        self._debt = _Debt()
        self._not_taken: dict[UUID, int] = {}

    @property
    def busy(self) -> bool:
        """Whether anything is still to come, or to be paid."""
        return bool(self.pending or self.to_give or self._payments or self._debt.owed)

    @property
    def owed(self) -> int:
        """What the member owes in the replay by now."""
        return self._debt.owed

    @property
    def open_points(self) -> int:
        """What is left of points that never expire, as far as they had to be looked after."""
        return sum(lot.remaining for lot in self._lasting)

    def paid(
        self, time: MemberTime, cause_id: UUID, earned_then: int, at: datetime, lots: Sequence[Lot]
    ) -> Sequence[Lot]:
        """What is left of what is earned after it has paid what the member owes by then.

        Args:
            cause_id: the purchase, or what gave afterwards.
            earned_then: what it earned in history.
            at: when it is earned.
            lots: what it earns in the replay.
        """
        payment = self._payments.pop(cause_id, None)
        if payment is not None:
            self._reach_debt(time, payment.points)
        if payment is None and not self._debt.owed:
            return lots
        paid_then = 0 if payment is None else payment.points
        due, taken = self._debt.due(earned_then, paid_then), 0
        if due and lots:
            earned = LedgerEntry(cause_id, "earn", cause_id, cause_id, at, (), tuple(lots))
            booked, lots = repay_entry(cause_id, earned, due)
            taken = sum(consumption.amount for consumption in booked.consumptions)
        self._debt.incur(-taken, -paid_then)
        if taken or payment is not None:
            self.done.append(Done(payment or TakenBack(at, None, (), ()), taken))
        return lots

    def _reach_debt(self, time: MemberTime, points: int) -> None:
        """What is paid was owed before, though its hour be later than the purchase's."""
        while self._debt.then < points:
            owing = next((one for one in self.pending if one.owed and self._can_take(one)), None)
            if owing is None:
                return
            self.reach(time, owing.at)

    def earned(
        self, purchase_id: UUID, awards: Sequence[Award], lots: Sequence[Lot], as_then: frozenset[str]
    ) -> None:
        """A purchase has been replayed: what each pack gave in it, where that lies, and of which packs the
        same version read it then, by code."""
        self._seen.add(purchase_id)
        self._as_then[purchase_id] = as_then
        for award in awards:
            code = award.pack_version.rpartition("/")[0]
            self._gift(purchase_id, code).add(purchase_id, award.points, {award.expires_at})
        self._lasting += [_Lying(purchase_id, lot.amount, None) for lot in lots if lot.expires_at is None]
        self._know_dates(lots)

    def reach(self, time: MemberTime, to: datetime) -> None:
        """Give and take back what was up to an instant, as far as the purchases have been replayed by now.

        Called before time is decided that far: what is taken back can expire no more.
        """
        while True:
            given = next((one for one in self.to_give if one.at <= to and self._knows(one)), None)
            taken = next((one for one in self.pending if one.at <= to and self._can_take(one)), None)
            if given is not None and (taken is None or given.at <= taken.at):
                self._give(time, given)
            elif taken is not None:
                order = _order_of(taken)
                together = [one for one in self.pending if _order_of(one) == order and self._can_take(one)]
                self._take(time, together)
            else:
                return

    def finish(self, time: MemberTime) -> None:
        """Give and take back all the rest."""
        self.reach(time, _NEVER)
        while self.to_give:
            self._give(time, self.to_give[0])
        while self.pending:
            self._take(time, self.pending[:1])

    def _can_take(self, one: TakenBack) -> bool:
        return self._seen.issuperset(one.purchases)

    def _knows(self, one: Corrected) -> bool:
        return one.purchase_id is None or one.purchase_id in self._seen

    def _gift(self, purchase_id: UUID, code: str) -> _Gift:
        return self._gifts.setdefault((purchase_id, code), _Gift())

    def _read_as_then(self, purchase_id: UUID, by_pack: Iterable[tuple[str, int]]) -> bool:
        """Whether the same versions of these packs read the purchase then and now."""
        return {code for code, _ in by_pack} <= self._as_then.get(purchase_id, frozenset())

    def _give(self, time: MemberTime, one: Corrected) -> None:
        """A correction belongs to the version that it corrects: what a draft reads instead has none."""
        self.to_give.remove(one)
        self._seen.add(one.cause_id)
        lots: Sequence[Lot] = ()
        if one.purchase_id is None or self._read_as_then(one.purchase_id, one.by_pack):
            lots = _lots_of(one, one.points - self._not_taken.pop(one.reverses or _NOBODY, 0))
            for code, points in one.by_pack:  # an order may take it back in its turn
                gift = self._gift(self._corrects[one.cause_id], code)
                gift.add(one.cause_id, points, (expires_at for _, expires_at in one.lots))
        self.given.append((one, sum(lot.amount for lot in lots)))
        left = self.paid(time, one.cause_id, one.points, one.at, lots)
        self._know_dates(left)
        for lot in left:
            if lot.expires_at is None:
                self._lasting.append(_Lying(lot.id, lot.amount, None))
            else:
                time.lots.append(OpenLot(lot.id, lot.amount, lot.expires_at))
        _settle(time)

    def _take(self, time: MemberTime, together: Sequence[TakenBack]) -> None:
        """Take back what one order took, as an order takes it: each from its own points first, then what is
        missing from others where the order may, and the rest is owed where it says so."""
        expiring = [_Lying(lot.lot_id, lot.remaining, lot.expires_at) for lot in time.lots]
        lying = [
            lot
            for lot in (*expiring, *self._lasting)
            if lot.expires_at is None or lot.expires_at > together[0].at
        ]
        if together[0].by_hand:
            lying = [lot for lot in lying if self._is_usable(lot, together[0].at)]
        lying.sort(key=self._soonest_first)
        takings = [self._taking(one, lying) for one in together]
        for each in takings:
            each.taken += _from_the_same(lying, each)
        for each in takings:
            each.take(each.own)
        for each in takings:
            if each.one.policy != "let_be":
                each.take(lying)
            self._note(each)
        time.lots = [
            OpenLot(lot.purchase_id, lot.remaining, lot.expires_at)
            for lot in expiring
            if lot.remaining and lot.expires_at is not None
        ]
        _settle(time)

    def _know_dates(self, lots: Iterable[Lot]) -> None:
        """From when on points can be used that one purchase earned to expire together."""
        for lot in lots:
            key = (lot.id, lot.expires_at)
            self._usable_from[key] = min(lot.available_at, self._usable_from.get(key, lot.available_at))

    def _soonest_first(self, lot: _Lying) -> tuple[datetime, datetime, bytes]:
        """As the books choose of points that lie in several lots."""
        usable_from = self._usable_from.get((lot.purchase_id, lot.expires_at), _EVER)
        return lot.expires_at or _NEVER, usable_from, lot.purchase_id.bytes

    def _is_usable(self, lot: _Lying, at: datetime) -> bool:
        """Nobody takes by hand what the member cannot use yet."""
        return self._usable_from.get((lot.purchase_id, lot.expires_at), _EVER) <= at

    def _taking(self, one: TakenBack, lying: Sequence[_Lying]) -> _Taking:
        if one.purchase_id is None:
            return _Taking(one, one.points, (), as_then=True)
        purchase_id = self._corrects.get(one.purchase_id, one.purchase_id)
        as_then = self._read_as_then(purchase_id, one.by_pack)
        if one.corrects and not as_then:
            return _Taking(one, 0, (), as_then=False)
        gifts = [(self._gift(purchase_id, code), points) for code, points in one.by_pack]
        own = [lot for lot in lying if any(_holds(gift, lot) for gift, _ in gifts)]
        parts = []
        for gift, points in gifts:
            part = min(points, gift.points)
            gift.points -= part
            parts.append((gift, part))
        return _Taking(one, sum(part for _, part in parts), own, as_then, parts)

    def _note(self, each: _Taking) -> None:
        one = each.one
        self.pending.remove(one)
        missing = each.due - each.taken
        owed = missing if one.policy == "debt" else 0
        self._debt.incur(owed, one.owed)
        let_be = missing - owed
        for gift, part in reversed(each.parts):  # another order may take it
            gift.points += min(part, let_be)
            let_be -= min(part, let_be)
        if one.by_hand and one.cause_id is not None and missing:
            self._not_taken[one.cause_id] = missing
        self.done.append(Done(one, each.taken, owed))


def _settle(time: MemberTime) -> None:
    soonest = min((lot.expires_at for lot in time.lots), default=None)
    time.standing = changed(time.standing, next_expiry_at=soonest)


def _order_of(one: TakenBack) -> tuple[datetime, UUID | None]:
    """What one order took at once; by hand each is taken by itself."""
    return one.at, one.cause_id if one.by_hand else None


def _lots_of(one: Corrected, points: int) -> Sequence[Lot]:
    """The lots that are given, if no more than so many points are."""
    lots = []
    for (amount, expires_at), usable_from in zip(one.lots, one.usable_from or repeat(one.at), strict=False):
        part = min(amount, points)
        points -= part
        if part:
            lots.append(Lot(one.cause_id, one.cause_id, POINTS, part, usable_from, expires_at))
    return lots


def _from_the_same(lying: Sequence[_Lying], each: _Taking) -> int:
    """From the very lots from which history took them, as much of each; where a draft gave the points, from
    those only that are their own."""
    taken = 0
    for share in each.one.shares:
        same = [
            lot
            for lot in (lying if each.as_then else each.own)
            if (lot.purchase_id, lot.expires_at) == (share.purchase_id, share.expires_at)
        ]
        taken += _from(same, min(share.points, each.due - taken))
    return taken


def _holds(gift: _Gift, lot: _Lying) -> bool:
    """Whether the pack's own points of the purchase lie there."""
    return lot.purchase_id in gift.causes and lot.expires_at in gift.expiries


def _from(lying: Iterable[_Lying], due: int) -> int:
    taken = 0
    for lot in lying:
        taken += lot.take(due - taken)
    return taken
