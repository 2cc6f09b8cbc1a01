"""How a process reaches PostgreSQL: one engine, short sessions, one commit a use-case."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from regulars.db.lanes import Lanes

APPLICATION_NAME_LIMIT = 63


def make_engine(
    url: str, *, application: str, pool_size: int = 10, lock_wait_seconds: int = 0
) -> AsyncEngine:
    """An engine on the asyncpg driver.

    Args:
        url: `postgresql://…`; the driver is added.
        application: shown in pg_stat_activity, e.g. "regulars-web".
        pool_size: connections kept open, and at most.
        lock_wait_seconds: how long a statement waits for somebody else's lock before it fails; 0: for ever.
    """
    return create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=False,
        hide_parameters=True,  # row values may be personal, and errors end in logs
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "server_settings": {
                "application_name": application[:APPLICATION_NAME_LIMIT],
                "timezone": "UTC",
                "lock_timeout": f"{lock_wait_seconds}s",
                "jit": "off",  # short statements: compiling them costs more than running them
            }
        },
    )


class Database:
    """The sessions of one process."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False, autoflush=False)
        self._lanes = Lanes(engine)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction: committed at the end, rolled back on an error."""
        async with self._sessions() as session, session.begin():
            yield session

    def begin_directly(self) -> AbstractAsyncContextManager[AsyncSession]:
        """The same, cheaper, for what is done hundreds of times a second."""
        return self._lanes.begin()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that can only read: one snapshot for all its statements."""
        async with self._sessions() as session, session.begin():
            await session.connection(
                execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            )
            yield session

    async def close(self) -> None:
        """Give every connection back, even when the caller is being cancelled."""
        await asyncio.shield(self._close())

    async def _close(self) -> None:
        await self._lanes.close()
        await self.engine.dispose()
