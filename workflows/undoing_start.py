"""Starts the workflow of an undo order, once however often it is asked."""

from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from workflows.undoing import TASK_QUEUE, UndoRun, UndoWorkflow, workflow_id


async def start_undo(client: Client, undo_id: UUID, task_queue: str = TASK_QUEUE) -> None:
    """Have an order worked on; one that is at work already goes on.

    Raises: RPCError: Temporal does not take it now.
    """
    await client.start_workflow(
        UndoWorkflow.run,
        UndoRun(undo_id),
        id=workflow_id(undo_id),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )
