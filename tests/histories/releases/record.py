"""Records what releases' workflows did, for `test_release_histories`: run it after a deliberate change.

    .venv/bin/python tests/histories/releases/record.py v2

writes `tests/histories/releases/<story>-v2.json`. Histories of older versions stay.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[3]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from recording import keep, recording_server, recording_worker
from temporalio import activity
from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities import release_messages as ask
from activities.release_messages import AdvanceRelease, ReleaseStanding, StirMembers, StirredMembers
from regulars.kernel import clock
from workflows.pack_release import EVENTS_PER_RUN, UNKNOWN_RELEASE, PackReleaseWorkflow
from workflows.release_messages import RELEASE_CHANGED, TASK_QUEUE, PackReleaseState, workflow_id

HERE = Path(__file__).parent
SPRING = UUID("0192d3a0-0000-7000-8000-000000000101")


@dataclass
class Scripted:
    """Activities that answer as a story says.

    Attributes:
        looks: what the next looks answer; the last one goes on being the answer.
        pages: how many pages of members there are.
    """

    looks: list[ReleaseStanding | Exception]
    pages: int = 3
    asked: list[datetime] = field(default_factory=list)

    @activity.defn(name=ask.ADVANCE)
    async def advance(self, request: AdvanceRelease) -> ReleaseStanding:
        self.asked.append(request.to)
        answer = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @activity.defn(name=ask.STIR)
    async def stir(self, request: StirMembers) -> StirredMembers:
        page = 0 if request.after is None else request.after.int
        return StirredMembers(None if page + 1 >= self.pages else UUID(int=page + 1), 2)


@dataclass
class Recorder:
    """One release's workflow, told and moved forward as a story wants."""

    environment: WorkflowEnvironment
    release_id: UUID

    @property
    def handle(self) -> WorkflowHandle[PackReleaseWorkflow, str]:
        return self.environment.client.get_workflow_handle_for(
            PackReleaseWorkflow.run, workflow_id(self.release_id)
        )

    async def hear(self, change_no: int) -> None:
        await self.environment.client.start_workflow(
            PackReleaseWorkflow.run,
            PackReleaseState(self.release_id),
            id=workflow_id(self.release_id),
            task_queue=TASK_QUEUE,
            start_signal=RELEASE_CHANGED,
            start_signal_args=[change_no],
        )
        await asyncio.sleep(0.5)


def stands(
    state: str, due: datetime | None, change_no: int, stir_for: datetime | None = None
) -> ReleaseStanding:
    over = state in ("rolled_back", "retired", "withdrawn") and stir_for is None
    return ReleaseStanding(state, due, over, stir_for, change_no)


async def to_its_end(recorder: Recorder) -> WorkflowHistory:
    """Is reminded of, approved, scheduled, goes live, wakes members, and is rolled back."""
    for change_no in (1, 2, 3):
        await recorder.hear(change_no)
    await recorder.environment.fast_forward(recorder.handle, timedelta(days=4))
    await recorder.hear(4)
    await recorder.handle.result()
    return await recorder.handle.fetch_history()


async def many_acts(recorder: Recorder) -> WorkflowHistory:
    """Hears so much that the run continues as new."""
    await recorder.hear(1)
    run_id = (await recorder.handle.describe()).run_id
    for change_no in range(2, EVENTS_PER_RUN):
        await recorder.handle.signal(PackReleaseWorkflow.release_changed, change_no)
    await asyncio.sleep(3)
    client = recorder.environment.client
    return await client.get_workflow_handle(recorder.handle.id, run_id=run_id).fetch_history()


async def unknown_release(recorder: Recorder) -> WorkflowHistory:
    """Is told of a release that is not there."""
    await recorder.hear(1)
    await recorder.handle.result()
    return await recorder.handle.fetch_history()


Story = Callable[[Recorder], Awaitable[WorkflowHistory]]


def stories() -> dict[str, tuple[Story, list[ReleaseStanding | Exception]]]:
    """Each story with what its looks find."""
    now = clock.now()
    due = [now + timedelta(days=days) for days in (1, 2, 3)]
    whole: list[ReleaseStanding | Exception] = [
        stands("in_review", due[0], 1),
        RuntimeError("the database is away"),
        stands("approved", None, 2),
        stands("scheduled", due[1], 3),
        stands("live", due[2], 3, stir_for=due[1]),
        stands("live", due[2], 3),
        stands("live", None, 3),
        stands("rolled_back", None, 4, stir_for=due[2]),
        stands("rolled_back", None, 4),
    ]
    gone = ApplicationError(UNKNOWN_RELEASE, type=UNKNOWN_RELEASE, non_retryable=True)
    return {
        "to-its-end": (to_its_end, whole),
        "many-acts": (many_acts, [stands("live", due[2] + timedelta(days=3_000), 1)]),
        "unknown-release": (unknown_release, [gone]),
    }


async def record(version: str) -> None:
    """Record every story under a version's name."""
    async with recording_server() as environment:
        for number, (name, (story, looks)) in enumerate(stories().items(), 1):
            script = Scripted(looks)
            activities = [script.advance, script.stir]
            async with recording_worker(environment, TASK_QUEUE, PackReleaseWorkflow, activities):
                history = await story(Recorder(environment, UUID(int=SPRING.int + number)))
            keep(history, HERE / f"{name}-{version}.json")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1] if len(sys.argv) > 1 else "v1"))
