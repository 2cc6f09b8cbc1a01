"""A stack with members' workflows, as a bench sees it from outside: who knows what, and what it costs."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import httpx
import psutil
from sqlalchemy import func, select
from temporalio.client import Client

from regulars.db.session import Database
from regulars.entrypoints.bench.measured import median
from regulars.entrypoints.bench.processes import CpuMeter, part_pids
from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.ports import LOOPBACK
from regulars.entrypoints.stack.state import read_state
from regulars.kernel.clock import now
from regulars.outbox import service as outbox
from regulars.outbox.domain import BULK_LOAD_LOCK, Change
from regulars.outbox.tables import outbox as waiting
from regulars.outbox.tables import relay_status
from regulars.settings import Settings
from workflows.messages import WORKFLOW

POLL_SECONDS: Final = 0.2
PROBE_SECONDS: Final = 0.02
QUIET_SECONDS: Final = 2.0
COUNTED_AFTER_SECONDS: Final = 1.5  # the server's counters lag behind what they count
PATIENCE_SECONDS: Final = 1_800.0
TASKS_WITHIN_SECONDS: Final = 120.0
_WORKFLOW_TASKS: Final = 'operation="RespondWorkflowTaskCompleted"'
_MS: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class Relayed:
    """What relays have done since they started."""

    signals: int
    put_off: int

    def since(self, before: "Relayed") -> "Relayed":
        """The difference."""
        return Relayed(self.signals - before.signals, self.put_off - before.put_off)


@dataclass(frozen=True, slots=True)
class WorkflowStack:
    """The bench's own stack."""

    settings: Settings
    database: Database
    client: Client

    async def until_told(self) -> None:
        """Until nothing waits for Temporal, put off or not."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with self.database.begin() as session:
                    if not (await outbox.measure_backlog(session)).waiting:
                        return
                await asyncio.sleep(POLL_SECONDS)

    async def until_looked(self, members: int) -> None:
        """Until so many workflows have looked at their members."""
        query = f"WorkflowType='{WORKFLOW}' and ExecutionStatus='Running' and RegularsStage='active'"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await self.client.count_workflows(query)).count < members:  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)

    async def until_quiet(self) -> None:
        """Until no workflow has done anything for two seconds."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                before = await self.workflow_tasks()
                await asyncio.sleep(QUIET_SECONDS)
                if await self.workflow_tasks() == before:
                    return

    async def until_done(self, workflow_tasks: int) -> None:
        """Until so many workflow tasks were done since the server started, or two minutes have passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TASKS_WITHIN_SECONDS):
                while await self.workflow_tasks() < workflow_tasks:  # noqa: ASYNC110
                    await asyncio.sleep(POLL_SECONDS)

    async def workflow_tasks(self) -> int:
        """Workflow tasks that the server has had done since it started."""
        port = read_state(DataDir(self.settings.data_dir).state).ports["temporal_metrics"]
        async with httpx.AsyncClient(trust_env=False) as web:
            answer = await web.get(f"http://{LOOPBACK}:{port}/metrics", timeout=10)
        return sum(
            int(float(line.rsplit(" ", 1)[1]))
            for line in answer.text.splitlines()
            if line.startswith("service_requests") and _WORKFLOW_TASKS in line and "frontend" in line
        )

    async def relayed(self) -> Relayed:
        """What the relay says it has done."""
        async with self.database.read() as session:
            row = (
                await session.execute(
                    select(
                        func.coalesce(func.sum(relay_status.c.signals), 0),
                        func.coalesce(func.sum(relay_status.c.put_off), 0),
                    )
                )
            ).one()
        return Relayed(int(row[0]), int(row[1]))

    def memory_bytes(self) -> int:
        """Resident memory of the Temporal server."""
        leader = psutil.Process(part_pids(self.settings)["temporal"])
        return sum(one.memory_info().rss for one in [leader, *leader.children(recursive=True)])

    def disk_bytes(self) -> int:
        """Size of the Temporal server's database."""
        folder = DataDir(self.settings.data_dir).temporal
        return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


