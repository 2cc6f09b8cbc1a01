"""Records what a rehearsal's workflow did, for `test_rehearsal_histories`: run it after a deliberate change.

    .venv/bin/python tests/histories/rehearsals/record.py v2

writes `tests/histories/rehearsals/<story>-v2.json`. Histories of older versions stay.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[3]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from recording import keep, recording_server, recording_worker
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.rehearsal_messages import REHEARSE, Rehearse, Rehearsed
from workflows.rehearsal import TASK_QUEUE, RehearsalWorkflow, workflow_id

HERE = Path(__file__).parent
STORIES: dict[str, list[str]] = {
    "waits-and-finishes": ["rehearsal_busy", "rehearsal_interrupted", "finished"],
    "cancelled": ["cancelled"],
}
"""What the attempts come to: an error to try again after, or the state at the end."""

ENDS = {"finished", "cancelled"}


def scripted(attempts: list[str]) -> Callable[[Rehearse], Awaitable[Rehearsed]]:
    """An activity whose attempts end as a story says."""

    @activity.defn(name=REHEARSE)
    async def run(_: Rehearse) -> Rehearsed:
        activity.heartbeat(1, 2)
        end = attempts[activity.info().attempt - 1]
        if end not in ENDS:
            raise ApplicationError(end, type=end)
        return Rehearsed(end)

    return run


async def record(version: str) -> None:
    """Record every story under a version's name."""
    async with recording_server() as environment:
        for number, (name, attempts) in enumerate(STORIES.items(), 1):
            rehearsal_id = UUID(int=0x0192D3A0000070008000000000000200 + number)
            activities = [scripted(attempts)]
            async with recording_worker(environment, TASK_QUEUE, RehearsalWorkflow, activities):
                handle = await environment.client.start_workflow(
                    RehearsalWorkflow.run,
                    Rehearse(rehearsal_id),
                    id=workflow_id(rehearsal_id),
                    task_queue=TASK_QUEUE,
                )
                await handle.result()
                history = await handle.fetch_history()
            keep(history, HERE / f"{name}-{version}.json")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1] if len(sys.argv) > 1 else "v1"))
