"""Purchases of the last hour by the minute: what may still change is counted again, what is over is kept."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.analytics.overview import MINUTE, count_purchases_by_minute
from regulars.security.scope import Scope

HOUR: Final = 60 * MINUTE
SETTLED_AFTER: Final = timedelta(seconds=30)
"""A purchase is there a little after it was recorded; a till waits a few seconds for a lock, not so long."""
LOOK_SECONDS: Final = 0.05
"""What one look may spend on minutes before those that are known."""
_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Minutes:
    """Purchases by the minute in which they were recorded.

    Attributes:
        since: from which minute on they are known: a busy chain's hour is not counted in one look.
        settled_to: what was recorded before is final.
        settled: those of them that are final.
        fresh: the others.
    """

    since: datetime
    settled_to: datetime
    settled: Mapping[datetime, int]
    fresh: Mapping[datetime, int]

    def at(self, minute: datetime) -> int:
        """Purchases of one minute; 0 where it is not known yet."""
        return self.settled.get(minute, 0) + self.fresh.get(minute, 0)

    def total(self) -> int:
        """All that are known."""
        return sum(self.settled.values()) + sum(self.fresh.values())


async def count_minutes(session: AsyncSession, scope: Scope, at: datetime, before: Minutes | None) -> Minutes:
    """What is known of the hour up to now.

    Args:
        session: any.
        scope: whose stores count.
        at: aware UTC, now.
        before: what the last look knew; where that is long ago, one begins anew.
    """
    this = minute_of(at)
    hour_ago = this - HOUR + MINUTE
    if before is None or not this - 2 * MINUTE <= before.settled_to <= at:
        before = Minutes(this - MINUTE, this - MINUTE, {}, {})
    settled = Counter({minute: n for minute, n in before.settled.items() if minute >= hour_ago})
    fresh = Counter[datetime]()
    settles = max(at - SETTLED_AFTER, before.settled_to)
    for each in await count_purchases_by_minute(session, scope, before.settled_to, _FOR_EVER, settles):
        settled[each.minute] += each.settled
        fresh[each.minute] += each.purchases - each.settled
    since = await _further_back(session, scope, max(before.since, hour_ago), hour_ago, settled)
    return Minutes(since, settles, settled, fresh)


async def _further_back(
    session: AsyncSession, scope: Scope, since: datetime, to: datetime, counted: Counter[datetime]
) -> datetime:
    """Count minutes further and further back, as many as a look has time for, and at least one."""
    clock = asyncio.get_running_loop().time
    ends, step, took = clock() + LOOK_SECONDS, MINUTE, 0.0
    while since > to and (step == MINUTE or clock() + 2 * took < ends):
        began, until, since = clock(), since, max(to, since - step)
        for each in await count_purchases_by_minute(session, scope, since, until, until):
            counted[each.minute] += each.purchases
        step, took = 2 * step, clock() - began
    return since


def minute_of(at: datetime) -> datetime:
    """The minute that an instant lies in."""
    return at.replace(second=0, microsecond=0)
