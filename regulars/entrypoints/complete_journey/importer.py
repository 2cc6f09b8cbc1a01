"""Loads a year of purchases through the ordinary write path, and waits until the workflows know of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
from rich.console import Console

from regulars.analytics.imported import count_overdue_members, imported_keys, posted_keys
from regulars.db.away import DATABASE_ERRORS, is_away
from regulars.db.session import Database
from regulars.entrypoints.complete_journey.founding import Ground, lay_ground
from regulars.entrypoints.complete_journey.interrupts import DatabaseAway
from regulars.entrypoints.complete_journey.loading import Load, Loader, load
from regulars.entrypoints.complete_journey.progress import Meter
from regulars.entrypoints.complete_journey.source import KEY_PREFIX, Slice, open_source
from regulars.entrypoints.stack.problems import StackProblem
from regulars.kernel import processors
from regulars.kernel.clock import now
from regulars.members.phones import PhoneKeys
from regulars.outbox import service as outbox
from regulars.outbox.domain import BULK_LOAD_LOCK

PLAYED_PREFIX: Final = "cj-live-"
"""Begins the retry key of a basket that the live play posted; the import leaves it alone."""

LOADERS_MAX: Final = 4
FEW_BASKETS: Final = 2_000
_LOCK_PATIENCE_MS: Final = 5_000
_POLL_SECONDS: Final = 0.5


class ImportRunning(StackProblem):
    """Another import holds the lock."""

    def __init__(self) -> None:
        super().__init__("Another import runs on this database; wait until it ends.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What to import.

    Attributes:
        wanted: which baskets; its shift is replaced by the chain's own.
        loaders: processes that load side by side; None: one a processor. 0: this process itself.
    """

    database_url: str
    keys: PhoneKeys
    wanted: Slice
    loaders: int | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        purchases: newly recorded.
        known: were in already.
        seconds: from start to the last commit.
    """

    purchases: int
    known: int
    seconds: float
    ground: Ground


async def import_history(wish: Wish, database: Database, console: Console) -> Imported:
    """Record every basket asked for that is not in yet; killed at any point, the next call goes on.

    Args:
        wish: what to import.
        database: the same database, for what surrounds the loading.
        console: where progress is shown.
    Returns: what was done, once the last purchase is committed; the workflows follow from then on.
    Raises: StackProblem: the files are missing, another import runs, the chain counts in another
        currency, a basket was refused, or PostgreSQL went away.
    """
    started = time.monotonic()
    source = open_source()
    try:
        async with _alone(wish.database_url) as lock:
            await _begin(database)
            ground = await lay_ground(database, source, wish.wanted, wish.keys, now())
            numbers = source.basket_numbers(wish.wanted)
            known = await known_baskets(database) & frozenset(numbers)
            missing = len(numbers) - len(known)
            with Meter(console, "Purchases", missing) as meter:
                if missing:
                    await _load_all(wish, ground, known, missing, meter.add)
                    await _count_rows_anew(lock)
            await _end(database)
    except DATABASE_ERRORS as error:
        if not is_away(error):
            raise
        raise DatabaseAway from None
    finally:
        source.close()
    return Imported(missing, len(known), time.monotonic() - started, ground)


async def known_baskets(database: Database) -> frozenset[int]:
    """Numbers of the source's baskets that are in, imported or played."""
    async with database.read() as session:
        found = await imported_keys(session, KEY_PREFIX) | await posted_keys(session, PLAYED_PREFIX)
    return frozenset(int(key) for key in found if key.isdecimal())


async def _load_all(
    wish: Wish, ground: Ground, known: frozenset[int], missing: int, loaded: Callable[[int], None]
) -> None:
    asked = wish.wanted
    loaders = min(processors.usable(), LOADERS_MAX) if wish.loaders is None else wish.loaders
    if missing < FEW_BASKETS and wish.loaders is None:
        loaders = 0
    tasks = [
        Load(
            wish.database_url,
            Slice(ground.shift_weeks, asked.from_day, asked.to_day, asked.part + part * asked.parts, parts),
            ground.members,
            ground.tills,
            known,
        )
        for parts in [asked.parts * max(1, loaders)]
        for part in range(max(1, loaders))
    ]
    if loaders == 0:
        await load(tasks[0], loaded)
        return
    running = [Loader(task) for task in tasks]
    try:
        async with asyncio.TaskGroup() as group:
            for loader in running:
                group.create_task(loader.follow(loaded))
    except BaseExceptionGroup as several:  # what is raised in `except*`, Python before 3.11.4 wraps again
        problems = several.subgroup(StackProblem)
        if problems is None:
            raise
        raise problems.exceptions[0] from None
    finally:
        for loader in running:
            loader.end()


async def _begin(database: Database) -> None:
    async with database.begin() as session:
        await outbox.begin_bulk_load(session, now())


async def _end(database: Database) -> None:
    """Only after everything is in: what stops earlier is to be finished before the workflows hear of it."""
    async with database.begin() as session:
        await outbox.end_bulk_load(session, now())


async def _count_rows_anew(lock: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Tell the planner what has become of the tables; it would go on as if they were small."""
    with suppress(asyncpg.LockNotAvailableError):
        await lock.execute("analyze")


@asynccontextmanager
async def _alone(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Hold the lock that keeps other imports out and makes the relay leave our outbox rows alone.

    It is held by a connection of its own, so that it goes with this process whatever happens.
    """
    connection = await asyncpg.connect(
        database_url, server_settings={"application_name": "regulars-import-lock"}
    )
    try:
        await connection.execute(f"set lock_timeout = {_LOCK_PATIENCE_MS}")
        try:
            await connection.execute("select pg_advisory_lock($1)", BULK_LOAD_LOCK)
        except asyncpg.LockNotAvailableError:
            raise ImportRunning from None
        yield connection
    finally:
        await asyncio.shield(connection.close())


async def wait_for_workflows(database: Database, console: Console) -> float:
    """Return once every workflow has heard of all that was committed and has decided what is due.

    Args:
        database: the chain's.
        console: where progress is shown.
    Returns: seconds waited.
    """
    started, at = time.monotonic(), now()
    waiting = await _behind(database, at)
    with Meter(console, "Workflows", waiting) as meter:
        most = waiting
        while waiting:
            await asyncio.sleep(_POLL_SECONDS)
            waiting = await _behind(database, at)
            most = max(most, waiting)
            meter.total(most)
            meter.set(most - waiting)
    return time.monotonic() - started


async def _behind(database: Database, at: datetime) -> int:
    """Outbox rows that Temporal has still to hear, and members whose due dates have still to be worked."""
    async with database.read() as session:
        backlog = await outbox.measure_backlog(session)
        return backlog.waiting + backlog.held + await count_overdue_members(session, at)
