"""What a request gets, and the log keeps, while the database is away, or where a statement is wrong."""

import logging

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from structlog.testing import capture_logs
from web_world import WebWorld

from api.errors import install


@pytest.mark.parametrize(
    "noticed",
    [
        ConnectionRefusedError(111, "nobody listens"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_database_that_is_away_is_told_so_in_one_line_of_the_log(
    world: WebWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, noticed: Exception
) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise noticed

    monkeypatch.setattr(world.container.database, "read", refuse)
    with capture_logs() as lines, caplog.at_level(logging.DEBUG):
        answer = await world.anybody.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert [line["event"] for line in lines] == ["database_away"]
    assert not any(record.exc_info for record in caplog.records)


async def test_the_process_says_that_it_lives_whoever_asks(
    world: WebWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise ConnectionRefusedError(111, "nobody listens")

    monkeypatch.setattr(world.container.database, "begin", refuse)
    bearer = {"Authorization": f"Bearer tk_{'a' * 12}.{'b' * 43}"}
    for headers in ({}, bearer, {"Cookie": "regulars_session=unknown"}):
        assert (await world.anybody.get("/healthz", headers=headers)).status_code == 200


async def test_a_statement_that_is_wrong_is_an_internal_error_and_is_raised_for_the_log(
    world: WebWorld,
) -> None:
    app = FastAPI()
    install(app)

    @app.get("/v1/wrong")
    async def wrong() -> None:
        async with world.container.database.begin() as session:
            await session.execute(text("select nonsense"))

    quiet = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=quiet, base_url="http://localhost") as client:
        answer = await client.get("/v1/wrong")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    loud = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=loud, base_url="http://localhost") as client:
        with pytest.raises(SQLAlchemyError):
            await client.get("/v1/wrong")
