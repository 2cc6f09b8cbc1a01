"""Double entry in integer units: every posting moves an amount from one account to another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

EntryKind = Literal["earn", "correct", "expire", "reverse", "repay", "adjust"]
POINTS = "points"


def house_account(code: str) -> UUID:
    """The fixed id of one of the chain's own accounts."""
    return uuid5(NAMESPACE_URL, f"regulars:account:{code}")


POINTS_ISSUED = house_account("points_issued")
POINTS_EXPIRED = house_account("points_expired")
POINTS_ADJUSTED = house_account("points_adjusted")
POINTS_OWED = house_account("points_owed")
"""What members owe, all together; whose debt it is, the entry's member tells."""


class Earned(Protocol):
    """Points that one rule of one pack version gave."""

    @property
    def points(self) -> int: ...
    @property
    def pack_version(self) -> str: ...
    @property
    def rule_id(self) -> str: ...
    @property
    def available_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount on its way from one account to another; balanced by its form."""

    from_account_id: UUID
    to_account_id: UUID
    unit: str
    amount: int  # > 0
    pack_version: str
    rule_id: str


@dataclass(frozen=True, slots=True)
class Lot:
    """Earned value with its own expiry."""

    id: UUID
    account_id: UUID
    unit: str
    amount: int
    available_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class PendingLot:
    """What is left of value that is owned and not yet available."""

    amount: int
    available_at: datetime
    expires_at: datetime | None

    def pends_at(self, at: datetime) -> bool:
        """Whether it is owned and not yet available at an instant; it matures without any entry."""
        return at < self.available_at and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True, slots=True)
class OpenPointsLot:
    """What is left of points that were earned together."""

    id: UUID
    remaining: int
    available_at: datetime
    expires_at: datetime | None

    def is_open(self, at: datetime) -> bool:
        """Whether it has not expired by an instant."""
        return self.expires_at is None or self.expires_at > at


@dataclass(frozen=True, slots=True)
class Consumption:
    """What an entry took from a lot."""

    lot_id: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One event in the books, with all its postings; written once and never changed.

    Attributes:
        cause_id: the purchase or lifecycle event that it books; one entry of a kind for each.
        reverses: the entry that it takes back, whole or in part; None for one that takes nothing back.
    """

    id: UUID
    kind: EntryKind
    cause_id: UUID
    member_id: UUID
    effective_at: datetime
    postings: tuple[Posting, ...]
    lots: tuple[Lot, ...] = ()
    consumptions: tuple[Consumption, ...] = ()
    reverses: UUID | None = None


def earn_entry(
    entry_id: UUID,
    lot_ids: Iterable[UUID],
    cause_id: UUID,
    member_id: UUID,
    at: datetime,
    awards: Sequence[Earned],
) -> LedgerEntry:
    """Book awarded points: one posting for each rule, one lot for each expiry.

    Args:
        entry_id: the new entry's.
        lot_ids: fresh ids, as many as there are lots.
        cause_id: the purchase.
        member_id: whose account earns.
        at: when the points were earned.
        awards: each of ≥ 1 point.
    Returns: an entry whose postings and lots both sum to the awarded points.
    """
    postings = tuple(
        Posting(POINTS_ISSUED, member_id, POINTS, award.points, award.pack_version, award.rule_id)
        for award in awards
    )
    amounts: dict[tuple[datetime, datetime | None], int] = {}
    for award in awards:
        key = (award.available_at, award.expires_at)
        amounts[key] = amounts.get(key, 0) + award.points
    lots = tuple(
        Lot(lot_id, member_id, POINTS, amount, available_at, expires_at)
        for ((available_at, expires_at), amount), lot_id in zip(amounts.items(), lot_ids, strict=False)
    )
    return LedgerEntry(entry_id, "earn", cause_id, member_id, at, postings, lots)


def expire_entry(
    entry_id: UUID, cause_id: UUID, member_id: UUID, at: datetime, consumptions: Sequence[Consumption]
) -> LedgerEntry:
    """Book points that expire.

    Args:
        entry_id: the new entry's.
        cause_id: the lifecycle event that says so.
        member_id: whose points they were.
        at: when they expired.
        consumptions: what is left of each expiring lot, > 0.
    Returns: an entry that takes them all to the account of expired points.
    """
    points = sum(consumption.amount for consumption in consumptions)
    posting = Posting(member_id, POINTS_EXPIRED, POINTS, points, "ledger/1", "expiry")
    return LedgerEntry(
        entry_id, "expire", cause_id, member_id, at, (posting,), consumptions=tuple(consumptions)
    )


