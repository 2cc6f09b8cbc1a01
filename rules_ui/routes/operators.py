"""Operators and their roles."""

from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request

from api.dependencies import requires
from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_id
from regulars.kernel.reasons import ReasonMissing
from regulars.security import accounts
from regulars.security import service as security
from regulars.security.actor import Actor
from regulars.security.domain import OPERATOR_ROLES, Operator, Role, RoleAt
from regulars.security.errors import PermissionDenied, UnknownOperator
from regulars.security.policy import Permission
from regulars.security.service import NewOperator
from rules_ui.contexts.admin import OperatorLine, OperatorListPage, OperatorPage, RoleLine
from rules_ui.contexts.base import Choice, FieldTrouble, PlacePick
from rules_ui.i18n import N_, Speech
from rules_ui.operator_view import role_words, session_lines
from rules_ui.place_pick import PickedPlace, no_such_place, picked, place_pick
from rules_ui.place_tree import open_places
from rules_ui.troubles import trouble_of, troubles_of
from rules_ui.ui import Pages, Ui, go
from rules_ui.words import word_for

OPERATORS_SHOWN: Final = 50
_FIELDS: Final = {"roles": "grants"}

router = APIRouter(prefix="/operators")


@router.get("", response_class=HTMLResponse)
async def list_operators(
    request: Request,
    ui: Pages,
    q: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
    actor: Actor = Depends(requires(Permission.OPERATOR_READ)),
) -> HTMLResponse:
    return await _show_list(request, ui, actor, words=q.strip(), after=after)


@router.post("", response_model=None)
async def add_operator(
    request: Request,
    ui: Pages,
    login: Annotated[str, Form(max_length=200)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1_000)] = "",
    role: Annotated[str, Form(max_length=40)] = "",
    place: PickedPlace = (),
    actor: Actor = Depends(requires(Permission.OPERATOR_MANAGE)),
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    at = picked(place, open_places(ui, actor.scope))
    granted = _role_at(f"{role}@{at}")
    if granted is None:
        problems = [_nowhere(at, say)]
        return await _show_list(
            request, ui, actor, login=login, name=name, granted=(role, at), problems=problems
        )
    new = NewOperator(new_id(), login.strip().lower(), name, password, say.language, (granted,))
    try:
        async with ui.container.database.begin() as session:
            await security.create_operator(session, new, actor, say.now)
    except RegularsError as error:
        said = troubles_of(error, say.language)
        problems = [FieldTrouble(_field(each.field), each.message) for each in said]
        return await _show_list(
            request, ui, actor, login=login, name=name, granted=(role, at), problems=problems
        )
    return go("/operators?done=added")


@router.get("/{operator_id}", response_class=HTMLResponse)
async def one_operator(
    request: Request,
    ui: Pages,
    operator_id: UUID,
    actor: Actor = Depends(requires(Permission.OPERATOR_READ)),
) -> HTMLResponse:
    return await _show(request, ui, actor, operator_id)


