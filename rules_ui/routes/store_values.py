"""What a store is by the chain's own fields: filled in at the store."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api.dependencies import requires
from regulars.custom_fields.errors import CustomValueInvalid
from regulars.organisation.domain import Place
from regulars.organisation.service import get_place
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.fields import StoreValuesPage
from rules_ui.field_rights import may_define
from rules_ui.own_values import said_in, save_values, shown_fields
from rules_ui.ui import Pages, Ui, go

router = APIRouter(prefix="/places/{store_id}/values")
PlaceReader = Annotated[Actor, Depends(requires(Permission.PLACE_READ))]
PlaceManager = Annotated[Actor, Depends(requires(Permission.PLACE_MANAGE))]


@router.get("", response_class=HTMLResponse)
async def show_values(request: Request, ui: Pages, store_id: UUID, actor: PlaceReader) -> HTMLResponse:
    return await _show(request, ui, actor, store_id)


@router.post("", response_model=None)
async def set_values(request: Request, ui: Pages, store_id: UUID, actor: PlaceManager) -> Response:
    """Set what was filled in, and take away what was emptied; all of it, or nothing where one is wrong."""
    say, said = ui.speech(request, actor), said_in(await request.form())
    async with ui.container.database.begin() as session:
        place = await _store(session, store_id, actor)
        problems = await save_values(session, "store", place.id, said, actor, say, place.id)
    if not problems:
        return go(f"/places/{store_id}/values?done=values-set")
    return await _show(request, ui, actor, store_id, said, problems)


async def _show(
    request: Request,
    ui: Ui,
    actor: Actor,
    store_id: UUID,
    said: Mapping[str, str] | None = None,
    problems: Sequence[FieldTrouble] = (),
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        place = await _store(session, store_id, actor)
        fields = await shown_fields(session, "store", place.id, said, say)
    view = StoreValuesPage(
        store_id=place.id,
        name=place.name,
        fields=fields,
        may_set=place.closed_at is None and actor.may_at(Permission.PLACE_MANAGE, place.path),
        may_define=may_define(ui, actor),
        problems=tuple(problems),
    )
    return ui.page(request, actor, view, say, status=422 if problems else 200)


async def _store(session: AsyncSession, store_id: UUID, actor: Actor) -> Place:
    """Raises: UnknownPlace: out of sight. CustomValueInvalid: it is no store."""
    place = await get_place(session, store_id, actor.scope)
    if place.kind != "store":
        raise CustomValueInvalid("the id of a store", "place_id")
    return place
