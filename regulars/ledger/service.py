"""Posting to the books, and reading what is left to expire."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.together import Write, write_together
from regulars.ledger import repository
from regulars.ledger.domain import LedgerEntry, OpenPointsLot, PendingLot


async def post(session: AsyncSession, entries: Sequence[LedgerEntry], at: datetime) -> None:
    """Write entries, set-based, and move the balances they touch.

    Args:
        session: in a transaction that holds the lock on every member concerned.
        entries: each new, one of a kind for each cause.
        at: aware UTC, the time of recording.
    Raises: IntegrityError: an entry of the kind exists for the cause; nothing is written.
    Source: ADR-0004 (a posting is balanced by its form).
    """
    if entries:
        await write_together(session, posted(entries, at))
        await post_relations(session, entries)


def posted(entries: Sequence[LedgerEntry], at: datetime) -> list[Write]:
    """What `post` writes first, so that it may be sent with other writes.

    Args:
        entries: as for `post`; an account's may come in one list only, for they move one balance.
        at: aware UTC, the time of recording.
    Returns: none for no entries. `post_relations` is to follow.
    """
    return repository.entries_written(entries, at)


async def post_relations(session: AsyncSession, entries: Sequence[LedgerEntry]) -> None:
    """The rest of `post`: what entries have reversed, and what members owe by them.

    Args:
        session: in the transaction in which the entries were written.
        entries: the same; no statement is made where they neither reverse nor concern debts.
    """
    await repository.write_relations(session, entries)


async def lots_expiring(
    session: AsyncSession, spans: Mapping[UUID, tuple[datetime, datetime]]
) -> list[tuple[UUID, UUID, int, datetime]]:
    """Open points lots that expire in a span, both ends included, and for each account the next one after it.

    Args:
        session: any.
        spans: account id → (since, until); what expires before `since` is known to be spent or expired, and
            is not read: a long history must cost nothing.
    Returns: (account id, lot id, remaining points > 0, expires_at), in no order.
    """
    return await repository.open_lots(session, spans) if spans else []


async def points_lots(
    session: AsyncSession, account_ids: Sequence[UUID], at: datetime
) -> dict[UUID, list[OpenPointsLot]]:
    """All that accounts own in points, lot by lot, what is pending included.

    Args:
        session: any; where it is to be taken, one that holds the members' locks.
        account_ids: whose.
        at: aware; what has expired by then is left out, booked or not.
    Returns: lots with points left, in no order; accounts without any are left out.
    """
    found: dict[UUID, list[OpenPointsLot]] = {}
    for account_id, lot in await repository.lots_of(session, account_ids, at) if account_ids else ():
        found.setdefault(account_id, []).append(lot)
    return found


async def lots_consumed(session: AsyncSession, entry_id: UUID) -> list[OpenPointsLot]:
    """What an entry took, lot by lot: `remaining` is what it took of each.

    Args:
        session: any.
        entry_id: any entry's.
    Returns: none where it took nothing, soonest expiry first.
    """
    return await repository.lots_consumed(session, entry_id)


async def pending_lots(session: AsyncSession, since: Mapping[UUID, datetime]) -> dict[UUID, list[PendingLot]]:
    """What accounts own and cannot use yet; it becomes available by itself, without any entry.

    Args:
        session: any.
        since: account id → instant; what was available by then is left out.
    Returns: lots with points left, in no order; accounts without any are left out. No statement is made
        where nobody is asked for.
    Source: docs/semantics.md, "Pending points".
    """
    found: dict[UUID, list[PendingLot]] = {}
    for account_id, lot in await repository.pending_lots(session, since) if since else ():
        found.setdefault(account_id, []).append(lot)
    return found


async def open_accounts(session: AsyncSession, member_ids: Iterable[UUID]) -> None:
    """Open a points account for each new member.

    Args:
        session: in a transaction.
        member_ids: members without an account.
    Raises: IntegrityError: one has an account already.
    """
    await repository.open_accounts(session, member_ids)
