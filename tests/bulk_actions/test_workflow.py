"""A bulk action as a workflow: it outlives its worker, deals with each once, does nothing unapproved."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from bulk_actions.world import Bulk
from recompute_world import Recomputing
from temporalio.client import Client

from activities import bulk_actions as activities
from activities.bulk_actions import BulkActivities
from regulars.bulk_actions import service
from regulars.bulk_actions.domain import FREEZES_ALONE, BulkAction, Filter
from regulars.entrypoints import worker
from regulars.entrypoints.worker import make_bulk_worker
from regulars.entrypoints.workflow_starting import BULK_ACTIONS, start_waiting
from regulars.recompute.domain import POINTS_ALONE
from workflows.bulk_action import BulkActionWorkflow, BulkRun, workflow_id

MANY = FREEZES_ALONE + 1


async def freeze_of_many(bulk: Bulk) -> BulkAction:
    """Waits for a second person."""
    for number in range(MANY):
        await bulk.chain.join(f"M{number}")
    drawn = await bulk.draw_up("freeze", Filter(stage="joined"), freeze_reason="fraud_suspected")
    return await bulk.submit(drawn)


async def listed(bulk: Bulk, action: BulkAction) -> list[tuple[object, ...]]:
    query = f"select no, subject_id from bulk_action_item where action_id = '{action.id}' order by no"
    return await bulk.rows(query)


async def killed_after_two_batches(
    bulk: Bulk, action: BulkAction, client: Client, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker dies before anybody hears of its second batch, and another finishes the action."""
    work_on, batches, killed = activities.work_on, 0, asyncio.Event()

    async def until_killed(*arguments: object) -> BulkAction:
        nonlocal batches
        done = await work_on(*arguments)  # type: ignore[arg-type]
        batches += 1
        if batches == 2:  # its transaction stands, and nobody hears of it
            killed.set()
            await asyncio.sleep(3600)
        return done

    monkeypatch.setattr(activities, "work_on", until_killed)
    monkeypatch.setattr(worker, "GRACE", timedelta(0))
    made = BulkActivities(bulk.means)
    async with make_bulk_worker(client, made, task_queue=queue):
        assert await start_waiting(BULK_ACTIONS, bulk.chain.database, client, queue) == 1
        await asyncio.wait_for(killed.wait(), 20)
    monkeypatch.setattr(activities, "work_on", work_on)
    async with make_bulk_worker(client, made, task_queue=queue):
        handle = client.get_workflow_handle_for(BulkActionWorkflow.run, workflow_id(action.id))
        assert await asyncio.wait_for(handle.result(), 30) == "finished"
        assert (await handle.query(BulkActionWorkflow.state)).done == action.items


async def test_a_killed_worker_leaves_each_on_the_frozen_list_frozen_once(
    bulk: Bulk, temporal_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = await freeze_of_many(bulk)
    before = await listed(bulk, waiting)
    queue = f"bulk-{uuid.uuid4()}"  # noqa: TID251
    assert await start_waiting(BULK_ACTIONS, bulk.chain.database, temporal_client, queue) == 0
    action = await bulk.approve(waiting)
    await bulk.chain.join("Later")  # matches the filter, and stands on no list
    await killed_after_two_batches(bulk, action, temporal_client, queue, monkeypatch)
    done = await bulk.step(action)
    assert (done.changed, done.unchanged, done.refused) == (MANY, 0, 0)
    assert await listed(bulk, action) == before
    assert done.content_hash == waiting.content_hash
    frozen = "select member_id, count(*) from lifecycle_event where kind = 'frozen' group by member_id"
    assert sorted(await bulk.rows(frozen)) == sorted((member_id, 1) for _, member_id in before)


async def test_a_killed_worker_leaves_each_purchase_recomputed_once_as_it_was_approved(
    bulk: Bulk, temporal_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    recomputing = Recomputing(bulk.chain)
    await recomputing.begin()
    members = [await bulk.chain.join(f"M{number}") for number in range(5)]
    for member in members:
        await recomputing.fail(member, 100 * POINTS_ALONE // 4)
    before = [await recomputing.balance(member) for member in members]
    await recomputing.mend()
    waiting = await bulk.submit(await bulk.draw_up("recompute", versions=("failing/2",)))
    assert waiting.state == "in_review"
    action = await bulk.approve(waiting)
    queue = f"bulk-{uuid.uuid4()}"  # noqa: TID251
    await killed_after_two_batches(bulk, action, temporal_client, queue, monkeypatch)
    done = await bulk.step(action)
    assert (done.changed, done.points_given) == (5, 5 * POINTS_ALONE // 4)
    assert [await recomputing.balance(member) for member in members] == [
        balance + POINTS_ALONE // 4 for balance in before
    ]
    assert await bulk.rows("select count(*) from ledger_entry where kind = 'correct'") == [(5,)]
    who = await bulk.rows("select distinct actor, approved_by from purchase_recompute")
    assert who == [(f"operator:{bulk.orderer.id}", f"operator:{bulk.approver.id}")]
    assert await recomputing.verified()


async def test_a_refused_action_does_nothing_even_where_its_workflow_runs(
    bulk: Bulk, temporal_client: Client
) -> None:
    waiting = await freeze_of_many(bulk)
    async with bulk.chain.database.begin() as session:
        places = bulk.chain.desk.places
        await service.reject(session, places, waiting.id, "not these", bulk.approver, bulk.at)
    queue = f"bulk-{uuid.uuid4()}"  # noqa: TID251
    async with make_bulk_worker(temporal_client, BulkActivities(bulk.means), task_queue=queue):
        assert await start_waiting(BULK_ACTIONS, bulk.chain.database, temporal_client, queue) == 0
        ended = await temporal_client.execute_workflow(
            BulkActionWorkflow.run,
            BulkRun(waiting.id),
            id=workflow_id(waiting.id),
            task_queue=queue,
            execution_timeout=timedelta(seconds=30),
        )
    assert ended == "rejected"
    assert await bulk.rows("select count(*) from bulk_action_result") == [(0,)]
    assert await bulk.rows("select count(*) from standing where frozen_at is not null") == [(0,)]


async def test_an_action_that_is_cancelled_ends_its_workflow_and_keeps_what_was_done(
    bulk: Bulk, temporal_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = await bulk.approve(await freeze_of_many(bulk))
    work_on, stopped = activities.work_on, False

    async def stopping(*arguments: object) -> BulkAction:
        nonlocal stopped
        done = await work_on(*arguments)  # type: ignore[arg-type]
        if not stopped:
            stopped = True
            async with bulk.chain.database.begin() as session:
                places = bulk.chain.desk.places
                await service.cancel(session, places, action.id, "enough", bulk.orderer, bulk.at)
        return done

    monkeypatch.setattr(activities, "work_on", stopping)
    queue = f"bulk-{uuid.uuid4()}"  # noqa: TID251
    async with make_bulk_worker(temporal_client, BulkActivities(bulk.means), task_queue=queue):
        await start_waiting(BULK_ACTIONS, bulk.chain.database, temporal_client, queue)
        handle = temporal_client.get_workflow_handle_for(BulkActionWorkflow.run, workflow_id(action.id))
        assert await asyncio.wait_for(handle.result(), 20) == "cancelled"
    assert (await bulk.step(action)).done == bulk.together
