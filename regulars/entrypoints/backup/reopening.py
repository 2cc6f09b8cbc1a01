"""After a restore Temporal is empty: every member is announced to it, and each gets a workflow again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text

from regulars.db.session import Database
from regulars.outbox.domain import Change
from regulars.outbox.service import announce

MEMBERS_A_STATEMENT: Final = 5_000

_LAST_ROW: Final = text("select coalesce(max(id), 0) from outbox")
_MEMBERS: Final = text(
    "select member_id, last_seq, next_due_at from standing order by next_due_at nulls last, member_id"
)
_FORGET: Final = text("delete from outbox where id <= :last")
_NOBODY_WAS_TOLD: Final = text("delete from workflow_told")
_LOOK_AT_ONCE: Final = 1
"""Events announced: whatever a workflow may remember is of a time that the database does not know."""


async def reopen_workflows(database: Database, at: datetime) -> int:
    """Put one row a member into the outbox, the soonest due first, in place of what the backup had there.

    The relay then starts each workflow, which looks at the database and goes on from there; what it had done
    before is known there by its business key and not done again.

    Args:
        database: restored and migrated; nobody else uses it.
        at: aware UTC, now.
    Returns: how many members.
    """
    announced = 0
    async with database.begin() as session:
        last = await session.scalar(_LAST_ROW)
        members = await session.stream(_MEMBERS)
        async for some in members.partitions(MEMBERS_A_STATEMENT):
            await announce(session, _changes(some), at)
            announced += len(some)
        await session.execute(_FORGET, {"last": last})
        await session.execute(_NOBODY_WAS_TOLD)
    return announced


def _changes(members: Sequence[Row[Any]]) -> list[Change]:
    return [
        Change(member.member_id, member.last_seq, _LOOK_AT_ONCE, member.next_due_at, bulk=True)
        for member in members
    ]
