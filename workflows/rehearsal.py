"""The story of one rehearsal: it waits for its turn, is carried out, and outlives the worker that does it."""

from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy

from activities.rehearsal_messages import REHEARSE, Rehearse, Rehearsed

WORKFLOW = "RehearsalWorkflow"
TASK_QUEUE = "rehearsal"
"""A queue of its own: what members' workflows want done must not wait behind a rehearsal."""

SILENT_AT_MOST = timedelta(seconds=30)
ATTEMPT_AT_MOST = timedelta(hours=12)
RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(seconds=30)
)


def workflow_id(rehearsal_id: UUID) -> str:
    """The one workflow of a rehearsal."""
    return f"rehearsal/{rehearsal_id}"


@workflow.defn(name=WORKFLOW)
class RehearsalWorkflow:
    """Has a rehearsal carried out, however often its worker dies."""

    @workflow.run
    async def run(self, order: Rehearse) -> str:
        done: Rehearsed = await workflow.execute_activity(
            REHEARSE,
            order,
            result_type=Rehearsed,
            start_to_close_timeout=ATTEMPT_AT_MOST,
            heartbeat_timeout=SILENT_AT_MOST,
            retry_policy=RETRIES,
        )
        return done.state
