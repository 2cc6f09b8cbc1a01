"""Rehearsals as workflows: they wait for their turn, can be cancelled, and outlive who works on them."""

import asyncio
import multiprocessing
import os
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from rehearsal.world import Rehearsals, draft
from small_chain import ACTOR
from sqlalchemy import text
from temporalio.client import Client, WorkflowHandle

from activities import rehearsal as activities
from activities.rehearsal import RehearsalActivities
from activities.rehearsal_messages import Rehearse
from regulars.entrypoints.worker import make_rehearsal_worker
from regulars.entrypoints.workflow_starting import REHEARSALS, start_waiting
from regulars.kernel.ids import new_id
from regulars.rehearsal import repository, service
from regulars.rehearsal.domain import Order, Rehearsal
from regulars.rehearsal.errors import RehearsalNotFinished
from regulars.rehearsal.running import run_rehearsal
from regulars.security.scope import EVERYWHERE
from workflows.rehearsal import RehearsalWorkflow, workflow_id


@dataclass
class Desk:
    """Where rehearsals are ordered and carried out."""

    rehearsals: Rehearsals
    client: Client
    queue: str

    async def order(self) -> tuple[Rehearsal, WorkflowHandle[RehearsalWorkflow, str]]:
        ordered = await self.rehearsals.order(draft("grocery-classic", minor_per_point=50))
        handle = await self.client.start_workflow(
            RehearsalWorkflow.run,
            Rehearse(ordered.id),
            id=workflow_id(ordered.id),
            task_queue=self.queue,
            execution_timeout=timedelta(seconds=60),
        )
        return ordered, handle

    async def look(self, ordered: Rehearsal) -> Rehearsal:
        async with self.rehearsals.chain.database.read() as session:
            return await service.get_rehearsal(session, ordered.id, EVERYWHERE)


@pytest.fixture
async def desk(
    rehearsals: Rehearsals, temporal_client: Client, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    monkeypatch.setattr(activities, "ASK_AGAIN", timedelta(milliseconds=200))
    queue = f"rehearsal-{uuid.uuid4()}"  # noqa: TID251
    made = RehearsalActivities(rehearsals.chain.database, lambda: rehearsals.at, processes=1)
    async with make_rehearsal_worker(temporal_client, made, task_queue=queue):
        yield Desk(rehearsals, temporal_client, queue)


@asynccontextmanager
async def another_at_work(desk: Desk) -> AsyncIterator[None]:
    async with desk.rehearsals.chain.database.engine.connect() as connection:
        await connection.execute(text("select pg_advisory_lock(hashtext('regulars.rehearsal'))"))
        yield
        await connection.execute(text("select pg_advisory_unlock_all()"))


async def test_a_rehearsal_is_carried_out_and_its_report_kept(desk: Desk) -> None:
    ordered, handle = await desk.order()
    assert await handle.result() == "finished"
    done = await desk.look(ordered)
    assert done.state == "finished"
    assert done.purchases_done == done.purchases_in_all == 14
    assert done.report is not None
    assert done.report["points"]["difference"] > 0


async def test_one_that_is_ordered_meanwhile_waits_for_its_turn(desk: Desk) -> None:
    async with another_at_work(desk):
        ordered, handle = await desk.order()
        await asyncio.sleep(1)
        assert (await desk.look(ordered)).state == "queued"
    assert await handle.result() == "finished"


async def test_one_that_waits_is_cancelled_at_once(desk: Desk) -> None:
    async with another_at_work(desk):
        ordered, handle = await desk.order()
        async with desk.rehearsals.chain.database.begin() as session:
            cancelled = await service.cancel_rehearsal(session, ordered.id, ACTOR, desk.rehearsals.at)
        assert cancelled.state == "cancelled"
    assert await handle.result() == "cancelled"
    assert (await desk.look(ordered)).report is None


async def kill_children(times: int) -> None:
    killed: set[int] = set()
    while len(killed) < times:
        for pid in {child.pid for child in multiprocessing.active_children() if child.pid} - killed:
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        await asyncio.sleep(0.01)


async def test_a_killed_process_makes_it_begin_anew(desk: Desk) -> None:
    ordered, handle = await desk.order()
    await kill_children(1)
    assert await handle.result() == "finished"
    done = await desk.look(ordered)
    assert done.attempts == 2
    assert done.purchases_done == 14


async def test_one_that_breaks_off_again_and_again_is_given_up(desk: Desk) -> None:
    ordered, handle = await desk.order()
    await kill_children(activities.ATTEMPTS_MOST)
    assert await handle.result() == "failed"
    assert (await desk.look(ordered)).failed_with == "rehearsal_interrupted"


async def test_what_was_ordered_while_temporal_was_away_is_started_later(desk: Desk) -> None:
    chain = desk.rehearsals.chain
    actor = replace(ACTOR, kind="operator")
    async with chain.database.begin() as session:
        order = Order((draft("grocery-classic"),), chain.hq)
        ordered = await service.order_rehearsal(session, new_id(), order, actor, desk.rehearsals.at)
    for _ in range(2):
        assert await start_waiting(REHEARSALS, chain.database, desk.client, desk.queue) == 1
    handle = desk.client.get_workflow_handle_for(RehearsalWorkflow.run, workflow_id(ordered.id))
    assert await handle.result() == "finished"
    assert await start_waiting(REHEARSALS, chain.database, desk.client, desk.queue) == 0


async def test_one_at_work_ends_without_a_report_when_it_is_cancelled(desk: Desk) -> None:
    rehearsals = desk.rehearsals
    ordered = await rehearsals.order(draft("grocery-classic"))
    async with rehearsals.chain.database.begin() as session:
        await repository.begin(session, ordered.id, 14, rehearsals.at)
        asked = await service.cancel_rehearsal(session, ordered.id, ACTOR, rehearsals.at)
    assert (asked.state, asked.cancel_asked) == ("running", True)
    done = await run_rehearsal(rehearsals.means(), ordered.id)
    assert (done.state, done.report) == ("cancelled", None)
    with pytest.raises(RehearsalNotFinished):
        async with rehearsals.chain.database.read() as session:
            await service.list_members(session, ordered.id, EVERYWHERE, measure="points", side="losers")
