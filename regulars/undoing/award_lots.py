"""In which lots of an entry the points of one version lie: pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.rules.domain import Award
from regulars.undoing.domain import Item, LotShare, RulePoints


@dataclass(frozen=True, slots=True)
class AwardLot:
    """A lot as it was when it was booked."""

    id: UUID
    amount: int
    available_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class AwardEntry:
    """An entry that booked awards of a version, and perhaps others'.

    Attributes:
        cause_id: the purchase.
        taken_before: what was taken back of the version's points in it.
        rules: the version's rules → points, in the order of the postings.
        lots: all of the entry's.
        dated_by: the versions that date its points, where others than those that read the purchase do.
    """

    entry_id: UUID
    member_id: UUID
    cause_id: UUID
    store_id: UUID
    occurred_at: datetime
    taken_before: int
    rules: tuple[RulePoints, ...]
    lots: tuple[AwardLot, ...]
    dated_by: tuple[str, ...] = ()

    def item(self, lots: tuple[LotShare, ...]) -> Item:
        """The item of an undo; `due` and `takes` are still to be found out."""
        return Item(
            entry_id=self.entry_id,
            member_id=self.member_id,
            cause_id=self.cause_id,
            store_id=self.store_id,
            occurred_at=self.occurred_at,
            points=sum(points for _, points in self.rules),
            due=0,
            takes=0,
            rules=self.rules,
            lots=lots,
        )


@dataclass(frozen=True, slots=True)
class ReadPurchase:
    """A purchase with the record of its evaluation."""

    store_id: UUID
    occurred_at: datetime
    channel: str
    sales_minor: int
    list_minor: int
    lines: bytes
    evaluation: Mapping[str, Any]


def shares_in_one(entry: AwardEntry) -> tuple[LotShare, ...]:
    """Where an entry has one lot, all lies in it."""
    (lot,) = entry.lots
    return ((lot.id, sum(points for _, points in entry.rules)),)


def shares_by_award(entry: AwardEntry, awards: Sequence[Award], version: str) -> tuple[LotShare, ...]:
    """Where an entry has several lots, each award lies in that with its own dates.

    Args:
        entry: with its postings and lots.
        awards: of the same purchase, read again: a limit that cut them when they were booked does not
            change their dates.
        version: whose points are looked for; another of its pack may date them.
    Returns: lot → points of the version's in it. A rule that gives nothing today leaves its points in the
        entry's last lot to expire, which takes nothing from anybody who holds the others.
    """
    dates = {
        award.rule_id: (award.available_at, award.expires_at)
        for award in awards
        if award.pack_version.rpartition("/")[0] == version.rpartition("/")[0]
    }
    lots = {(lot.available_at, lot.expires_at): lot.id for lot in entry.lots}
    last = max(entry.lots, key=lambda lot: (lot.expires_at is None, lot.expires_at, lot.id)).id
    found: dict[UUID, int] = {}
    for rule_id, points in entry.rules:
        lot_id = lots.get(dates[rule_id], last) if rule_id in dates else last
        found[lot_id] = found.get(lot_id, 0) + points
    return tuple(found.items())
