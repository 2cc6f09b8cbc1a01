"""Points that were taken back of a member, taken back again in a replay: what is there, from where it lay."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from regulars.ledger.domain import Lot
from regulars.lifecycle.advance import MemberTime, OpenLot
from regulars.lifecycle.domain import changed
from regulars.rehearsal.history import TakenBack
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
    """What one pack gave in one purchase: points not taken back so far, and when they expire."""

    points: int = 0
    expiries: set[datetime | None] = field(default_factory=set)


class Reversing:
    """What is still to be taken back of one member while the history is replayed.

    Attributes:
        pending: not taken back yet, in order of time.
        done: each with the points that it took in the replay.
    """

    def __init__(self, taken: Iterable[TakenBack]) -> None:
        self.pending = list(taken)
        self.done: list[tuple[TakenBack, int]] = []
        self._seen: set[UUID] = set()
        self._gifts: dict[tuple[UUID, str], _Gift] = {}
        self._lasting: list[_Lying] = []

    def earned(self, purchase_id: UUID, awards: Sequence[Award], lots: Sequence[Lot]) -> None:
        """A purchase has been replayed: what each pack gave in it, and where that lies."""
        self._seen.add(purchase_id)
        for award in awards:
            code = award.pack_version.rpartition("/")[0]
            gift = self._gifts.setdefault((purchase_id, code), _Gift())
            gift.points += award.points
            gift.expiries.add(award.expires_at)
        self._lasting += [_Lying(purchase_id, lot.amount, None) for lot in lots if lot.expires_at is None]

    def reach(self, time: MemberTime, to: datetime) -> None:
        """Take back what was taken back up to an instant, as far as the points have been earned by now.

        Called before time is decided that far: what is taken back can expire no more.
        """
        due = [one for one in self.pending if one.at <= to and self._seen.issuperset(one.purchases)]
        for one in due:
            self.pending.remove(one)
            self._take(time, one)

    def finish(self, time: MemberTime) -> None:
        """Take back all the rest."""
        for one in self.pending:
            self._take(time, one)
        self.pending = []

    def _take(self, time: MemberTime, one: TakenBack) -> None:
        expiring = [_Lying(lot.lot_id, lot.remaining, lot.expires_at) for lot in time.lots]
        lying = [
            lot for lot in (*expiring, *self._lasting) if lot.expires_at is None or lot.expires_at > one.at
        ]
        lying.sort(key=lambda lot: (lot.expires_at or _NEVER, lot.purchase_id.bytes))
        gift = self._gifts.get((one.purchase_id, one.pack_code)) if one.purchase_id else None
        due = one.points if one.purchase_id is None else min(one.points, gift.points if gift else 0)
        taken = _from_the_same(lying, one, due)
        if gift is not None:
            taken += _from(_own(lying, one.purchase_id, gift), due - taken)
            if any(share.purchase_id != one.purchase_id for share in one.shares):
                taken += _from(lying, due - taken)
            gift.points -= taken
        time.lots = [
            OpenLot(lot.purchase_id, lot.remaining, lot.expires_at)
            for lot in expiring
            if lot.remaining and lot.expires_at is not None
        ]
        soonest = min((lot.expires_at for lot in time.lots), default=None)
        time.standing = changed(time.standing, next_expiry_at=soonest)
        self.done.append((one, taken))


def _from_the_same(lying: Sequence[_Lying], one: TakenBack, due: int) -> int:
    """From the very lots from which history took them, as much of each."""
    taken = 0
    for share in one.shares:
        same = [
            lot for lot in lying if (lot.purchase_id, lot.expires_at) == (share.purchase_id, share.expires_at)
        ]
        taken += _from(same, min(share.points, due - taken))
    return taken


def _own(lying: Sequence[_Lying], purchase_id: UUID | None, gift: _Gift) -> list[_Lying]:
    """Where the pack's own points of the purchase lie in the replay."""
    return [lot for lot in lying if lot.purchase_id == purchase_id and lot.expires_at in gift.expiries]


def _from(lying: Iterable[_Lying], due: int) -> int:
    taken = 0
    for lot in lying:
        taken += lot.take(due - taken)
    return taken
