"""The till at half its maximum, with everything running: how long it waits, and how soon workflows hear."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy import text

from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.loading import Loaded
from regulars.entrypoints.bench.measured import percentile
from regulars.entrypoints.bench.processes import CpuMeter, part_pids
from regulars.entrypoints.bench.shops import Shop
from regulars.entrypoints.stack.problems import StackProblem
from regulars.kernel.clock import now
from regulars.outbox import service as outbox
from regulars.outbox.domain import Change

CONNECTIONS: Final = 64
"""Tills that may wait at once; a purchase due while all wait counts from when it was due."""

OPENING_PER_SECOND: Final = 200.0
"""Purchases by which the workflows are opened: who buys then is a regular, whose workflow knows its dates."""

WARM_UP_SECONDS: Final = 5.0
PROBES_PER_SECOND: Final = 5
QUIET_SECONDS: Final = 1.0
QUIET_SHARE: Final = 0.1
"""Of one processor: who takes less in such a while has nothing to do."""

POLL_SECONDS: Final = 0.25
PATIENCE_SECONDS: Final = 300.0
# The relay deletes a row in the transaction after Temporal's word, so this is what a member's news waited.
_WATCH: Final = """
create table bench_lag (events integer not null, ms double precision not null);
create function bench_note_lag() returns trigger language plpgsql as $$
begin
    insert into bench_lag
    select events, extract(epoch from clock_timestamp() - created_at) * 1000 from told;
    return null;
end
$$;
create trigger bench_note_lag after delete on outbox referencing old table as told
    for each statement execute function bench_note_lag();
"""
_LAGS: Final = "select ms from bench_lag where events > 0 or not :urgent order by ms"


@dataclass(frozen=True, slots=True)
class AtHalf:
    """What was seen.

    Attributes:
        signal_lags_ms: from the commit of what a workflow must look into until it was signalled, ascending.
        settled_lags_ms: from any commit until its workflow was told, or the hint was put off, ascending.
    """

    rate: float
    loaded: Loaded
    signal_lags_ms: list[float]
    settled_lags_ms: list[float]
    members: int

    def figures(self) -> dict[str, object]:
        """What is kept of it."""
        return {
            "rate_per_second": round(self.rate, 1),
            "workflows": self.members,
            "p50_ms": self.loaded.tally.latency_ms["p50"],
            "p95_ms": self.loaded.tally.latency_ms["p95"],
            "p99_ms": self.loaded.tally.latency_ms["p99"],
            "cpu_ms_per_purchase": {name: round(ms, 3) for name, ms in self.loaded.cpu_ms.items()},
            "signal_lag_ms": _spread(self.signal_lags_ms),
            "settled_lag_ms": _spread(self.settled_lags_ms),
        }


def _spread(ordered: list[float]) -> dict[str, float]:
    if not ordered:
        return {"count": 0}
    shares = {"median": 0.5, "p99": 0.99, "max": 1.0}
    found = {name: round(percentile(ordered, share), 1) for name, share in shares.items()}
    return {"count": len(ordered), **found}


async def measure_at_half(shop: Shop, rate: float, *, members: int, seconds: float) -> AtHalf:
    """Open workflows by a purchase each, then ring up purchases of these members at a steady pace, Poisson.

    Args:
        shop: nothing of it runs; worker, relay and web are started.
        rate: purchases a second.
        members: how many workflows.
    """
    who = shop.members[:members]
    connection = await asyncpg.connect(shop.url)
    try:
        await connection.execute("delete from outbox")  # what the maximum has left is nobody's lag
        await connection.execute(_WATCH)
    finally:
        await connection.close()
    async with shop.open(("worker", "relay", "web")):
        tell(f"A first purchase for each of {len(who)} members …")
        opening = len(who) / OPENING_PER_SECOND
        await shop.load(shop.order(CONNECTIONS, opening, members=who, rate=OPENING_PER_SECOND))
        await _until_told(shop)
        await _until_quiet(shop)
        await _forget_lags(shop)
        tell(f"Ringing up {rate:,.0f} purchases a second …")
        probing = asyncio.create_task(_probe(shop, who))
        try:
            order = shop.order(
                CONNECTIONS,
                seconds,
                members=who,
                rate=rate,
                # A process that has just begun is slow at first, and a queue at a pace is long to go.
                warm_up_seconds=min(WARM_UP_SECONDS, seconds),
            )
            loaded = await shop.load(order)
        finally:
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)
        await _until_told(shop)
        signals, settled = await _lags(shop, urgent=True), await _lags(shop, urgent=False)
    return AtHalf(rate, loaded, signals, settled, len(who))


async def _announce(shop: Shop, members: Sequence[str]) -> None:
    async with shop.database.begin() as session:
        changes = [Change(UUID(one), 0, 1, None) for one in members]
        await outbox.announce(session, changes, now())


async def _probe(shop: Shop, members: Sequence[str]) -> None:
    """Word of events, as a freeze gives it, to one member after the other."""
    while True:
        for one in members:
            await _announce(shop, [one])
            await asyncio.sleep(1 / PROBES_PER_SECOND)


async def _until_told(shop: Shop) -> None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with shop.database.begin() as session:
                    if not await session.scalar(text("select count(*) from outbox")):
                        return
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise StackProblem("The relay did not tell the workflows in time; the bench gives up.") from None


async def _until_quiet(shop: Shop) -> None:
    """Until the workflows that were just opened have looked around, and sleep."""
    pids = {**shop.servers, **part_pids(shop.settings)}
    meter = CpuMeter({name: pids[name] for name in ("worker", "relay", "temporal")})
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            meter.begin()
            await asyncio.sleep(QUIET_SECONDS)
            meter.end()
            if sum(meter.spent_seconds.values()) < QUIET_SHARE * QUIET_SECONDS:
                return


async def _forget_lags(shop: Shop) -> None:
    async with shop.database.begin() as session:
        await session.execute(text("truncate bench_lag"))


async def _lags(shop: Shop, *, urgent: bool) -> list[float]:
    async with shop.database.read() as session:
        return [float(one) for one in await session.scalars(text(_LAGS), {"urgent": urgent})]
