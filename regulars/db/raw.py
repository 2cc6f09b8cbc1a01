"""The driver under a session, for statements that carry whole batches as arrays."""

from typing import cast

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession


async def driver(session: AsyncSession) -> "asyncpg.Connection[asyncpg.Record]":
    """The asyncpg connection of a session, inside the session's transaction.

    Source: SQLAlchemy begins the driver's transaction with its first own statement, so one is made
    where there was none yet.
    """
    connection = await session.connection()
    raw = cast(
        "asyncpg.Connection[asyncpg.Record]", (await connection.get_raw_connection()).driver_connection
    )
    if not raw.is_in_transaction():
        await connection.exec_driver_sql("select 1")
    return raw
