"""Activities of a member's workflow that answer as a test says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import messages as ask
from activities.messages import AdvanceMember, FreezeDone, FreezeOrder, MemberStanding

FROZEN_AT = datetime(2026, 11, 20, tzinfo=UTC)
NEWCOMER = MemberStanding(
    tier="base",
    stage="joined",
    store="store-1",
    next_due_at=None,
    last_seq=0,
    frozen=False,
    events=0,
    tasks=0,
)


@dataclass
class ScriptedActivities:
    """Answers as the test says, and remembers what it was asked."""

    standing: MemberStanding = NEWCOMER
    looks: list[datetime] = field(default_factory=list)
    orders: list[FreezeOrder] = field(default_factory=list)
    fail_with: list[Exception] = field(default_factory=list)
    on_look: Callable[[datetime], None] = lambda _: None
    gate: asyncio.Event | None = None

    @activity.defn(name=ask.ADVANCE)
    async def advance(self, request: AdvanceMember) -> MemberStanding:
        self.looks.append(request.to)
        if self.fail_with:
            raise self.fail_with.pop(0)
        self.on_look(request.to)
        standing = self.standing
        if self.gate is not None:
            await self.gate.wait()
        return standing

    @activity.defn(name=ask.FREEZE)
    async def freeze(self, order: FreezeOrder) -> FreezeDone:
        return self._carry_out(order, frozen=True, refusal="already_frozen")

    @activity.defn(name=ask.UNFREEZE)
    async def unfreeze(self, order: FreezeOrder) -> FreezeDone:
        return self._carry_out(order, frozen=False, refusal="not_frozen")

    def _carry_out(self, order: FreezeOrder, *, frozen: bool, refusal: str) -> FreezeDone:
        """As the service: an order is carried out once, and asked for again tells how things stand."""
        if order not in self.orders:
            if self.standing.frozen == frozen:
                raise ApplicationError(refusal, type=refusal, non_retryable=True)
            self.orders.append(order)
            self.standing = replace(self.standing, frozen=frozen)
        return FreezeDone(FROZEN_AT, "fraud_suspected") if self.standing.frozen else FreezeDone(None, None)
