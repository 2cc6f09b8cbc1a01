"""The web application of a small chain on a real port, in this process: for faults of web and database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from conftest import free_port
from fastapi import FastAPI
from small_chain import SmallChain
from web_world import WebWorld, client_of, make_app

ANSWER_WITHIN_S = 20.0
MEMBERS = 5


@dataclass
class ServedWorld:
    """A served application, its chain, and the keys of its tills.

    Attributes:
        port: where tills send to; a proxy's, where there is one.
    """

    app: FastAPI
    chain: SmallChain
    keys: dict[str, str]
    desk: dict[str, str]
    port: int

    def client(self, till: str | None) -> httpx.AsyncClient:
        """A till, or the desk, on a connection of its own."""
        headers = {"Authorization": f"Bearer {self.keys[till]}"} if till else self.desk
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}",
            headers=headers,
            timeout=ANSWER_WITHIN_S,
            trust_env=False,
        )


@asynccontextmanager
async def serve(chain: SmallChain, database_url: str, folder: Path) -> AsyncIterator[ServedWorld]:
    """The application on a free port, with members enrolled.

    Args:
        database_url: as the application reaches the database, which may lead through a proxy.
    """
    app = make_app(database_url, folder)
    port = free_port()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, lifespan="off", access_log=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110 — uvicorn offers no event
            await asyncio.sleep(0.02)
        yield await _world(app, chain, port)
    finally:
        server.should_exit = True
        await serving
        await app.state.container.close()


async def _world(app: FastAPI, chain: SmallChain, port: int) -> ServedWorld:
    for name in ("hot", *(f"member-{n}" for n in range(1, MEMBERS))):
        await chain.join(name)
    async with client_of(app) as anybody:
        web = WebWorld(app, chain, anybody)
        keys = {code: await web.bearer(code) for code in chain.tills}
        admin = await web.operator("admin", chain.hq)
    token = admin.cookies["regulars_session"]
    desk = {"X-CSRF-Token": admin.headers["X-CSRF-Token"], "Cookie": f"regulars_session={token}"}
    await admin.aclose()
    return ServedWorld(app, chain, keys, desk, port)
