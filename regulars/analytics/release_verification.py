"""The check of releases: their plans unfold by clocks and places, which no statement of SQL does."""

from collections.abc import AsyncIterator
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.analytics.verification import Difference
from regulars.releases.proving import unplanned

RELEASE_PLANS: Final = "release_plans"
RELEASE_PLANS_CLAIM: Final = "where and when versions are live is what their releases plan"


async def release_differences(session: AsyncSession) -> AsyncIterator[Difference]:
    """What the check finds; nothing where all is well.

    Args:
        session: best a read-only snapshot.
    """
    async for found in unplanned(session):
        yield Difference(
            RELEASE_PLANS,
            f"{found.name} {found.release_id}",
            f"{found.surplus} rows that are not planned",
            f"{found.missing} rows that are missing",
        )
