"""Asking for messages within a purchase's transaction, and handing the requests out in order."""

from collections.abc import Sequence
from datetime import datetime

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


async def list_requests(
    session: AsyncSession, scope: Scope, *, after: int, limit: int, template: str | None = None
) -> list[MessageRequest]:
    """The requests after one, of purchases at the asker's places, in their order.

    Args:
        session: any.
        scope: the asker's.
        after: `no` of the last one that was read; 0 to begin.
        limit: at most so many.
        template: only for this text.
    Returns: requests; asking again with the same `after` gives the same, and what has come since. No request
        ever appears before one that was seen: whoever goes on from the last one misses none.
    Source: docs/semantics.md, "Messages".
    """
    return await repository.after(session, scope, after, limit, template)
