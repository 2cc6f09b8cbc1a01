"""Many members due at one instant, with and without the jitter that spreads them: how late each is looked at.

Each workflow is told of a due date; when it wakes, it looks in the database as on any due date and finds
nothing to decide. Without jitter the dates told are earlier by each member's jitter, so that all wake
together.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle

from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.measured import percentile
from regulars.entrypoints.bench.workflow_stack import COUNTED_AFTER_SECONDS, Spent, WorkflowStack
from regulars.kernel.clock import now
from workflows.member_lifecycle import JITTER_S, MemberLifecycleWorkflow
from workflows.messages import MemberHint, workflow_id

CALLS_AT_ONCE: Final = 8
LEAD: Final = timedelta(seconds=5)
LEAD_PER_MEMBER: Final = timedelta(milliseconds=40)
ASK_EVERY_SECONDS: Final = 0.25
_MS: Final = 1_000.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Look:
    """One workflow's look at its due date; `due_at` with its jitter, if it has one."""

    due_at: datetime
    queued_at: datetime
    done_at: datetime

    @property
    def late_seconds(self) -> float:
        return (self.done_at - self.due_at).total_seconds()


async def fall_due(stack: WorkflowStack, members: Sequence[UUID], *, jitter: bool) -> dict[str, float]:
    """Let all but one fall due, ask the one about its state meanwhile, and read from histories how it went.

    Args:
        members: with workflows that run.
        jitter: whether each wakes at a moment of its own within a minute of the due date.
    """
    *herd, bystander = members
    due_at = now() + LEAD + LEAD_PER_MEMBER * len(herd)
    wakes = {one: due_at + (jitter_of(one) if jitter else timedelta(0)) for one in herd}
    tell(f"{len(herd):,} members fall due at one instant{', spread by their jitter' if jitter else ''} …")
    await each_at_its_turn(herd, lambda one: tell_due(stack, one, wakes[one] - jitter_of(one)))
    in_time = now() < due_at
    await asyncio.sleep(max(0.0, (due_at - now()).total_seconds() - 2 * COUNTED_AFTER_SECONDS))
    spent = await Spent.begin(stack)
    waits_ms: list[float] = []
    asking = asyncio.create_task(_ask(_handle(stack, bystander), waits_ms))
    await asyncio.sleep(max(0.0, (max(wakes.values()) - now()).total_seconds()))
    await stack.until_done(spent.tasks_before + len(herd))
    cost = await spent.end()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    looks: list[Look] = []

    async def read(one: UUID) -> None:
        looks.extend(await look_of(stack, one, wakes[one]))

    await each_at_its_turn(herd, read)
    waits_ms.sort()
    return {
        "members": len(herd),
        "all_told_in_time": in_time,
        "looks_found": len(looks),
        **lateness(looks),
        "bystander_query_p50_ms": round(percentile(waits_ms, 0.5), 1),
        "bystander_query_max_ms": round(max(waits_ms, default=math.nan), 1),
        **cost.each("look", len(looks)),
    }


def lateness(looks: Sequence[Look]) -> dict[str, float]:
    """How late workflows looked, and how many of them at once."""
    late = sorted(look.late_seconds for look in looks)
    taken = (
        (max(look.done_at for look in looks) - min(look.due_at for look in looks)) if looks else timedelta()
    )
    return {
        "late_p50_seconds": round(percentile(late, 0.5), 2),
        "late_p99_seconds": round(percentile(late, 0.99), 2),
        "late_max_seconds": round(max(late, default=math.nan), 2),
        "looks_per_second": round(len(looks) / taken.total_seconds(), 1) if looks else 0.0,
        "workflow_tasks_waiting_max": most_at_once(looks),
    }


def most_at_once(looks: Sequence[Look]) -> int:
    """How many workflow tasks were waiting or under way together at most."""
    steps = sorted([(look.queued_at, 1) for look in looks] + [(look.done_at, -1) for look in looks])
    most = waiting = 0
    for _, step in steps:
        waiting += step
        most = max(most, waiting)
    return most


def jitter_of(member_id: UUID) -> timedelta:
    """By how much the workflow of this member wakes after a due date."""
    return timedelta(seconds=member_id.int % JITTER_S)


def _handle(stack: WorkflowStack, member_id: UUID) -> WorkflowHandle[MemberLifecycleWorkflow, str]:
    return stack.client.get_workflow_handle_for(MemberLifecycleWorkflow.run, workflow_id(member_id))


async def each_at_its_turn(items: Sequence[T], do: Callable[[T], Awaitable[None]]) -> None:
    """Do something for each, a few at once."""
    gate = asyncio.Semaphore(CALLS_AT_ONCE)

    async def one_of_them(item: T) -> None:
        async with gate:
            await do(item)

    await asyncio.gather(*(one_of_them(item) for item in items))


async def tell_due(stack: WorkflowStack, member_id: UUID, due_at: datetime) -> None:
    """Tell a member's workflow that something falls due; it adds its jitter."""
    hint = MemberHint(seq=0, changes=0, events=0, next_due_at=due_at)
    await _handle(stack, member_id).signal(MemberLifecycleWorkflow.member_changed, hint)


async def _ask(bystander: WorkflowHandle[MemberLifecycleWorkflow, str], waits_ms: list[float]) -> None:
    """What somebody feels who asks a workflow meanwhile."""
    while True:
        asked = time.monotonic()
        await bystander.query(MemberLifecycleWorkflow.state)
        waits_ms.append((time.monotonic() - asked) * _MS)
        await asyncio.sleep(ASK_EVERY_SECONDS)


async def look_of(stack: WorkflowStack, member_id: UUID, due_at: datetime) -> list[Look]:
    """The workflow task that the timer of this due date gave rise to; none where the run began anew since."""
    fired = False
    queued_at: datetime | None = None
    async for event in _handle(stack, member_id).fetch_history_events():
        at = event.event_time.ToDatetime(UTC)
        if event.event_type == EventType.EVENT_TYPE_TIMER_FIRED and at >= due_at:
            fired = True
        elif fired and event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
            queued_at = queued_at or at
        elif queued_at and event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            return [Look(due_at, queued_at, at)]
    return []
