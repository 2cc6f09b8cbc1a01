"""Records what the workflows of bulk actions did, for `test_bulk_action_histories`.

    .venv/bin/python tests/histories/bulk_actions/record.py v2

writes `tests/histories/bulk_actions/<story>-v2.json`: run it after a deliberate change. Histories of older
versions stay.
"""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[3]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from recording import first_run, keep, recording_server, recording_worker
from temporalio import activity
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from activities import bulk_messages as ask
from activities.bulk_messages import ActionProgress, WorkOnAction
from workflows.batches import CALLS_PER_RUN
from workflows.bulk_action import TASK_QUEUE, BulkActionWorkflow, BulkRun, workflow_id

HERE = Path(__file__).parent
IN_ALL = 1_000
Answer = ActionProgress | Exception


@dataclass
class Scripted:
    """An activity that answers as a story says; the last answer goes on being given."""

    answers: list[Answer]

    @activity.defn(name=ask.WORK)
    async def work(self, request: WorkOnAction) -> ActionProgress:
        assert isinstance(request.action_id, UUID)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def at_work(done: int) -> ActionProgress:
    return ActionProgress("running", goes_on=True, done=done, items=IN_ALL)


def ends(state: str, done: int) -> ActionProgress:
    return ActionProgress(state, goes_on=False, done=done, items=IN_ALL)


STORIES: dict[str, list[Answer]] = {
    "cancelled": [at_work(200), ends("cancelled", 200)],
    "killed-and-finished": [
        at_work(200),
        RuntimeError("the database is away"),
        at_work(400),
        ends("finished", IN_ALL),
    ],
    "many-calls": [*(at_work(number) for number in range(CALLS_PER_RUN)), ends("finished", IN_ALL)],
}


async def record(environment: WorkflowEnvironment, number: int, answers: list[Answer]) -> WorkflowHistory:
    """The first run of an action's workflow."""
    script = Scripted(list(answers))
    async with recording_worker(environment, TASK_QUEUE, BulkActionWorkflow, [script.work]):
        action_id = UUID(int=0x0192D3A0_0000_7000_8000_000000000300 + number)
        return await first_run(
            environment, BulkActionWorkflow, BulkRun(action_id), workflow_id(action_id), TASK_QUEUE
        )


async def main(version: str) -> None:
    """Record every story under a version's name."""
    async with recording_server() as environment:
        for number, (name, answers) in enumerate(STORIES.items()):
            keep(await record(environment, number, answers), HERE / f"{name}-{version}.json")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
