"""The OpenAPI document is kept: what it allows is taken, what it forbids refused, answers look as it says."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import pytest
import uvicorn
from conftest import free_port
from fastapi import FastAPI
from small_chain import ACTOR, MONDAY
from sqlalchemy import select
from web_world import WebWorld

from regulars.bulk_actions import service as bulk_actions
from regulars.bulk_actions.domain import Filter
from regulars.bulk_actions.listing import Wish as BulkWish
from regulars.care.domain import CareDue
from regulars.care.service import open_tasks
from regulars.explanation.shelf import Shelf
from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.lifecycle.tables import lifecycle_event
from regulars.releases.review import Submission, submit
from regulars.security.domain import OPERATOR_ROLES
from regulars.undoing.service import Wish, order_undo

CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5"))
"""Of each kind for each operation; `make fuzz` asks for more."""
WITHIN_S = 240 + 20 * EXAMPLES
pytestmark = pytest.mark.timeout(WITHIN_S + 60)


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[str]:
    """The application on a free port, served by this process."""
    port = free_port()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, lifespan="off", access_log=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 — uvicorn offers no event
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def what_exists(world: WebWorld) -> dict[str, str]:
    """Ids that lead somewhere, by the names that the configuration has for them."""
    chain = world.chain
    member = await chain.join(phone="+12125550123", references=("cj-7",))
    bought = await chain.buy()
    async with chain.database.begin() as session:
        joined = (await session.execute(select(lifecycle_event.c.id))).scalars().one()
        await open_tasks(session, [CareDue(joined, member, MONDAY)], MONDAY)
        wanted = [
            Submission(new_id(), "silver-saturday", (place,), version=1) for place in chain.stores.values()
        ]
        releases = [await submit(session, each, ACTOR, MONDAY) for each in wanted]
        await chain.desk.places.refresh(session)
        undos = [
            await order_undo(session, chain.desk.places, new_id(), each, ACTOR, clock.now())
            for each in (Wish("grocery-classic", 1, place, "let_be") for place in chain.stores.values())
        ]
        retry = BulkWish("retry", chain.hq, Filter(member_ids=(member,)))
        actions = [
            await bulk_actions.draw_up(
                session, chain.desk.places, Shelf(), new_id(), retry, ACTOR, clock.now()
            )
            for _ in range(2)
        ]
    return {
        "KNOWN_MEMBER": str(member),
        "KNOWN_OTHER_MEMBER": str(await chain.join("Wang Fang", store="west-1")),
        "KNOWN_RELEASE": str(releases[0].id),
        "KNOWN_OTHER_RELEASE": str(releases[1].id),
        "KNOWN_UNDO": str(undos[0].id),
        "KNOWN_OTHER_UNDO": str(undos[1].id),
        "KNOWN_ACTION": str(actions[0].id),
        "KNOWN_OTHER_ACTION": str(actions[1].id),
        "KNOWN_HASH": actions[0].content_hash,
        "KNOWN_STORE": str(chain.stores["east-1"]),
        "KNOWN_HEADQUARTERS": str(chain.hq),
        "KNOWN_TILL": str(chain.tills["west-1-t1"]),
        "KNOWN_OPERATOR": str((await world.appoint(("store", chain.hq))).id),
        "KNOWN_TASK": str(joined),
        "KNOWN_PURCHASE": str(bought.purchase_id),
        "KNOWN_KEY": (await world.bearer("west-1-t1")).split(".")[0],
    }


@dataclass(frozen=True)
class Caller:
    """Somebody who proves in one way who it is.

    Attributes:
        scheme: the way, by its name in the document.
        variables: what the configuration needs of credentials and ids.
    """

    scheme: str
    variables: Mapping[str, str]


def as_read_by(caller: Caller, document: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The document with the caller's way of proving itself alone, and the operations open to it."""
    asked = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            ways = [way for way in operation["security"] if caller.scheme in way]
            if ways or not operation["security"]:
                operation["security"] = ways
                asked.append(f"{method.upper()} {path}")
    return document, asked


async def found_by_schemathesis(
    world: WebWorld, address: str, folder: Path, caller: Caller, left_out: str = ""
) -> str:
    """Run it on what a caller may ask for, and return its report; nothing where it found nothing."""
    document, asked = as_read_by(caller, (await world.anybody.get("/v1/openapi.json")).json())
    (folder / "document.json").write_text(json.dumps(document))
    names = [part for name in asked if name != left_out for part in ("--include-name", name)]
    (folder / "config.toml").write_text(Template(CONFIG.read_text()).substitute(caller.variables))
    running = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(folder / "config.toml")),
        *("run", str(folder / "document.json"), "--url", address, "--max-examples", str(EXAMPLES)),
        *names,
        *("--no-color", "--continue-on-failure"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    try:
        said, _ = await asyncio.wait_for(running.communicate(), WITHIN_S)
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    return said.decode() if running.returncode else ""


async def test_schemathesis_finds_nothing_as_an_operator(
    world: WebWorld, address: str, tmp_path: Path
) -> None:
    operator = await world.appoint(*((role, world.chain.hq) for role in sorted(OPERATOR_ROLES)))
    async with await world.client_for(operator) as client:
        session, token = client.cookies["regulars_session"], client.headers["X-CSRF-Token"]
    known = await what_exists(world)
    caller = Caller("session", known | {"SESSION": session, "CSRF_TOKEN": token, "TERMINAL_KEY": "none"})
    # Signing out would end the session that all else is asked with; the till's run asks it.
    report = await found_by_schemathesis(world, address, tmp_path, caller, left_out="DELETE /v1/session")
    assert report == "", report


async def test_schemathesis_finds_nothing_as_a_till(world: WebWorld, address: str, tmp_path: Path) -> None:
    known = await what_exists(world)
    key = await world.bearer()
    caller = Caller("terminalKey", known | {"SESSION": "none", "CSRF_TOKEN": "none", "TERMINAL_KEY": key})
    report = await found_by_schemathesis(world, address, tmp_path, caller)
    assert report == "", report
