"""What one pack gave lately, for the pages: by day, and where most of it went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Date, Text, bindparam, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.outlays.acts import NO_ID, time_of
from regulars.outlays.tables import pack_outlay, pack_outlay_state
from regulars.security.scope import Scope, within_place

DAYS: Final = 90
STORES: Final = 5

_GIVEN: Final = (
    select(
        pack_outlay.c.day,
        pack_outlay.c.store_id,
        func.sum(pack_outlay.c.points_given).label("given"),
        func.sum(pack_outlay.c.points_taken).label("taken"),
        func.sum(pack_outlay.c.discount_minor).label("off"),
    )
    .where(
        pack_outlay.c.pack_code == bindparam("pack", type_=Text),
        pack_outlay.c.day >= bindparam("since", type_=Date),
        pack_outlay.c.day <= bindparam("today", type_=Date),
        within_place(pack_outlay.c.store_id),
    )
    .group_by(func.grouping_sets(tuple_(pack_outlay.c.day), tuple_(pack_outlay.c.store_id)))
)
"""By day, and by store, of one pass over the rows."""
_STATE: Final = select(pack_outlay_state.c.as_of, pack_outlay_state.c.counted_from)


@dataclass(frozen=True, slots=True)
class Given:
    """Points and money of some purchases.

    Attributes:
        points_taken: of points given, today's or earlier ones, taken back by undo orders or owed instead.
        discount_minor: taken off by tills in the pack's name.
    """

    points: int
    points_taken: int
    discount_minor: int


@dataclass(frozen=True, slots=True)
class Outlay:
    """What all versions of a pack gave in the latest days.

    Attributes:
        as_of: up to when it has been added up; None: never so far.
        back_to: what was recorded earlier has yet to be added up; None: nothing has.
        days: each day from the first on which anything was given to today.
        stores: where most was given.
    """

    as_of: datetime | None
    back_to: datetime | None
    total: Given
    days: Sequence[tuple[date, Given]]
    stores: Sequence[tuple[UUID, Given]]

    @property
    def is_empty(self) -> bool:
        return not self.days


async def outlay_of(session: AsyncSession, pack_code: str, scope: Scope, today: date) -> Outlay:
    """What a pack gave in the latest 90 days, at the stores in scope.

    Args:
        session: reads only.
        pack_code: all its versions.
        scope: the reader's.
        today: the last day. A purchase counts on its business day; what was corrected or taken back
            afterwards counts on the store's calendar day on which it was booked.
    Returns: exactly what was booked from `back_to` up to `as_of`.
    Source: docs/releases.md, "What a pack gave".
    """
    since = today - timedelta(days=DAYS - 1)
    values = {**scope.parameters, "pack": pack_code, "since": since, "today": today}
    by_day: dict[date, Given] = {}
    by_store: list[tuple[UUID, Given]] = []
    for row in await session.execute(_GIVEN, values):
        given = Given(int(row.given), int(row.taken), int(row.off))
        if row.day is not None:
            by_day[row.day] = given
        else:
            by_store.append((row.store_id, given))
    state = (await session.execute(_STATE)).one_or_none()
    return Outlay(
        as_of=state.as_of if state else None,
        back_to=_back_to(state.as_of, state.counted_from) if state else None,
        total=_total(list(by_day.values())),
        days=_without_gaps(by_day, today),
        stores=sorted(by_store, key=_most_first)[:STORES],
    )


def _back_to(as_of: datetime, counted_from: UUID) -> datetime | None:
    """By the id; some ids say nothing of time, and those come first."""
    if counted_from == NO_ID:
        return None
    millis = min(time_of(counted_from), int(as_of.timestamp() * 1000))
    return datetime.fromtimestamp(millis / 1000, UTC)


def _most_first(one: tuple[UUID, Given]) -> tuple[int, int, UUID]:
    store_id, given = one
    return -given.discount_minor, -given.points, store_id


def _total(parts: Sequence[Given]) -> Given:
    return Given(
        sum(one.points for one in parts),
        sum(one.points_taken for one in parts),
        sum(one.discount_minor for one in parts),
    )


def _without_gaps(by_day: dict[date, Given], today: date) -> list[tuple[date, Given]]:
    if not by_day:
        return []
    first = min(by_day)
    days = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    return [(day, by_day.get(day, Given(0, 0, 0))) for day in days]
