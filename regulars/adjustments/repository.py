"""All SQL of adjustments."""

from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.adjustments.domain import Adjustment, AdjustmentState
from regulars.adjustments.tables import adjustment
from regulars.db.paging import latest_first, page_values
from regulars.security.scope import Scope, within_place

_ID: Final = bindparam("adjustment_id", type_=Uuid)
_NAMES: Final = tuple(field.name for field in fields(Adjustment))
_SELECT: Final = select(*(adjustment.c[name] for name in _NAMES))
_ONE: Final = _SELECT.where(adjustment.c.id == _ID, within_place(adjustment.c.store_id))
_LOCK: Final = _ONE.with_for_update(of=adjustment)
_MEMBER: Final = bindparam("wanted_member", type_=Uuid)
_PAGE: Final = latest_first(
    _SELECT.where(
        within_place(adjustment.c.store_id),
        or_(_MEMBER.is_(None), adjustment.c.member_id == _MEMBER),
    ),
    adjustment.c.state,
    adjustment.c.requested_at,
    adjustment.c.id,
)
_INSERT: Final = insert(adjustment).on_conflict_do_nothing().returning(adjustment.c.id)
_DECIDED: Final = ("state", "decided_by", "decided_at", "words")
_DECIDE: Final = (
    update(adjustment)
    .where(adjustment.c.id == _ID)
    .values({name: bindparam(f"new_{name}", type_=adjustment.c[name].type) for name in _DECIDED})
)
_USED: Final = select(cast(func.coalesce(func.sum(func.abs(adjustment.c.points)), 0), BigInteger)).where(
    adjustment.c.requested_by == bindparam("asker", type_=Text),
    adjustment.c.on_day == bindparam("day", type_=Date),
    adjustment.c.within_limit,
)
_ONE_ASKER: Final = select(
    func.pg_advisory_xact_lock(func.hashtextextended(bindparam("asker", type_=Text), 7_201_122))
)


async def one_at_a_time(session: AsyncSession, asker: str) -> None:
    """Let nobody else count what this asker has used until the transaction ends."""
    await session.execute(_ONE_ASKER, {"asker": asker})


async def find(
    session: AsyncSession, adjustment_id: UUID, scope: Scope, *, for_change: bool = False
) -> Adjustment | None:
    """One adjustment within a scope; for a change, one that nobody else changes meanwhile."""
    statement = _LOCK if for_change else _ONE
    values = {"adjustment_id": adjustment_id, **scope.parameters}
    row = (await session.execute(statement, values)).one_or_none()
    return None if row is None else Adjustment(**row._mapping)


async def page(
    session: AsyncSession,
    scope: Scope,
    *,
    state: AdjustmentState | None,
    member_id: UUID | None,
    after: tuple[datetime, UUID] | None,
    count: int,
) -> list[Adjustment]:
    """Adjustments within a scope, the latest first."""
    states = () if state is None else (state,)
    values = {**page_values(states, after, count), "wanted_member": member_id, **scope.parameters}
    return [Adjustment(**row._mapping) for row in await session.execute(_PAGE, values)]


async def write(session: AsyncSession, new: Adjustment) -> bool:
    """Keep a new adjustment; False where its id, or the reversal of the same one, stands already."""
    return (await session.execute(_INSERT, asdict(new))).first() is not None


async def decide(session: AsyncSession, decided: Adjustment) -> None:
    """Keep what became of one."""
    values = {f"new_{name}": getattr(decided, name) for name in _DECIDED}
    await session.execute(_DECIDE, {"adjustment_id": decided.id, **values})


async def used_by(session: AsyncSession, asker: str, day: date) -> int:
    """Points that somebody adjusted alone on a day, given and taken added up."""
    used: int = (await session.execute(_USED, {"asker": asker, "day": day})).scalar_one()
    return used
