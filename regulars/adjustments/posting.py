"""One member's account while points are adjusted: locked, as far in time as is due, settled afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.adjustments.domain import Adjustment, entry_of, posted, usable, valid_days
from regulars.ledger import service as ledger
from regulars.ledger.domain import LedgerEntry, Lot, OpenPointsLot, repay_entry
from regulars.lifecycle import repository as standings
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import changed, next_due
from regulars.lifecycle.reigns import ReignBook
from regulars.lifecycle.repository import LockedMember
from regulars.organisation.places import Places
from regulars.outbox import service as outbox
from regulars.outbox.domain import Change
from regulars.rules.live import LivePacks


@dataclass(frozen=True, slots=True)
class Account:
    """A member under lock.

    Attributes:
        lots: all that is owned.
        usable: of it, what can be used now.
    """

    member: LockedMember
    time: MemberTime
    path: str
    lots: Sequence[OpenPointsLot]
    usable: int

    @property
    def store_id(self) -> UUID:
        return self.member.standing.home_store_id

    @property
    def frozen(self) -> bool:
        return self.member.standing.frozen_at is not None

    def day(self, at: datetime) -> date:
        """The calendar day at the member's home store."""
        return at.astimezone(self.time.zone).date()


async def open_account(
    session: AsyncSession, packs: LivePacks, places: Places, member_id: UUID, at: datetime
) -> Account | None:
    """Lock a member, and decide first what has fallen due.

    Args:
        session: in a transaction.
        packs, places: the process's.
        member_id: whose account.
        at: aware UTC, now.
    Returns: None where there is no such member.
    """
    locked = await standings.lock(session, [member_id])
    if member_id not in locked:
        return None
    book = ReignBook(await packs.refresh(session), places)
    times = await lifecycle.load_times(session, locked, {member_id: at}, book, places)
    time = times[member_id]
    due = _next_due(time)
    if due is not None and due <= at:  # no further than needed: what a till has still to send would be late
        time.advance(at)
        await lifecycle.write_times(session, locked, [time], at, {})
        locked = await standings.lock(session, [member_id])
        time = (await lifecycle.load_times(session, locked, {member_id: at}, book, places))[member_id]
    lots = (await ledger.points_lots(session, [member_id], at)).get(member_id, [])
    path = places.store(time.standing.home_store_id).path
    return Account(locked[member_id], time, path, lots, usable(lots, at))


async def post(
    session: AsyncSession,
    account: Account,
    adjustment: Adjustment,
    settings: Mapping[str, object],
    at: datetime,
) -> None:
    """Book an adjustment that is allowed; what is given pays a debt first.

    Args:
        session: the transaction that opened the account.
        settings: the chain's.
        at: aware UTC, now.
    Raises: AdjustmentBeyondBalance.
    """
    taken: Sequence[OpenPointsLot] = ()
    if adjustment.reverses is not None and adjustment.points > 0:
        taken = await ledger.lots_consumed(session, entry_of(adjustment.reverses))
    entry = posted(adjustment, account.lots, taken, at, valid_days(settings))
    entries, left = [entry], entry.lots
    if account.member.points_owed and entry.lots:
        payment, left = repay_entry(uuid5(entry.id, "repay"), entry, account.member.points_owed)
        entries.append(payment)
    await ledger.post(session, entries, at)
    _settle(account, entry, left)
    time = account.time
    await lifecycle.write_times(session, {time.standing.member_id: account.member}, [time], at, {})
    news = Change(time.standing.member_id, time.standing.last_seq, 0, time.standing.next_due_at)
    await outbox.announce(session, [news], at)


def _settle(account: Account, entry: LedgerEntry, left: Sequence[Lot]) -> None:
    """What is left decides when the next points expire, and so when the member next falls due."""
    used = {consumption.lot_id: consumption.amount for consumption in entry.consumptions}
    ends = [lot.expires_at for lot in account.lots if lot.remaining > used.get(lot.id, 0)]
    ends += [lot.expires_at for lot in left]
    time = account.time
    soonest = min((expires_at for expires_at in ends if expires_at is not None), default=None)
    time.standing = changed(time.standing, next_expiry_at=soonest)
    time.standing = changed(time.standing, next_due_at=_next_due(time))


def _next_due(time: MemberTime) -> datetime | None:
    return next_due(time.standing, time.reigns(time.standing.advanced_to).plan)
