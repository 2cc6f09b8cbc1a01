"""Keeps what is derived behind the tills young: what segments read of members, and what packs gave by day."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from time import perf_counter
from typing import Final

import structlog

from regulars.db.away import is_away
from regulars.db.session import Database
from regulars.kernel import clock
from regulars.outlays.following import follow
from regulars.segments.refreshing import refresh

log = structlog.get_logger(__name__)

EVERY: Final = timedelta(minutes=5)


async def keep_features(database: Database, stop: asyncio.Event, every: timedelta = EVERY) -> None:
    """Bring them up to date again and again, until `stop` is set.

    Args:
        database: of the chain; it may come and go.
        stop: ends it.
        every: how long they may grow old; several workers do the work once.
    """
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every.total_seconds())
            return
        try:
            async with database.begin() as session:
                await refresh(session, clock.now(), unless_newer_than=every / 2)
            await _follow_on(database, stop)
        except Exception as error:
            if not is_away(error):
                log.exception("features_not_kept")
                continue
            log.warning("features_not_kept", error=type(error).__name__)


async def _follow_on(database: Database, stop: asyncio.Event) -> None:
    """Add up portion by portion; as long as one took, tills have the machine to themselves."""
    while not stop.is_set():
        began = perf_counter()
        async with database.begin() as session:
            if await follow(session, clock.now()) != "going_on":
                return
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), perf_counter() - began)
