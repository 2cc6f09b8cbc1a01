"""The web process: the API, the pages, and Temporal's own pages behind our sign-in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.container import Container
from regulars.entrypoints.ready import announce_ready
from regulars.settings import Settings
from rules_ui.app import mount

GRACE_SECONDS: Final = 5
BACKLOG: Final = 2048


def run(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        settings: with a database; Temporal may be away.
    """
    uvicorn.Server(
        uvicorn.Config(
            build(settings),
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    ).run()


def build(settings: Settings) -> FastAPI:
    """The whole web application, not yet connected to anything."""
    assert settings.database_url is not None
    container = Container.build(settings, settings.database_url)

    @asynccontextmanager
    async def serving(_: FastAPI) -> AsyncIterator[None]:
        announce_ready()
        try:
            yield
        finally:
            await container.close()

    app = create_app(container, serving)
    mount(app, container)
    return app
