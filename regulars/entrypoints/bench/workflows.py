"""`bench workflows`: what the members' workflows take in, how soon they hear of it, and what they cost."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from regulars.db.session import Database, make_engine
from regulars.entrypoints.bench.due_dates import fall_due, jitter_of
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.measured import Measured, at_least, at_most, percentile
from regulars.entrypoints.bench.population import buyers, found, populate
from regulars.entrypoints.bench.workflow_stack import (
    Probes,
    RelayWatch,
    Spent,
    WorkflowStack,
    held_back,
)
from regulars.entrypoints.stack.parts import PartName
from regulars.entrypoints.stack.running import running
from regulars.kernel.clock import now
from regulars.kernel.ids import new_id, new_token
from regulars.organisation.places import Places
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.domain import Basket, Line
from regulars.purchases.posting import post_purchases
from regulars.rules.live import LivePacks
from regulars.settings import Settings
from regulars.temporal import connect

PARTS: Final[tuple[PartName, ...]] = ("postgres", "temporal", "worker", "relay")
ABSORBED_PER_SECOND_LIMIT: Final = 1_000
SETTLED_MEDIAN_LIMIT_MS: Final = 1_000
OPENED_PER_MINUTE_LIMIT: Final = 600
IDLE_DISK_LIMIT_BYTES: Final = 100_000
JITTERED_LATE_P99_LIMIT_SECONDS: Final = 60
CONNECTIONS: Final = 10
LIST: Final = 200
TICK_SECONDS: Final = 0.05
EVENTFUL_EVERY_TICKS: Final = 4  # five a second


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is done.

    Attributes:
        members: each with a workflow of its own.
        purchases: posted as fast as they can be, for the workflows to take in.
        per_second, seconds: posted at a steady pace.
        herd: how many fall due together, those with the least jitter; one more is asked meanwhile.
    """

    members: int = 1_000
    purchases: int = 25_000
    per_second: int = 700
    seconds: float = 30.0
    herd: int = 999


QUICK: Final = Sizes(40, 400, per_second=100, seconds=3.0, herd=8)


async def measure(settings: Settings, *, quick: bool) -> Measured:
    """Open workflows, have them absorb purchases at once and steadily, and let them fall due together.

    Args:
        settings: of an empty folder of the bench's own.
        quick: 40 members instead of 1,000.
    """
    return await measure_sizes(settings, QUICK if quick else Sizes())


async def measure_sizes(settings: Settings, sizes: Sizes) -> Measured:
    """As `measure`, with sizes of one's own."""
    async with stack_of(settings, sizes.members) as stack:
        return await _measure(stack, await tills_of(stack.database), sizes)


@asynccontextmanager
async def stack_of(settings: Settings, members: int) -> AsyncIterator[WorkflowStack]:
    """A chain with so many members whom no workflow knows yet, and what drives workflows."""
    async with running(settings, PARTS) as endpoints:
        database = Database(
            make_engine(endpoints.database_url, application="regulars-bench", pool_size=CONNECTIONS)
        )
        try:
            chain = await found(database, settings, now())
            await populate(endpoints.database_url, chain.model, members)
            client = await connect(endpoints.settings(settings), identity="regulars-bench")
            yield WorkflowStack(settings, database, client)
        finally:
            await database.close()


async def _measure(stack: WorkflowStack, tills: "Tills", sizes: Sizes) -> Measured:
    members = [UUID(one) for one in await buyers(stack.database, sizes.members)]
    opened = await open_workflows(stack, tills, members)
    absorbed = await _absorb(stack, tills, members, sizes.purchases)
    steady = await _sell_steadily(stack, tills, members, sizes)
    herd = sorted(members, key=jitter_of)[: sizes.herd + 1]
    at_once = await fall_due(stack, herd, jitter=False)
    spread = await fall_due(stack, herd, jitter=True)
    return Measured(
        bars={
            "absorbed_per_second": at_least(absorbed["per_second"], ABSORBED_PER_SECOND_LIMIT),
            "settled_lag_median_ms": at_most(steady["settled_ms_median"], SETTLED_MEDIAN_LIMIT_MS),
            "signal_lag_median_ms": at_most(steady["signal_ms_median"], SETTLED_MEDIAN_LIMIT_MS),
            "opened_per_minute": at_least(opened["per_minute"], OPENED_PER_MINUTE_LIMIT),
            "idle_member_disk_bytes": at_most(opened["disk_bytes_per_member"], IDLE_DISK_LIMIT_BYTES),
            "due_late_p99_seconds": at_most(spread["late_p99_seconds"], JITTERED_LATE_P99_LIMIT_SECONDS),
        },
        figures={
            "members": sizes.members,
            "opening": opened,
            "absorbing": absorbed,
            "steady": steady,
            "due_at_one_instant": at_once,
            "due_at_one_instant_with_jitter": spread,
        },
    )


