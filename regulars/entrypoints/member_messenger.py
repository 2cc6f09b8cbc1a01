"""Carries what the outbox holds to the members' workflows, by signal-with-start."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

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


@dataclass(frozen=True, slots=True)
class MemberMessenger:
    """Tells members' workflows; starts those that do not run."""

    client: Client
    task_queue: str = TASK_QUEUE

    async def tell(self, news: MemberNews) -> None:
        """Hand one message over.

        Raises: TemporalAway: nobody answered; MessageRefused: this message was not taken.
        """
        hint = MemberHint(news.seq, news.changes, news.events, news.next_due_at)
        try:
            await self.client.start_workflow(
                MemberLifecycleWorkflow.run,
                LifecycleState(news.member_id),
                id=workflow_id(news.member_id),
                task_queue=self.task_queue,
                start_signal=MEMBER_CHANGED,
                start_signal_args=[hint],
            )
        except RPCError as error:
            if error.status in OUR_FAULT:
                raise MessageRefused(error.status.name.lower()) from error
            raise TemporalAway(error.status.name.lower()) from error
        except (RuntimeError, OSError) as error:  # the bridge cannot connect
            raise TemporalAway("no connection") from error

    async def answers(self) -> bool:
        """Whether Temporal is there just now; never raises."""
        try:
            async with asyncio.timeout(HEALTH_WITHIN_S):
                return await self.client.service_client.check_health(
                    timeout=timedelta(seconds=HEALTH_WITHIN_S)
                )
        except (RPCError, RuntimeError, OSError, TimeoutError):
            return False
