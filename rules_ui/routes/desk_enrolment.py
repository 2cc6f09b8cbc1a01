"""Taking somebody in at the desk: a phone, perhaps a name, and what the person agrees to."""

from collections.abc import Sequence
from dataclasses import replace
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
from regulars.members.errors import PhoneInvalid, UnknownMember
from regulars.members.service import find_member, get_member, phone_index
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.desk import DeskEnrolPage, Twin
from rules_ui.desk_view import consent_choices, masked_name, shown_text
from rules_ui.i18n import N_, Speech
from rules_ui.member_view import masked
from rules_ui.place_pick import PickedPlace, is_id, picked
from rules_ui.routes.enrolment import NOWHERE, enrolling_troubles, store_pick, stores_open_to
from rules_ui.ui import Pages, Ui, go
from rules_ui.words import WORDS

Enroller = Annotated[Actor, Depends(requires(Permission.MEMBER_ENROL))]
Phone = Annotated[str, Form(max_length=2_000)]
NO_PHONE: Final = "-"
"""What reads as no telephone number: at the desk nobody is taken in without one."""
NOBODY = Twin(found=False, href=None, name="", phone="", store="")

router = APIRouter(prefix="/desk/enrol")


@router.get("", response_class=HTMLResponse)
async def show(request: Request, ui: Pages, actor: Enroller) -> HTMLResponse:
    await ui.refresh()
    return _page(request, ui, actor, new_id())


@router.post("/begin", response_class=HTMLResponse)
async def begin(request: Request, ui: Pages, actor: Enroller, phone: Phone = "") -> HTMLResponse:
    """The form with the number that nobody was found by."""
    await ui.refresh()
    return _page(request, ui, actor, new_id(), phone=phone, twin=await _twin(ui, actor, phone))


@router.post("/check", response_class=HTMLResponse)
async def check(request: Request, ui: Pages, actor: Enroller, phone: Phone = "") -> HTMLResponse:
    """Whose the number is already, asked while it is typed."""
    await ui.refresh()
    return ui.page(request, actor, await _twin(ui, actor, phone))


@router.post("", response_model=None)
async def enrol(
    request: Request,
    ui: Pages,
    actor: Enroller,
    member: Annotated[UUID | None, Form()] = None,
    phone: Phone = "",
    name: Annotated[str, Form(max_length=2_000)] = "",
    store: PickedPlace = (),
    consent: Annotated[list[str] | None, Form(max_length=20)] = None,
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    member_id = member or new_id()
    agreed, home = frozenset(consent or ()), picked(store, stores_open_to(ui, actor))
    new = NewMember(
        id=member_id,
        name=name.strip() or None,
        home_store_id=UUID(home) if is_id(home) else NOWHERE,
        enrolled_at=say.now,
        phone=shown_text(phone) or NO_PHONE,
        consents={purpose: purpose in agreed for purpose in WORDS["consent"]},
    )
    try:
        if not await _enrolled_before(ui, actor, member_id):
            async with ui.container.database.begin() as session:
                await enrolment.enrol(
                    session, new, ui.container.member_rules, ui.container.places, actor, say.now
                )
        return go(f"/desk/members/{member_id}?done=enrolled")
    except RegularsError as error:
        problems = _problems(error, say, phone, home)
    return _page(
        request,
        ui,
        actor,
        member_id,
        phone=phone,
        name=name,
        store=home,
        agreed=agreed,
        problems=problems,
        twin=await _twin(ui, actor, phone),
    )


def _problems(error: RegularsError, say: Speech, phone: str, store: str) -> list[FieldTrouble]:
    """All that is wrong, each at its field."""
    own = {"phone": N_("Type the phone number.")} if not phone.strip() else {}
    told = enrolling_troubles(error, store, say)
    return [replace(each, message=say.text(own[each.field])) if each.field in own else each for each in told]


async def _enrolled_before(ui: Ui, actor: Actor, member_id: UUID) -> bool:
    async with ui.container.database.read() as session:
        try:
            await get_member(session, member_id, actor.scope)
        except UnknownMember:
            return False
    return True


async def _twin(ui: Ui, actor: Actor, phone: str) -> Twin:
    """Who has the number; at home elsewhere, only that somebody has it, as enrolling would say too."""
    rules = ui.container.member_rules
    text = shown_text(phone)
    try:
        if not text or phone_index(text, rules) is None:
            return NOBODY
        async with ui.container.database.read() as session:
            found = await find_member(session, text, rules, EVERYWHERE)
    except (UnknownMember, PhoneInvalid):
        return NOBODY
    store = ui.container.places.store(found.home_store_id)
    if not actor.may_at(Permission.MEMBER_READ, store.path):
        return Twin(found=True, href=None, name="", phone="", store="")
    return Twin(
        found=True,
        href=f"/desk/members/{found.id}",
        name=masked_name(found.name),
        phone=masked(found.phone_last4),
        store=store.name,
    )


def _page(
    request: Request,
    ui: Ui,
    actor: Actor,
    member_id: UUID,
    *,
    phone: str = "",
    name: str = "",
    store: str = "",
    agreed: frozenset[str] = frozenset(),
    problems: Sequence[FieldTrouble] = (),
    twin: Twin = NOBODY,
) -> HTMLResponse:
    say = ui.speech(request, actor)
    view = DeskEnrolPage(
        member_id=member_id,
        phone=phone,
        name=name,
        stores=store_pick(ui, actor, store, say),
        consents=consent_choices(agreed, say),
        problems=tuple(problems),
        twin=twin,
    )
    return ui.page(request, actor, view, say, status=422 if problems else 200)