def reverse_entry(
    entry_id: UUID,
    cause_id: UUID,
    member_id: UUID,
    at: datetime,
    original_id: UUID,
    points_by_rule: Iterable[tuple[str, str, int]],
    consumptions: Sequence[Consumption],
    owed_by_rule: Iterable[tuple[str, str, int]] = (),
) -> LedgerEntry:
    """Book points that are taken back: the postings of an award the other way round.

    Args:
        entry_id: the new entry's.
        cause_id: who orders it, of its own for each original.
        member_id: who had earned.
        at: when they are taken.
        original_id: the entry that booked the award.
        points_by_rule: (pack version, rule, points > 0) that are taken.
        consumptions: the lots that give them, of the same sum.
        owed_by_rule: what no lot gives and the member owes from now on.
    """
    postings = tuple(
        Posting(account_id, POINTS_ISSUED, POINTS, points, pack_version, rule_id)
        for account_id, by_rule in ((member_id, points_by_rule), (POINTS_OWED, owed_by_rule))
        for pack_version, rule_id, points in by_rule
    )
    used = tuple(consumptions)
    return LedgerEntry(
        entry_id, "reverse", cause_id, member_id, at, postings, consumptions=used, reverses=original_id
    )


def adjust_entry(
    entry_id: UUID,
    cause_id: UUID,
    member_id: UUID,
    at: datetime,
    points: int,
    lots: Iterable[Lot] = (),
    consumptions: Iterable[Consumption] = (),
    original_id: UUID | None = None,
) -> LedgerEntry:
    """Book points that people give or take by hand.

    Args:
        entry_id: the new entry's.
        cause_id: the adjustment.
        member_id: whose account.
        at: when they are booked.
        points: given > 0, taken < 0.
        lots: of points given, of their sum.
        consumptions: the lots that give points taken, of their sum.
        original_id: the entry of the adjustment that is reversed.
    """
    ends = (POINTS_ADJUSTED, member_id) if points > 0 else (member_id, POINTS_ADJUSTED)
    posting = Posting(*ends, POINTS, abs(points), "ledger/1", "adjustment")
    return LedgerEntry(
        entry_id,
        "adjust",
        cause_id,
        member_id,
        at,
        (posting,),
        lots=tuple(lots),
        consumptions=tuple(consumptions),
        reverses=original_id,
    )


def repay_entry(entry_id: UUID, earned: LedgerEntry, owed: int) -> tuple[LedgerEntry, tuple[Lot, ...]]:
    """Pay what a member owes with what the member has just earned.

    Args:
        entry_id: the new entry's.
        earned: an entry with lots; pending ones pay too, for they are owned.
        owed: > 0.
    Returns: the payment, of the same cause and instant, and what is left of the lots: those that expire
        soonest pay first.
    Source: docs/adr/0023-what-cannot-be-taken-back-is-owed.md.
    """
    consumptions: list[Consumption] = []
    left: list[Lot] = []
    for lot in sorted(earned.lots, key=_soonest_first):
        paid = min(owed, lot.amount)
        owed -= paid
        if paid:
            consumptions.append(Consumption(lot.id, paid))
        if paid < lot.amount:
            left.append(replace(lot, amount=lot.amount - paid))
    points = sum(consumption.amount for consumption in consumptions)
    posting = Posting(earned.member_id, POINTS_OWED, POINTS, points, "ledger/1", "repayment")
    entry = LedgerEntry(
        entry_id,
        "repay",
        earned.cause_id,
        earned.member_id,
        earned.effective_at,
        (posting,),
        consumptions=tuple(consumptions),
    )
    return entry, tuple(left)


def _soonest_first(lot: Lot) -> tuple[bool, datetime, datetime]:
    return (lot.expires_at is None, lot.expires_at or lot.available_at, lot.available_at)


def debt_changes(entries: Iterable[LedgerEntry]) -> dict[UUID, int]:
    """What entries do to what members owe; those of most kinds do nothing to it."""
    changes: dict[UUID, int] = {}
    for entry in entries:
        if entry.kind not in _OF_DEBTS:
            continue
        for posting in entry.postings:
            owed = (posting.from_account_id == POINTS_OWED) - (posting.to_account_id == POINTS_OWED)
            if owed:
                changes[entry.member_id] = changes.get(entry.member_id, 0) + owed * posting.amount
    return changes


def balance_changes(entries: Iterable[LedgerEntry], house: frozenset[UUID]) -> dict[tuple[UUID, str], int]:
    """What entries do to the balances of members; the house's are derived, not kept."""
    changes: dict[tuple[UUID, str], int] = {}
    for entry in entries:
        for posting in entry.postings:
            for account_id, amount in (
                (posting.from_account_id, -posting.amount),
                (posting.to_account_id, posting.amount),
            ):
                if account_id not in house:
                    key = (account_id, posting.unit)
                    changes[key] = changes.get(key, 0) + amount
    return changes


def pending_until(entries: Iterable[LedgerEntry]) -> dict[tuple[UUID, str], datetime]:
    """Until when something that entries bring is pending, by account and unit."""
    latest: dict[tuple[UUID, str], datetime] = {}
    for entry in entries:
        for lot in entry.lots:
            key = (lot.account_id, lot.unit)
            if lot.available_at > entry.effective_at:
                latest[key] = max(lot.available_at, latest.get(key, lot.available_at))
    return latest


HOUSE = frozenset({POINTS_ISSUED, POINTS_EXPIRED, POINTS_ADJUSTED, POINTS_OWED})
_OF_DEBTS: frozenset[EntryKind] = frozenset({"reverse", "repay"})
