"""Starts the workflow of a rehearsal, once however often it is asked."""

from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from activities.rehearsal_messages import Rehearse
from workflows.rehearsal import TASK_QUEUE, RehearsalWorkflow, workflow_id


async def start_rehearsal(client: Client, rehearsal_id: UUID, task_queue: str = TASK_QUEUE) -> None:
    """Have a rehearsal carried out; one that is at work already goes on.

    Raises: RPCError: Temporal does not take it now.
    """
    await client.start_workflow(
        RehearsalWorkflow.run,
        Rehearse(rehearsal_id),
        id=workflow_id(rehearsal_id),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
