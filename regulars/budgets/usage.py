"""How full the limits of a live pack are: what was given, what quotes hold, what is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Text, bindparam, column, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.counters import CounterKey, Occasion, key_of
from regulars.budgets.tables import budget_counter
from regulars.rules.domain import Limit

_KEY: Final = tuple(budget_counter.c[name] for name in CounterKey._fields)
_asked: Final = (
    func.unnest(*(bindparam(name, type_=ARRAY(Text)) for name in CounterKey._fields))
    .table_valued(*(column(name, Text) for name in CounterKey._fields), name="asked")
    .render_derived()
)
_NOW: Final = select(*_KEY, budget_counter.c.used, budget_counter.c.reserved).where(
    tuple_(*_KEY).in_(select(*(_asked.c[name] for name in CounterKey._fields)))
)
_PERIODS: Final = (
    select(*_KEY, budget_counter.c.used, budget_counter.c.reserved)
    .where(
        budget_counter.c.pack_code == bindparam("pack"),
        budget_counter.c.limit_code == bindparam("code"),
        budget_counter.c.unit == bindparam("of"),
        budget_counter.c.subject == bindparam("whose"),
        budget_counter.c.period < bindparam("before"),
    )
    .order_by(budget_counter.c.period.desc())
    .limit(bindparam("most"))
)
_AFTER_ALL: Final = "~"
NO_STORE: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Looked:
    """Whose limits are looked at, and by which clock.

    Attributes:
        stores: each store with its time zone; a limit by store is summed over them.
        zone: the clock of a limit of the whole pack or of a member.
        member_id: whose limits by member are looked at; None: those are left out.
    """

    stores: Sequence[tuple[UUID, ZoneInfo]]
    zone: ZoneInfo
    member_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """How full one limit is in one stretch of the calendar.

    Attributes:
        period: as of `CounterKey`.
        counters: how many are summed here: 1, or as many stores as were asked for.
        used_up: how many of them have nothing left.
        used: what was given; `reserved` what open quotes hold.
        left: None where several are summed.
    """

    limit: Limit
    period: str
    counters: int
    used_up: int
    used: int
    reserved: int
    left: int | None


async def uses_now(session: AsyncSession, limits: Sequence[Limit], looked: Looked, at: datetime) -> list[Use]:
    """How full limits are now.

    Args:
        session: reads only.
        limits: of a live pack.
        looked: at whose.
        at: aware instant, now.
    Returns: one a limit, in their order; a limit by member only where one is named.
    Source: docs/limits.md.
    """
    asked = {limit: _keys(limit, looked, at) for limit in limits}
    keys = [key for each in asked.values() for key in each]
    found = {}
    if keys:
        columns = zip(CounterKey._fields, map(list, zip(*keys, strict=True)), strict=True)
        rows = await session.execute(_NOW, dict(columns))
        found = {CounterKey(*row[:5]): (row.used, row.reserved) for row in rows}
    return [
        _summed(limit, each[0].period, [found.get(key, (0, 0)) for key in each])
        for limit, each in asked.items()
        if each
    ]


async def uses_before(
    session: AsyncSession, limit: Limit, subject: UUID | None, *, before: str | None, most: int
) -> list[Use]:
    """How full one counter was, the newest stretch of the calendar first.

    Args:
        session: reads only.
        limit: of a live pack; each stretch is compared with what the limit is now.
        subject: the store or the member; None for one of the whole pack.
        before: only stretches that lie before this one; None: from the newest on.
        most: at most so many.
    Returns: stretches in which something was given or held.
    """
    values = {
        "pack": limit.pack_code,
        "code": limit.code,
        "of": limit.of,
        "whose": "" if subject is None else str(subject),
        "before": before or _AFTER_ALL,
        "most": most,
    }
    rows = await session.execute(_PERIODS, values)
    return [_summed(limit, row.period, [(row.used, row.reserved)]) for row in rows]


def _keys(limit: Limit, looked: Looked, at: datetime) -> list[CounterKey]:
    sites = looked.stores if limit.per == "store" else [(NO_STORE, looked.zone)]
    occasions = [Occasion(looked.member_id, store_id, at.astimezone(zone)) for store_id, zone in sites]
    keys = [key_of(limit, occasion) for occasion in occasions]
    return [key for key in keys if key is not None]


def _summed(limit: Limit, period: str, counters: Sequence[tuple[int, int]]) -> Use:
    left = [max(0, limit.at_most - used - reserved) for used, reserved in counters]
    return Use(
        limit=limit,
        period=period,
        counters=len(counters),
        used_up=left.count(0),
        used=sum(used for used, _ in counters),
        reserved=sum(reserved for _, reserved in counters),
        left=left[0] if len(left) == 1 else None,
    )
