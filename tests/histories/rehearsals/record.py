"""Records what a rehearsal's workflow did, for `test_rehearsal_histories`: run it after a deliberate change.

    .venv/bin/python tests/histories/rehearsals/record.py v2

writes `tests/histories/rehearsals/<story>-v2.json`. Histories of older versions stay.
"""

import asyncio
import json
import sys
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[3]))

from temporalio import activity
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment
from temporalio.worker import Worker

from activities.rehearsal_messages import REHEARSE, Rehearse, Rehearsed
from regulars.entrypoints.stack.temporal import DYNAMIC_CONFIG, program
from regulars.entrypoints.temporal import WORKFLOW_RUNNER
from workflows.rehearsal import TASK_QUEUE, RehearsalWorkflow, workflow_id

HERE = Path(__file__).parent
STORIES: dict[str, list[str]] = {
    "waits-and-finishes": ["rehearsal_busy", "rehearsal_interrupted", "finished"],
    "cancelled": ["cancelled"],
}
"""What the attempts come to: an error to try again after, or the state at the end."""

ENDS = {"finished", "cancelled"}


def scripted(attempts: list[str]) -> object:
    """An activity whose attempts end as a story says."""

    @activity.defn(name=REHEARSE)
    async def run(_: Rehearse) -> Rehearsed:
        activity.heartbeat(1, 2)
        end = attempts[activity.info().attempt - 1]
        if end not in ENDS:
            raise ApplicationError(end, type=end)
        return Rehearsed(end)

    return run


def _without_paths(history: str) -> str:
    """Stack traces name folders of the machine that recorded; a replay does not read them."""

    def stripped(value: object) -> object:
        if isinstance(value, dict):
            return {key: stripped(each) for key, each in value.items() if key != "stackTrace"}
        return [stripped(each) for each in value] if isinstance(value, list) else value

    return json.dumps(stripped(json.loads(history)), indent=1)


async def record(version: str) -> None:
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
        for number, (name, attempts) in enumerate(STORIES.items(), 1):
            rehearsal_id = UUID(int=0x0192D3A0000070008000000000000200 + number)
            async with Worker(
                environment.client,
                task_queue=TASK_QUEUE,
                workflows=[RehearsalWorkflow],
                activities=[scripted(attempts)],  # type: ignore[list-item]
                workflow_runner=WORKFLOW_RUNNER,
                identity="recorder",
            ):
                handle = await environment.client.start_workflow(
                    RehearsalWorkflow.run,
                    Rehearse(rehearsal_id),
                    id=workflow_id(rehearsal_id),
                    task_queue=TASK_QUEUE,
                )
                await handle.result()
                history = await handle.fetch_history()
            (HERE / f"{name}-{version}.json").write_text(_without_paths(history.to_json()) + "\n")
            print(f"{name}-{version}: {len(history.events)} events")  # noqa: T201
    await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1] if len(sys.argv) > 1 else "v1"))
