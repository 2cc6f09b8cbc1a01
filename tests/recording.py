"""Recording what workflows did, for tests that replay it: a server, and histories without their machine."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment
from temporalio.worker import Worker

from regulars.entrypoints.stack.temporal import DYNAMIC_CONFIG, program
from regulars.entrypoints.temporal import WORKFLOW_RUNNER

RECORDER = "recorder"


@asynccontextmanager
async def recording_server() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal of its own, whose workflows run in real time unless a story moves them forward."""
    flags = [part for value in DYNAMIC_CONFIG for part in ("--dynamic-config-value", value)]
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        data_converter=pydantic_data_converter,
        identity=RECORDER,
        dev_server_existing_path=program(),
        dev_server_log_level="error",
        dev_server_extra_args=flags,
    )
    async with environment:
        yield environment
    await asyncio.sleep(1)  # the interpreter may crash at exit right after a shutdown


def recording_worker(
    environment: WorkflowEnvironment,
    task_queue: str,
    workflow: type,
    activities: Sequence[Callable[..., Any]],
) -> Worker:
    """A worker that names no machine."""
    return Worker(
        environment.client,
        task_queue=task_queue,
        workflows=[workflow],
        activities=activities,
        workflow_runner=WORKFLOW_RUNNER,
        identity=RECORDER,
    )


async def first_run(
    environment: WorkflowEnvironment, workflow: type, begins_with: object, workflow_id: str, task_queue: str
) -> WorkflowHistory:
    """The history of a workflow's first run, once the last one has ended."""
    client = environment.client
    started = await client.start_workflow(
        workflow.run,  # type: ignore[attr-defined]
        begins_with,
        id=workflow_id,
        task_queue=task_queue,
    )
    await started.result()
    first = client.get_workflow_handle(workflow_id, run_id=started.first_execution_run_id)
    return await first.fetch_history()


def keep(history: WorkflowHistory, path: Path) -> None:
    """Write a history down, naming neither a machine nor a folder: a replay does not read them."""

    def clean(value: object) -> object:
        if isinstance(value, dict):
            return {
                key: RECORDER if key == "identity" else clean(inner)
                for key, inner in value.items()
                if key != "stackTrace"
            }
        return [clean(inner) for inner in value] if isinstance(value, list) else value

    path.write_text(json.dumps(clean(json.loads(history.to_json())), indent=1) + "\n")
    print(f"{path.stem}: {len(history.events)} events")  # noqa: T201 — a program for people
