"""In which hours a version did anything of one kind, so that who looks for it need not read all the others.

Hours are those in which ids were drawn, which is the order in which a version's effects are listed.
"""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver

ActKind = Literal["award", "discount", "refusal"]

MAYBE_LATER: Final = timedelta(minutes=10)
"""What was recorded so shortly before the latest adding up may not have been added up."""
_HOUR_MS: Final = 3_600_000
_TIME_BITS: Final = 80
_AS_OF: Final = "select as_of from pack_outlay_state"
_LATEST: Final = "select max(hour) from pack_act where version = $1 and kind = $2 and hour <= $3"


async def last_act_before(session: AsyncSession, version: str, kind: ActKind, before: UUID) -> UUID | None:
    """From where on backwards a version's acts of one kind may be found.

    Args:
        session: reads only.
        version: as "code/number".
        kind: which acts.
        before: an id; acts of this id and of lower ones are looked for.
    Returns: `before` itself where there may be some in its hour, or where nothing is known of so late a time;
        else the last id of the latest hour with any; None where there is none.
    Source: docs/undoing.md.
    """
    connection = await driver(session)
    as_of: datetime | None = await connection.fetchval(_AS_OF)
    if as_of is None or before.int >> _TIME_BITS >= (as_of - MAYBE_LATER).timestamp() * 1000:
        return before
    hour = (before.int >> _TIME_BITS) // _HOUR_MS
    latest: int | None = await connection.fetchval(_LATEST, version, kind, hour)
    if latest is None or latest == hour:
        return None if latest is None else before
    return UUID(int=((latest + 1) * _HOUR_MS << _TIME_BITS) - 1)
