"""A worker with the real workflow, and a member to tell it of."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pytest
from scripted_activities import ScriptedActivities
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.messages import FreezeOrder
from regulars.entrypoints.temporal import WORKFLOW_RUNNER
from workflows.member_lifecycle import MemberLifecycleWorkflow
from workflows.messages import LifecycleState, MemberHint, workflow_id
from workflows.search_attributes import ensure_search_attributes


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
