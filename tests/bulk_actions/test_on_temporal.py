"""What fails, hangs or is missing among workflows is repaired in bulk, on a real Temporal."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4  # noqa: TID251

import pytest
from bulk_actions.world import Bulk, end_trouble, let_nothing_mend_itself, plant_trouble
from member_world import MemberWorld, open_member_world, until
from small_chain import SmallChain
from structlog.testing import capture_logs
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from activities.bulk_actions import BulkActivities
from regulars.bulk_actions.domain import BulkAction, Filter
from regulars.entrypoints.worker import make_bulk_worker
from regulars.entrypoints.workflow_hands import WorkflowHands
from regulars.entrypoints.workflow_starting import BULK_ACTIONS, start_waiting
from regulars.kernel import clock


@dataclass
class Floor:
    """Where ops repair."""

    world: MemberWorld
    bulk: Bulk
    queue: str

    async def attempts(self, member: UUID) -> int:
        seen = await self.world.handle(member).describe()
        return max((one.attempt for one in seen.raw_description.pending_activities), default=0)

    async def carry_out(self, action: BulkAction) -> BulkAction:
        client = self.world.temporal.client
        assert await start_waiting(BULK_ACTIONS, self.world.chain.database, client, self.queue) == 1

        async def done() -> bool:
            return (await self.bulk.step(action)).state == "finished"

        await until(done)
        return await self.bulk.step(action)


@pytest.fixture
async def floor(chain: SmallChain, temporal: WorkflowEnvironment) -> AsyncIterator[Floor]:
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
    # What fails on purpose is not drawn on the terminal: that takes seconds in which no worker works.
    with capture_logs():
        async with open_member_world(chain, temporal) as world:
            bulk = Bulk(chain, WorkflowHands(temporal.client, world.task_queue), clock.now())
            queue = f"bulk-{uuid4()}"
            made = make_bulk_worker(temporal.client, BulkActivities(bulk.means), task_queue=queue)
            async with made:
                yield Floor(world, bulk, queue)


async def test_failing_steps_are_tried_at_once_and_missing_workflows_begun(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, world = floor.world.chain, floor.world
    let_nothing_mend_itself(monkeypatch)
    well = await chain.join("Well")
    await world.catch_up(well)
    struck = [await chain.join(f"S{number}") for number in range(2)]
    unheard = await chain.join("Unheard")
    async with chain.database.begin() as session:
        connection = await (await session.connection()).get_raw_connection()
        assert connection.driver_connection is not None
        await connection.driver_connection.execute(f"delete from outbox where member_id = '{unheard}'")
    await plant_trouble(chain, *struck)
    await world.relay_all()

    async def failing() -> bool:
        return min([await floor.attempts(member) for member in struck]) >= 2

    await until(failing)
    await end_trouble(chain)
    action = await floor.bulk.draw_up("retry", Filter(member_ids=(*struck, unheard, well)))
    done = await floor.carry_out(await floor.bulk.submit(action))
    assert (done.changed, done.refused) == (4, 0)
    outcomes = [result.outcome for result in await floor.bulk.results(done) if result is not None]
    assert sorted(outcomes) == ["hurried", "hurried", "started", "told"]
    for member in (*struck, unheard, well):
        assert (await world.catch_up(member)).trouble is None
    assert [await floor.attempts(member) for member in struck] == [0, 0]


async def test_a_workflow_is_ended_and_another_reads_the_member_anew(floor: Floor) -> None:
    member = await floor.world.chain.join("Anew")
    before = await floor.world.catch_up(member)
    first = await floor.world.handle(member).describe()
    action = await floor.bulk.submit(await floor.bulk.draw_up("restart", Filter(member_ids=(member,))))
    assert action.state == "in_review"
    done = await floor.carry_out(await floor.bulk.approve(action))
    assert done.changed == 1
    after = await floor.world.catch_up(member)
    assert (after.stage, after.tier, after.next_due_at) == (before.stage, before.tier, before.next_due_at)
    assert after.signals_heard == 0
    handle = floor.world.temporal.client.get_workflow_handle(first.id, run_id=first.run_id)
    assert (await handle.describe()).status == WorkflowExecutionStatus.TERMINATED


async def test_a_step_that_never_worked_is_taken_back_and_tried_anew(floor: Floor) -> None:
    """The workflow's own code fails: here it is sent a state that no version of it understands."""
    member = await floor.world.chain.join("Stuck")
    client = floor.world.temporal.client
    await client.start_workflow(
        "MemberLifecycleWorkflow",
        {"nonsense": True},
        id=f"member-lifecycle/{member}",
        task_queue=floor.world.task_queue,
        task_timeout=timedelta(seconds=1),
    )

    async def stuck() -> bool:
        seen = await floor.world.handle(member).describe()
        return seen.raw_description.pending_workflow_task.attempt >= 2

    await until(stuck)
    hands = WorkflowHands(client, floor.world.task_queue)
    assert await hands.retry(member) == "reset"
    assert await hands.restart(member) == "restarted"
    assert (await floor.world.catch_up(member)).tier == "base"
