"""The driver under a session, for statements that carry whole batches as arrays."""

from typing import Final, cast

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

_KEPT: Final = "driver"


async def driver(session: AsyncSession) -> "asyncpg.Connection[asyncpg.Record]":
    """The asyncpg connection of a session, inside the session's transaction.

    Asking SQLAlchemy costs more than most statements, so the answer is kept: a session of ours lives for one
    transaction, on one connection.

    Source: SQLAlchemy begins the driver's transaction with its first own statement, so one is made
    where there was none yet.
    """
    kept: asyncpg.Connection[asyncpg.Record] | None = session.info.get(_KEPT)
    if kept is not None:
        return kept
    connection = await session.connection()
    raw = await driver_of(connection)
    if not raw.is_in_transaction():
        await connection.exec_driver_sql("select 1")
    keep_driver(session, raw)
    return raw


def keep_driver(session: AsyncSession, raw: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Let `driver` answer with this connection, as long as the session lives."""
    session.info[_KEPT] = raw


async def driver_of(connection: AsyncConnection) -> "asyncpg.Connection[asyncpg.Record]":
    """The asyncpg connection under one of SQLAlchemy's."""
    raw = (await connection.get_raw_connection()).driver_connection
    return cast("asyncpg.Connection[asyncpg.Record]", raw)
