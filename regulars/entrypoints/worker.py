"""The worker process: runs the members' workflows and what they have done in the database."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.bulk_actions import BulkActivities
from activities.failures import Discretion
from activities.lifecycle import LifecycleActivities
from activities.rehearsal import RehearsalActivities
from activities.releases import ReleaseActivities
from activities.undoing import UndoingActivities
from regulars.bulk_actions.running import Means as BulkMeans
from regulars.db.session import Database, make_engine
from regulars.entrypoints.feature_keeper import keep_features
from regulars.entrypoints.ready import announce_ready
from regulars.entrypoints.shutdown import ends_on_signal
from regulars.entrypoints.temporal import WORKFLOW_RUNNER
from regulars.entrypoints.workflow_hands import WorkflowHands
from regulars.entrypoints.workflow_starting import BULK_ACTIONS, REHEARSALS, UNDOS, keep_starting
from regulars.kernel import clock, ids
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks
from regulars.settings import Settings
from regulars.temporal import connect
from regulars.undoing.working import Means
from workflows.bulk_action import TASK_QUEUE as BULK_TASK_QUEUE
from workflows.bulk_action import BulkActionWorkflow
from workflows.member_lifecycle import MemberLifecycleWorkflow
from workflows.messages import TASK_QUEUE
from workflows.pack_release import PackReleaseWorkflow
from workflows.rehearsal import TASK_QUEUE as REHEARSAL_TASK_QUEUE
from workflows.rehearsal import RehearsalWorkflow
from workflows.release_messages import TASK_QUEUE as RELEASE_TASK_QUEUE
from workflows.search_attributes import TYPES, ensure_search_attributes
from workflows.undoing import TASK_QUEUE as UNDOING_TASK_QUEUE
from workflows.undoing import UndoWorkflow

log = structlog.get_logger(__name__)

RETRY_S = 1.0
CONNECT_WITHIN_S = 10.0
CACHED_WORKFLOWS = 3_000
"""Each costs about 60 kB; a member who is not cached costs a replay of at most 300 events."""

WORKFLOW_TASKS = 32
KEPT_STARTING = (REHEARSALS, UNDOS, BULK_ACTIONS)
GRACE = timedelta(seconds=10)


def run(settings: Settings) -> None:
    """Work until SIGTERM or Ctrl-C."""
    asyncio.run(work_until(settings))


async def work_until(settings: Settings, stop: asyncio.Event | None = None) -> None:
    """Work until `stop` is set; Temporal and PostgreSQL may come and go.

    Args:
        settings: with a database and a Temporal.
        stop: None: a signal of the operating system ends it.
    """
    assert settings.database_url is not None
    stop = stop or ends_on_signal()
    pool_size = settings.database_connections
    engine = make_engine(settings.database_url, application="regulars-worker", pool_size=pool_size)
    database = Database(engine)
    activities = LifecycleActivities(database, LivePacks(), Places(), clock.now)
    rehearsals = RehearsalActivities(database, clock.now)
    releases = ReleaseActivities(database, activities.packs, activities.places, clock.now)
    undoing = UndoingActivities(Means(database, activities.packs, activities.places, clock.now))
    keeping = asyncio.create_task(keep_features(database, stop))
    try:
        while not stop.is_set():
            try:
                await _work_once(settings, activities, rehearsals, releases, undoing, stop)
            except (RPCError, RuntimeError, OSError, TimeoutError) as error:
                log.warning("temporal_away", error=type(error).__name__)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), RETRY_S)
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
        await database.close()


async def _work_once(
    settings: Settings,
    activities: LifecycleActivities,
    rehearsals: RehearsalActivities,
    releases: ReleaseActivities,
    undoing: UndoingActivities,
    stop: asyncio.Event,
) -> None:
    async with asyncio.timeout(CONNECT_WITHIN_S):
        client = await connect(settings, identity="regulars-worker")
        await _ensure_search_attributes(client)
    members = make_worker(client, activities, concurrent_activities=settings.database_connections)
    workers = (
        members,
        make_rehearsal_worker(client, rehearsals),
        make_release_worker(client, releases),
        make_undoing_worker(client, undoing),
        make_bulk_worker(client, _bulk_activities(client, activities)),
    )
    working = {worker: asyncio.create_task(worker.run()) for worker in workers}
    stopping = asyncio.create_task(stop.wait())
    starting = {
        asyncio.create_task(keep_starting(kind, rehearsals.database, client)) for kind in KEPT_STARTING
    }
    announce_ready()
    try:
        await asyncio.wait({*working.values(), stopping}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*(worker.shutdown() for worker, work in working.items() if not work.done()))
        await asyncio.gather(*working.values())
    finally:
        stopping.cancel()
        for task in starting:
            task.cancel()
        await asyncio.wait(starting)


async def _ensure_search_attributes(client: Client) -> None:
    try:
        await ensure_search_attributes(client)
    except RPCError as error:
        if error.status not in (RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.PERMISSION_DENIED):
            raise
        log.warning("search_attributes_are_for_the_operator_to_add", names=sorted(TYPES))


def make_worker(
    client: Client,
    activities: LifecycleActivities,
    *,
    concurrent_activities: int,
    task_queue: str = TASK_QUEUE,
) -> Worker:
    """A worker on the members' task queue.

    Args:
        concurrent_activities: no more than there are connections to the database, for each holds one.
    """
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[MemberLifecycleWorkflow],
        activities=activities.all,
        interceptors=[Discretion()],
        workflow_runner=WORKFLOW_RUNNER,
        max_cached_workflows=CACHED_WORKFLOWS,
        max_concurrent_workflow_tasks=WORKFLOW_TASKS,
        max_concurrent_activities=concurrent_activities,
        max_concurrent_local_activities=concurrent_activities,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(maximum=16),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(maximum=8),
        graceful_shutdown_timeout=GRACE,
    )


def make_rehearsal_worker(
    client: Client, rehearsals: RehearsalActivities, *, task_queue: str = REHEARSAL_TASK_QUEUE
) -> Worker:
    """A worker for rehearsals, one at a time; told to end it lets go at once, and the next begins anew."""
    few = _Few(activities=1, workflow_tasks=2, grace=timedelta(0))
    return _make_small_worker(client, task_queue, RehearsalWorkflow, rehearsals.all, few)


def make_release_worker(
    client: Client, releases: ReleaseActivities, *, task_queue: str = RELEASE_TASK_QUEUE
) -> Worker:
    """A worker for the few releases that a chain has."""
    few = _Few(activities=2, workflow_tasks=4, grace=GRACE)
    return _make_small_worker(client, task_queue, PackReleaseWorkflow, releases.all, few)


def make_undoing_worker(
    client: Client, undoing: UndoingActivities, *, task_queue: str = UNDOING_TASK_QUEUE
) -> Worker:
    """A worker for undo orders: few at once, for tills share the members' locks with it."""
    few = _Few(activities=2, workflow_tasks=2, grace=GRACE)
    return _make_small_worker(client, task_queue, UndoWorkflow, undoing.all, few)


