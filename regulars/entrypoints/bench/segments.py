"""`bench segments`: six conditions over a million members in PostgreSQL, beside a bare count of the same.

The members are synthetic and stand in the feature relation alone: what is measured is asking.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.session import Database, make_engine
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.measured import Bar, Measured, at_least, at_most, median
from regulars.entrypoints.bootstrap import bootstrap
from regulars.entrypoints.stack.running import running
from regulars.kernel.clock import now
from regulars.kernel.ids import new_id
from regulars.organisation.domain import NewPlace
from regulars.organisation.service import open_places
from regulars.security.actor import Actor
from regulars.security.scope import EVERYWHERE
from regulars.segments import service
from regulars.segments.checking import check_condition
from regulars.segments.domain import Condition, Question
from regulars.segments.features import FEATURES, microseconds
from regulars.settings import Settings

MEMBERS: Final = 1_000_000
QUICK_MEMBERS: Final = 20_000
STORES: Final = 200
ROUNDS: Final = 9
SAMPLE: Final = 20
LIMIT_MS: Final = 500.0
_ACTOR: Final = Actor.command("bench")
_COLUMNS: Final = (
    *("member_id", "home_store_id", "enrolled_us", "visits", "visits_365d", "spend_365d_minor"),
    *("leaves_at", "frozen", "tier", "stage", "tags"),
    *("visits_30d", "spend_30d_minor", "visits_90d", "spend_90d_minor", "last_visit_us"),
)
_STATE: Final = """
insert into member_feature_state (id, as_of, seen_xid, written_xid, members, undecided_members)
values (1, $1, 0, pg_current_xact_id()::text::bigint, $2, 0)
"""


def _var(name: str) -> Mapping[str, str]:
    return {"var": f"member.{name}"}


CONDITIONS: Final[Mapping[str, object]] = {
    "gold_active": {
        "and": [
            {"in": [_var("tier"), ["gold", "platinum"]]},
            {"===": [_var("stage"), "active"]},
            {"!": [_var("frozen")]},
        ]
    },
    "good_and_at_risk": {
        "and": [
            {"===": [_var("stage"), "at_risk"]},
            {"or": [{">=": [_var("spend_365d_minor"), 300_000]}, {">=": [_var("visits"), 60]}]},
        ]
    },
    "large_average_basket": {
        "and": [
            {">": [_var("visits_365d"), 0]},
            {
                ">=": [
                    {"floor": [{"/": [_var("spend_365d_minor"), {"max": [_var("visits_365d"), 1]}]}]},
                    8_000,
                ]
            },
        ]
    },
    "first_year_not_staff": {
        "and": [
            {"<": [30, _var("enrolled_days"), 365]},
            {"!": [{"in": ["staff", _var("tags")]}]},
            {"<=": [{"length": [_var("tags")]}, 2]},
        ]
    },
    "close_to_the_next_tier": {
        "if": [
            {"===": [_var("tier"), "base"]},
            {"<": [70_000, _var("spend_365d_minor"), 100_000]},
            {"===": [_var("tier"), "silver"]},
            {"<": [240_000, _var("qualifying_spend_minor"), 300_000]},
            {">": [_var("visits"), 1_000]},
        ]
    },
    "came_often_and_stopped": {
        "and": [
            {">=": [_var("visits_90d"), 6]},
            {"===": [_var("visits_30d"), 0]},
            {">=": [_var("spend_90d_minor"), 30_000]},
            {"<=": [31, _var("days_since_visit"), 60]},
        ]
    },
}
"""Realistic ones: tier and stage, spend or visits, arithmetic, dates and tags, a ladder of cases, short
windows."""

IN_THE_ENGINE: Final = {
    "in": ["staff", {"if": [{"===": [_var("stage"), "active"]}, _var("tags"), ["staff"]]}]
}
"""Chooses between two lists, which SQL is not asked to do."""


async def measure(settings: Settings, *, quick: bool) -> Measured:
    """Fill, warm up, ask.

    Args:
        settings: of an empty folder of the bench's own.
        quick: 20,000 members instead of a million.
    """
    return await measure_members(settings, QUICK_MEMBERS if quick else MEMBERS)


async def measure_members(settings: Settings, members: int) -> Measured:
    """As `measure`, over so many members."""
    async with running(settings, ("postgres",)) as stack:
        database = Database(make_engine(stack.database_url, application="regulars-bench", pool_size=2))
        try:
            at = now()
            stores = await _found(database, settings, at)
            tell(f"Filling in {members:,} members …")
            await fill(stack.database_url, stores, members, at)
            return await _measure(database, members)
        finally:
            await database.close()


async def _found(database: Database, settings: Settings, at: datetime) -> list[UUID]:
    await bootstrap(database, settings, at)
    branches = [NewPlace(new_id(), "HQ", "branch", f"branch-{i}", f"Branch {i}") for i in range(8)]
    stores = [
        NewPlace(new_id(), branches[i % 8].code, "store", f"store-{i}", f"Store {i}") for i in range(STORES)
    ]
    async with database.begin() as session:
        await open_places(session, [*branches, *stores], _ACTOR, at)
    return [store.id for store in stores]


async def fill(url: str, stores: list[UUID], members: int, at: datetime) -> None:
    """Copy synthetic members in, and let the planner know.

    Args:
        url: of a database with places.
        stores: homes.
        members: how many.
        at: what instant their features are of.
    """
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_records_to_table(
            "member_feature", records=_members(stores, members, at), columns=_COLUMNS
        )
        await connection.execute(_STATE, at, members)
        await connection.execute("vacuum analyze member_feature")
        await connection.execute("analyze place")
    finally:
        await connection.close()


def _members(stores: list[UUID], members: int, at: datetime) -> Iterator[tuple[object, ...]]:
    """Members without chance: a fixed mixture, spread by a multiplicative hash."""
    now_us, day_us = microseconds(at), 86_400_000_000
    tags: tuple[list[str], ...] = ([], [], [], ["staff"], ["newsletter"], ["newsletter", "parent", "dog"])
    for number in range(members):
        mixed = (number * 2_654_435_761) & 0xFFFFFFFF
        share = mixed % 1_000
        tier = "base" if share < 800 else "silver" if share < 950 else "gold"
        stage = ("active", "active", "active", "at_risk", "lapsed", "joined")[(mixed >> 8) % 6]
        visits_365d = 0 if stage in ("lapsed", "joined") else (mixed >> 5) % 90
        spend = visits_365d * (1_000 + (mixed >> 3) % 9_000)
        yield (
            UUID(int=(mixed << 96) | number),
            stores[mixed % len(stores)],
            now_us - (mixed >> 4) % 2_000 * day_us - mixed,
            visits_365d + (mixed >> 7) % 120,
            visits_365d,
            spend,
            at + timedelta(days=mixed % 365) if visits_365d else None,
            mixed % 211 == 0,
            tier,
            stage,
            tags[(mixed >> 9) % 6],
            visits_365d // (12 + mixed % 40),
            spend // (12 + mixed % 40),
            visits_365d // (4 + mixed % 9),
            spend // (4 + mixed % 9),
            now_us - ((mixed >> 2) % 90 if visits_365d else 400) * day_us - mixed,
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition's times in milliseconds, warm."""

    matching: int
    count_ms: float
    count_and_sample_ms: float
    bare_ms: float
    slowest_ms: float


