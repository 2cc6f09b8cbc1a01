"""Asking for messages within a purchase's transaction, and handing the requests out in order."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.messages import repository
from regulars.messages.domain import MessageRequest, NewRequest
from regulars.security.scope import Scope


async def ask_for(session: AsyncSession, requests: Sequence[NewRequest], at: datetime) -> None:
    """Write requests with the purchases that caused them; nothing is sent from here.

    Args:
        session: in the purchases' transaction, which takes no further lock after this.
        requests: in the order in which the purchases happened.
        at: aware UTC, the time of recording.
    Raises: UniqueViolationError: one was written before.
    Source: docs/semantics.md, "Messages".
    """
    if requests:
        await repository.write(session, requests, at)


async def hand_out(
    session: AsyncSession, scope: Scope, at: datetime, *, after: int, limit: int, template: str | None = None
) -> list[MessageRequest]:
    """The requests after one, of purchases at the asker's places, in their order.

    Args:
        session: in a transaction that may write: what is handed out is noted, and can no more be withdrawn.
        scope: the asker's.
        at: aware UTC, now.
        after: `no` of the last one that was read; 0 to begin.
        limit: at most so many.
        template: only for this text.
    Returns: requests that nobody withdrew; asking again with the same `after` gives the same, and what has
        come since. No request ever appears before one that was seen: whoever goes on from the last one misses
        none.
    Source: docs/semantics.md, "Messages".
    """
    found = await repository.after(session, scope, after, limit, template)
    fresh = [request.id for request, handed in found if not handed]
    if not fresh or len(await repository.settle(session, fresh, None, at)) == len(fresh):
        return [request for request, _ in found]
    gone = await repository.withdrawn(session, fresh)
    return [request for request, _ in found if request.id not in gone]


async def withdraw(
    session: AsyncSession, request_ids: Sequence[UUID], undo_id: UUID, at: datetime
) -> set[UUID]:
    """Take requests back that nobody has read.

    Args:
        session: in a transaction.
        request_ids: any.
        undo_id: the undo order that does it.
        at: aware UTC, now.
    Returns: those that are withdrawn now; the others were handed out, or withdrawn before.
    Source: docs/semantics.md, "Messages".
    """
    return await repository.settle(session, request_ids, undo_id, at) if request_ids else set()
