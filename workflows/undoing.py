"""The story of one stretch of work on an undo order: until it waits for somebody, or has ended."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from temporalio import workflow

from activities.undoing_messages import WORK, UndoProgress, WorkOnUndo
from workflows.batches import RETRIES, call_on

WORKFLOW = "UndoWorkflow"
STATE = "state"
TASK_QUEUE = "undoing"
"""A queue of its own: what members' workflows want done must not wait behind an undo."""

SILENT_AT_MOST = timedelta(seconds=30)
ATTEMPT_AT_MOST = timedelta(hours=2)


@dataclass(slots=True)
class UndoRun:
    """What a run hands to the next: the order, and how far it was."""

    undo_id: UUID
    members_done: int = 0
    members_in_all: int = 0


def workflow_id(undo_id: UUID) -> str:
    """The one workflow of an undo order."""
    return f"undo/{undo_id}"


@workflow.defn(name=WORKFLOW)
class UndoWorkflow:
    """Has the list of an order made, or its batches carried out, however often its worker dies.

    It ends where somebody must decide or has paused the order, and is started again for what comes after.
    """

    @workflow.init
    def __init__(self, run: UndoRun) -> None:
        self._run = run

    @workflow.run
    async def run(self, run: UndoRun) -> str:  # noqa: ARG002 — __init__ keeps it
        progress = await call_on(self._work)
        if progress.goes_on:
            workflow.continue_as_new(self._run)
        return progress.state

    @workflow.query(name=STATE)
    def state(self) -> UndoRun:
        """How far it is."""
        return self._run

    async def _work(self) -> UndoProgress:
        progress: UndoProgress = await workflow.execute_activity(
            WORK,
            WorkOnUndo(self._run.undo_id),
            result_type=UndoProgress,
            start_to_close_timeout=ATTEMPT_AT_MOST,
            heartbeat_timeout=SILENT_AT_MOST,
            retry_policy=RETRIES,
        )
        self._run.members_done = progress.members_done
        self._run.members_in_all = progress.members_in_all
        return progress
