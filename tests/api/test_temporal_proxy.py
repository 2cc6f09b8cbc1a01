"""Temporal's real pages under /temporal, for whoever may operate workflows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from conftest import free_port
from fastapi import FastAPI
from member_world import until
from small_chain import SmallChain
from temporalio.client import Client
from web_world import WebWorld, client_of, make_app

from regulars.entrypoints.stack.processes import kill_group
from regulars.entrypoints.stack.temporal import TemporalServer, is_ready, start

PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TemporalServer]:
    """A Temporal with its pages, as the stack runs it."""
    home = tmp_path_factory.mktemp("temporal")
    made = TemporalServer(home, free_port(), free_port(), free_port(), free_port())
    process = start(made, home / "log")
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await is_ready(made):  # noqa: ASYNC110 — another process tells no event
                await asyncio.sleep(0.2)
        yield made
    finally:
        kill_group(process.pid)
        process.wait()


@pytest.fixture
async def temporals(
    chain: SmallChain, server: TemporalServer, database_url: str, tmp_path: Path
) -> AsyncIterator[WebWorld]:
    """The small chain's web application in front of that Temporal."""
    app: FastAPI = make_app(
        database_url,
        tmp_path,
        temporal_address=server.address,
        temporal_ui_address=f"127.0.0.1:{server.ui_port}",
    )
    async with client_of(app) as anybody:
        yield WebWorld(app, chain, anybody)
    await app.state.container.close()


async def test_ops_see_temporals_pages_and_read_its_api(temporals: WebWorld) -> None:
    async with await temporals.operator("ops", temporals.chain.hq) as ops:
        page = await ops.get("/temporal/", follow_redirects=True)
        assert page.status_code == 200
        assert "<html" in page.text
        settings = await ops.get("/temporal/api/v1/settings")
        assert "Version" in settings.json()


async def test_others_see_nothing_of_temporal(temporals: WebWorld) -> None:
    async with await temporals.operator("store", temporals.chain.hq) as store:
        assert (await store.get("/temporal/")).status_code == 403
    asked = await temporals.anybody.get("/temporal/api/v1/settings")
    assert asked.status_code == 303
    assert asked.headers["location"].startswith("/sign-in")


async def test_a_workflow_id_with_a_slash_is_found(temporals: WebWorld, server: TemporalServer) -> None:
    client = await Client.connect(server.address)
    name = "member-lifecycle/proxy-test"
    await client.start_workflow("nobody-runs-this", id=name, task_queue="nobody")
    async with await temporals.operator("ops", temporals.chain.hq) as ops:
        path = "/temporal/api/v1/namespaces/default/workflows/member-lifecycle%2Fproxy-test"

        async def is_answered() -> bool:
            return (await ops.get(path)).status_code != 503

        await until(is_answered)  # Temporal's HTTP door opens after the other
        answer = await ops.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.json()["workflowExecutionInfo"]["execution"]["workflowId"] == name


async def test_a_change_by_temporals_page_needs_our_origin(
    temporals: WebWorld, server: TemporalServer
) -> None:
    client = await Client.connect(server.address)
    handle = await client.start_workflow("nobody-runs-this", id="to-be-ended", task_queue="nobody")
    path = "/temporal/api/v1/namespaces/default/workflows/to-be-ended/terminate"
    async with await temporals.operator("ops", temporals.chain.hq) as ops:
        del ops.headers["X-CSRF-Token"]
        for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site"}):
            assert (await ops.post(path, json={"reason": "x"}, headers=headers)).status_code == 403
        await ops.get("/temporal/api/v1/settings")
        token = {"X-CSRF-TOKEN": ops.cookies.get("_csrf", "")}
        headers = {"Origin": "http://localhost", **token}
        answer = await ops.post(path, json={"reason": "x"}, headers=headers)
        assert answer.status_code == 200, answer.text
    assert (await handle.describe()).status is not None


async def test_our_session_is_not_told_to_temporal_and_its_absence_is_said(
    chain: SmallChain, database_url: str, tmp_path: Path
) -> None:
    told: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\nX-Theirs: 1\r\n\r\n")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(note, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    app = make_app(database_url, tmp_path, temporal_ui_address=f"127.0.0.1:{port}")
    async with client_of(app) as anybody:
        world = WebWorld(app, chain, anybody)
        async with await world.operator("ops", chain.hq) as ops:
            ops.cookies.set("_csrf", "theirs")
            answer = await ops.get("/temporal/a%2Fb?query=%2F&x=1")
            listener.close()
            await listener.wait_closed()
            away = await ops.get("/temporal/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["x-theirs"]) == (204, "1")
    assert told[0].startswith(b"GET /temporal/a%2Fb?query=%2F&x=1 HTTP/1.1")
    assert b"_csrf=theirs" in told[0]
    assert b"regulars_session" not in told[0]
    assert away.status_code == 503
    await app.state.container.close()


async def test_files_that_never_change_are_fetched_once(temporals: WebWorld) -> None:
    async with await temporals.operator("ops", temporals.chain.hq) as ops:
        page = (await ops.get("/temporal/")).text
        file = "/temporal/_app/immutable/" + page.split("/temporal/_app/immutable/")[1].split('"')[0]
        kept = (await ops.get(file)).headers["cache-control"]
        live = await ops.get("/temporal/api/v1/settings")
        assert "immutable" in kept
        assert "immutable" not in live.headers.get("cache-control", "")
