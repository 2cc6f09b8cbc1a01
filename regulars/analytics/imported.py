"""What of an outside source is in already, so that an import or a replay goes on where it stopped."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, Text, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.base import Instant
from regulars.lifecycle.tables import standing
from regulars.members.tables import member_reference
from regulars.purchases.tables import purchase

_PREFIX = bindparam("prefix", type_=Text)
_IMPORTED = select(purchase.c.business_key).where(
    purchase.c.source == "import", purchase.c.business_key.startswith(_PREFIX, autoescape=False)
)
_POSTED = select(purchase.c.idempotency_key).where(
    purchase.c.idempotency_key.startswith(_PREFIX, autoescape=False)
)
_REFERENCES = select(member_reference.c.reference, member_reference.c.member_id).where(
    member_reference.c.reference.startswith(_PREFIX, autoescape=False)
)
_OVERDUE = select(func.count()).where(standing.c.next_due_at <= bindparam("at", type_=Instant))


async def imported_keys(session: AsyncSession, prefix: str) -> set[str]:
    """Business keys, less `prefix`, of the imported purchases that begin with it."""
    return await _without(session, _IMPORTED, prefix)


async def posted_keys(session: AsyncSession, prefix: str) -> set[str]:
    """Retry keys, less `prefix`, of the purchases posted by a till that begin with it."""
    return await _without(session, _POSTED, prefix)


async def referenced_members(session: AsyncSession, prefix: str) -> dict[str, UUID]:
    """Members by the rest of their outside reference, of those that begin with `prefix`."""
    rows = await session.execute(_REFERENCES, {"prefix": prefix})
    return {row.reference[len(prefix) :]: UUID(int=row.member_id.int) for row in rows}


async def count_overdue_members(session: AsyncSession, at: datetime) -> int:
    """Members for whom time has something to decide that fell due by `at` and is not decided yet."""
    return int(await session.scalar(_OVERDUE, {"at": at}) or 0)


async def _without(session: AsyncSession, statement: Select[tuple[str]], prefix: str) -> set[str]:
    found = await session.scalars(statement, {"prefix": prefix})
    return {str(key)[len(prefix) :] for key in found}
