"""Signing in and out, and choosing a language."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request

from api.dependencies import Visitor, requires
from api.session_cookies import (
    clear_session,
    client_address,
    require_own_origin,
    require_private_way,
    session_token,
    set_session,
)
from regulars.security import sign_in as sessions
from regulars.security.actor import Actor
from regulars.security.errors import HttpsRequired, SignInRefused, TooManySignIns
from regulars.security.policy import Permission
from rules_ui.contexts.entry import SignInPage
from rules_ui.i18n import LANGUAGE_COOKIE, is_language
from rules_ui.troubles import trouble_of
from rules_ui.ui import Pages, go, own_path

YEAR_S = 365 * 24 * 3600


router = APIRouter()


@router.get("/sign-in", response_class=HTMLResponse)
async def show(request: Request, ui: Pages, visitor: Visitor, next: str = "/") -> Response:
    await ui.refresh()
    if visitor is not None:
        return go(own_path(next))
    return ui.page(request, None, SignInPage(login="", next=own_path(next), trouble=None))


@router.post("/sign-in", response_model=None)
async def sign_in(
    request: Request,
    ui: Pages,
    visitor: Visitor,  # noqa: ARG001 — anybody
    login: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1_000)] = "",
    next: Annotated[str, Form(max_length=2_000)] = "/",
) -> Response:
    container = ui.container
    require_own_origin(request, container)
    say = ui.speech(request, None)
    try:
        require_private_way(request, container)
        signed_in = await sessions.sign_in(
            container.database,
            login,
            password,
            client_address(request),
            say.now,
            previous=session_token(request, container),
            times=container.session_times,
        )
    except (SignInRefused, TooManySignIns, HttpsRequired) as error:
        view = SignInPage(login=login, next=own_path(next), trouble=trouble_of(error, say.language))
        return ui.page(request, None, view, say, status=401)
    answer = go(own_path(next))
    life_s = int(container.session_times.life.total_seconds())
    set_session(request, answer, container, signed_in.token, life_s)
    return answer


@router.post("/sign-out", response_model=None)
async def sign_out(
    request: Request, ui: Pages, actor: Actor = Depends(requires(Permission.SELF_READ))
) -> Response:
    if actor.session_hash is not None:
        async with ui.container.database.begin() as session:
            await sessions.sign_out(session, actor.session_hash)
    answer = go("/sign-in?done=signed-out")
    clear_session(request, answer, ui.container)
    return answer


@router.post("/language", response_model=None)
async def choose_language(
    request: Request,
    visitor: Visitor,  # noqa: ARG001 — anybody
    language: Annotated[str, Form(max_length=10)],
    next: Annotated[str, Form(max_length=2_000)] = "/",
) -> Response:
    answer = go(next if next == "/sign-in" else own_path(next))
    if is_language(language):
        secure = request.url.scheme == "https"
        answer.set_cookie(
            LANGUAGE_COOKIE, language, max_age=YEAR_S, samesite="lax", httponly=True, secure=secure
        )
    return answer
