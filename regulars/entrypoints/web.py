"""The web part: the API, the pages, and Temporal's own pages behind our sign-in; in one process or more."""

import asyncio
import gc
import multiprocessing
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.container import Container
from api.till_sharing import Shares
from api.till_wire import TillProtocol
from regulars.entrypoints.doors import ServingProcesses, end_with_parent
from regulars.entrypoints.ready import announce_ready
from regulars.logs import configure_logs
from regulars.settings import Settings
from rules_ui.app import mount
from rules_ui.render import compile_all

GRACE_SECONDS: Final = 5
BACKLOG: Final = 2048
SWITCH_SECONDS: Final = 0.0005
"""How long what is done beside the loop may keep the interpreter once the loop wants it; a purchase wants it
some ten times."""
YOUNG_OBJECTS: Final = 20_000
"""New objects before garbage is looked for: those of some dozen purchases."""


def run(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        settings: with a database; Temporal may be away.
    """
    config = uvicorn.Config(
        partial(_build_with_logs, settings),
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.serving_processes,
        loop="uvloop",
        http=TillProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    if config.workers == 1:
        uvicorn.Server(config).run()
    else:
        selling = multiprocessing.RawArray("q", config.workers)
        apps = [partial(_build_with_logs, settings, Shares(selling, n)) for n in range(config.workers)]
        ServingProcesses(config, settings, apps).run()


def build(settings: Settings) -> FastAPI:
    """The whole web application, not yet connected to anything."""
    assert settings.database_url is not None
    container = Container.build(settings, settings.database_url)

    @asynccontextmanager
    async def serving(_: FastAPI) -> AsyncIterator[None]:
        announce_ready()
        compiling = asyncio.create_task(compile_all())
        try:
            yield
        finally:
            compiling.cancel()
            await asyncio.wait({compiling})
            await container.close()

    app = create_app(container, serving)
    mount(app, container)
    return app


def _build_with_logs(settings: Settings, shares: Shares | None = None) -> FastAPI:
    """In the process that serves: a new one knows nothing of its parent's logs."""
    configure_logs("web", settings.log_level)
    sys.setswitchinterval(SWITCH_SECONDS)
    end_with_parent()
    app = build(settings)
    app.state.till_door.shares = shares
    look_less_for_garbage()
    return app


def look_less_for_garbage() -> None:
    """What stands now stays: looking through it for garbage again and again took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
