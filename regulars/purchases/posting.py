"""One transaction for a list of purchases; a list that fails is retried one by one."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from regulars.db.away import DATABASE_ERRORS, is_away
from regulars.db.session import Database
from regulars.kernel.errors import RegularsError
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.domain import Basket
from regulars.purchases.service import record_purchases

ATTEMPTS = 5
_PASSING = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
)


async def post_purchases(
    database: Database, desk: Desk, baskets: Sequence[Basket], at: datetime
) -> list[Recorded | RegularsError]:
    """Commit purchases, each exactly once; the receipts are good once this returns.

    Args:
        database: where.
        desk: what this process knows of places and packs.
        baskets: as for `record_purchases`.
        at: aware UTC, now.
    Returns: an answer for each basket, in order.
    Raises: whatever the database raises for a single purchase, tried several times where another
        transaction was in the way; nothing of that purchase is then written.
    """
    if len(baskets) > 1:
        try:
            return await _post(database, desk, baskets, at)
        except DATABASE_ERRORS as error:
            if is_away(error) and not isinstance(error, _PASSING):
                raise
    return [await _post_alone(database, desk, basket, at) for basket in baskets]


async def _post(
    database: Database, desk: Desk, baskets: Sequence[Basket], at: datetime
) -> list[Recorded | RegularsError]:
    async with database.begin() as session:
        return await record_purchases(session, desk, baskets, at)


async def _post_alone(
    database: Database, desk: Desk, basket: Basket, at: datetime
) -> Recorded | RegularsError:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return (await _post(database, desk, [basket], at))[0]
        except _PASSING:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")
