"""The whole web application on a real database, and clients for whoever acts."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from small_chain import SmallChain
from web_world import WebWorld, client_of, make_app


@pytest.fixture
async def app(chain: SmallChain, database_url: str, tmp_path: Path) -> AsyncIterator[FastAPI]:
    """API and pages over the small chain."""
    made = make_app(database_url, tmp_path)
    yield made
    await made.state.container.close()


@pytest.fixture
async def world(app: FastAPI, chain: SmallChain) -> AsyncIterator[WebWorld]:
    """The small chain seen through its web application."""
    async with client_of(app) as anybody:
        yield WebWorld(app, chain, anybody)


@pytest.fixture
async def admin(world: WebWorld) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in administrator of the whole chain."""
    async with await world.operator("admin", world.chain.hq) as client:
        yield client
