"""Where the milliseconds of a purchase go: the web application in this process, with a clock at its steps.

Every figure is what one purchase waits for: a group's common steps count whole for each purchase in it.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

import uvicorn
from sqlalchemy import text

from api import receipts, till_wire
from api.routers import purchases as route
from api.till_wire import TillDoor, TillProtocol
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.shops import Shop
from regulars.entrypoints.web import build
from regulars.lifecycle import repository as standings
from regulars.purchases import posting, service
from regulars.purchases.group_commit import GroupCommit
from regulars.security.terminal_keys import TerminalKeys

WARM_UP_SECONDS: Final = 1.0
STATEMENTS_SHOWN: Final = 12
QUERY_SHOWN: Final = 90
_MS: Final = 1_000.0
_group_size: ContextVar[int] = ContextVar("group_size", default=1)
_STATEMENTS: Final = """
select regexp_replace(query, '\\s+', ' ', 'g') as query, total_exec_time as ms, calls
from pg_stat_statements join pg_database d on d.oid = dbid
where d.datname = current_database() order by total_exec_time desc limit :most
"""

Call = Callable[..., Any]


@dataclass(slots=True)
class StageClock:
    """Seconds by step, summed over purchases."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    requests: int = 0
    groups: int = 0

    def begin_anew(self) -> None:
        """Forget what was only to make everything warm."""
        self.seconds.clear()
        self.requests = self.groups = 0

    def sync(self, stage: str, function: Call) -> Call:
        """The function, timed."""

        def timed(*args: object, **named: object) -> object:
            started = time.perf_counter()
            try:
                return function(*args, **named)
            finally:
                self.seconds[stage] += (time.perf_counter() - started) * _group_size.get()

        return timed

    def waiting(self, stage: str, function: Call) -> Call:
        """The coroutine function, timed with all that it waits for."""

        async def timed(*args: object, **named: object) -> object:
            started = time.perf_counter()
            try:
                return await function(*args, **named)
            finally:
                self.seconds[stage] += (time.perf_counter() - started) * _group_size.get()

        return timed

    def group(self, commit: Call) -> Call:
        """The commit of a group, which knows how many wait for it."""
        timed = self.waiting("group", commit)

        async def sized(lanes: object, group: list[object]) -> object:
            self.groups += 1
            _group_size.set(len(group))
            return await timed(lanes, group)

        return sized

    def request(self, answer: Call) -> Call:
        """All that is done for a purchase once it is read."""
        timed = self.waiting("request", answer)

        async def counted(*args: object) -> object:
            self.requests += 1
            return await timed(*args)

        return counted

    def by_stage(self, client_mean_ms: float) -> dict[str, float]:
        """Milliseconds of one purchase by stage; they add up to what the till waited on the average."""
        each = {name: total * _MS / max(1, self.requests) for name, total in self.seconds.items()}
        load = each["ask"] + each["peek"] + each["prepare"]
        inner = each["authenticate"] + each["basket"] + each["post"] + each["answer"]
        stages = {
            "http": client_mean_ms - each["request"] - each["read"],
            "route_and_parse": each["read"] + each["request"] - inner,
            "authenticate": each["authenticate"],
            "basket": each["basket"],
            "wait_for_the_group": each["post"] - each["group"],
            "lock_and_load": load,
            "sort_out": each["record"] - load - each["evaluate"] - each["write"],
            "evaluate": each["evaluate"],
            "write": each["write"],
            "begin_and_commit": each["group"] - each["record"],
            "answer": each["answer"],
        }
        return {name: round(ms, 3) for name, ms in stages.items()}


@contextmanager
def clocked() -> Iterator[StageClock]:
    """Put the clock at the steps of a purchase in this process, and take it away again."""
    clock = StageClock()
    steps: list[tuple[Any, str, Callable[[Call], Call]]] = [
        (TillDoor, "answer", clock.request),
        (till_wire, "read_plain", lambda f: clock.sync("read", f)),
        (TerminalKeys, "actor_of", lambda f: clock.waiting("authenticate", f)),
        (route, "purchase_basket", lambda f: clock.sync("basket", f)),
        (receipts, "receipt_json", lambda f: clock.sync("answer", f)),
        (GroupCommit, "post", lambda f: clock.waiting("post", f)),
        (GroupCommit, "_commit", clock.group),
        (posting, "record_purchases", lambda f: clock.waiting("record", f)),
        (service, "ask_together", lambda f: clock.waiting("ask", f)),
        (standings, "held_members", lambda f: clock.waiting("peek", f)),
        (service, "prepare", lambda f: clock.waiting("prepare", f)),
        (service, "_record", lambda f: clock.sync("evaluate", f)),
        (service, "_write", lambda f: clock.waiting("write", f)),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in steps]
    try:
        for owner, name, wrap in steps:
            setattr(owner, name, wrap(getattr(owner, name)))
        yield clock
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


class _Server(uvicorn.Server):
    """Leaves signals to the bench."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def measure_stages(shop: Shop, tills: int, seconds: float) -> dict[str, object]:
    """Milliseconds of a purchase by stage, with one till and with many; and PostgreSQL's own share.

    Args:
        shop: nothing of it runs; its web application is served by this process.
    """
    found: dict[str, object] = {}
    for number in sorted({1, tills}):
        tell(f"Where the milliseconds go with {number} tills …")
        with clocked() as clock:
            async with _served(shop):
                await shop.load(shop.order(number, WARM_UP_SECONDS))
                clock.begin_anew()
                await _reset_statements(shop)
                loaded = await shop.load(shop.order(number, seconds, warm_up_seconds=0))
        found[f"{number}_tills"] = {
            "till_waits_ms_mean": loaded.tally.latency_ms["mean"],
            "ms": clock.by_stage(loaded.tally.latency_ms["mean"]),
            "purchases_per_group": round(clock.requests / max(1, clock.groups), 2),
            "postgres_ms_per_purchase": await _statements(shop, clock.requests),
        }
    return found


@asynccontextmanager
async def _served(shop: Shop) -> AsyncIterator[None]:
    server = _Server(
        uvicorn.Config(
            build(shop.settings),
            http=TillProtocol,
            host=shop.settings.host,
            port=shop.settings.port,
            log_config=None,
            access_log=False,
        )
    )
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 — no event tells it
            await asyncio.sleep(0.05)
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({serving})
    serving.result()


async def _reset_statements(shop: Shop) -> None:
    async with shop.database.begin() as session:
        await session.execute(text("select pg_stat_statements_reset()"))


async def _statements(shop: Shop, purchases: int) -> list[dict[str, object]]:
    async with shop.database.begin() as session:
        rows = await session.execute(text(_STATEMENTS), {"most": STATEMENTS_SHOWN})
        return [
            {
                "statement": row.query[:QUERY_SHOWN],
                "ms": round(row.ms / max(1, purchases), 4),
                "calls_per_purchase": round(row.calls / max(1, purchases), 3),
            }
            for row in rows
        ]
