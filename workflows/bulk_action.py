"""The story of one bulk action: batch after batch, until its list is done or somebody stops it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from temporalio import workflow

from activities.bulk_messages import WORK, ActionProgress, WorkOnAction
from workflows.batches import RETRIES, call_on

WORKFLOW = "BulkActionWorkflow"
STATE = "state"
TASK_QUEUE = "bulk-actions"
"""A queue of its own: it repairs what holds up the others."""

SILENT_AT_MOST = timedelta(minutes=1)
ATTEMPT_AT_MOST = timedelta(minutes=30)


@dataclass(slots=True)
class BulkRun:
    """What a run hands to the next: the action, and how far it was."""

    action_id: UUID
    done: int = 0
    items: int = 0


def workflow_id(action_id: UUID) -> str:
    """The one workflow of a bulk action."""
    return f"bulk-action/{action_id}"


@workflow.defn(name=WORKFLOW)
class BulkActionWorkflow:
    """Has the batches of an action carried out, however often its worker dies."""

    @workflow.init
    def __init__(self, run: BulkRun) -> None:
        self._run = run

    @workflow.run
    async def run(self, run: BulkRun) -> str:  # noqa: ARG002 — __init__ keeps it
        progress = await call_on(self._work)
        if progress.goes_on:
            workflow.continue_as_new(self._run)
        return progress.state

    @workflow.query(name=STATE)
    def state(self) -> BulkRun:
        """How far it is."""
        return self._run

    async def _work(self) -> ActionProgress:
        progress: ActionProgress = await workflow.execute_activity(
            WORK,
            WorkOnAction(self._run.action_id),
            result_type=ActionProgress,
            start_to_close_timeout=ATTEMPT_AT_MOST,
            heartbeat_timeout=SILENT_AT_MOST,
            retry_policy=RETRIES,
        )
        self._run.done = progress.done
        self._run.items = progress.items
        return progress
