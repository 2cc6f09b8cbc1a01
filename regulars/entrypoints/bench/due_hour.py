"""`bench due-dates`: ten thousand members fall due within one hour, half of them spread by their jitter.

Every minute of the hour the dates of as many members fall due. In even minutes each wakes after its own
jitter, as in production; in odd ones all wake at the full minute.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from regulars.entrypoints.bench.due_dates import (
    LEAD,
    Look,
    each_at_its_turn,
    jitter_of,
    lateness,
    look_of,
    tell_due,
)
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.measured import Measured, at_least, at_most
from regulars.entrypoints.bench.population import buyers
from regulars.entrypoints.bench.workflow_stack import Spent, WorkflowStack
from regulars.entrypoints.bench.workflows import Tills, open_workflows, stack_of, tills_of
from regulars.kernel.clock import now
from regulars.settings import Settings

LATE_P99_LIMIT_SECONDS: Final = 60
LEAD_PER_MEMBER: Final = timedelta(milliseconds=120)
"""Who is told after the due date is not woken by it; telling takes 40 ms on an idle machine."""


@dataclass(frozen=True, slots=True)
class Hour:
    """How many fall due, and how often.

    Attributes:
        members: whose workflows are open.
        due: how many of them fall due, those with the least jitter.
        steps, step_seconds: sixty minutes, or something shorter to try the bench.
    """

    members: int = 10_000
    due: int = 10_000
    steps: int = 60
    step_seconds: float = 60.0


QUICK: Final = Hour(members=400, due=24, steps=4, step_seconds=4.0)


@dataclass(frozen=True, slots=True)
class Wake:
    """When one member's workflow should look."""

    member_id: UUID
    told: datetime
    at: datetime


async def measure(settings: Settings, *, quick: bool) -> Measured:
    """Open ten thousand workflows and let each fall due once within the hour.

    Args:
        settings: of an empty folder of the bench's own.
        quick: 24 members within 16 seconds.
    """
    return await measure_hour(settings, QUICK if quick else Hour())


async def measure_hour(settings: Settings, hour: Hour) -> Measured:
    """As `measure`, with an hour of one's own."""
    async with stack_of(settings, hour.members) as stack:
        return await _measure(stack, await tills_of(stack.database), hour)


async def _measure(stack: WorkflowStack, tills: Tills, hour: Hour) -> Measured:
    members = [UUID(one) for one in await buyers(stack.database, hour.members)]
    opened = await open_workflows(stack, tills, members)
    herd = sorted(members, key=jitter_of)[: hour.due]
    begins_at = now() + LEAD + LEAD_PER_MEMBER * len(herd)
    spread, together = planned(herd, begins_at, hour)
    wakes = [*spread, *together]
    tell(f"{len(wakes):,} workflows are told of their due dates …")
    await each_at_its_turn(wakes, lambda wake: tell_due(stack, wake.member_id, wake.told))
    in_time = now() < begins_at
    ends_at = max(wake.at for wake in wakes)
    tell(f"They fall due between {begins_at:%H:%M:%S} and {ends_at:%H:%M:%S} …")
    await asyncio.sleep(max(0.0, (begins_at - now()).total_seconds() - 2))
    spent = await Spent.begin(stack)
    await asyncio.sleep(max(0.0, (ends_at - now()).total_seconds()))
    await stack.until_done(spent.tasks_before + len(wakes))
    cost = await spent.end()
    tell("How late each looked is read from the histories …")
    spread_looks, together_looks = await _looks(stack, spread), await _looks(stack, together)
    found = len(spread_looks) + len(together_looks)
    figures = {"with_jitter": lateness(spread_looks), "without_jitter": lateness(together_looks)}
    return Measured(
        bars={
            "looked_share": at_least(found / len(wakes), 1.0),
            "late_p99_seconds": at_most(figures["with_jitter"]["late_p99_seconds"], LATE_P99_LIMIT_SECONDS),
        },
        figures={
            "due": len(wakes),
            "seconds": round((ends_at - begins_at).total_seconds()),
            "all_told_in_time": in_time,
            "opening": opened,
            **figures,
            "cores_busy": {
                part: round(spent_s / cost.seconds, 3) for part, spent_s in cost.cpu_seconds.items()
            },
            **cost.each("look", found),
        },
    )


def planned(herd: Sequence[UUID], begins_at: datetime, hour: Hour) -> tuple[list[Wake], list[Wake]]:
    """Who wakes when: those spread by their jitter, and those who wake together.

    Args:
        herd: shared out evenly over the steps.
        begins_at: of the first step.
    """
    spread: list[Wake] = []
    together: list[Wake] = []
    for index, member_id in enumerate(herd):
        step = index % hour.steps
        due_at = begins_at + timedelta(seconds=step * hour.step_seconds)
        jitter = jitter_of(member_id)
        if step % 2 == 0:
            spread.append(Wake(member_id, due_at, due_at + jitter))
        else:
            together.append(Wake(member_id, due_at - jitter, due_at))
    return spread, together


async def _looks(stack: WorkflowStack, wakes: Sequence[Wake]) -> list[Look]:
    looks: list[Look] = []

    async def read(wake: Wake) -> None:
        looks.extend(await look_of(stack, wake.member_id, wake.at))

    await each_at_its_turn(wakes, read)
    return looks
