"""Brings a database's schema to the newest revision; safe to run twice, or from two places at once."""

import asyncio
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from regulars.db.base import metadata
from regulars.db.session import make_engine

_ONE_MIGRATOR = 7_201_121  # advisory lock that all migrators take
_LOOK_AGAIN_S: Final = 0.2
_LOCK_TIMEOUT = "5s"
_STATEMENT_TIMEOUT = "10min"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return config


def scripts() -> ScriptDirectory:
    """The revisions, as Alembic sees them."""
    return ScriptDirectory.from_config(_config())


async def upgrade(url: str) -> list[str]:
    """Run what the database has not run yet, each revision in one transaction, after the indexes it builds.

    Args:
        url: `postgresql://…` of an existing database whose user may create tables and extensions.
    Returns: the revisions that ran, oldest first; empty when the schema was new already.
    """
    engine = make_engine(url, application="regulars-migrate", pool_size=1)
    try:
        async with engine.connect() as connection:
            await _alone(connection)
            return await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def is_current(url: str) -> bool:
    """Whether the database's schema is the newest revision."""
    engine = make_engine(url, application="regulars-migrate", pool_size=1)
    try:
        async with engine.connect() as connection:
            heads = await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_heads())
            return set(heads) == set(scripts().get_heads())
    finally:
        await engine.dispose()


async def _alone(connection: AsyncConnection) -> None:
    """Wait for other migrators, between two looks in no transaction.

    An index that one of them builds concurrently waits for every open transaction: one in which
    somebody waits for the lock would never end.
    """
    while not await connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_ONE_MIGRATOR))):
        await connection.commit()
        await asyncio.sleep(_LOOK_AGAIN_S)
    await connection.commit()


def _upgrade(connection: Connection) -> list[str]:
    directory = scripts()
    ran: list[str] = []

    def steps(revision: str, _: MigrationContext) -> list[object]:
        planned = directory._upgrade_revs("heads", revision)  # as Alembic's own upgrade command does
        ran.extend(step.revision.revision for step in planned)
        return list(planned)

    connection.execute(sa.text(f"set lock_timeout = '{_LOCK_TIMEOUT}'"))
    connection.execute(sa.text(f"set statement_timeout = '{_STATEMENT_TIMEOUT}'"))
    connection.commit()
    with EnvironmentContext(_config(), directory, fn=steps, destination_rev="heads") as environment:
        environment.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        with environment.begin_transaction():
            environment.run_migrations()
    connection.commit()
    return ran
