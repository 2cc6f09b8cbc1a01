"""How a database that is away, stopping, full or too busy shows itself, whichever layer noticed first."""

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# A server that is killed tells its idle connections; a driver that is just reading that knows no more to do.
_DRIVER: Final = (asyncpg.InterfaceError, asyncpg.InternalClientError)
DATABASE_ERRORS: Final = (SQLAlchemyError, asyncpg.PostgresError, *_DRIVER, OSError)
"""Whatever a statement can raise: by SQLAlchemy, by the driver under it, or by the line."""

# SQLSTATE classes and codes that pass: connection, resources, conflicts, shutdown, locks, the system itself.
_PASSING: Final = ("08", "53", "40", "57P", "55P03", "58")


def is_away(error: BaseException) -> bool:
    """Whether trying again later, unchanged, can help.

    Args:
        error: any.
    Returns: True where the server cannot be reached or cannot work just now; False where it answered.
    """
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, (PoolTimeout, OSError, *_DRIVER)):
        return True
    return sqlstate(error).startswith(_PASSING)


def sqlstate(error: BaseException) -> str:
    """The five characters by which PostgreSQL names an error; "" for an error that is not its own."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    return state if isinstance(state, str) else ""