@dataclass(slots=True)
class Tills:
    """Where the bench buys, by lists, as an import does."""

    desk: Desk
    database: Database
    terminal_id: UUID
    store_id: UUID
    token: str
    rung_up: int = 0

    async def sell(self, members: Sequence[UUID]) -> None:
        """One small purchase for each, in one transaction."""
        at = now()
        answers = await post_purchases(self.database, self.desk, [self._basket(one) for one in members], at)
        for answer in answers:
            if not isinstance(answer, Recorded):
                raise answer

    def _basket(self, member_id: UUID) -> Basket:
        self.rung_up += 1
        line = Line(1, "851057", "GROCERY", "goods", 1_000, 250, 250, 0, promotional=False)
        at = now()
        receipt = f"{self.token}-{self.rung_up}"
        return Basket(
            self.terminal_id,
            self.store_id,
            receipt,
            at,
            at.date(),
            (line,),
            member_id,
            tenders={"cash": 250},
        )


async def tills_of(database: Database) -> Tills:
    """A till of the bench's chain."""
    desk = Desk(Places(), LivePacks(), new_id)
    async with database.begin() as session:
        await desk.refresh(session)
    terminal = desk.places.by_code("store-0-0")
    return Tills(desk, database, terminal.id, desk.places.by_code("store-0").id, new_token(6))


async def open_workflows(stack: WorkflowStack, tills: Tills, members: Sequence[UUID]) -> dict[str, float]:
    """First news of members who have no workflow yet, until each has looked at its member."""
    tell(f"{len(members):,} members without a workflow buy …")
    memory, disk = stack.memory_bytes(), stack.disk_bytes()
    spent = await Spent.begin(stack)
    for first in range(0, len(members), LIST):
        await tills.sell(members[first : first + LIST])
    await stack.until_told()
    await stack.until_looked(len(members))
    cost = await spent.end()
    await stack.until_quiet()
    count = len(members)
    return {
        "seconds": round(cost.seconds, 1),
        "per_minute": round(count / cost.seconds * 60, 1),
        **cost.each("member", count),
        "server_memory_bytes_per_member": round((stack.memory_bytes() - memory) / count),
        "disk_bytes_per_member": round((stack.disk_bytes() - disk) / count),
    }


async def _absorb(
    stack: WorkflowStack, tills: Tills, members: Sequence[UUID], purchases: int
) -> dict[str, float]:
    """A backlog as an import leaves it: each member's purchases reach the workflow as one signal.

    The relay is held back while they are posted, so that the time that counts is the workflows' own.
    """
    tell(f"They buy {purchases:,} times while nobody tells their workflows …")
    before = await stack.relayed()
    started = time.monotonic()
    async with held_back(stack):
        bulk = replace(tills, desk=replace(tills.desk, bulk=True))
        for first in range(0, purchases, LIST):
            count = min(LIST, purchases - first)
            await bulk.sell([members[(first + i) % len(members)] for i in range(count)])
        tills.rung_up = bulk.rung_up
        posted_seconds = time.monotonic() - started
        spent = await Spent.begin(stack)
    await stack.until_told()
    cost = await spent.end()
    done = (await stack.relayed()).since(before)
    return {
        "purchases": purchases,
        "posted_per_second": round(purchases / posted_seconds, 1),
        "seconds": round(cost.seconds, 1),
        "per_second": round(purchases / cost.seconds, 1),
        "signals_per_second": round(done.signals / cost.seconds, 1),
        "signals_per_1000_purchases": round(done.signals / purchases * 1_000, 1),
        **cost.each("1000_purchases", purchases / 1_000),
        **cost.each("signal", done.signals),
    }


async def _sell_steadily(
    stack: WorkflowStack, tills: Tills, members: Sequence[UUID], sizes: Sizes
) -> dict[str, float]:
    """A pace that tills could keep up all day: how soon workflows hear, and what selling feels of it.

    Five times a second something happens besides that a workflow must look into at once.
    """
    tell(f"They buy {sizes.per_second} times a second for {sizes.seconds:g} s …")
    each = max(1, int(sizes.per_second * TICK_SECONDS))
    before = await stack.relayed()
    spent = await Spent.begin(stack)
    watching = RelayWatch.begin(stack)
    probes = Probes(stack.database)
    took: list[float] = []
    sold = 0
    begun = time.monotonic()
    for tick in range(int(sizes.seconds / TICK_SECONDS)):
        await asyncio.sleep(max(0.0, begun + tick * TICK_SECONDS - time.monotonic()))
        started = time.monotonic()
        await tills.sell([members[(sold + i) % len(members)] for i in range(each)])
        sold += each
        if tick % EVENTFUL_EVERY_TICKS == 0:
            await probes.send(members[tick % len(members)])
        took.append(time.monotonic() - started)
    selling_seconds = time.monotonic() - begun
    lags = await watching.end()
    done = (await stack.relayed()).since(before)
    signal_ms = await probes.taken()
    ended = time.monotonic()
    cost = await spent.end()
    await stack.until_told()
    took.sort()
    return {
        "purchases_per_second": round(sold / selling_seconds, 1),
        "post_p50_ms": round(percentile(took, 0.5) * 1_000, 1),
        "post_p99_ms": round(percentile(took, 0.99) * 1_000, 1),
        **lags,
        "signal_ms_median": round(percentile(signal_ms, 0.5), 1),
        "signal_ms_p99": round(percentile(signal_ms, 0.99), 1),
        "signal_ms_max": round(max(signal_ms), 1),
        "events_told": len(signal_ms),
        "signals": done.signals,
        "put_off": done.put_off,
        "told_all_after_seconds": round(time.monotonic() - ended, 1),
        **cost.each("1000_purchases", sold / 1_000),
    }
