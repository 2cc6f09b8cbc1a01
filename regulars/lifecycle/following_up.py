"""What time decided about care becomes work for people: a revisit that fell due opens a task."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.care import service as care
from regulars.care.domain import CareDue
from regulars.lifecycle.revisit_repository import revisits_due


async def follow_up(session: AsyncSession, member_ids: Sequence[UUID], at: datetime) -> int:
    """Open a task for each revisit that fell due, is to be worked and has no task yet.

    Args:
        session: in a transaction.
        member_ids: whose.
        at: aware UTC, now.
    Returns: how many tasks were opened; calling again opens none.
    """
    due = await revisits_due(session, member_ids)
    return await care.open_tasks(session, [CareDue(*revisit) for revisit in due], at)
