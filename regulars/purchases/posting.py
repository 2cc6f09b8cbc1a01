"""One transaction for a list of purchases; a list that fails is retried one by one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import text

from regulars.db.away import is_away, sqlstate
from regulars.db.session import Database
from regulars.kernel.errors import RegularsError
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.domain import Basket
from regulars.purchases.errors import PurchaseFailed, PurchaseHeldUp
from regulars.purchases.service import record_purchases

log = structlog.get_logger(__name__)

ATTEMPTS = 5
IMPATIENCE = "200ms"
"""How long the others of a list wait for a lock, once one of them has waited in vain: it may be one they all
need, such as that of a budget, and each would wait as long again."""
_CONFLICTS: Final = frozenset({"23505", "40001", "40P01"})  # unique, serialisation, deadlock
_LOCK_NOT_HAD: Final = "55P03"
_LOCK_TIMEOUT: Final = text("select set_config('lock_timeout', :patience, true)")


async def post_purchases(
    database: Database, desk: Desk, baskets: Sequence[Basket], at: datetime
) -> list[Recorded | RegularsError]:
    """Commit purchases, each exactly once; the receipts are good once this returns.

    Args:
        database: where.
        desk: what this process knows of places and packs.
        baskets: as for `record_purchases`.
        at: aware UTC, now.
    Returns: an answer for each basket, in order; of a list PurchaseFailed for one that cannot be written,
        PurchaseHeldUp for one that may be sent again.
    Raises: what a single purchase raised, tried several times where another transaction was in the way;
        and, for a list, that the database is away: purchases before that stand, and asking again is safe.
    """
    if len(baskets) == 1:
        return [await _post_alone(database, desk, baskets[0], at)]
    try:
        return await _post(database, desk, baskets, at)
    except Exception as error:
        if _is_gone(error):
            raise
        log.warning("purchases_retried_singly", count=len(baskets), error=type(error).__name__)
    answers: list[Recorded | RegularsError] = []
    patience: str | None = None
    for basket in baskets:
        answers.append(await _post_apart(database, desk, basket, at, patience))
        if isinstance(answers[-1], PurchaseHeldUp):
            patience = IMPATIENCE
    return answers


async def _post(
    database: Database, desk: Desk, baskets: Sequence[Basket], at: datetime, patience: str | None = None
) -> list[Recorded | RegularsError]:
    async with database.begin_directly() as session:
        if patience is not None:
            await session.execute(_LOCK_TIMEOUT, {"patience": patience})
        return await record_purchases(session, desk, baskets, at)


async def _post_apart(
    database: Database, desk: Desk, basket: Basket, at: datetime, patience: str | None
) -> Recorded | RegularsError:
    """One of a list: what is wrong with it is its answer, and the others go on."""
    try:
        return await _post_alone(database, desk, basket, at, patience)
    except Exception as error:
        if _is_gone(error):
            raise
        if is_away(error):  # in its way, not in it
            return PurchaseHeldUp()
        log.exception("purchase_failed", terminal_id=str(basket.terminal_id))
        return error if isinstance(error, RegularsError) else PurchaseFailed()


async def _post_alone(
    database: Database, desk: Desk, basket: Basket, at: datetime, patience: str | None = None
) -> Recorded | RegularsError:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return (await _post(database, desk, [basket], at, patience))[0]
        except Exception as error:
            if sqlstate(error) not in _CONFLICTS or attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _is_gone(error: Exception) -> bool:
    return is_away(error) and sqlstate(error) not in _CONFLICTS | {_LOCK_NOT_HAD}
