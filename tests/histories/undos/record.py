"""Records what the workflows of undo orders did, for `test_undo_histories`: run it after a deliberate change.

    .venv/bin/python tests/histories/undos/record.py v2

writes `tests/histories/undos/<story>-v2.json`. Histories of older versions stay.
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

from activities import undoing_messages as ask
from activities.undoing_messages import UndoProgress, WorkOnUndo
from workflows.batches import CALLS_PER_RUN
from workflows.undoing import TASK_QUEUE, UndoRun, UndoWorkflow, workflow_id

HERE = Path(__file__).parent
IN_ALL = 500
Answer = UndoProgress | Exception


@dataclass
class Scripted:
    """An activity that answers as a story says; the last answer goes on being given."""

    answers: list[Answer]

    @activity.defn(name=ask.WORK)
    async def work(self, request: WorkOnUndo) -> UndoProgress:
        assert isinstance(request.undo_id, UUID)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def at_work(done: int) -> UndoProgress:
    return UndoProgress("running", goes_on=True, members_done=done, members_in_all=IN_ALL)


def waits(state: str, done: int) -> UndoProgress:
    return UndoProgress(state, goes_on=False, members_done=done, members_in_all=IN_ALL)


STORIES: dict[str, list[Answer]] = {
    "to-review": [waits("in_review", 0)],
    "killed-and-finished": [
        at_work(100),
        RuntimeError("the database is away"),
        at_work(200),
        waits("finished", IN_ALL),
    ],
    "many-calls": [at_work(number) for number in range(CALLS_PER_RUN)] + [waits("paused", CALLS_PER_RUN)],
}


async def record(environment: WorkflowEnvironment, number: int, answers: list[Answer]) -> WorkflowHistory:
    """The first run of an order's workflow."""
    script = Scripted(list(answers))
    async with recording_worker(environment, TASK_QUEUE, UndoWorkflow, [script.work]):
        undo_id = UUID(int=0x0192D3A0_0000_7000_8000_000000000200 + number)
        return await first_run(environment, UndoWorkflow, UndoRun(undo_id), workflow_id(undo_id), TASK_QUEUE)


async def main(version: str) -> None:
    """Record every story under a version's name."""
    async with recording_server() as environment:
        for number, (name, answers) in enumerate(STORIES.items()):
            history = await record(environment, number, answers)
            keep(history, HERE / f"{name}-{version}.json")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
