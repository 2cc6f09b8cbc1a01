"""What routes ask for: who acts, with which permission, in which process, at what time."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Query, Request

from api.container import Container, container_of
from api.session_cookies import CSRF_FIELD, CSRF_HEADER, require_own_origin, session_token
from regulars.security.actor import Actor
from regulars.security.domain import Session
from regulars.security.errors import CsrfRefused, NotSignedIn, PermissionDenied
from regulars.security.policy import Permission
from regulars.security.sign_in import check_csrf, session_of

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_BEARER: Final = "bearer "


ChangeCheck = Callable[[Request, Session], Awaitable[None]]
"""Refuses a changing request that another site may have caused."""


class Requires:
    """A route's policy: the permission that admits, and the actor who has it."""

    def __init__(self, permission: Permission, check_change: ChangeCheck) -> None:
        self.permission = permission
        self._check_change = check_change

    async def __call__(self, request: Request) -> Actor:
        """The actor, whose `scope` is where the permission holds.

        Raises: NotSignedIn, PermissionDenied, CsrfRefused.
        """
        actor = await _actor_of(request, self._check_change)
        if actor is None:
            raise NotSignedIn
        return actor.admitted(self.permission)

    async def of_bearer(self, parts: Container, bearer: str) -> Actor:
        """The same of a terminal, by what it shows to prove itself.

        Raises: NotSignedIn, PermissionDenied.
        """
        return (await parts.terminal_keys.actor_of(bearer)).admitted(self.permission)


class Public:
    """A route's policy: anybody. Who is signed in is known to reads only: nothing is changed in that name."""

    def __init__(self, *, looks: bool = True) -> None:
        self._looks = looks

    async def __call__(self, request: Request) -> Actor | None:
        return await _actor_of(request, _own_token) if self._looks and request.method in _SAFE else None


public: Final = Public()
unasked: Final = Public(looks=False)
"""For what must answer without the database, whoever asks."""
Visitor = Annotated[Actor | None, Depends(public)]
"""For routes that anybody may use."""


def requires(permission: Permission) -> Requires:
    """The dependency that every route which is not public declares.

    Example: `actor: Annotated[Actor, Depends(requires(Permission.MEMBER_READ))]`.
    """
    return Requires(permission, _own_token)


def requires_for_foreign_page(permission: Permission) -> Requires:
    """The same for another program's pages under our address, which know nothing of our token.

    A changing request must say that it comes from our own origin; the program checks its own token.
    """
    return Requires(permission, _named_origin)


# Coroutines, though they wait for nothing: what is not one would be run in a thread of its own.
async def _now(request: Request) -> datetime:
    return container_of(request).now()


async def _parts(request: Request) -> Container:
    return container_of(request)


Parts = Annotated[Container, Depends(_parts)]
"""The process's container."""

At = Annotated[datetime, Depends(_now)]
"""The instant of the request, aware UTC."""

AfterNumber = Annotated[int, Query(ge=0, le=1 << 62, description="The `next_after` of the last page.")]
"""Where a page of numbered lines begins."""


async def require_whole_chain(parts: Container, actor: Actor, permission: Permission) -> None:
    """For what has no place: whoever changes it must have the right at headquarters.

    Raises: PermissionDenied: the actor's scope is less than the chain.
    """
    await parts.refresh_places()
    if not actor.scope.covers(parts.places.headquarters.path):
        raise PermissionDenied(permission)


async def _actor_of(request: Request, check_change: ChangeCheck) -> Actor | None:
    authorization = request.headers.get("authorization", "")
    if authorization[: len(_BEARER)].lower() == _BEARER:
        return await container_of(request).terminal_keys.actor_of(authorization[len(_BEARER) :].strip())
    return await _operator_of(request, check_change)


async def _operator_of(request: Request, check_change: ChangeCheck) -> Actor | None:
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
        await check_change(request, live)
    return Actor.of_session(live)


async def _own_token(request: Request, live: Session) -> None:
    check_csrf(live.csrf_token, await _csrf_token(request))


async def _named_origin(request: Request, _: Session) -> None:
    if "origin" not in request.headers and request.headers.get("sec-fetch-site") != "same-origin":
        raise CsrfRefused


async def _csrf_token(request: Request) -> str | None:
    given = request.headers.get(CSRF_HEADER)
    if given is not None or not request.headers.get("content-type", "").startswith(_FORMS):
        return given
    value = (await request.form()).get(CSRF_FIELD)
    return value if isinstance(value, str) else None
