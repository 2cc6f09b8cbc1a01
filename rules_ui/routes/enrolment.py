"""Taking somebody in as a member."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request

from api.dependencies import requires
from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_id
from regulars.lifecycle import enrolment
from regulars.members.domain import NewMember
from regulars.organisation.errors import UnknownPlace
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.contexts.base import Choice, FieldTrouble
from rules_ui.contexts.members import EnrolPage
from rules_ui.troubles import troubles_of
from rules_ui.ui import Pages, Ui, go

STORES_OFFERED = 1_000
NOWHERE: Final = UUID(int=0)
"""No store at all: it is refused together with whatever else is wrong."""


router = APIRouter(prefix="/members")


def stores_open_to(ui: Ui, actor: Actor, chosen: str) -> tuple[Choice, ...]:
    found = [s for s in ui.container.places.stores() if s.open and actor.scope.covers(s.path)]
    found.sort(key=lambda store: (store.name, store.code))
    return tuple(
        Choice(str(s.id), f"{s.name} · {s.code}", str(s.id) == chosen) for s in found[:STORES_OFFERED]
    )


@router.get("/enrol", response_class=HTMLResponse)
async def show(
    request: Request, ui: Pages, actor: Actor = Depends(requires(Permission.MEMBER_ENROL))
) -> HTMLResponse:
    await ui.refresh()
    view = EnrolPage(name="", phone="", birthday="", stores=stores_open_to(ui, actor, ""), problems=())
    return ui.page(request, actor, view)


@router.post("/enrol", response_model=None)
async def enrol(
    request: Request,
    ui: Pages,
    name: Annotated[str, Form(max_length=2_000)] = "",
    phone: Annotated[str, Form(max_length=2_000)] = "",
    birthday: Annotated[str, Form(max_length=20)] = "",
    store: Annotated[str, Form(max_length=60)] = "",
    actor: Actor = Depends(requires(Permission.MEMBER_ENROL)),
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    new = NewMember(
        id=new_id(),
        name=name,
        home_store_id=store_id_of(ui, store) or NOWHERE,
        enrolled_at=say.now,
        phone=phone or None,
        birthday=_birthday(birthday),
    )
    try:
        async with ui.container.database.begin() as session:
            written = await enrolment.enrol(
                session, new, ui.container.member_rules, ui.container.places, actor, say.now
            )
        return go(f"/members/{written.id}?done=enrolled")
    except RegularsError as error:
        said = troubles_of(error, say.language)
        problems = [FieldTrouble(_FIELDS.get(each.field, each.field), each.message) for each in said]
    view = EnrolPage(
        name=name,
        phone=phone,
        birthday=birthday,
        stores=stores_open_to(ui, actor, store),
        problems=tuple(problems),
    )
    return ui.page(request, actor, view, say, status=422)


_FIELDS = {"home_store_id": "store", "home_store_code": "store"}


def _birthday(text: str) -> date | None:
    """A birthday; a day on which nobody was born where the text is no date, so that it is refused."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return date.min


def store_id_of(ui: Ui, text: str) -> UUID | None:
    try:
        return ui.container.places.store(UUID(text)).id
    except (ValueError, UnknownPlace):
        return None