@router.post("/{operator_id}/roles", response_model=None)
async def change_roles(
    request: Request,
    ui: Pages,
    operator_id: UUID,
    role: Annotated[str, Form(max_length=40)] = "",
    place: PickedPlace = (),
    take: Annotated[str, Form(max_length=100)] = "",
    actor: Actor = Depends(requires(Permission.OPERATOR_MANAGE)),
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    at = picked(place, open_places(ui, actor.scope))
    named = _role_at(take or f"{role}@{at}")
    if named is None:
        wrong = [_nowhere(at, say)]
        return await _show(request, ui, actor, operator_id, granted=(role, at), problems=wrong)
    try:
        async with ui.container.database.begin() as session:
            held = await security.get_operator(session, operator_id, actor.scope)
            roles = {RoleAt(grant.role, grant.place_id) for grant in held.grants}
            wanted = roles - {named} if take else roles | {named}
            await security.set_roles(session, operator_id, sorted(wanted, key=_order), actor, say.now)
    except (UnknownOperator, PermissionDenied):
        raise
    except RegularsError as error:
        problem = trouble_of(error, say.language)
        return await _show(request, ui, actor, operator_id, problem=problem)
    return go(f"/operators/{operator_id}?done=roles-set")


@router.post("/{operator_id}/disable", response_model=None)
async def disable(
    request: Request,
    ui: Pages,
    operator_id: UUID,
    reason: Annotated[str, Form(max_length=500)] = "",
    actor: Actor = Depends(requires(Permission.OPERATOR_MANAGE)),
) -> Response:
    say = ui.speech(request, actor)
    try:
        async with ui.container.database.begin() as session:
            await security.disable_operator(session, operator_id, actor, say.now, reason)
    except (UnknownOperator, PermissionDenied):
        raise
    except ReasonMissing as error:
        problems = troubles_of(error, say.language)
        return await _show(request, ui, actor, operator_id, problems=problems)
    except RegularsError as error:
        problem = trouble_of(error, say.language)
        return await _show(request, ui, actor, operator_id, problem=problem)
    return go(f"/operators/{operator_id}?done=disabled")


@router.post("/{operator_id}/enable", response_model=None)
async def enable(
    request: Request,
    ui: Pages,
    operator_id: UUID,
    reason: Annotated[str, Form(max_length=500)] = "",
    actor: Actor = Depends(requires(Permission.OPERATOR_MANAGE)),
) -> Response:
    try:
        async with ui.container.database.begin() as session:
            await security.enable_operator(session, operator_id, actor, ui.container.now(), reason)
    except ReasonMissing as error:
        problems = troubles_of(error, ui.language(request, actor))
        return await _show(request, ui, actor, operator_id, problems=problems)
    return go(f"/operators/{operator_id}?done=enabled")


@router.post("/{operator_id}/sessions/end", response_model=None)
async def end_sessions(
    ui: Pages, operator_id: UUID, actor: Actor = Depends(requires(Permission.OPERATOR_MANAGE))
) -> Response:
    async with ui.container.database.begin() as session:
        await accounts.end_other_sessions(session, operator_id, actor, ui.container.now())
    return go(f"/operators/{operator_id}?done=signed-them-out")


@router.post("/{operator_id}/password", response_class=HTMLResponse)
async def offer_password(
    request: Request,
    ui: Pages,
    operator_id: UUID,
    actor: Actor = Depends(requires(Permission.OPERATOR_MANAGE)),
) -> HTMLResponse:
    key = ui.container.settings.secrets.session_key
    async with ui.container.database.begin() as session:
        offer = await accounts.offer_password(session, operator_id, key, actor, ui.container.now())
    home = str(ui.container.settings.public_url or request.base_url).rstrip("/")
    address = f"{home}/new-password/{offer}"
    return await _show(request, ui, actor, operator_id, offer=address)


async def _show_list(
    request: Request,
    ui: Ui,
    actor: Actor,
    *,
    words: str = "",
    after: str = "",
    login: str = "",
    name: str = "",
    granted: tuple[str, str] = ("", ""),
    problems: Sequence[FieldTrouble] = (),
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        found = await security.list_operators(
            session, actor.scope, after=after, limit=OPERATORS_SHOWN + 1, words=words
        )
    shown = found[:OPERATORS_SHOWN]
    view = OperatorListPage(
        words=words,
        operators=tuple(_line(ui, each, actor, say) for each in shown),
        next=_address(words, shown[-1].login) if len(found) > OPERATORS_SHOWN else None,
        first=_address(words) if after else None,
        roles=_roles(say, granted[0]),
        places=_places(ui, actor, granted[1]),
        login=login,
        name=name,
        problems=tuple(problems),
        may_manage=actor.may(Permission.OPERATOR_MANAGE),
    )
    return ui.page(request, actor, view, say, status=422 if problems else 200)


async def _show(
    request: Request,
    ui: Ui,
    actor: Actor,
    operator_id: UUID,
    *,
    offer: str | None = None,
    problem: str | None = None,
    granted: tuple[str, str] = ("", ""),
    problems: Sequence[FieldTrouble] = (),
) -> HTMLResponse:
    await ui.refresh()
    say, times = ui.speech(request, actor), ui.container.session_times
    async with ui.container.database.read() as session:
        operator = await security.get_operator(session, operator_id, actor.scope)
        live = await accounts.list_sessions(session, operator_id, say.now, times)
    held = [grant for grant in operator.grants if actor.scope.covers(grant.path)]
    manageable = actor.scope_for(Permission.OPERATOR_MANAGE)
    places = {place.id: place for place in ui.container.places.all()}
    view = OperatorPage(
        operator_id=operator.id,
        login=operator.login,
        name=operator.display_name,
        language=operator.locale,
        since=operator.created_at,
        disabled_at=operator.disabled_at,
        is_self=str(operator.id) == actor.id,
        held=tuple(
            RoleLine(
                value=f"{grant.role.value}@{grant.place_id}",
                title=say.text(word_for("role", grant.role.value)),
                place=places[grant.place_id].name,
                href=f"/places/{grant.place_id}",
            )
            for grant in held
        ),
        elsewhere=len(operator.grants) - len(held),
        sessions=session_lines(live, actor, times),
        roles=_roles(say, granted[0]),
        places=_places(ui, actor, granted[1]),
        problems=tuple(problems),
        offer=offer,
        history=f"/audit?{urlencode({'who': operator.login})}" if actor.may(Permission.AUDIT_READ) else None,
        may_change=all(manageable.covers(grant.path) for grant in operator.grants),
        problem=problem,
    )
    return ui.page(request, actor, view, say, status=422 if problem or problems else 200)


def _roles(say: Speech, chosen: str) -> tuple[Choice, ...]:
    offered = (role for role in Role if role in OPERATOR_ROLES)
    return tuple(
        Choice(role.value, say.text(word_for("role", role.value)), role.value == chosen) for role in offered
    )


def _places(ui: Ui, actor: Actor, chosen: str) -> PlacePick:
    places = open_places(ui, actor.scope_for(Permission.OPERATOR_MANAGE))
    return place_pick(places, [chosen], Permission.OPERATOR_MANAGE)


def _nowhere(place: str, say: Speech) -> FieldTrouble:
    if not place:
        return FieldTrouble("grants", say.text(N_("Choose a role and a place.")))
    return FieldTrouble("place", no_such_place(place, say))


def _role_at(text: str) -> RoleAt | None:
    """The role and place that a form names as "role@place"."""
    role, _, place = text.partition("@")
    try:
        return RoleAt(Role(role), UUID(place))
    except ValueError:
        return None


def _order(role: RoleAt) -> tuple[str, str]:
    return role.role.value, str(role.place_id)


def _address(words: str, after: str = "") -> str:
    query = urlencode({name: value for name, value in (("q", words), ("after", after)) if value})
    return f"/operators?{query}".rstrip("?")


def _field(name: str) -> str:
    head = name.split("[")[0].split(".")[0]
    return _FIELDS.get(head, head)


def _line(ui: Ui, operator: Operator, actor: Actor, say: Speech) -> OperatorLine:
    seen = [grant for grant in operator.grants if actor.scope.covers(grant.path)]
    return OperatorLine(
        href=f"/operators/{operator.id}",
        login=operator.login,
        name=operator.display_name,
        roles=tuple(role_words(ui, grant, say) for grant in seen),
        disabled=operator.disabled_at is not None,
        self=str(operator.id) == actor.id,
    )
