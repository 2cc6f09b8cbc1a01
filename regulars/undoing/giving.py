"""What an order gives because it was missing: entries, their lots, and the debts that these pay first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from regulars.ledger.domain import LedgerEntry, Lot, OpenPointsLot, earn_entry, repay_entry
from regulars.undoing.correcting import given, still_valid
from regulars.undoing.domain import Item


@dataclass(frozen=True, slots=True)
class Gift:
    """What is given for one item.

    Attributes:
        entries: the correcting entry, and the payment of a debt where the member owed.
        left: its lots, less what paid a debt.
    """

    item: Item
    points: int
    entries: tuple[LedgerEntry, ...]
    left: tuple[Lot, ...]


def new_entry_id(undo_id: UUID, entry_id: UUID) -> UUID:
    """The id and cause of the entry that an order makes for an item: drawn twice it is the same."""
    return uuid5(undo_id, entry_id.hex)


def gifts(
    undo_id: UUID, items: Sequence[Item], points: Mapping[UUID, int], owed: Mapping[UUID, int], at: datetime
) -> list[Gift]:
    """What is given for items that lack something.

    Args:
        undo_id: the order.
        items: any.
        points: entry of an item → how much is given, where that is not all.
        owed: member → debt, which is paid first.
        at: when it is booked.
    Returns: those that give something, in the order of items.
    """
    owes = dict(owed)
    found = []
    for item in items:
        wanted = given(item.gives, points.get(item.entry_id, item.to_give))
        awards = [still_valid(award, item.occurred_at, at) for award in wanted]
        if not awards:
            continue
        made = new_entry_id(undo_id, item.entry_id)
        lot_ids = (uuid5(made, f"lot {number}") for number, _ in enumerate(awards))
        entry = replace(earn_entry(made, lot_ids, made, item.member_id, at, awards), kind="correct")
        entries: tuple[LedgerEntry, ...] = (entry,)
        left = entry.lots
        debt = owes.get(item.member_id, 0)
        if debt:
            payment, left = repay_entry(uuid5(made, "repay"), entry, debt)
            owes[item.member_id] = debt - sum(posting.amount for posting in payment.postings)
            entries = (entry, payment)
        found.append(Gift(item, sum(award.points for award in awards), entries, left))
    return found


def with_gifts(
    lots: Mapping[UUID, Sequence[OpenPointsLot]], found: Sequence[Gift]
) -> dict[UUID, list[OpenPointsLot]]:
    """Members' lots with those that gifts bring: what is too much elsewhere may be taken from them."""
    both = {member_id: list(theirs) for member_id, theirs in lots.items()}
    for gift in found:
        both.setdefault(gift.item.member_id, []).extend(
            OpenPointsLot(lot.id, lot.amount, lot.available_at, lot.expires_at) for lot in gift.left
        )
    return both
