"""Taking somebody in as a member."""

from dataclasses import replace
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
from regulars.organisation.domain import Place
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.contexts.base import FieldTrouble, PlacePick
from rules_ui.contexts.members import EnrolPage
from rules_ui.i18n import N_, Speech
from rules_ui.place_pick import PickedPlace, is_id, no_such_place, picked, place_pick
from rules_ui.place_tree import open_places
from rules_ui.troubles import troubles_of
from rules_ui.ui import Pages, Ui, go

NOWHERE: Final = UUID(int=0)
"""No store at all: it is refused together with whatever else is wrong."""


router = APIRouter(prefix="/members")


def stores_open_to(ui: Ui, actor: Actor) -> list[Place]:
    """The stores at which somebody may be taken in, the actor's own first."""
    own = {grant.path for grant in actor.grants}
    found = [place for place in open_places(ui, actor.scope) if place.kind == "store"]
    return sorted(found, key=lambda store: (store.path not in own, store.name, store.code))


def store_pick(ui: Ui, actor: Actor, chosen: str, say: Speech) -> PlacePick:
    """The stores to choose from; the only one, or the only one that is the actor's own, is chosen."""
    stores = stores_open_to(ui, actor)
    own = {grant.path for grant in actor.grants}
    theirs = [str(store.id) for store in stores if store.path in own]
    return place_pick(
        stores,
        [chosen or (theirs[0] if len(theirs) == 1 else "")],
        Permission.MEMBER_ENROL,
        only="store",
        everywhere="" if len(stores) == 1 else say.text(N_("Choose a store")),
    )


@router.get("/enrol", response_class=HTMLResponse)
async def show(
    request: Request, ui: Pages, actor: Actor = Depends(requires(Permission.MEMBER_ENROL))
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    stores = store_pick(ui, actor, "", say)
    return ui.page(request, actor, EnrolPage(name="", phone="", birthday="", stores=stores, problems=()), say)


@router.post("/enrol", response_model=None)
async def enrol(
    request: Request,
    ui: Pages,
    name: Annotated[str, Form(max_length=2_000)] = "",
    phone: Annotated[str, Form(max_length=2_000)] = "",
    birthday: Annotated[str, Form(max_length=20)] = "",
    store: PickedPlace = (),
    actor: Actor = Depends(requires(Permission.MEMBER_ENROL)),
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    home = picked(store, stores_open_to(ui, actor))
    new = NewMember(
        id=new_id(),
        name=name,
        home_store_id=UUID(home) if is_id(home) else NOWHERE,
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
        problems = enrolling_troubles(error, home, say)
    view = EnrolPage(
        name=name,
        phone=phone,
        birthday=birthday,
        stores=store_pick(ui, actor, home, say),
        problems=tuple(problems),
    )
    return ui.page(request, actor, view, say, status=422)


_FIELDS = {"home_store_id": "store", "home_store_code": "store"}


def enrolling_troubles(error: RegularsError, store: str, say: Speech) -> list[FieldTrouble]:
    """All that is wrong, each at its field; of a store that was typed, which it is."""
    said = troubles_of(error, say.language)
    told = [FieldTrouble(_FIELDS.get(each.field, each.field), each.message) for each in said]
    if not store or is_id(store):
        return told
    return [
        replace(each, message=no_such_place(store, say)) if each.field == "store" else each for each in told
    ]


def _birthday(text: str) -> date | None:
    """A birthday; a day on which nobody was born where the text is no date, so that it is refused."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return date.min
