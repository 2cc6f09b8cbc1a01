"""Records what members' workflows did, for `test_histories_replay`: run it after a deliberate change.

    .venv/bin/python tests/histories/record.py v2

writes `tests/histories/<story>-v2.json`. Histories of older versions stay: members that live in
production began under them.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent.parent))

from recording import keep, recording_server, recording_worker
from scripted_activities import ScriptedActivities
from temporalio.client import WorkflowHandle, WorkflowHistory, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.messages import FreezeOrder
from regulars.kernel import clock
from workflows.member_lifecycle import EVENTS_PER_RUN, UNKNOWN_MEMBER, MemberLifecycleWorkflow
from workflows.messages import TASK_QUEUE, LifecycleState, MemberHint, workflow_id
from workflows.search_attributes import ensure_search_attributes

HERE = Path(__file__).parent
ANNA = UUID("0192d3a0-0000-7000-8000-000000000001")
Handle = WorkflowHandle[MemberLifecycleWorkflow, str]
Story = Callable[["Recorder"], Awaitable[WorkflowHistory]]


class Recorder:
    """One member's workflow, told and moved forward as a story wants."""

    def __init__(self, environment: WorkflowEnvironment, script: ScriptedActivities) -> None:
        self.environment = environment
        self.script = script
        self.member_id = ANNA

    @property
    def handle(self) -> Handle:
        return self.environment.client.get_workflow_handle_for(
            MemberLifecycleWorkflow.run, workflow_id(self.member_id)
        )

    async def hear(self, seq: int, *, events: int = 0, due_in_days: float | None = None) -> None:
        due = None if due_in_days is None else clock.now() + timedelta(days=due_in_days)
        await self.environment.client.start_workflow(
            MemberLifecycleWorkflow.run,
            LifecycleState(self.member_id),
            id=workflow_id(self.member_id),
            task_queue=TASK_QUEUE,
            start_signal="member_changed",
            start_signal_args=[MemberHint(seq, 1, events, due)],
        )
        await asyncio.sleep(0.1)

    async def pass_days(self, days: float) -> None:
        await self.environment.fast_forward(self.handle, timedelta(days=days))

    def order(self, number: int, reason: str) -> FreezeOrder:
        return FreezeOrder(UUID(int=number), self.member_id, reason, "operator", "op-1", everywhere=True)

    def stands(self, **changes: object) -> None:
        self.script.standing = replace(self.script.standing, **changes)  # type: ignore[arg-type]


async def years_pass(recorder: Recorder) -> WorkflowHistory:
    """Joins, buys, falls due, is frozen for a while, falls silent and comes back."""
    started = clock.now()

    def due_every_sixty_days(at: datetime) -> None:
        age = (at - started) // timedelta(days=60)
        stage = ("active", "at_risk", "lapsed")[min(2, age)]
        recorder.stands(stage=stage, next_due_at=started + timedelta(days=60) * (age + 1))

    recorder.script.on_look = due_every_sixty_days
    await recorder.hear(1, events=2, due_in_days=3)
    await recorder.hear(2, due_in_days=70)
    await recorder.pass_days(65)
    await recorder.handle.execute_update(MemberLifecycleWorkflow.freeze, recorder.order(1, "fraud_suspected"))
    await _refused(recorder, "fraud_suspected")
    await _refused(recorder, "")
    await recorder.pass_days(100)
    await recorder.handle.execute_update(MemberLifecycleWorkflow.unfreeze, recorder.order(2, ""))
    recorder.script.fail_with = [RuntimeError("the database is away")]
    await recorder.hear(3, events=1)
    await asyncio.sleep(3)
    recorder.script.fail_with = [ApplicationError("no_chain", type="no_chain", non_retryable=True)]
    await recorder.hear(3, events=1)
    await recorder.pass_days(400)
    return await recorder.handle.fetch_history()


async def many_hints(recorder: Recorder) -> WorkflowHistory:
    """Hears so much that the run continues as new."""
    recorder.stands(tier="gold", stage="active", next_due_at=datetime(2040, 1, 1, tzinfo=UTC))
    await recorder.hear(1, events=1)
    run_id = (await recorder.handle.describe()).run_id
    for seq in range(2, EVENTS_PER_RUN):
        await recorder.handle.signal(
            MemberLifecycleWorkflow.member_changed, MemberHint(seq, 1, seq % 97 == 0, None)
        )
    await asyncio.sleep(2)
    client = recorder.environment.client
    return await client.get_workflow_handle(recorder.handle.id, run_id=run_id).fetch_history()


async def unknown_member(recorder: Recorder) -> WorkflowHistory:
    """Is told of somebody who is not there."""
    recorder.script.fail_with = [ApplicationError(UNKNOWN_MEMBER, type=UNKNOWN_MEMBER, non_retryable=True)]
    await recorder.hear(1, events=1)
    await recorder.handle.result()
    return await recorder.handle.fetch_history()


STORIES: dict[str, Story] = {
    "years-pass": years_pass,
    "many-hints": many_hints,
    "unknown-member": unknown_member,
}


async def _refused(recorder: Recorder, reason: str) -> None:
    try:
        await recorder.handle.execute_update(MemberLifecycleWorkflow.freeze, recorder.order(9, reason))
    except WorkflowUpdateFailedError:
        return
    raise AssertionError("this freeze ought to be refused")


async def record(version: str) -> None:
    """Record every story under a version's name."""
    async with recording_server() as environment:
        await ensure_search_attributes(environment.client)
        for number, (name, story) in enumerate(STORIES.items(), 1):
            script = ScriptedActivities()
            recorder = Recorder(environment, script)
            recorder.member_id = UUID(int=ANNA.int + number)
            activities = [script.advance, script.freeze, script.unfreeze]
            async with recording_worker(environment, TASK_QUEUE, MemberLifecycleWorkflow, activities):
                history = await story(recorder)
            keep(history, HERE / f"{name}-{version}.json")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1] if len(sys.argv) > 1 else "v1"))
