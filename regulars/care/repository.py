"""All SQL of follow-ups."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Integer,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.care.domain import CareDue, CareTask, Outcome
from regulars.care.tables import care_task
from regulars.db.base import Instant
from regulars.members.tables import member
from regulars.security.scope import Scope, within_place

_OPEN = (
    insert(care_task)
    .from_select(
        ["id", "event_id", "member_id", "kind", "due_at", "opened_at", "status"],
        select(
            func.unnest(bindparam("event_ids", type_=ARRAY(Uuid))),
            func.unnest(bindparam("event_ids", type_=ARRAY(Uuid))),
            func.unnest(bindparam("member_ids", type_=ARRAY(Uuid))),
            func.unnest(bindparam("kinds", type_=ARRAY(Text))),
            func.unnest(bindparam("dues", type_=ARRAY(Instant))),
            bindparam("at", type_=Instant),
            literal("open"),
        ),
    )
    .on_conflict_do_nothing(index_elements=[care_task.c.event_id])
    .returning(care_task.c.id)
)
_CLOSE = (
    update(care_task)
    .where(care_task.c.id == bindparam("task_id"), care_task.c.status == "open")
    .values(
        status="closed",
        outcome=bindparam("new_outcome"),
        note=bindparam("new_note"),
        closed_at=bindparam("at", type_=Instant),
        closed_by=bindparam("operator_id", type_=Uuid),
    )
    .returning(care_task.c.id)
)
_SEEN: Select[Any] = (
    select(
        care_task.c.id,
        care_task.c.member_id,
        member.c.home_store_id,
        care_task.c.kind,
        care_task.c.due_at,
        care_task.c.opened_at,
        care_task.c.outcome,
        care_task.c.note,
        care_task.c.closed_at,
        care_task.c.closed_by,
    )
    .join(member, member.c.id == care_task.c.member_id)
    .where(within_place(member.c.home_store_id))
)
_ONE = _SEEN.where(care_task.c.id == bindparam("task_id"))
_OF_MEMBER = _SEEN.where(care_task.c.member_id == bindparam("member_id")).order_by(
    care_task.c.due_at.desc(), care_task.c.id.desc()
)
_AFTER_DUE = bindparam("after_due", type_=Instant)
_OPEN_PAGE = (
    _SEEN.where(
        care_task.c.status == "open",
        or_(
            _AFTER_DUE.is_(None),
            and_(
                care_task.c.due_at >= _AFTER_DUE,
                tuple_(care_task.c.due_at, care_task.c.id)
                > tuple_(_AFTER_DUE, bindparam("after_id", type_=Uuid)),
            ),
        ),
    )
    .order_by(care_task.c.due_at, care_task.c.id)
    .limit(bindparam("page", type_=Integer))
)


async def open_tasks(session: AsyncSession, due: Sequence[CareDue], at: datetime) -> int:
    """Open a task for each event that has none; tells how many were opened."""
    opened = await session.execute(
        _OPEN,
        {
            "event_ids": [care.event_id for care in due],
            "member_ids": [care.member_id for care in due],
            "kinds": [care.kind for care in due],
            "dues": [care.due_at for care in due],
            "at": at,
        },
    )
    return len(opened.all())


async def find(session: AsyncSession, scope: Scope, task_id: UUID) -> CareTask | None:
    """One task in sight."""
    row = (await session.execute(_ONE, {**scope.parameters, "task_id": task_id})).one_or_none()
    return None if row is None else _task(row)


async def close(
    session: AsyncSession,
    task_id: UUID,
    outcome: Outcome,
    note: str | None,
    operator_id: UUID | None,
    at: datetime,
) -> bool:
    """Close an open task; False where it is closed already. Waits for whoever is closing it just now."""
    closed = await session.execute(
        _CLOSE,
        {
            "task_id": task_id,
            "new_outcome": outcome.value,
            "new_note": note,
            "operator_id": operator_id,
            "at": at,
        },
    )
    return closed.one_or_none() is not None


async def tasks_of(session: AsyncSession, scope: Scope, member_id: UUID) -> list[CareTask]:
    """A member's tasks in sight, latest due first."""
    rows = await session.execute(_OF_MEMBER, {**scope.parameters, "member_id": member_id})
    return [_task(row) for row in rows]


async def open_page(
    session: AsyncSession, scope: Scope, after: tuple[datetime, UUID] | None, limit: int
) -> list[CareTask]:
    """Open tasks in sight, soonest due first, after a given one."""
    after_due, after_id = after or (None, None)
    rows = await session.execute(
        _OPEN_PAGE, {**scope.parameters, "after_due": after_due, "after_id": after_id, "page": limit}
    )
    return [_task(row) for row in rows]


def _task(row: Row[Any]) -> CareTask:
    return CareTask(
        id=row.id,
        member_id=row.member_id,
        home_store_id=row.home_store_id,
        kind=row.kind,
        due_at=row.due_at,
        opened_at=row.opened_at,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        note=row.note,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )
