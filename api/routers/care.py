"""Follow-ups (回访): what is to be done, and how it ended."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from api.dependencies import At, Parts, requires
from api.schemas.care import CareTaskOut, CareTaskPageOut, ClosingIn
from api.schemas.times import Instant
from api.strict_json import api_router
from regulars.care import service
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("care")
Reader = Annotated[Actor, Depends(requires(Permission.CARE_TASK_READ))]
Caller = Annotated[Actor, Depends(requires(Permission.CARE_TASK_CLOSE))]


@router.get("/care-tasks")
async def list_open_tasks(
    parts: Parts,
    actor: Reader,
    after_due: Instant | None = None,
    after_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CareTaskPageOut:
    """Open follow-ups of members at home within your places, soonest due first."""
    after = (after_due, after_id) if after_due is not None and after_id is not None else None
    async with parts.database.read() as session:
        page = await service.list_open(session, actor.scope, after=after, limit=limit)
    due, task_id = page.next_after or (None, None)
    return CareTaskPageOut(
        items=[CareTaskOut.of(task) for task in page.tasks], next_after_due=due, next_after_id=task_id
    )


@router.get("/members/{member_id}/care-tasks")
async def list_tasks_of_member(parts: Parts, actor: Reader, member_id: UUID) -> list[CareTaskOut]:
    """A member's follow-ups, open and closed, latest due first."""
    async with parts.database.read() as session:
        return [CareTaskOut.of(task) for task in await service.tasks_of(session, actor.scope, member_id)]


@router.post("/care-tasks/{task_id}/close")
async def close_task(parts: Parts, actor: Caller, at: At, task_id: UUID, body: ClosingIn) -> CareTaskOut:
    """Say how a follow-up ended. The second to do so is told who was first."""
    async with parts.database.begin() as session:
        task = await service.close_task(session, actor, task_id, body.outcome, body.note, at)
    return CareTaskOut.of(task)