@dataclass(frozen=True, slots=True)
class Cost:
    """What a stretch of time cost."""

    seconds: float
    workflow_tasks: int
    cpu_seconds: Mapping[str, float]

    def each(self, unit: str, count: float) -> dict[str, float]:
        """Workflow tasks and processor milliseconds of each part, for each of `count`."""
        if not count:
            return {}
        figures = {f"workflow_tasks_per_{unit}": round(self.workflow_tasks / count, 2)}
        for part, spent in self.cpu_seconds.items():
            figures[f"{part}_cpu_ms_per_{unit}"] = round(spent * _MS / count, 2)
        return figures


@dataclass(slots=True)
class Spent:
    """Takes what a stretch of time costs."""

    stack: WorkflowStack
    meter: CpuMeter
    tasks_before: int
    begun: float

    @classmethod
    async def begin(cls, stack: WorkflowStack) -> "Spent":
        """Now the time that counts begins; nothing should be under way."""
        await asyncio.sleep(COUNTED_AFTER_SECONDS)
        meter = CpuMeter(part_pids(stack.settings))
        tasks = await stack.workflow_tasks()
        meter.begin()
        return cls(stack, meter, tasks, time.monotonic())

    async def end(self) -> Cost:
        """Now it ends."""
        seconds = time.monotonic() - self.begun
        self.meter.end()
        await asyncio.sleep(COUNTED_AFTER_SECONDS)
        tasks = await self.stack.workflow_tasks() - self.tasks_before
        return Cost(seconds, tasks, dict(self.meter.spent_seconds))


@dataclass(slots=True)
class RelayWatch:
    """Reads the relay's own figure again and again, for it speaks of the last thousand changes only."""

    settled_ms: list[float]
    _task: "asyncio.Task[None]"

    @classmethod
    def begin(cls, stack: WorkflowStack) -> "RelayWatch":
        """Start reading."""
        settled: list[float] = []
        return cls(settled, asyncio.create_task(_watch(stack, settled)))

    async def end(self) -> dict[str, float]:
        """Stop; the median of the medians read."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        return {"settled_ms_median": median(self.settled_ms)}


async def _watch(stack: WorkflowStack, settled: list[float]) -> None:
    while True:
        await asyncio.sleep(POLL_SECONDS)
        async with stack.database.read() as session:
            found = await session.scalars(select(relay_status.c.settled_ms_median))
            settled.extend(float(one) for one in found if one is not None)


@dataclass(slots=True)
class Probes:
    """Word of events, as a move up or a freeze gives it, each watched until its workflow was signalled."""

    database: Database
    _waiting: list["asyncio.Task[float]"] = field(default_factory=list)

    async def send(self, member_id: UUID) -> None:
        """Let something happen to a member that the workflow must look into at once."""
        async with self.database.begin() as session:
            await outbox.announce(session, [Change(member_id, 0, 1, None)], now())
            sent = await session.scalar(
                select(func.max(waiting.c.id)).where(waiting.c.member_id == member_id)
            )
        self._waiting.append(asyncio.create_task(self._until_told(sent or 0, time.monotonic())))

    async def taken(self) -> list[float]:
        """Milliseconds from each commit until the relay had Temporal's word, ascending."""
        return sorted(await asyncio.gather(*self._waiting))

    async def _until_told(self, row_id: int, committed: float) -> float:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with self.database.begin() as session:
                    if not await session.scalar(select(func.count()).where(waiting.c.id == row_id)):
                        return (time.monotonic() - committed) * _MS
                await asyncio.sleep(PROBE_SECONDS)


@asynccontextmanager
async def held_back(stack: WorkflowStack) -> AsyncIterator[None]:
    """Nobody is told of what is posted in bulk meanwhile, as during an import."""
    async with stack.database.engine.connect() as holder:
        await holder.execute(select(func.pg_advisory_lock(BULK_LOAD_LOCK)))
        try:
            yield
        finally:
            await holder.execute(select(func.pg_advisory_unlock(BULK_LOAD_LOCK)))
