"""What waits at Temporal's task queues, and who works there."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client
from temporalio.service import RPCError

from regulars.outbox.errors import TemporalAway

PATIENCE = timedelta(seconds=1)
FRESH_FOR = timedelta(seconds=3)
_KINDS = (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)


@dataclass(frozen=True, slots=True)
class QueueFigure:
    """One task queue, its workflow and activity tasks together.

    Attributes:
        workers: processes that asked for work of late.
        backlog: tasks that wait, approximately.
        backlog_age: how long the oldest of them has waited.
        versions: of the workers' programs, as far as they say.
    """

    name: str
    workers: int
    backlog: int
    backlog_age: timedelta
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """All task queues, or that Temporal did not answer."""

    reachable: bool
    queues: tuple[QueueFigure, ...]


UNREACHABLE = QueueFigures(reachable=False, queues=())


class Queues:
    """Asks Temporal at most every few seconds, and never longer than a second."""

    def __init__(self, connect: Callable[[], Awaitable[Client]], names: Sequence[str]) -> None:
        self._connect = connect
        self._names = tuple(names)
        self._known = UNREACHABLE
        self._asked_at: datetime | None = None

    async def figures(self, at: datetime) -> QueueFigures:
        """The queues as of now, or as of a few seconds ago."""
        if self._asked_at is None or at - self._asked_at > FRESH_FOR:
            self._asked_at = at
            try:
                async with asyncio.timeout(PATIENCE.total_seconds()):
                    client = await self._connect()
                    found = await asyncio.gather(*(_describe(client, name) for name in self._names))
                self._known = QueueFigures(reachable=True, queues=tuple(found))
            except (TemporalAway, RPCError, TimeoutError, OSError, RuntimeError):
                self._known = UNREACHABLE
        return self._known


async def _describe(client: Client, name: str) -> QueueFigure:
    answers: list[DescribeTaskQueueResponse] = [
        await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=name),
                task_queue_type=kind,
                report_stats=True,
            )
        )
        for kind in _KINDS
    ]
    workers = {poller.identity for answer in answers for poller in answer.pollers}
    ages = [answer.stats.approximate_backlog_age.ToTimedelta() for answer in answers]
    return QueueFigure(
        name=name,
        workers=len(workers),
        backlog=sum(answer.stats.approximate_backlog_count for answer in answers),
        backlog_age=max(ages),
        versions=tuple(sorted({_version(poller) for answer in answers for poller in answer.pollers} - {""})),
    )


def _version(poller: PollerInfo) -> str:
    return poller.deployment_options.build_id or poller.worker_version_capabilities.build_id
