"""What a member is by the chain's own fields: filled in on the member's page or at the desk."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request

from api.dependencies import requires
from regulars.members.service import get_member
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.fields import MemberValuesPage
from rules_ui.field_rights import may_define
from rules_ui.own_values import said_in, save_values, shown_fields
from rules_ui.routes.members import profile_of
from rules_ui.ui import Pages, Ui, go

router = APIRouter()
_AT_THE_DESK = "/desk/members/{member_id}/values"
_OF_THE_MEMBER = "/members/{member_id}/values"
MemberReader = Annotated[Actor, Depends(requires(Permission.MEMBER_READ))]
MemberEditor = Annotated[Actor, Depends(requires(Permission.MEMBER_UPDATE))]


@router.get(_AT_THE_DESK, response_class=HTMLResponse)
@router.get(_OF_THE_MEMBER, response_class=HTMLResponse)
async def show_values(request: Request, ui: Pages, member_id: UUID, actor: MemberReader) -> HTMLResponse:
    return await _show(request, ui, actor, member_id)


@router.post(_AT_THE_DESK, response_model=None)
@router.post(_OF_THE_MEMBER, response_model=None)
async def set_values(request: Request, ui: Pages, member_id: UUID, actor: MemberEditor) -> Response:
    """Set what was filled in, and take away what was emptied; all of it, or nothing where one is wrong."""
    say, said = ui.speech(request, actor), said_in(await request.form())
    async with ui.container.database.begin() as session:
        member = await get_member(session, member_id, actor.scope)
        problems = await save_values(session, "member", member_id, said, actor, say, member.home_store_id)
    if not problems:
        return go(f"{request.url.path}?done=values-set")
    return await _show(request, ui, actor, member_id, said, problems)


async def _show(
    request: Request,
    ui: Ui,
    actor: Actor,
    member_id: UUID,
    said: Mapping[str, str] | None = None,
    problems: Sequence[FieldTrouble] = (),
) -> HTMLResponse:
    await ui.refresh()
    async with ui.container.database.read() as session:
        profile = await profile_of(session, actor, member_id)
        say = ui.speech(request, actor, profile.time_zone)
        fields = await shown_fields(session, "member", member_id, said, say)
    path = request.url.path
    view = MemberValuesPage(
        back=path.removesuffix("/values"),
        action=path,
        number=profile.number,
        fields=fields,
        may_set=actor.may_at(Permission.MEMBER_UPDATE, profile.home_path),
        may_define=may_define(ui, actor),
        problems=tuple(problems),
    )
    return ui.page(request, actor, view, say, status=422 if problems else 200)
