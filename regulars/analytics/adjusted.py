"""Adjustments by hand as people read them: with names, as a list, and as lines of a member's story."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Integer,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.adjustments.tables import adjustment
from regulars.db.base import Instant
from regulars.kernel.paging import page_of
from regulars.members.tables import member
from regulars.organisation.tables import place
from regulars.security.scope import Scope, within_place
from regulars.security.tables import operator

_BY: Final = operator.alias("requested_by")
_DECIDER: Final = operator.alias("decided_by")
_REVERSAL: Final = adjustment.alias("reversal")
_BY_NAME: Final = func.coalesce(_BY.c.display_name, adjustment.c.requested_by)
_DECIDER_NAME: Final = func.coalesce(_DECIDER.c.display_name, adjustment.c.decided_by)
_WITH_NAMES: Final = adjustment.outerjoin(
    _BY, literal("operator:") + cast(_BY.c.id, Text) == adjustment.c.requested_by
).outerjoin(_DECIDER, literal("operator:") + cast(_DECIDER.c.id, Text) == adjustment.c.decided_by)

ADJUSTED: Final = (
    select(
        adjustment.c.decided_at,
        literal(3, Integer),
        func.row_number().over(order_by=(adjustment.c.decided_at, adjustment.c.id)),
        literal("points_adjusted", Text),
        adjustment.c.id,
        cast(null(), Uuid),
        cast(null(), Text),
        cast(null(), BigInteger),
        adjustment.c.points,
        cast(null(), Integer),
        cast([], ARRAY(Text)),
        cast(null(), Text),
        cast(null(), Text),
        cast(null(), Text),
        cast(null(), Text),
        func.jsonb_build_object(
            "points",
            adjustment.c.points,
            "code",
            adjustment.c.reason,
            "why",
            adjustment.c.note,
            "ordered_by",
            _BY_NAME,
            "approved_by",
            case((adjustment.c.within_limit, None), else_=_DECIDER_NAME),
        ),
    )
    .select_from(_WITH_NAMES)
    .where(adjustment.c.member_id == bindparam("member_id", type_=Uuid), adjustment.c.state == "posted")
)
"""What `member_story` puts into a member's line of time."""


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """One adjustment with the names of those concerned.

    Attributes:
        reversed: another one takes it back, or waits to.
    """

    id: UUID
    member_id: UUID
    member_name: str
    member_number: str
    store_id: UUID
    store: str
    points: int
    reason: str
    note: str
    reverses: UUID | None
    reversed: bool
    state: str
    within_limit: bool
    requested_by: str
    requested_by_name: str
    requested_at: datetime
    decided_by_name: str | None
    decided_at: datetime | None
    words: str | None


_STATE: Final = bindparam("wanted_state", type_=Text)
_MEMBER: Final = bindparam("wanted_member", type_=Uuid)
_ONE: Final = bindparam("wanted_id", type_=Uuid)
_AFTER_AT: Final = bindparam("after_at", type_=Instant)
_ROWS: Final = (
    select(
        adjustment.c.id,
        adjustment.c.member_id,
        member.c.name.label("member_name"),
        member.c.number.label("member_number"),
        adjustment.c.store_id,
        place.c.name.label("store"),
        adjustment.c.points,
        adjustment.c.reason,
        adjustment.c.note,
        adjustment.c.reverses,
        select(literal(1))
        .where(
            _REVERSAL.c.reverses == adjustment.c.id,
            or_(_REVERSAL.c.state == "waiting", _REVERSAL.c.state == "posted"),
        )
        .exists()
        .label("reversed"),
        adjustment.c.state,
        adjustment.c.within_limit,
        adjustment.c.requested_by,
        _BY_NAME.label("requested_by_name"),
        adjustment.c.requested_at,
        _DECIDER_NAME.label("decided_by_name"),
        adjustment.c.decided_at,
        adjustment.c.words,
    )
    .select_from(
        _WITH_NAMES.join(member, member.c.id == adjustment.c.member_id).join(
            place, place.c.id == adjustment.c.store_id
        )
    )
    .where(
        within_place(adjustment.c.store_id),
        or_(_STATE.is_(None), adjustment.c.state == _STATE),
        or_(_MEMBER.is_(None), adjustment.c.member_id == _MEMBER),
        or_(_ONE.is_(None), adjustment.c.id == _ONE),
        or_(
            _AFTER_AT.is_(None),
            tuple_(adjustment.c.requested_at, adjustment.c.id)
            < tuple_(_AFTER_AT, bindparam("after_id", type_=Uuid)),
        ),
    )
    .order_by(adjustment.c.requested_at.desc(), adjustment.c.id.desc())
    .limit(bindparam("count", type_=Integer))
)
_WAITING: Final = select(func.count().label("waiting")).select_from(
    select(literal(1))
    .where(within_place(adjustment.c.store_id), adjustment.c.state == "waiting")
    .limit(bindparam("count", type_=Integer))
    .subquery()
)


async def list_rows(
    session: AsyncSession,
    scope: Scope,
    *,
    state: str | None = None,
    member_id: UUID | None = None,
    adjustment_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> tuple[Sequence[AdjustmentRow], tuple[datetime, UUID] | None]:
    """Adjustments of members at home within a scope, the latest first.

    Args:
        session: any.
        scope: where the reader may look.
        state, member_id, adjustment_id: only those; None for all.
        after: the key of the last one already told.
        limit: at most, > 0.
    Returns: the rows, and the key of the last where more follow.
    """
    at, last_id = after or (None, None)
    values = {
        **scope.parameters,
        "wanted_state": state,
        "wanted_member": member_id,
        "wanted_id": adjustment_id,
        "after_at": at,
        "after_id": last_id,
        "count": limit + 1,
    }
    found = [AdjustmentRow(**row._mapping) for row in await session.execute(_ROWS, values)]
    return page_of(found, limit, lambda one: (one.requested_at, one.id))


async def count_waiting(session: AsyncSession, scope: Scope, most: int) -> int:
    """How many adjustments wait for a decision within a scope, counted no further than `most`."""
    found: int = (await session.execute(_WAITING, {**scope.parameters, "count": most})).scalar_one()
    return found