def make_bulk_worker(client: Client, bulk: BulkActivities, *, task_queue: str = BULK_TASK_QUEUE) -> Worker:
    """A worker for the bulk actions of ops: one at a time, so that a repair does not become a herd."""
    few = _Few(activities=1, workflow_tasks=2, grace=GRACE)
    return _make_small_worker(client, task_queue, BulkActionWorkflow, bulk.all, few)


def _bulk_activities(client: Client, members: LifecycleActivities) -> BulkActivities:
    hands = WorkflowHands(client)
    means = BulkMeans(members.database, members.packs, members.places, hands, members.now, ids.new_id)
    return BulkActivities(means)


@dataclass(frozen=True, slots=True)
class _Few:
    """How much of something rare is done at once, and how long what is at work may take to end."""

    activities: int
    workflow_tasks: int
    grace: timedelta


def _make_small_worker(
    client: Client,
    task_queue: str,
    workflow: type,
    activities: Sequence[Callable[..., object]],
    few: _Few,
) -> Worker:
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[workflow],
        activities=activities,
        interceptors=[Discretion()],
        workflow_runner=WORKFLOW_RUNNER,
        max_concurrent_activities=few.activities,
        max_concurrent_workflow_tasks=few.workflow_tasks,
        graceful_shutdown_timeout=few.grace,
    )
