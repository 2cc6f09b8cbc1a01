"""What a chain and a member add up to, now or as of an instant: counted from history, never from caches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, Uuid, bindparam, cast, func, or_, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.base import Instant
from regulars.ledger.tables import balance, ledger_entry, lot, lot_consumption, posting
from regulars.lifecycle.tables import lifecycle_event, standing
from regulars.members.tables import member
from regulars.purchases.tables import purchase, purchase_attribution

STAGES = ("joined", "active", "at_risk", "lapsed")
TIERS = ("base", "silver", "gold")
END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ChainTotals:
    """Sums over the whole chain.

    Attributes:
        purchases: all, those without a member included.
        members_by_tier, members_by_stage: every tier and stage that anyone may be in, 0 included.
        points_earned: points given, whether or not since expired.
        last_purchase_at: the latest occurred_at, or None.
    """

    purchases: int
    members: int
    members_by_tier: Mapping[str, int]
    members_by_stage: Mapping[str, int]
    sales_minor: int
    points_earned: int
    last_purchase_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberTotals:
    """One member's figures.

    Attributes:
        balances: unit → amount held now, what is pending included.
        pending_points: what of the points cannot be used yet.
        points_owed: what could not be taken back; what is earned next pays it.
        purchases: attributed ones included.
    """

    id: UUID
    number: str
    tier: str
    stage: str
    frozen: bool
    balances: Mapping[str, int]
    pending_points: int
    points_owed: int
    purchases: int
    sales_minor: int
    points_earned: int
    enrolled_at: datetime
    last_purchase_at: datetime | None


_AS_OF = bindparam("as_of", type_=Instant)
_MEMBER = bindparam("member_id", type_=Uuid)


def _sum(amounts: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(amounts), 0), BigInteger)


_PURCHASES = select(
    func.count().label("purchases"),
    _sum(purchase.c.sales_minor).label("sales_minor"),
    func.max(purchase.c.occurred_at).label("last_purchase_at"),
).where(purchase.c.occurred_at <= _AS_OF)
_MEMBERS = select(func.count()).select_from(member).where(member.c.enrolled_at <= _AS_OF)
_POINTS = (
    select(_sum(posting.c.amount))
    .join(ledger_entry, ledger_entry.c.id == posting.c.entry_id)
    .where(ledger_entry.c.kind == "earn", posting.c.unit == "points", ledger_entry.c.effective_at <= _AS_OF)
)


def _members_by(state: ColumnElement[str]) -> Select[tuple[str, int]]:
    latest = (
        select(lifecycle_event.c.member_id, state.label("state"))
        .where(lifecycle_event.c.effective_at <= _AS_OF, state.is_not(None))
        .ext(distinct_on(lifecycle_event.c.member_id))
        .order_by(
            lifecycle_event.c.member_id,
            lifecycle_event.c.effective_at.desc(),
            lifecycle_event.c.event_no.desc(),
        )
        .subquery()
    )
    return select(latest.c.state, func.count().label("members")).group_by(latest.c.state)


_BY_TIER = _members_by(lifecycle_event.c.tier_to)
_BY_STAGE = _members_by(lifecycle_event.c.stage_to)

_STANDING = (
    select(
        member.c.number,
        member.c.enrolled_at,
        standing.c.tier,
        standing.c.stage,
        standing.c.frozen_at.is_not(None).label("frozen"),
    )
    .join(standing, standing.c.member_id == member.c.id)
    .where(member.c.id == _MEMBER)
)
_TAKEN = select(func.sum(lot_consumption.c.amount)).where(lot_consumption.c.lot_id == lot.c.id)
_BALANCES = select(balance.c.unit, balance.c.amount, balance.c.owed).where(balance.c.account_id == _MEMBER)
_PENDING = select(_sum(lot.c.amount - func.coalesce(_TAKEN.scalar_subquery(), 0))).where(
    lot.c.account_id == _MEMBER,
    lot.c.unit == "points",
    lot.c.available_at > _AS_OF,
    or_(lot.c.expires_at.is_(None), lot.c.expires_at > _AS_OF),
)
_OF_MEMBER = union_all(
    select(purchase.c.occurred_at, purchase.c.sales_minor).where(purchase.c.member_id == _MEMBER),
    select(purchase_attribution.c.occurred_at, purchase_attribution.c.sales_minor).where(
        purchase_attribution.c.member_id == _MEMBER
    ),
).subquery()
_MEMBER_PURCHASES = select(
    func.count().label("purchases"),
    _sum(_OF_MEMBER.c.sales_minor).label("sales_minor"),
    func.max(_OF_MEMBER.c.occurred_at).label("last_purchase_at"),
)
_MEMBER_POINTS = (
    select(_sum(posting.c.amount))
    .join(ledger_entry, ledger_entry.c.id == posting.c.entry_id)
    .where(ledger_entry.c.kind == "earn", posting.c.unit == "points", ledger_entry.c.member_id == _MEMBER)
)


async def read_totals(session: AsyncSession, as_of: datetime | None = None) -> ChainTotals:
    """What the chain adds up to.

    Args:
        session: a reading one, so that all figures are of one snapshot.
        as_of: aware instant; what took effect later is left out. None: everything recorded.
    """
    at = {"as_of": as_of or END_OF_TIME}
    bought = (await session.execute(_PURCHASES, at)).one()
    return ChainTotals(
        purchases=bought.purchases,
        members=int(await session.scalar(_MEMBERS, at) or 0),
        members_by_tier=await _counted(session, _BY_TIER, TIERS, at),
        members_by_stage=await _counted(session, _BY_STAGE, STAGES, at),
        sales_minor=bought.sales_minor,
        points_earned=int(await session.scalar(_POINTS, at) or 0),
        last_purchase_at=bought.last_purchase_at,
    )


async def read_member_totals(session: AsyncSession, member_id: UUID, at: datetime) -> MemberTotals | None:
    """What one member adds up to now, or None where there is no such member.

    Args:
        session: a reading one.
        member_id: the member.
        at: aware instant, now: points that are available later are pending.
    """
    one = {"member_id": member_id}
    stands = (await session.execute(_STANDING, one)).first()
    if stands is None:
        return None
    bought = (await session.execute(_MEMBER_PURCHASES, one)).one()
    held = (await session.execute(_BALANCES, one)).all()
    return MemberTotals(
        id=member_id,
        number=stands.number,
        tier=stands.tier,
        stage=stands.stage,
        frozen=stands.frozen,
        balances={"points": 0} | {row.unit: row.amount for row in held},
        pending_points=int(await session.scalar(_PENDING, {**one, "as_of": at}) or 0),
        points_owed=sum(row.owed for row in held),
        purchases=bought.purchases,
        sales_minor=bought.sales_minor,
        points_earned=int(await session.scalar(_MEMBER_POINTS, one) or 0),
        enrolled_at=stands.enrolled_at,
        last_purchase_at=bought.last_purchase_at,
    )


async def _counted(
    session: AsyncSession,
    statement: Select[tuple[str, int]],
    known: tuple[str, ...],
    at: Mapping[str, object],
) -> dict[str, int]:
    rows = await session.execute(statement, at)
    return dict.fromkeys(known, 0) | {row.state: row.members for row in rows}