async def _measure(database: Database, members: int) -> Measured:
    bars: dict[str, Bar] = {}
    figures: dict[str, object] = {"members": members, "rounds": ROUNDS, "sample": SAMPLE}
    for name, tree in CONDITIONS.items():
        condition = check_condition(tree)
        asked = await _ask(database, condition)
        bars[f"{name}_ms"] = at_most(asked.count_ms, LIMIT_MS)
        figures[name] = {
            "matching": asked.matching,
            "count_ms": round(asked.count_ms, 1),
            "count_slowest_ms": round(asked.slowest_ms, 1),
            "count_and_sample_ms": round(asked.count_and_sample_ms, 1),
            "bare_count_ms": round(asked.bare_ms, 1),
            "times_bare": round(asked.count_ms / asked.bare_ms, 2) if asked.bare_ms else math.nan,
        }
        tell(f"{name}: {asked.matching:,} in {asked.count_ms:.0f} ms; bare {asked.bare_ms:.0f} ms")
    bars["members"] = at_least(members, 1)
    figures["row_by_row"] = await _row_by_row(database, members)
    return Measured(bars, figures)


async def _ask(database: Database, condition: Condition) -> Asked:
    """Each kind of question in turn, so that what else the machine does meets all alike."""
    counts, samples, bare = [], [], []
    matching = 0
    for _ in range(ROUNDS + 1):
        async with database.read() as session:
            start = perf_counter()
            matching = (await service.count_members(session, EVERYWHERE, condition, Question())).matching
            counts.append(perf_counter() - start)
            start = perf_counter()
            await service.count_members(session, EVERYWHERE, condition, Question(sample=SAMPLE))
            samples.append(perf_counter() - start)
            bare.append(await _bare(session, condition))
    warm = [[1_000 * seconds for seconds in each[1:]] for each in (counts, samples, bare)]
    return Asked(matching, median(warm[0]), median(warm[1]), median(warm[2]), max(warm[0]))


async def _bare(session: AsyncSession, condition: Condition) -> float:
    """Counting the columns that a condition reads, and nothing else."""
    columns: list[Any] = [FEATURES[path].column for path in condition.paths]
    statement = select(*[func.count(column) for column in columns])
    start = perf_counter()
    await session.execute(statement, {"as_of_us": 0})
    return perf_counter() - start


async def _row_by_row(database: Database, members: int) -> Mapping[str, object]:
    """What the way of last resort costs a member."""
    condition = check_condition(IN_THE_ENGINE)
    async with database.read() as session:
        start = perf_counter()
        answer = await service.count_members(session, EVERYWHERE, condition, Question(), rows_seconds=120)
        seconds = perf_counter() - start
    return {
        "seconds": round(seconds, 2),
        "microseconds_a_member": round(seconds / members * 1e6, 2),
        "way": answer.way,
        "failed": answer.failed,
    }
