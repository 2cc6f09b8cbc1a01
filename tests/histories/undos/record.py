"""Records what the workflows of undo orders did, for `test_undo_histories`: run it after a deliberate change.

    .venv/bin/python tests/histories/undos/record.py v2

writes `tests/histories/undos/<story>-v2.json`. Histories of older versions stay.
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[3]))

from temporalio import activity
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment
from temporalio.worker import Worker

from activities import undoing_messages as ask
from activities.undoing_messages import UndoProgress, WorkOnUndo
from regulars.entrypoints.stack.temporal import DYNAMIC_CONFIG, program
from regulars.entrypoints.temporal import WORKFLOW_RUNNER
from workflows.undoing import CALLS_PER_RUN, TASK_QUEUE, UndoRun, UndoWorkflow, workflow_id

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
    worker = Worker(
        environment.client,
        task_queue=TASK_QUEUE,
        workflows=[UndoWorkflow],
        activities=[Scripted(list(answers)).work],
        workflow_runner=WORKFLOW_RUNNER,
        identity="recorder",
    )
    async with worker:
        undo_id = UUID(int=0x0192D3A0_0000_7000_8000_000000000200 + number)
        started = await environment.client.start_workflow(
            UndoWorkflow.run, UndoRun(undo_id), id=workflow_id(undo_id), task_queue=TASK_QUEUE
        )
        await started.result()
        first = environment.client.get_workflow_handle(
            workflow_id(undo_id), run_id=started.first_execution_run_id
        )
        return await first.fetch_history()


def without_machine(history: WorkflowHistory) -> str:
    """As JSON, naming neither a machine nor a folder."""

    def clean(value: object) -> object:
        if isinstance(value, dict):
            return {
                key: "recorder" if key == "identity" else clean(inner)
                for key, inner in value.items()
                if key != "stackTrace"
            }
        return [clean(inner) for inner in value] if isinstance(value, list) else value

    return json.dumps(clean(json.loads(history.to_json())), indent=1) + "\n"


async def main(version: str) -> None:
    """Record every story under a version's name."""
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        data_converter=pydantic_data_converter,
        identity="recorder",
        dev_server_existing_path=program(),
        dev_server_log_level="error",
        dev_server_extra_args=[
            part for value in DYNAMIC_CONFIG for part in ("--dynamic-config-value", value)
        ],
    )
    async with environment:
        for number, (name, answers) in enumerate(STORIES.items()):
            history = await record(environment, number, answers)
            (HERE / f"{name}-{version}.json").write_text(without_machine(history))
    await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
