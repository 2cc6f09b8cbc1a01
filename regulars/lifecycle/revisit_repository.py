"""SQL of revisits that fell due."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle.tables import lifecycle_event

_REVISITS_DUE = select(
    lifecycle_event.c.id, lifecycle_event.c.member_id, lifecycle_event.c.effective_at
).where(
    lifecycle_event.c.member_id == any_(bindparam("member_ids", type_=ARRAY(Uuid))),
    lifecycle_event.c.kind == "revisit_due",
    lifecycle_event.c.worked,
)


async def revisits_due(
    session: AsyncSession, member_ids: Sequence[UUID]
) -> list[tuple[UUID, UUID, datetime]]:
    """(event, member, due) of every revisit that people are to work."""
    rows = await session.execute(_REVISITS_DUE, {"member_ids": list(member_ids)})
    return [(row.id, row.member_id, row.effective_at) for row in rows]
