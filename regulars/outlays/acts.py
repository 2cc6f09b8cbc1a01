"""In which hours a version did anything of one kind at a store, so that nobody need read all the others.

Hours are those in which ids were drawn, which is the order in which a version's effects are listed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from asyncpg import Record
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver

ActKind = Literal["award", "discount", "refusal"]

NO_ID: Final = UUID(int=0)
MAYBE_LATER: Final = timedelta(minutes=10)
"""What was recorded so shortly before the latest adding up may not have been added up."""
_HOUR_MS: Final = 3_600_000
_TIME_BITS: Final = 80
_STATE: Final = "select as_of, counted_from from pack_outlay_state"
_LATEST: Final = """
with latest as materialized (
  select s.id, a.hour from place s cross join lateral (
    select hour from pack_act
    where version = $1 and kind = $2 and store_id = s.id and hour <= $3 order by hour desc limit 1) a
  where s.path <@ any($4::text[]::ltree[]))
select hour, array_agg(id) as stores from latest where hour = (select max(hour) from latest) group by hour
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where the latest of a version's acts may lie.

    Attributes:
        first: no earlier than this id.
        last: no later than this one.
        stores: at one of these; None: nobody knows where.
    """

    first: UUID
    last: UUID
    stores: Sequence[UUID] | None


async def stretch_before(
    session: AsyncSession, version: str, kind: ActKind, place_paths: Sequence[str], before: UUID
) -> Stretch | None:
    """Where acts of one kind may be found next, looking backwards.

    Args:
        session: reads only.
        version: as "code/number".
        kind: which acts.
        place_paths: at stores there and below.
        before: an id; acts of this id and of lower ones are looked for.
    Returns: the latest stretch; None where there is none. Below its first id one asks again.
    Source: docs/undoing.md.
    """
    connection = await driver(session)
    state = await connection.fetchrow(_STATE)
    if state is None:
        return Stretch(NO_ID, before, None)
    known_to, counted_from = _first_id(state["as_of"] - MAYBE_LATER), UUID(str(state["counted_from"]))
    if before < counted_from:
        return Stretch(NO_ID, before, None)
    if before >= known_to:
        return Stretch(max(known_to, counted_from), before, None)
    noted = await connection.fetchrow(_LATEST, version, kind, _hour_of(before), list(place_paths))
    if noted is not None:
        return _noted(noted, before, counted_from)
    return None if counted_from == NO_ID else Stretch(NO_ID, UUID(int=counted_from.int - 1), None)


def _noted(noted: Record, before: UUID, counted_from: UUID) -> Stretch:
    hour = noted["hour"]
    first = max(UUID(int=hour * _HOUR_MS << _TIME_BITS), counted_from)
    last = min(before, UUID(int=((hour + 1) * _HOUR_MS << _TIME_BITS) - 1))
    return Stretch(first, last, [UUID(str(each)) for each in noted["stores"]])


def time_of(drawn: UUID) -> int:
    """Milliseconds since 1970 at which an id that grows with time was drawn."""
    return drawn.int >> _TIME_BITS


def _hour_of(drawn: UUID) -> int:
    return time_of(drawn) // _HOUR_MS


def _first_id(at: datetime) -> UUID:
    return UUID(int=max(0, int(at.timestamp() * 1000)) << _TIME_BITS)
