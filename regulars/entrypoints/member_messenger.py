"""Carries what the outbox holds to the members' workflows, and begins those that do not run."""

import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from regulars.outbox.domain import MemberNews
from regulars.outbox.errors import MessageRefused, TemporalAway
from workflows.member_lifecycle import MemberLifecycleWorkflow
from workflows.messages import MEMBER_CHANGED, TASK_QUEUE, LifecycleState, MemberHint, workflow_id

OUR_FAULT = frozenset(
    {RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.OUT_OF_RANGE}
)
"""What says that this message is wrong; anything else says that Temporal cannot take any just now."""

HEALTH_WITHIN_S = 3.0
REMEMBERED = 20_000
"""Members whose workflow was told before by this process; a plain signal costs a sixth less."""


@dataclass(frozen=True, slots=True)
class MemberMessenger:
    """Tells members' workflows; starts those that do not run."""

    client: Client
    task_queue: str = TASK_QUEUE
    _told: MutableMapping[UUID, None] = field(default_factory=dict)

    async def tell(self, news: MemberNews) -> None:
        """Hand one message over.

        Raises: TemporalAway: nobody answered; MessageRefused: this message was not taken.
        """
        hint = MemberHint(news.seq, news.changes, news.events, news.next_due_at)
        try:
            if not (news.member_id in self._told and await self._signal(news.member_id, hint)):
                await self._signal_with_start(news.member_id, hint)
        except RPCError as error:
            if error.status in OUR_FAULT:
                raise MessageRefused(error.status.name.lower()) from error
            raise TemporalAway(error.status.name.lower()) from error
        except (RuntimeError, OSError) as error:  # the bridge cannot connect
            raise TemporalAway("no connection") from error

    async def _signal(self, member_id: UUID, hint: MemberHint) -> bool:
        """Whether there is a workflow that heard it; one terminated by hand does not."""
        try:
            await self.client.get_workflow_handle(workflow_id(member_id)).signal(MEMBER_CHANGED, hint)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            self._told.pop(member_id, None)
            return False
        return True

    async def _signal_with_start(self, member_id: UUID, hint: MemberHint) -> None:
        await self.client.start_workflow(
            MemberLifecycleWorkflow.run,
            LifecycleState(member_id),
            id=workflow_id(member_id),
            task_queue=self.task_queue,
            start_signal=MEMBER_CHANGED,
            start_signal_args=[hint],
        )
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told[member_id] = None

    async def answers(self) -> bool:
        """Whether Temporal is there just now; never raises."""
        try:
            async with asyncio.timeout(HEALTH_WITHIN_S):
                return await self.client.service_client.check_health(
                    timeout=timedelta(seconds=HEALTH_WITHIN_S)
                )
        except (RPCError, RuntimeError, OSError, TimeoutError):
            return False
