"""The API: its routers, and what every request passes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from fastapi import FastAPI

from api import errors, temporal_proxy
from api.body_limit import BodyLimit
from api.container import Container
from api.routers import (
    adjustments,
    bulk_actions,
    care,
    custom_fields,
    explanations,
    freezes,
    health,
    limits,
    members,
    messages,
    operators,
    pack_checks,
    packs,
    places,
    purchases,
    quotes,
    recomputes,
    rehearsals,
    releases,
    segments,
    sessions,
    terminals,
    undoing,
)
from api.schemas.base import ProblemOut
from api.security_headers import SecurityHeaders
from api.till_route import Shortcut
from api.till_wire import TillDoor

TITLE: Final = "Regulars 熟客"
DESCRIPTION: Final = (
    "Membership for chain stores. Tills send `Authorization: Bearer <terminal key>`; operators sign in with "
    "`POST /v1/session` and send the session's token as `X-CSRF-Token` with every change. Amounts are whole "
    "minor units, instants carry their offset. Every error is RFC 9457 problem details with a stable `code`."
)
VERSION: Final = "1"
ROUTERS: Final = (
    purchases,
    quotes,
    health,
    sessions,
    places,
    terminals,
    operators,
    members,
    care,
    adjustments,
    freezes,
    segments,
    packs,
    rehearsals,
    releases,
    undoing,
    limits,
    recomputes,
    bulk_actions,
    messages,
    custom_fields,
    pack_checks,
    explanations,
)
"""In the order in which they are tried: what tills ask for first."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(container: Container, lifespan: Lifespan | None = None) -> FastAPI:
    """The API of a process.

    Args:
        container: the process's parts.
        lifespan: what runs around serving; None closes nothing.
    Returns: an app that pages may be mounted on.
    """
    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan or _nothing_around,
        responses={"default": {"model": ProblemOut, "description": "Problem details (RFC 9457)"}},
    )
    app.state.container = container
    errors.install(app)
    app.add_middleware(BodyLimit, limit_bytes=container.settings.request_limit_bytes)
    app.add_middleware(SecurityHeaders)
    for module in ROUTERS:
        app.include_router(module.router)
    app.include_router(temporal_proxy.router)
    app.state.till_door = TillDoor(container)
    app.router.routes.insert(0, Shortcut(purchases.busiest_route()))
    return app


@asynccontextmanager
async def _nothing_around(_: FastAPI) -> AsyncIterator[None]:
    yield
