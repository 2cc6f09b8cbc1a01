"""Operators and their roles."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request

from api.dependencies import requires
from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_id
from regulars.security import service as security
from regulars.security.actor import Actor
from regulars.security.domain import OPERATOR_ROLES, Operator, Role, RoleAt
from regulars.security.policy import Permission
from regulars.security.service import NewOperator
from rules_ui.contexts.admin import OperatorLine, OperatorListPage
from rules_ui.contexts.base import Choice, FieldTrouble
from rules_ui.i18n import N_, Speech
from rules_ui.troubles import troubles_of
from rules_ui.ui import Pages, Ui, go
from rules_ui.words import word_for

OPERATORS_SHOWN = 200
_FIELDS = {"roles": "grants"}


router = APIRouter(prefix="/operators")


async def _show(
    request: Request,
    ui: Ui,
    actor: Actor,
    *,
    login: str = "",
    name: str = "",
    problems: Sequence[FieldTrouble] = (),
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        operators = await security.list_operators(session, actor.scope, limit=OPERATORS_SHOWN)
    manageable = actor.scope_for(Permission.OPERATOR_MANAGE)
    places = [
        place
        for place in ui.container.places.all()
        if place.kind != "terminal" and manageable.covers(place.path)
    ]
    places.sort(key=lambda place: (place.path.count("."), place.name))
    view = OperatorListPage(
        operators=tuple(_line(ui, each, actor, say) for each in operators),
        roles=tuple(
            Choice(role.value, say.text(word_for("role", role.value)))
            for role in Role
            if role in OPERATOR_ROLES
        ),
        places=tuple(Choice(str(place.id), f"{place.name} · {place.code}") for place in places),
        login=login,
        name=name,
        problems=tuple(problems),
        may_manage=actor.may(Permission.OPERATOR_MANAGE),
    )
    return ui.page(request, actor, view, say, status=422 if problems else 200)


@router.get("", response_class=HTMLResponse)
async def list_operators(
    request: Request, ui: Pages, actor: Actor = Depends(requires(Permission.OPERATOR_READ))
) -> HTMLResponse:
    return await _show(request, ui, actor)


@router.post("", response_model=None)
async def add_operator(
    request: Request,
    ui: Pages,
    login: Annotated[str, Form(max_length=200)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1_000)] = "",
    role: Annotated[str, Form(max_length=40)] = "",
    place: Annotated[str, Form(max_length=60)] = "",
    actor: Actor = Depends(requires(Permission.OPERATOR_MANAGE)),
) -> Response:
    say = ui.speech(request, actor)
    try:
        granted = (RoleAt(Role(role), UUID(place)),)
    except ValueError:
        problem = FieldTrouble("grants", say.text(N_("Choose a role and a place.")))
        return await _show(request, ui, actor, login=login, name=name, problems=[problem])
    new = NewOperator(new_id(), login.strip().lower(), name, password, say.language, granted)
    try:
        async with ui.container.database.begin() as session:
            await security.create_operator(session, new, actor, say.now)
    except RegularsError as error:
        said = troubles_of(error, say.language)
        problems = [FieldTrouble(_field(each.field), each.message) for each in said]
        return await _show(request, ui, actor, login=login, name=name, problems=problems)
    return go("/operators?done=added")


@router.post("/{operator_id}/disable", response_model=None)
async def disable(
    ui: Pages, operator_id: UUID, actor: Actor = Depends(requires(Permission.OPERATOR_MANAGE))
) -> Response:
    async with ui.container.database.begin() as session:
        await security.disable_operator(session, operator_id, actor, ui.container.now())
    return go("/operators?done=disabled")


def _field(name: str) -> str:
    head = name.split("[")[0].split(".")[0]
    return _FIELDS.get(head, head)


def _line(ui: Ui, operator: Operator, actor: Actor, say: Speech) -> OperatorLine:
    places = {place.id: place.name for place in ui.container.places.all()}
    roles = tuple(
        say.text(
            N_("%(role)s at %(place)s"),
            role=say.text(word_for("role", grant.role.value)),
            place=places.get(grant.place_id, "?"),
        )
        for grant in operator.grants
        if actor.scope.covers(grant.path)
    )
    return OperatorLine(
        id=operator.id,
        login=operator.login,
        name=operator.display_name,
        roles=roles,
        disabled=operator.disabled_at is not None,
        self=str(operator.id) == actor.id,
    )
