"""Starts the workflow of a bulk action, once however often it is asked."""

from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from workflows.bulk_action import TASK_QUEUE, BulkActionWorkflow, BulkRun, workflow_id


async def start_bulk_action(client: Client, action_id: UUID, task_queue: str = TASK_QUEUE) -> None:
    """Have an action carried out; one that is at work already goes on.

    Raises: RPCError: Temporal does not take it now.
    """
    await client.start_workflow(
        BulkActionWorkflow.run,
        BulkRun(action_id),
        id=workflow_id(action_id),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )
