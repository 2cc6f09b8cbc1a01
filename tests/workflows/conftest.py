"""A worker with the real workflow and activities that answer as a test says."""

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities import messages as ask
from activities.messages import AdvanceMember, FreezeDone, FreezeOrder, MemberStanding
from regulars.entrypoints.temporal import WORKFLOW_RUNNER
from workflows.member_lifecycle import MemberLifecycleWorkflow
from workflows.messages import LifecycleState, MemberHint, workflow_id
from workflows.search_attributes import ensure_search_attributes

NEWCOMER = MemberStanding(
    tier="base",
    stage="joined",
    store="store-1",
    next_due_at=None,
    last_seq=0,
    frozen=False,
    events=0,
    tasks=0,
)


@dataclass
class ScriptedActivities:
    """Answers as the test says, and remembers what it was asked."""

    standing: MemberStanding = NEWCOMER
    looks: list[datetime] = field(default_factory=list)
    orders: list[FreezeOrder] = field(default_factory=list)
    fail_with: list[Exception] = field(default_factory=list)
    on_look: Callable[[datetime], None] = lambda _: None

    @activity.defn(name=ask.ADVANCE)
    async def advance(self, request: AdvanceMember) -> MemberStanding:
        self.looks.append(request.to)
        if self.fail_with:
            raise self.fail_with.pop(0)
        self.on_look(request.to)
        return self.standing

    @activity.defn(name=ask.FREEZE)
    async def freeze(self, order: FreezeOrder) -> FreezeDone:
        self.orders.append(order)
        if self.standing.frozen:
            raise ApplicationError("already_frozen", type="already_frozen", non_retryable=True)
        self.standing = replace(self.standing, frozen=True)
        return FreezeDone(datetime(2026, 11, 20, tzinfo=UTC), order.reason)

    @activity.defn(name=ask.UNFREEZE)
    async def unfreeze(self, order: FreezeOrder) -> FreezeDone:
        self.orders.append(order)
        self.standing = replace(self.standing, frozen=False)
        return FreezeDone(None, None)


@pytest.fixture
def script() -> ScriptedActivities:
    return ScriptedActivities()


@pytest.fixture
async def task_queue(temporal: WorkflowEnvironment, script: ScriptedActivities) -> AsyncIterator[str]:
    await ensure_search_attributes(temporal.client)
    queue = f"member-{uuid.uuid4()}"  # noqa: TID251
    async with Worker(
        temporal.client,
        task_queue=queue,
        workflows=[MemberLifecycleWorkflow],
        activities=[script.advance, script.freeze, script.unfreeze],
        workflow_runner=WORKFLOW_RUNNER,
    ):
        yield queue


@dataclass
class Member:
    """One member's workflow under test."""

    client: Client
    queue: str
    id: UUID

    @property
    def handle(self) -> WorkflowHandle[MemberLifecycleWorkflow, str]:
        return self.client.get_workflow_handle_for(MemberLifecycleWorkflow.run, workflow_id(self.id))

    async def hear(
        self, seq: int, *, changes: int = 1, events: int = 0, next_due_at: datetime | None = None
    ) -> None:
        await self.client.start_workflow(
            MemberLifecycleWorkflow.run,
            LifecycleState(self.id),
            id=workflow_id(self.id),
            task_queue=self.queue,
            start_signal="member_changed",
            start_signal_args=[MemberHint(seq, changes, events, next_due_at)],
        )

    async def state(self) -> LifecycleState:
        return await self.handle.query(MemberLifecycleWorkflow.state)

    def order(self, reason: str = "fraud_suspected") -> FreezeOrder:
        return FreezeOrder(uuid.uuid4(), self.id, reason, "operator", "op-1", everywhere=True)  # noqa: TID251


@pytest.fixture
async def member(temporal_client: Client, task_queue: str) -> AsyncIterator[Member]:
    # A member whose jitter is zero: what is due is looked at on the second.
    made = Member(temporal_client, task_queue, UUID(int=uuid.uuid4().int // 60 * 60))  # noqa: TID251
    yield made
    await made.handle.terminate("the test is over")


def soon(**span: float) -> datetime:
    return datetime.now(UTC) + timedelta(**span)  # noqa: TID251
