"""What an operator does on a member's page: close a follow-up, freeze, unfreeze."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response
from starlette.requests import Request

from api import freezing
from api.dependencies import requires
from regulars.analytics import member_story
from regulars.care import service as care
from regulars.kernel.errors import RegularsError
from regulars.lifecycle import tag_ending
from regulars.lifecycle.errors import AlreadyFrozen, NotFrozen
from regulars.members.errors import TagNotByRules
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.member_view import TASKS_SHOWN, care_of
from rules_ui.routes.members import profile_of
from rules_ui.troubles import trouble_of
from rules_ui.ui import Pages, by_htmx, go

router = APIRouter(prefix="/members")
Note = Annotated[str, Form(max_length=2_000)]


@router.post("/{member_id}/tasks/{task_id}", response_model=None)
async def close_task(
    request: Request,
    ui: Pages,
    member_id: UUID,
    task_id: UUID,
    actor: Annotated[Actor, Depends(requires(Permission.CARE_TASK_CLOSE))],
    outcome: Annotated[str, Form(max_length=40)] = "",
    note: Note = "",
) -> Response:
    trouble = None
    try:
        async with ui.container.database.begin() as session:
            await care.close_task(session, actor, task_id, outcome, note, ui.container.now())
    except RegularsError as error:
        if not by_htmx(request):
            raise
        trouble = trouble_of(error, ui.language(request, actor))
    if not by_htmx(request):
        return go(f"/members/{member_id}?done=task-closed")
    async with ui.container.database.read() as session:
        profile = await profile_of(session, actor, member_id)
        tasks = await member_story.list_tasks(session, member_id, TASKS_SHOWN)
    say = ui.speech(request, actor, profile.time_zone)
    return ui.page(request, actor, care_of(profile, tasks, say, may_close=True, trouble=trouble), say)


@router.post("/{member_id}/tags/end", response_model=None)
async def end_tag(
    ui: Pages,
    member_id: UUID,
    actor: Annotated[Actor, Depends(requires(Permission.MEMBER_UPDATE))],
    tag: Annotated[str, Form(max_length=100)],
    reason: Note = "",
    desk: Annotated[int, Form(ge=0, le=1)] = 0,
) -> Response:
    done = "tag-was-ended"
    try:
        async with ui.container.database.begin() as session:
            if await tag_ending.end_tag(session, member_id, tag, actor, ui.container.now(), reason):
                done = "tag-ended"
    except TagNotByRules:
        pass  # gone, or never there: the page shows what there is
    return go(f"/{'desk/' if desk else ''}members/{member_id}?done={done}")


@router.post("/{member_id}/freeze", response_model=None)
async def freeze(
    ui: Pages,
    member_id: UUID,
    order: Annotated[UUID, Form()],
    reason: Annotated[str, Form(max_length=40)],
    actor: Annotated[Actor, Depends(requires(Permission.MEMBER_FREEZE))],
    note: Note = "",
) -> Response:
    try:
        await freezing.freeze(ui.container, actor, member_id, reason, note, order)
    except AlreadyFrozen:
        return go(f"/members/{member_id}?done=was-frozen")
    return go(f"/members/{member_id}?done=frozen")


@router.post("/{member_id}/unfreeze", response_model=None)
async def unfreeze(
    ui: Pages,
    member_id: UUID,
    order: Annotated[UUID, Form()],
    actor: Annotated[Actor, Depends(requires(Permission.MEMBER_FREEZE))],
    note: Note = "",
) -> Response:
    try:
        await freezing.unfreeze(ui.container, actor, member_id, note, order)
    except NotFrozen:
        return go(f"/members/{member_id}?done=was-not-frozen")
    return go(f"/members/{member_id}?done=unfrozen")
