"""What a store is by the chain's own fields: filled in at the store."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api.dependencies import requires
from regulars.custom_fields import service
from regulars.custom_fields.domain import CustomField, Value
from regulars.custom_fields.errors import CustomValueInvalid
from regulars.kernel.errors import InvalidInput
from regulars.organisation.domain import Place
from regulars.organisation.service import get_place
from regulars.rules.chain_catalogue import catalogue_of
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui import fact_view, field_form
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.fields import StoreValuesPage
from rules_ui.editor.values import Unreadable
from rules_ui.field_rights import may_define
from rules_ui.i18n import Speech
from rules_ui.troubles import troubles_of
from rules_ui.ui import Pages, Ui, go

router = APIRouter(prefix="/places/{store_id}/values")
PlaceReader = Annotated[Actor, Depends(requires(Permission.PLACE_READ))]
OWN: Final = "own."
"""What a value's name in the form begins with: a field's code may be anything, also `csrf_token`."""

PlaceManager = Annotated[Actor, Depends(requires(Permission.PLACE_MANAGE))]


@router.get("", response_class=HTMLResponse)
async def show_values(request: Request, ui: Pages, store_id: UUID, actor: PlaceReader) -> HTMLResponse:
    return await _show(request, ui, actor, store_id)


@router.post("", response_model=None)
async def set_values(request: Request, ui: Pages, store_id: UUID, actor: PlaceManager) -> Response:
    """Set what was filled in, and take away what was emptied; all of it, or nothing where one is wrong."""
    say, form = ui.speech(request, actor), await request.form()
    said = {
        name.removeprefix(OWN): value
        for name, value in form.items()
        if isinstance(value, str) and name.startswith(OWN)
    }
    try:
        async with ui.container.database.begin() as session:
            place = await _store(session, store_id, actor)
            fields = [
                f for f in await service.list_fields(session, "store") if f.code in said and not f.retired_at
            ]
            values = _read(fields, said, say)
            if values:
                await service.set_values(
                    session, "store", place.id, values, actor, say.now, place_id=place.id
                )
    except field_form.Refused as refused:
        problems: Sequence[FieldTrouble] = refused.problems
    except InvalidInput as error:
        problems = troubles_of(error, say.language, prefix="values.")
    else:
        return go(f"/places/{store_id}/values?done=values-set")
    return await _show(request, ui, actor, store_id, said, problems)


def _read(fields: Sequence[CustomField], said: Mapping[str, str], say: Speech) -> dict[str, Value | None]:
    """What was typed. Raises: field_form.Refused: each value that cannot be."""
    values: dict[str, Value | None] = {}
    problems: list[FieldTrouble] = []
    for field in (each for each in fields if each.code in said):
        try:
            values[field.code] = field_form.read_value(field, said[field.code], say)
        except field_form.Refused as refused:
            problems += refused.problems
        except Unreadable as trouble:
            problems.append(FieldTrouble(field.code, say.text(field_form.UNREADABLE[trouble.reason])))
    if problems:
        raise field_form.Refused(problems)
    return values


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
        fields = await _fields(session)
        held = (await service.get_values(session, "store", place.id)).set
        known = (await catalogue_of(session)).store
    shown = [
        field_form.value_field(
            field,
            field_form.shown_value(field.type, held.get(field.code), say.money.exponent)
            if said is None
            else said.get(field.code, ""),
            "" if field.default == "" else fact_view.value_of(known[field.code], field.default, say),
            say,
        )
        for field in fields
    ]
    view = StoreValuesPage(
        store_id=place.id,
        name=place.name,
        fields=tuple(shown),
        may_set=place.closed_at is None and actor.may_at(Permission.PLACE_MANAGE, place.path),
        may_define=may_define(ui, actor),
        problems=tuple(problems),
    )
    return ui.page(request, actor, view, say, status=422 if problems else 200)


async def _fields(session: AsyncSession) -> list[CustomField]:
    """Those that take values."""
    return [field for field in await service.list_fields(session, "store") if field.retired_at is None]


async def _store(session: AsyncSession, store_id: UUID, actor: Actor) -> Place:
    """Raises: UnknownPlace: out of sight. CustomValueInvalid: it is no store."""
    place = await get_place(session, store_id, actor.scope)
    if place.kind != "store":
        raise CustomValueInvalid("the id of a store", "place_id")
    return place
