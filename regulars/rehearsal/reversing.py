"""What became of points in a replay beside purchases and expiries: taken back, paid, given afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from regulars.ledger.domain import Lot
from regulars.lifecycle.advance import MemberTime, OpenLot
from regulars.lifecycle.domain import changed
from regulars.rehearsal.history import Corrected, TakenBack
from regulars.rules.domain import Award

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


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


class Reversing:
    """What is still to be taken back of one member, and given, while the history is replayed.

    Attributes:
        pending, to_give: not taken back, not given yet, in order of time.
        done, given: each with the points that it took, or gave, in the replay.
    """

    def __init__(self, taken: Iterable[TakenBack], corrected: Iterable[Corrected] = ()) -> None:
        self.pending = list(taken)
        self.to_give = list(corrected)
        self.done: list[tuple[TakenBack, int]] = []
        self.given: list[tuple[Corrected, int]] = []
        self._corrects = {one.cause_id: one.purchase_id or one.cause_id for one in self.to_give}
        self._as_then: dict[UUID, frozenset[str]] = {}
        self._seen: set[UUID] = set()
        self._gifts: dict[tuple[UUID, str], _Gift] = {}
        self._lasting: list[_Lying] = []
        self._owed_less = 0

    @property
    def busy(self) -> bool:
        """Whether anything is still to come."""
        return bool(self.pending or self.to_give)

    def paid(self, purchase_id: UUID, lots: Sequence[Lot]) -> Sequence[Lot]:
        """What is left of what a purchase earns after it has paid what the member owed, as in history."""
        payments = [one for one in self.pending if one.pays and one.purchases == {purchase_id}]
        for one in payments:
            self.pending.remove(one)
            lying = [_Lying(purchase_id, lot.amount, lot.expires_at) for lot in lots]
            due = self._still_owed(one)
            taken = _from_the_same(lying, one, due)
            taken += _from(sorted(lying, key=_soonest_first), due - taken)
            self.done.append((one, taken))
            kept = zip(lots, lying, strict=True)
            lots = [replace(lot, amount=left.remaining) for lot, left in kept if left.remaining]
        return lots

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

    def reach(self, time: MemberTime, to: datetime) -> None:
        """Give and take back what was up to an instant, as far as the purchases have been replayed by now.

        Called before time is decided that far: what is taken back can expire no more.
        """
        for given in [one for one in self.to_give if one.at <= to and self._knows(one)]:
            self.to_give.remove(given)
            self._give(time, given)
        due = [one for one in self.pending if one.at <= to and self._seen.issuperset(one.purchases)]
        for one in due:
            self.pending.remove(one)
            self._take(time, one)

    def finish(self, time: MemberTime) -> None:
        """Give and take back all the rest."""
        for given in self.to_give:
            self._give(time, given)
        for one in self.pending:
            self._take(time, one)
        self.to_give, self.pending = [], []

    def _knows(self, one: Corrected) -> bool:
        return one.purchase_id is None or one.purchase_id in self._seen

    def _gift(self, purchase_id: UUID, code: str) -> _Gift:
        return self._gifts.setdefault((purchase_id, code), _Gift())

    def _read_as_then(self, purchase_id: UUID, by_pack: Iterable[tuple[str, int]]) -> bool:
        """Whether the same versions of these packs read the purchase then and now."""
        return {code for code, _ in by_pack} <= self._as_then.get(purchase_id, frozenset())

    def _give(self, time: MemberTime, one: Corrected) -> None:
        """A correction belongs to the version that it corrects: what a draft reads instead has none."""
        self._seen.add(one.cause_id)
        if one.purchase_id is not None and not self._read_as_then(one.purchase_id, one.by_pack):
            self.given.append((one, 0))
            return
        time.lots += [OpenLot(one.cause_id, points, at) for points, at in one.lots if at is not None]
        self._lasting += [_Lying(one.cause_id, points, None) for points, at in one.lots if at is None]
        for code, points in one.by_pack:  # an order may take it back in its turn
            gift = self._gift(self._corrects[one.cause_id], code)
            gift.add(one.cause_id, points, (expires_at for _, expires_at in one.lots))
        self.given.append((one, one.points))
        _settle(time)

    def _take(self, time: MemberTime, one: TakenBack) -> None:
        expiring = [_Lying(lot.lot_id, lot.remaining, lot.expires_at) for lot in time.lots]
        lying = [
            lot for lot in (*expiring, *self._lasting) if lot.expires_at is None or lot.expires_at > one.at
        ]
        lying.sort(key=_soonest_first)
        if one.purchase_id is not None:
            taken = self._take_gifts(lying, one, self._corrects.get(one.purchase_id, one.purchase_id))
        else:
            due = self._still_owed(one) if one.pays else one.points
            taken = _from_the_same(lying, one, due)
            if one.by_hand:
                taken += _from(lying, due - taken)
        time.lots = [
            OpenLot(lot.purchase_id, lot.remaining, lot.expires_at)
            for lot in expiring
            if lot.remaining and lot.expires_at is not None
        ]
        _settle(time)
        self.done.append((one, taken))

    def _take_gifts(self, lying: Sequence[_Lying], one: TakenBack, purchase_id: UUID) -> int:
        """Of what the same packs gave for the purchase, as much as history took, or had the member owe."""
        gifts = [(self._gift(purchase_id, code), points) for code, points in one.by_pack]
        if one.corrects and not self._read_as_then(purchase_id, one.by_pack):
            gifts = []
        dues = [min(points, gift.points) for gift, points in gifts]
        due = min(one.points, sum(dues))
        taken = _from_the_same(lying, one, due)
        for gift, points in gifts:
            taken += _from(_own(lying, gift), min(points, due - taken))
        causes = {purchase_id}.union(*(gift.causes for gift, _ in gifts))
        if any(share.purchase_id not in causes for share in one.shares):
            taken += _from(lying, due - taken)
        for (gift, _), part in zip(gifts, dues, strict=True):
            gift.points -= part
        self._owed_less += one.owed - min(one.owed, sum(dues) - taken)
        return taken

    def _still_owed(self, one: TakenBack) -> int:
        """What of a payment is owed in the replay too: a draft that gave less left less to be owed."""
        spared = min(self._owed_less, one.points)
        self._owed_less -= spared
        return one.points - spared


def _settle(time: MemberTime) -> None:
    soonest = min((lot.expires_at for lot in time.lots), default=None)
    time.standing = changed(time.standing, next_expiry_at=soonest)


def _soonest_first(lot: _Lying) -> tuple[datetime, bytes]:
    return lot.expires_at or _NEVER, lot.purchase_id.bytes


def _from_the_same(lying: Sequence[_Lying], one: TakenBack, due: int) -> int:
    """From the very lots from which history took them, as much of each."""
    taken = 0
    for share in one.shares:
        same = [
            lot for lot in lying if (lot.purchase_id, lot.expires_at) == (share.purchase_id, share.expires_at)
        ]
        taken += _from(same, min(share.points, due - taken))
    return taken


def _own(lying: Sequence[_Lying], gift: _Gift) -> list[_Lying]:
    """Where the pack's own points of the purchase lie in the replay."""
    return [lot for lot in lying if lot.purchase_id in gift.causes and lot.expires_at in gift.expiries]


def _from(lying: Iterable[_Lying], due: int) -> int:
    taken = 0
    for lot in lying:
        taken += lot.take(due - taken)
    return taken
