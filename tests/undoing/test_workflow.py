"""Undo orders as workflows: prepared, stopped for approval, carried out, paused, and outliving who works."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from member_world import until
from small_chain import SmallChain, line
from temporalio.client import Client
from undoing.world import Undoing, give_points

from activities import undoing as activities
from activities.undoing import UndoingActivities
from regulars.entrypoints.worker import make_undoing_worker
from regulars.entrypoints.workflow_starting import UNDOS, start_waiting
from regulars.kernel.ids import new_id
from regulars.security.scope import EVERYWHERE
from regulars.undoing import review, service
from regulars.undoing.domain import Undo, UndoState
from regulars.undoing.service import Wish
from workflows.undoing import UndoRun, UndoWorkflow, workflow_id


@dataclass
class Floor:
    """Where undo orders are worked on."""

    undoing: Undoing
    client: Client
    queue: str

    @property
    def chain(self) -> SmallChain:
        return self.undoing.chain

    async def order(self) -> Undo:
        async with self.chain.database.begin() as session:
            wish = Wish("gift", 1, self.chain.hq, "let_be")
            places, who = self.chain.desk.places, self.undoing.orderer
            return await service.order_undo(session, places, new_id(), wish, who, self.undoing.at)

    async def look(self, undo: Undo) -> Undo:
        async with self.chain.database.read() as session:
            return await service.get_undo(session, undo.id, EVERYWHERE)

    async def work(self) -> int:
        return await start_waiting(UNDOS, self.chain.database, self.client, self.queue)

    async def reaches(self, undo: Undo, state: UndoState) -> Undo:
        async def there() -> bool:
            if (await self.look(undo)).state == state:
                return True
            # As the worker does: a workflow that was just ending takes up nothing new.
            await self.work()
            return False

        await until(there)
        return await self.look(undo)


@pytest.fixture
async def floor(undoing: Undoing, temporal_client: Client) -> AsyncIterator[Floor]:
    undoing.members_together = 1
    queue = f"undoing-{uuid.uuid4()}"  # noqa: TID251
    made = UndoingActivities(undoing.means)
    await give_points(undoing.chain)
    for number in range(4):
        await undoing.chain.buy(await undoing.chain.join(f"M{number}"), line(1_000))
    async with make_undoing_worker(temporal_client, made, task_queue=queue):
        yield Floor(undoing, temporal_client, queue)


async def test_an_order_is_prepared_waits_for_approval_and_is_carried_out(floor: Floor) -> None:
    undo = await floor.order()
    assert await floor.work() == 1
    prepared = await floor.reaches(undo, "in_review")
    assert prepared.preview is not None
    assert (prepared.members_in_all, prepared.preview["takes"]) == (4, 40)
    assert await floor.work() == 0
    await floor.undoing.approve(prepared)
    assert await floor.work() == 1
    done = await floor.reaches(undo, "finished")
    assert (done.members_done, done.points_taken) == (4, 40)
    assert await floor.undoing.verified()


async def test_a_paused_order_rests_and_goes_on_where_it_stopped(floor: Floor) -> None:
    undo = await floor.undoing.order()
    await floor.undoing.approve(undo)
    assert (await floor.undoing.step(undo)).members_done == 1
    places, who, at = floor.chain.desk.places, floor.undoing.orderer, floor.undoing.at
    async with floor.chain.database.begin() as session:
        await review.pause(session, places, undo.id, who, at)
    assert await floor.work() == 0
    assert (await floor.undoing.step(undo)).members_done == 1
    async with floor.chain.database.begin() as session:
        await review.resume(session, places, undo.id, who, at)
    await floor.work()
    assert (await floor.reaches(undo, "finished")).points_taken == 40
    assert await floor.undoing.verified()


async def test_a_cancelled_order_keeps_what_was_taken_back(floor: Floor) -> None:
    undo = await floor.undoing.order()
    await floor.undoing.approve(undo)
    await floor.undoing.step(undo)
    async with floor.chain.database.begin() as session:
        await review.cancel(
            session, floor.chain.desk.places, undo.id, "enough", floor.undoing.orderer, floor.undoing.at
        )
    assert (await floor.undoing.step(undo)).state == "cancelled"
    assert sorted((await floor.undoing.balances()).values()) == [10, 20, 20, 20]
    assert await floor.undoing.verified()


async def test_an_attempt_that_breaks_off_is_followed_by_one_that_goes_on(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    undo = await floor.undoing.order()
    await floor.undoing.approve(undo)
    calls = []
    work_on = activities.work_on

    async def broken(*arguments: object) -> Undo:
        calls.append(arguments)
        if len(calls) in (2, 3):
            raise ConnectionError("the worker is gone")
        return await work_on(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(activities, "work_on", broken)
    handle = await floor.client.start_workflow(
        UndoWorkflow.run,
        UndoRun(undo.id),
        id=workflow_id(undo.id),
        task_queue=floor.queue,
        execution_timeout=timedelta(seconds=60),
    )
    assert await handle.result() == "finished"
    assert (await handle.query(UndoWorkflow.state)).members_done == 4
    done = await floor.look(undo)
    assert (done.members_done, done.points_taken, done.differences) == (4, 40, 0)
    assert await floor.undoing.verified()
