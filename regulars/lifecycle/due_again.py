"""Looks at members anew when other packs reign over their time, and tells who falls due at another time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle import service
from regulars.lifecycle.tables import standing
from regulars.organisation.places import Places
from regulars.outbox import service as outbox
from regulars.outbox.domain import Change
from regulars.rules.live import LivePacks

_NEXT: Final = (
    select(standing.c.member_id, standing.c.next_due_at)
    .where(
        standing.c.home_store_id == any_(bindparam("stores", type_=ARRAY(Uuid))),
        standing.c.member_id > bindparam("after", type_=Uuid),
    )
    .order_by(standing.c.member_id)
    .limit(bindparam("limit"))
)


async def look_again(
    session: AsyncSession,
    packs: LivePacks,
    places: Places,
    store_ids: Sequence[UUID],
    *,
    after: UUID | None,
    limit: int,
    to: datetime,
    at: datetime,
) -> tuple[UUID | None, int]:
    """Advance the next members of some home stores, and announce whose due date is another one now.

    Args:
        session: in a transaction that has itself changed no packs.
        packs, places: the process's.
        store_ids: home stores.
        after: the last member who was looked at; None to begin.
        limit: members at most, > 0.
        to: aware instant up to which time is decided.
        at: aware instant of recording.
    Returns: the last member looked at, None where nobody is left; and how many were announced.
    Source: docs/semantics.md, "Time-decided events".
    """
    found = await session.execute(
        _NEXT, {"stores": list(store_ids), "after": after or UUID(int=0), "limit": limit}
    )
    was: dict[UUID, datetime | None] = {row[0]: row[1] for row in found}
    advanced = await service.advance(session, packs, places, list(was), to, at)
    moved = [
        Change(member.member_id, member.last_seq, member.events, member.next_due_at)
        for member in advanced
        if member.events or member.next_due_at != was[member.member_id]
    ]
    await outbox.announce(session, moved, at)
    return (max(was) if len(was) == limit else None), len(moved)
