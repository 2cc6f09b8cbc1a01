"""Temporal is stopped while tills sell: every sale stands, and every member's workflow hears of it once."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from conftest import free_port
from member_world import until
from small_chain import SmallChain
from sqlalchemy import text
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from regulars.entrypoints.relay import relay_until
from regulars.entrypoints.stack import temporal as server_of_one_machine
from regulars.entrypoints.stack.temporal import TemporalServer
from regulars.entrypoints.worker import work_until
from regulars.kernel import clock
from regulars.outbox import service as outbox
from regulars.purchases.desk import Recorded
from regulars.settings import Settings
from workflows.member_lifecycle import MemberLifecycleWorkflow
from workflows.messages import LifecycleState, workflow_id

MEMBERS = 20
SALES = 200


@dataclass
class StoppableTemporal:
    """A Temporal server of the test's own, whose state is in a file."""

    server: TemporalServer
    log: Path
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self.process = server_of_one_machine.start(self.server, self.log)

        async def ready() -> bool:
            return await server_of_one_machine.is_ready(self.server)

        await until(ready, within_s=60)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def own_temporal() -> Iterator[StoppableTemporal]:
    home = Path(tempfile.mkdtemp(prefix="regulars-temporal-"))
    ports = [free_port() for _ in range(4)]
    made = StoppableTemporal(TemporalServer(home, *ports), home / "log")
    yield made
    made.kill()
    shutil.rmtree(home)


@asynccontextmanager
async def running_parts(settings: Settings) -> AsyncIterator[None]:
    """A worker and two relays."""
    stop = asyncio.Event()
    parts = [
        asyncio.create_task(part)
        for part in (work_until(settings, stop), relay_until(settings, stop), relay_until(settings, stop))
    ]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*parts)


async def heard(client: Client, member_id: UUID) -> LifecycleState:
    handle = client.get_workflow_handle_for(MemberLifecycleWorkflow.run, workflow_id(member_id))
    return await handle.query(MemberLifecycleWorkflow.state)


async def waiting(chain: SmallChain) -> int:
    async with chain.database.begin() as session:
        return (await outbox.measure_backlog(session)).waiting


async def test_two_hundred_sales_while_temporal_is_stopped_are_all_told_and_none_twice(
    chain: SmallChain, database_url: str, own_temporal: StoppableTemporal
) -> None:
    settings = Settings(
        database_url=database_url, temporal_address=own_temporal.server.address, database_connections=5
    )
    await own_temporal.start()
    async with running_parts(settings):
        members = [await chain.join(f"Member {n}", at=clock.now()) for n in range(MEMBERS)]

        async def all_told() -> bool:
            return await waiting(chain) == 0

        await until(all_told, within_s=60)
        own_temporal.kill()
        answers = []
        for n in range(0, SALES, MEMBERS):
            answers += await chain.post(
                *(chain.basket(member_id, occurred_at=clock.now()) for member_id in members),
                at=clock.now(),
            )
            assert n < SALES
        assert all(isinstance(answer, Recorded) for answer in answers)
        await asyncio.sleep(1)
        assert await waiting(chain) == SALES
        await own_temporal.start()
        await until(all_told, within_s=60)
        client = await Client.connect(own_temporal.server.address, data_converter=pydantic_data_converter)

        async def all_settled() -> bool:
            states = [await heard(client, member_id) for member_id in members]
            return all(state.stage == "active" and not state.must_look for state in states)

        await until(all_settled, within_s=60)
        states = [await heard(client, member_id) for member_id in members]
        # One change is the joining; the others are the sales.
        assert [state.changes_heard - 1 for state in states] == [SALES // MEMBERS] * MEMBERS
        assert {state.last_seq for state in states} == {SALES // MEMBERS}


async def test_worker_and_relay_outlive_a_database_that_drops_their_connections(
    chain: SmallChain, database_url: str, own_temporal: StoppableTemporal
) -> None:
    settings = Settings(
        database_url=database_url, temporal_address=own_temporal.server.address, database_connections=5
    )
    await own_temporal.start()
    async with running_parts(settings):
        client = await Client.connect(own_temporal.server.address, data_converter=pydantic_data_converter)
        member_id = await chain.join(at=clock.now())

        async def seen_active() -> bool:
            return await waiting(chain) == 0 and (await heard(client, member_id)).stage == "active"

        async def seen_joined() -> bool:
            return await waiting(chain) == 0 and (await heard(client, member_id)).stage == "joined"

        await until(seen_joined, within_s=60)
        async with chain.database.begin() as session:
            await session.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname ="
                    " current_database() and application_name in ('regulars-worker', 'regulars-relay')"
                )
            )
        await chain.buy(member_id, occurred_at=clock.now())
        await until(seen_active, within_s=60)
