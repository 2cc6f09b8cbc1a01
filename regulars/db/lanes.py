"""Transactions of the busiest path, begun and ended by the driver itself on connections kept for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from regulars.db.raw import driver_of, keep_driver

KEPT_MAX: Final = 2
"""Connections that stay open between transactions; more at once are closed when they are done."""
OPEN_MAX: Final = 10
"""Connections at once; who comes then waits, for the server's are counted too."""

_PLAN_ONCE: Final = "set plan_cache_mode = force_generic_plan"
"""Whole batches come as arrays, of which a planner learns nothing but their lengths: asked anew each time it
took an eighth of PostgreSQL's share of a purchase."""


class NotCommitted(Exception):
    """The server ended a transaction otherwise than by committing it; nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class _Lane:
    """A connection, and a session that speaks through it."""

    connection: AsyncConnection
    session: AsyncSession
    raw: "asyncpg.Connection[asyncpg.Record]"

    async def close(self) -> None:
        with suppress(Exception):  # the server closes what we cannot
            await self.session.close()
            await self.connection.close()


class Lanes:
    """Sessions whose transactions are the driver's: SQLAlchemy's way to them costs four times as much.

    For SQLAlchemy these connections are in autocommit, so that what is executed through the session takes
    part in the transaction that the driver began, and nothing else begins or ends one.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._free: list[_Lane] = []
        self._room = asyncio.Semaphore(OPEN_MAX)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction: committed at the end, rolled back on an error."""
        async with self._room:
            lane = await self._taken()
            try:
                await lane.raw.execute("BEGIN")
                yield lane.session
                # An aborted transaction answers COMMIT with ROLLBACK, and no error.
                if (said := await lane.raw.execute("COMMIT")) != "COMMIT":
                    raise NotCommitted(said)
            except BaseException:
                await self._roll_back(lane)
                raise
            await self._give_back(lane)

    async def close(self) -> None:
        """Close what is kept."""
        while self._free:
            await self._free.pop().close()

    async def _taken(self) -> _Lane:
        while self._free:
            lane = self._free.pop()
            if not lane.raw.is_closed():
                return lane
            await lane.close()
        return await self._opened()

    async def _opened(self) -> _Lane:
        connection = await self._engine.connect()
        try:
            raw = await driver_of(connection)
            await raw.execute(_PLAN_ONCE)
        except BaseException:
            with suppress(Exception):
                await connection.close()
            raise
        # Out of the pool: what is kept here must not be missing there.
        await connection.run_sync(Connection.detach)
        session = AsyncSession(connection, expire_on_commit=False, autoflush=False)
        keep_driver(session, raw)
        return _Lane(connection, session, raw)

    async def _roll_back(self, lane: _Lane) -> None:
        try:
            await lane.raw.execute("ROLLBACK")
        except Exception:  # whatever it is, it must not stand in the place of what went wrong before
            await lane.close()
        else:
            await self._give_back(lane)

    async def _give_back(self, lane: _Lane) -> None:
        if lane.session.in_transaction():  # what it thinks is one
            await lane.session.close()
        if len(self._free) < KEPT_MAX:
            self._free.append(lane)
        else:
            await lane.close()
