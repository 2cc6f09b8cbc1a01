"""Freezing and unfreezing for API and pages: ops go through the member's workflow, the desk to the database.

One order is carried out once, whichever way it goes and however often: what the workflow does not answer in
time, or refuses on what it remembers, the service decides under the member's lock.
"""

import asyncio
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError as NoAnswer
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from activities.messages import FreezeDone, FreezeOrder
from api.container import Container
from regulars.lifecycle import freezing
from regulars.lifecycle.freezing import Freeze, Order, freeze_reason
from regulars.members.service import get_member
from regulars.outbox.errors import TemporalAway
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from workflows.member_lifecycle import MemberLifecycleWorkflow
from workflows.messages import FREEZE, TASK_QUEUE, UNFREEZE, LifecycleState, workflow_id

log = structlog.get_logger(__name__)

ANSWER_WITHIN_S: Final = 4.0


async def freeze(
    parts: Container, actor: Actor, member_id: UUID, reason: str, note: str | None, order_id: UUID
) -> Freeze:
    """Let a member earn nothing from now on.

    Args:
        actor: admitted with `member.freeze`.
        reason: code of a `FreezeReason`.
        note: the operator's words; they stay in the audit.
        order_id: kept across retries.
    Raises: UnknownMember, AlreadyFrozen, FreezeReasonUnknown.
    """
    order = _order(actor, member_id, note, order_id)
    code = freeze_reason(reason).value
    carried_out = await _tell_workflow(parts, actor, order, code)
    async with parts.database.begin() as session:
        await parts.places.refresh(session)
        done = await freezing.freeze(session, parts.packs, parts.places, order, code, parts.now())
        if carried_out:
            await _keep_note(session, order, parts.now())
    return done


async def unfreeze(
    parts: Container, actor: Actor, member_id: UUID, note: str | None, order_id: UUID
) -> Freeze:
    """Let a frozen member earn again.

    Args: as for `freeze`.
    Raises: UnknownMember, NotFrozen.
    """
    order = _order(actor, member_id, note, order_id)
    carried_out = await _tell_workflow(parts, actor, order, "")
    async with parts.database.begin() as session:
        await parts.places.refresh(session)
        done = await freezing.unfreeze(session, parts.packs, parts.places, order, parts.now())
        if carried_out:
            await _keep_note(session, order, parts.now())
    return done


def _order(actor: Actor, member_id: UUID, note: str | None, order_id: UUID) -> Order:
    words = (note or "").strip() or None
    return Order(order_id, member_id, actor.kind, actor.id, actor.scope, words)


async def _keep_note(session: AsyncSession, order: Order, at: datetime) -> None:
    """An operator's words do not travel through Temporal, so the audit gets them here."""
    if order.note is not None:
        await audit.record(
            session,
            actor_kind=order.by_kind,
            actor_id=order.by_id,
            action="member.freeze_note",
            subject_kind="member",
            subject_id=str(order.member_id),
            at=at,
            reason=order.note,
        )


async def _tell_workflow(parts: Container, actor: Actor, order: Order, reason: str) -> bool:
    """Have the member's workflow carry out an order of ops; the service then finds it done, or does it."""
    if not actor.may(Permission.WORKFLOW_OPERATE):
        return False
    async with parts.database.read() as session:  # nobody's id must not start a workflow
        await get_member(session, order.member_id, actor.scope)
    try:
        client = await parts.temporal.client()
        await asyncio.wait_for(_update(client, order, reason), ANSWER_WITHIN_S)
    except (TemporalAway, RPCError, NoAnswer, WorkflowUpdateFailedError, RuntimeError, TimeoutError) as error:
        log.info("workflow_did_not_carry_out", order=str(order.id), why=type(error).__name__)
        return False
    return True


async def _update(client: Client, order: Order, reason: str) -> None:
    start = WithStartWorkflowOperation(
        MemberLifecycleWorkflow.run,
        LifecycleState(order.member_id),
        id=workflow_id(order.member_id),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    request = FreezeOrder(
        order.id,
        order.member_id,
        reason,
        order.by_kind,
        order.by_id,
        order.scope.paths,
        order.scope.everywhere,
    )
    await client.execute_update_with_start_workflow(
        FREEZE if reason else UNFREEZE,
        request,
        id=str(order.id),
        start_workflow_operation=start,
        result_type=FreezeDone,
    )
