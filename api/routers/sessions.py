"""Signing in and out, and who one is."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from api.dependencies import At, Parts, public, requires
from api.schemas.operators import MeOut, PasswordIn, SignInIn
from api.session_cookies import (
    clear_session,
    client_address,
    require_own_origin,
    require_private_way,
    session_token,
    set_session,
)
from api.strict_json import api_router
from regulars.security import service, sign_in
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE

router = api_router("session")
Self = Annotated[Actor, Depends(requires(Permission.SELF_READ))]


@router.post("/session", status_code=201, dependencies=[Depends(public)])
async def open_session(request: Request, response: Response, parts: Parts, at: At, body: SignInIn) -> MeOut:
    """Sign in; the answer sets the session cookie and names the CSRF token."""
    require_own_origin(request, parts)
    require_private_way(request, parts)
    opened = await sign_in.sign_in(
        parts.database,
        body.login,
        body.password.get_secret_value(),
        client_address(request),
        at,
        previous=session_token(request, parts),
        times=parts.session_times,
    )
    seconds = int(parts.session_times.life.total_seconds())
    set_session(request, response, parts, opened.token, seconds)
    return MeOut.of(Actor.of_session(opened.session))


@router.get("/session")
async def get_session(actor: Self) -> MeOut:
    """Who acts with this session or key, and the session's CSRF token."""
    return MeOut.of(actor)


@router.delete("/session", status_code=204)
async def close_session(request: Request, response: Response, parts: Parts, actor: Self) -> None:
    """Sign out."""
    if actor.session_hash is not None:
        async with parts.database.begin() as session:
            await sign_in.sign_out(session, actor.session_hash)
    clear_session(request, response, parts)


@router.post("/session/password", status_code=204)
async def change_password(parts: Parts, actor: Self, at: At, body: PasswordIn) -> None:
    """Change one's own password; one's other sessions end."""
    if actor.kind != "operator":
        raise PermissionDenied(Permission.SELF_READ)
    async with parts.database.begin() as session:
        operator = await service.get_operator(session, UUID(actor.id), EVERYWHERE)
        await service.change_password(
            session,
            operator,
            body.current_password.get_secret_value(),
            body.new_password.get_secret_value(),
            actor,
            at,
        )
