"""The database that a command works on: the chain's own, else the one on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from regulars.db.session import Database, make_engine
from regulars.entrypoints.stack.running import running
from regulars.settings import Settings


@asynccontextmanager
async def database_of(settings: Settings, application: str) -> AsyncIterator[Database]:
    """The database that the settings name, else the one on this machine, started if need be.

    Args:
        settings: whose.
        application: what the server calls us.
    """
    if settings.database_url:
        async with database_at(settings.database_url, application) as database:
            yield database
        return
    async with (
        running(settings, ("postgres",)) as stack,
        database_at(stack.database_url, application) as database,
    ):
        yield database


@asynccontextmanager
async def database_at(url: str, application: str) -> AsyncIterator[Database]:
    """One database, closed in the end."""
    database = Database(make_engine(url, application=application, pool_size=2))
    try:
        yield database
    finally:
        await database.close()
