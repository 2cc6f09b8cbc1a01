"""What routes ask for: who acts, with which permission, in which process, at what time."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Request

from api.container import Container, container_of
from api.session_cookies import CSRF_FIELD, CSRF_HEADER, require_own_origin, session_token
from regulars.security.actor import Actor
from regulars.security.errors import NotSignedIn
from regulars.security.policy import Permission
from regulars.security.sign_in import check_csrf, session_of

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_BEARER: Final = "bearer "


class Requires:
    """A route's policy: the permission that admits, and the actor who has it."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> Actor:
        """The actor, whose `scope` is where the permission holds.

        Raises: NotSignedIn, PermissionDenied, CsrfRefused.
        """
        actor = await _actor_of(request)
        if actor is None:
            raise NotSignedIn
        return actor.admitted(self.permission)


class Public:
    """A route's policy: anybody. Who is signed in is known to reads only: nothing is changed in that name."""

    async def __call__(self, request: Request) -> Actor | None:
        return await _actor_of(request) if request.method in _SAFE else None


public: Final = Public()
Visitor = Annotated[Actor | None, Depends(public)]
"""For routes that anybody may use."""


def requires(permission: Permission) -> Requires:
    """The dependency that every route which is not public declares.

    Example: `actor: Annotated[Actor, Depends(requires(Permission.MEMBER_READ))]`.
    """
    return Requires(permission)


def _now(request: Request) -> datetime:
    return container_of(request).now()


Parts = Annotated[Container, Depends(container_of)]
"""The process's container."""

At = Annotated[datetime, Depends(_now)]
"""The instant of the request, aware UTC."""


async def _actor_of(request: Request) -> Actor | None:
    authorization = request.headers.get("authorization", "")
    if authorization[: len(_BEARER)].lower() == _BEARER:
        return await container_of(request).terminal_keys.actor_of(authorization[len(_BEARER) :].strip())
    return await _operator_of(request)


async def _operator_of(request: Request) -> Actor | None:
    container = container_of(request)
    token = session_token(request, container)
    if not token:
        return None
    async with container.database.begin() as session:
        live = await session_of(session, token, container.now(), container.session_times)
    if live is None:
        return None
    if request.method not in _SAFE:
        require_own_origin(request, container)
        check_csrf(live.csrf_token, await _csrf_token(request))
    return Actor.of_session(live)


async def _csrf_token(request: Request) -> str | None:
    given = request.headers.get(CSRF_HEADER)
    if given is not None or not request.headers.get("content-type", "").startswith(_FORMS):
        return given
    value = (await request.form()).get(CSRF_FIELD)
    return value if isinstance(value, str) else None
