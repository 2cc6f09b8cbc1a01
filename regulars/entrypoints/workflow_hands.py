"""Reaches into members' workflows for ops: hurries what fails, takes back what hangs, begins what lacks."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import (
    GetWorkflowExecutionHistoryReverseRequest,
    ResetActivityRequest,
    ResetWorkflowExecutionRequest,
)
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from regulars.bulk_actions.domain import Outcome
from regulars.kernel import ids
from workflows.member_lifecycle import MemberLifecycleWorkflow
from workflows.messages import MEMBER_CHANGED, TASK_QUEUE, LifecycleState, MemberHint, workflow_id

LOOK_AT_ONCE: Final = MemberHint(seq=0, changes=0, events=1, next_due_at=None)
"""Claims an event, so that the workflow looks; says nothing else, so that nothing it knows is overwritten."""

IDENTITY: Final = "regulars-bulk-action"
_TASK_ENDS: Final = (
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
)


@dataclass(frozen=True, slots=True)
class WorkflowHands:
    """One Temporal, seen from the worker."""

    client: Client
    task_queue: str = TASK_QUEUE

    async def retry(self, member_id: UUID) -> Outcome:
        """Have what hangs or fails tried at once.

        Raises: RPCError: Temporal does not answer, or not now.
        """
        try:
            seen = await self.client.get_workflow_handle(workflow_id(member_id)).describe()
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            return await self._start(member_id)
        if seen.status != WorkflowExecutionStatus.RUNNING:
            return await self._start(member_id)
        if await self._hurry(seen):
            return "hurried"
        if seen.raw_description.pending_workflow_task.attempt > 1 and await self._take_back(seen):
            return "reset"
        await self.client.get_workflow_handle(seen.id, run_id=seen.run_id).signal(
            MEMBER_CHANGED, LOOK_AT_ONCE
        )
        return "told"

    async def restart(self, member_id: UUID) -> Outcome:
        """End a member's workflow and begin another, which reads the member from the database.

        Raises: RPCError: Temporal does not answer, or not now.
        """
        await self._start(member_id, WorkflowIDConflictPolicy.TERMINATE_EXISTING)
        return "restarted"

    async def _start(
        self,
        member_id: UUID,
        conflict: WorkflowIDConflictPolicy = WorkflowIDConflictPolicy.USE_EXISTING,
    ) -> Outcome:
        await self.client.start_workflow(
            MemberLifecycleWorkflow.run,
            LifecycleState(member_id),
            id=workflow_id(member_id),
            task_queue=self.task_queue,
            id_conflict_policy=conflict,
        )
        return "started"

    async def _hurry(self, seen: WorkflowExecutionDescription) -> bool:
        """Whether an activity was waiting for another attempt."""
        failing = [one for one in seen.raw_description.pending_activities if one.attempt > 1]
        for one in failing:
            await self.client.workflow_service.reset_activity(
                ResetActivityRequest(
                    namespace=self.client.namespace,
                    execution=WorkflowExecution(workflow_id=seen.id, run_id=seen.run_id),
                    identity=IDENTITY,
                    id=one.activity_id,
                )
            )
        return bool(failing)

    async def _take_back(self, seen: WorkflowExecutionDescription) -> bool:
        """Begin anew from the last step that ended; signals that came since are told again."""
        execution = WorkflowExecution(workflow_id=seen.id, run_id=seen.run_id)
        history = await self.client.workflow_service.get_workflow_execution_history_reverse(
            GetWorkflowExecutionHistoryReverseRequest(
                namespace=self.client.namespace, execution=execution, maximum_page_size=100
            )
        )
        ends = [each.event_id for each in history.history.events if each.event_type in _TASK_ENDS]
        if not ends:
            return False
        await self.client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=self.client.namespace,
                workflow_execution=execution,
                reason="bulk action: retry",
                workflow_task_finish_event_id=ends[0],
                request_id=str(ids.new_id()),
                identity=IDENTITY,
            )
        )
        return True
