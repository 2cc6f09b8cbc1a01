"""Activities of a member's workflow that answer as a test says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import messages as ask
from activities.messages import AdvanceMember, FreezeDone, FreezeOrder, MemberStanding

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
        self.orders.append(order)
        if self.standing.frozen:
            raise ApplicationError("already_frozen", type="already_frozen", non_retryable=True)
        self.standing = replace(self.standing, frozen=True)
        return FreezeDone(datetime(2026, 11, 20, tzinfo=UTC), order.reason)

    @activity.defn(name=ask.UNFREEZE)
    async def unfreeze(self, order: FreezeOrder) -> FreezeDone:
        self.orders.append(order)
        self.standing = replace(self.standing, frozen=False)
        return FreezeDone(None, None)
