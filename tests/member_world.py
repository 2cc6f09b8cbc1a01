"""A small chain with its relay, its worker and a real Temporal, whose members' time can be moved forward."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from small_chain import SmallChain
from sqlalchemy import select
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.lifecycle import LifecycleActivities
from regulars.care.tables import care_task
from regulars.entrypoints.member_messenger import MemberMessenger
from regulars.entrypoints.worker import make_worker
from regulars.kernel import clock
from regulars.lifecycle.tables import lifecycle_event
from regulars.organisation.places import Places
from regulars.outbox import service as outbox
from regulars.outbox.relay import Relay
from regulars.rules.live import LivePacks
from workflows.member_lifecycle import MemberLifecycleWorkflow
from workflows.messages import LifecycleState, workflow_id
from workflows.search_attributes import ensure_search_attributes


@dataclass
class MemberWorld:
    """Everything that a member's life needs, on servers that are real."""

    chain: SmallChain
    temporal: WorkflowEnvironment
    relay: Relay
    task_queue: str

    def handle(self, member_id: UUID) -> WorkflowHandle[MemberLifecycleWorkflow, str]:
        """The member's workflow."""
        return self.temporal.client.get_workflow_handle_for(
            MemberLifecycleWorkflow.run, workflow_id(member_id)
        )

    async def state(self, member_id: UUID) -> LifecycleState:
        """What the member's workflow knows."""
        return await self.handle(member_id).query(MemberLifecycleWorkflow.state)

    async def relay_all(self) -> None:
        """Tell Temporal all that waits."""
        while await self.relay.run_round():
            pass

    async def catch_up(self, member_id: UUID) -> LifecycleState:
        """Tell what waits, and let the member's workflow look at it."""
        await self.relay_all()

        async def settled() -> bool:
            state = await self.state(member_id)
            return state.stage is not None and not state.must_look

        await until(settled)
        return await self.state(member_id)

    async def now(self, member_id: UUID) -> datetime:
        """The time in the member's workflow."""
        return await self.temporal.get_current_time(self.handle(member_id))

    async def go_to(self, member_id: UUID, at: datetime) -> None:
        """Move the member's time forward; what falls due on the way happens."""
        span = at - await self.now(member_id)
        assert span > timedelta(0), "a member's time only moves forward"
        await self.temporal.fast_forward(self.handle(member_id), span)

    async def events(self, member_id: UUID) -> list[tuple[str, datetime, datetime]]:
        """(kind, effective_at, recorded_at) of the member's lifecycle events, in order of effect."""
        async with self.chain.database.begin() as session:
            rows = await session.execute(
                select(lifecycle_event)
                .where(lifecycle_event.c.member_id == member_id)
                .order_by(lifecycle_event.c.effective_at, lifecycle_event.c.event_no)
            )
            return [(_what(row), row.effective_at, row.recorded_at) for row in rows]

    async def tasks(self, member_id: UUID) -> list[datetime]:
        """When the member's follow-ups fell due."""
        async with self.chain.database.begin() as session:
            rows = await session.execute(
                select(care_task.c.due_at)
                .where(care_task.c.member_id == member_id)
                .order_by(care_task.c.due_at)
            )
            return list(rows.scalars())

    async def waiting(self) -> int:
        """Outbox rows that Temporal has still to hear."""
        async with self.chain.database.begin() as session:
            return (await outbox.measure_backlog(session)).waiting


def _what(row: object) -> str:
    kind, tier = getattr(row, "kind"), getattr(row, "tier_to")  # noqa: B009
    return f"{kind} {tier}" if kind in ("upgraded", "downgraded", "kept") else str(kind)


async def until(holds: Callable[[], Awaitable[bool]], *, within_s: float = 20.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within_s):
        while not await holds():  # noqa: ASYNC110 — a test watches from outside
            await asyncio.sleep(0.05)


@asynccontextmanager
async def open_member_world(
    chain: SmallChain, temporal: WorkflowEnvironment, task_queue: str | None = None
) -> AsyncIterator[MemberWorld]:
    """A world around a chain, its worker at work until the end; its members' workflows end with it."""
    await ensure_search_attributes(temporal.client)
    queue = task_queue or f"member-{uuid.uuid4()}"  # noqa: TID251
    activities = LifecycleActivities(chain.database, LivePacks(), Places(), clock.now)
    relay = Relay(chain.database, MemberMessenger(temporal.client, queue), "relay", clock.now)
    async with make_worker(temporal.client, activities, concurrent_activities=5, task_queue=queue):
        world = MemberWorld(chain, temporal, relay, queue)
        yield world
        async for running in temporal.client.list_workflows(
            f"TaskQueue='{queue}' and ExecutionStatus='Running'"
        ):
            await temporal.client.get_workflow_handle(running.id).terminate("the test is over")
