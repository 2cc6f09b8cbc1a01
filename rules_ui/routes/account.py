"""One's own account: language, password, sessions; and a new password for whoever forgot it."""

from collections.abc import Sequence
from typing import Annotated, Final, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request

from api.dependencies import Visitor, requires
from api.session_cookies import require_own_origin, require_private_way
from regulars.kernel.errors import RegularsError
from regulars.security import accounts
from regulars.security import service as security
from regulars.security.actor import Actor
from regulars.security.domain import Locale
from regulars.security.errors import PermissionDenied, SignInRefused
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE
from rules_ui.contexts.account import AccountPage, NewPasswordPage
from rules_ui.contexts.base import FieldTrouble
from rules_ui.i18n import LANGUAGE_COOKIE, N_, is_language
from rules_ui.operator_view import role_words, session_lines
from rules_ui.troubles import troubles_of
from rules_ui.ui import Pages, Ui, go

YEAR_S: Final = 365 * 24 * 3600

router = APIRouter()


@router.get("/account", response_class=HTMLResponse)
async def show_account(
    request: Request, ui: Pages, actor: Actor = Depends(requires(Permission.SELF_READ))
) -> HTMLResponse:
    return await _show(request, ui, actor)


@router.post("/account/language", response_model=None)
async def choose_language(
    request: Request,
    ui: Pages,
    language: Annotated[str, Form(max_length=10)] = "",
    actor: Actor = Depends(requires(Permission.SELF_READ)),
) -> Response:
    say = ui.speech(request, actor)
    if not is_language(language):
        problem = FieldTrouble("language", say.text(N_("Choose a language.")))
        return await _show(request, ui, actor, [problem])
    async with ui.container.database.begin() as session:
        operator = await security.get_operator(session, _own_id(actor), EVERYWHERE)
        await accounts.set_locale(session, operator, cast(Locale, language), actor, say.now)
    answer = go("/account?done=language-set")
    secure = request.url.scheme == "https"
    answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR_S, samesite="lax", httponly=True, secure=secure)
    return answer


@router.post("/account/password", response_model=None)
async def change_password(
    request: Request,
    ui: Pages,
    current: Annotated[str, Form(max_length=1_000)] = "",
    new: Annotated[str, Form(max_length=1_000)] = "",
    again: Annotated[str, Form(max_length=1_000)] = "",
    actor: Actor = Depends(requires(Permission.SELF_READ)),
) -> Response:
    say = ui.speech(request, actor)
    if new != again:
        problem = FieldTrouble("again", say.text(N_("The two new passwords differ. Type the same twice.")))
        return await _show(request, ui, actor, [problem])
    try:
        async with ui.container.database.begin() as session:
            operator = await security.get_operator(session, _own_id(actor), EVERYWHERE)
            await security.change_password(session, operator, current, new, actor, say.now)
    except SignInRefused:
        problem = FieldTrouble("current", say.text(N_("This is not your password so far.")))
        return await _show(request, ui, actor, [problem])
    except RegularsError as error:
        return await _show(request, ui, actor, troubles_of(error, say.language))
    return go("/account?done=password-set")


@router.post("/account/sessions/end", response_model=None)
async def end_sessions(ui: Pages, actor: Actor = Depends(requires(Permission.SELF_READ))) -> Response:
    async with ui.container.database.begin() as session:
        await accounts.end_other_sessions(session, _own_id(actor), actor, ui.container.now())
    return go("/account?done=sessions-ended")


@router.get("/new-password/{offer}", response_model=None)
async def show_offer(
    request: Request,
    ui: Pages,
    offer: str,
    visitor: Visitor,  # noqa: ARG001 — anybody who holds the link
) -> HTMLResponse:
    return await _show_offer(request, ui, offer)


@router.post("/new-password/{offer}", response_model=None)
async def take_offer(
    request: Request,
    ui: Pages,
    offer: str,
    visitor: Visitor,  # noqa: ARG001 — anybody who holds the link
    new: Annotated[str, Form(max_length=1_000)] = "",
    again: Annotated[str, Form(max_length=1_000)] = "",
) -> Response:
    container = ui.container
    require_own_origin(request, container)
    require_private_way(request, container)
    say = ui.speech(request, None)
    if new != again:
        problem = FieldTrouble("again", say.text(N_("The two new passwords differ. Type the same twice.")))
        return await _show_offer(request, ui, offer, [problem])
    try:
        async with container.database.begin() as session:
            key = container.settings.secrets.session_key
            taken = await accounts.take_offer(session, offer, key, new, say.now)
    except RegularsError as error:
        return await _show_offer(request, ui, offer, troubles_of(error, say.language))
    return go("/sign-in?done=password-taken") if taken else await _show_offer(request, ui, offer)


def _own_id(actor: Actor) -> UUID:
    """The operator that acts. Raises: PermissionDenied: a till has no account."""
    if actor.kind != "operator":
        raise PermissionDenied(Permission.SELF_READ)
    return UUID(actor.id)


async def _show(
    request: Request, ui: Ui, actor: Actor, problems: Sequence[FieldTrouble] = ()
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    times = ui.container.session_times
    async with ui.container.database.read() as session:
        operator = await security.get_operator(session, _own_id(actor), EVERYWHERE)
        live = await accounts.list_sessions(session, operator.id, say.now, times)
    view = AccountPage(
        login=operator.login,
        name=operator.display_name,
        roles=tuple(role_words(ui, grant, say) for grant in operator.grants),
        language=operator.locale,
        sessions=session_lines(live, actor, times),
        problems=tuple(problems),
    )
    return ui.page(request, actor, view, say, status=422 if problems else 200)


async def _show_offer(
    request: Request, ui: Ui, offer: str, problems: Sequence[FieldTrouble] = ()
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, None)
    async with ui.container.database.read() as session:
        key = ui.container.settings.secrets.session_key
        operator = await accounts.offered_to(session, offer, key, say.now)
    view = NewPasswordPage(operator.login if operator else None, offer, tuple(problems))
    status = 404 if operator is None else 422 if problems else 200
    return ui.page(request, None, view, say, status=status)
