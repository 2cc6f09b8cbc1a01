"""How the chain is doing at this moment: members by stage and tier, purchases, what is still to be heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Integer,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.care.tables import care_task
from regulars.db.base import Instant
from regulars.ledger.tables import balance
from regulars.lifecycle.tables import lifecycle_event, standing
from regulars.members.tables import member
from regulars.organisation.tables import place
from regulars.outbox.tables import outbox, relay_status, workflow_told
from regulars.purchases.tables import purchase, purchase_attribution
from regulars.recompute.tables import purchase_recompute
from regulars.security.scope import Scope, within_place

MINUTE = timedelta(minutes=1)
FAILED_COUNTED = 1_000
"""More are told as so many: the count is to stay quick on a day when a rule fails everywhere."""


@dataclass(frozen=True, slots=True)
class StandingCount:
    """How many members stand in one stage and one tier."""

    stage: str
    tier: str
    members: int


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """Purchases recorded within one minute of the clock.

    Attributes:
        settled: those of them that were recorded before the instant asked for.
    """

    minute: datetime
    purchases: int
    settled: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the members in scope.

    Attributes:
        points: whole points that members hold now.
        tasks_open, tasks_overdue: follow-ups to do, and those of them that fell due over a week ago.
    """

    points: int
    tasks_open: int
    tasks_overdue: int


@dataclass(frozen=True, slots=True)
class RelayFigures:
    """What Temporal has still to hear, and how quickly it hears.

    Attributes:
        waiting: outbox rows, imported ones apart, and changes put off until it is quieter.
        waiting_bulk: outbox rows of an import, which go out after the rest.
        oldest_at: when the oldest row that is not bulk was written; None while nothing waits.
        seen_at: when a relay last showed itself; None where none ever did.
        lag_ms: the relay's own median from commit to signal, or None.
        last_error: what last stopped a relay, or None.
    """

    waiting: int
    waiting_bulk: int
    oldest_at: datetime | None
    seen_at: datetime | None
    lag_ms: int | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One lifecycle event as the overview tells it."""

    member_id: UUID
    member_number: str
    member_name: str
    kind: str
    at: datetime
    tier_from: str | None
    tier_to: str | None
    stage_from: str | None


@dataclass(frozen=True, slots=True)
class RecentPurchase:
    """One of the purchases recorded last.

    Attributes:
        member_id, member_number, member_name: None where it has no member, or one who is not in sight.
        of_elsewhere: whether it has a member, who is at home where the reader may not look.
    """

    id: UUID
    member_id: UUID | None
    member_number: str | None
    member_name: str | None
    of_elsewhere: bool
    store_name: str
    occurred_at: datetime
    recorded_at: datetime
    sales_minor: int
    points: int


@dataclass(frozen=True, slots=True)
class FailedRules:
    """Purchases in which a rule failed and that nobody has dealt with.

    Attributes:
        purchases: at most `FAILED_COUNTED`.
        newest: "pack/version#rule" of what failed in the newest of them.
        at: when that was bought.
    """

    purchases: int
    newest: tuple[str, ...]
    at: datetime


_COUNTS = (
    select(standing.c.stage, standing.c.tier, func.count().label("members"))
    .where(within_place(standing.c.home_store_id))
    .group_by(standing.c.stage, standing.c.tier)
)
_MINUTES = (
    select(
        func.date_trunc("minute", purchase.c.recorded_at).label("minute"),
        func.count().label("purchases"),
        func.count(case((purchase.c.recorded_at < bindparam("settled", type_=Instant), 1))).label("settled"),
    )
    .where(
        purchase.c.recorded_at >= bindparam("since", type_=Instant),
        purchase.c.recorded_at < bindparam("until", type_=Instant),
        within_place(purchase.c.store_id),
    )
    .group_by("minute")
)
_POINTS = (
    select(cast(func.coalesce(func.sum(balance.c.amount), 0), BigInteger))
    .join(standing, standing.c.member_id == balance.c.account_id)
    .where(balance.c.unit == "points", within_place(standing.c.home_store_id))
)
_TASKS = (
    select(
        func.count().label("open"),
        func.count(case((care_task.c.due_at < bindparam("overdue_before", type_=Instant), 1))).label(
            "overdue"
        ),
    )
    .select_from(care_task.join(standing, standing.c.member_id == care_task.c.member_id))
    .where(care_task.c.status == "open", within_place(standing.c.home_store_id))
)
_PUT_OFF = select(func.coalesce(func.sum(workflow_told.c.owed_changes), 0)).where(
    workflow_told.c.owed_since.is_not(None)
)
_OUTBOX = select(
    func.count(case((~outbox.c.bulk, 1))).label("waiting"),
    _PUT_OFF.scalar_subquery().label("put_off"),
    func.count(case((outbox.c.bulk, 1))).label("bulk"),
    func.min(case((~outbox.c.bulk & ~outbox.c.put_off, outbox.c.created_at))).label("oldest_at"),
)
_RELAY = select(relay_status.c.seen_at, relay_status.c.lag_ms_median, relay_status.c.last_error).order_by(
    relay_status.c.seen_at.desc()
)
_LATEST = (
    select(
        lifecycle_event.c.member_id,
        member.c.number,
        member.c.name,
        lifecycle_event.c.kind,
        lifecycle_event.c.effective_at,
        lifecycle_event.c.event_no,
        lifecycle_event.c.tier_from,
        lifecycle_event.c.tier_to,
        lifecycle_event.c.stage_from,
    )
    .join(member, member.c.id == lifecycle_event.c.member_id)
    .where(
        lifecycle_event.c.effective_at <= bindparam("at", type_=Instant),
        within_place(member.c.home_store_id),
    )
    .order_by(lifecycle_event.c.effective_at.desc())
    .limit(bindparam("limit", type_=Integer))
    .subquery()
)
# A tier year ends for all at one instant: only what is shown is put in an order of its own.
_HAPPENINGS = select(_LATEST).order_by(
    _LATEST.c.effective_at.desc(), _LATEST.c.member_id, _LATEST.c.event_no.desc()
)
_RECENT = (
    select(
        purchase.c.id,
        member.c.id.label("member_id"),
        member.c.number,
        member.c.name,
        (purchase.c.member_id.is_not(None) & member.c.id.is_(None)).label("of_elsewhere"),
        place.c.name.label("store_name"),
        purchase.c.occurred_at,
        purchase.c.recorded_at,
        purchase.c.sales_minor,
        purchase.c.points,
    )
    .join(place, place.c.id == purchase.c.store_id)
    .outerjoin(member, and_(member.c.id == purchase.c.member_id, within_place(member.c.home_store_id)))
    .where(within_place(purchase.c.store_id))
    .order_by(purchase.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)


_FAILED_AT_THE_SALE = (
    select(purchase.c.id, purchase.c.occurred_at, cast(purchase.c.evaluation["rules"], JSONB).label("rules"))
    .where(
        text("'recompute' = any(purchase.flags)"),  # as its index has it
        ~exists().where(purchase_recompute.c.purchase_id == purchase.c.id),
        ~exists().where(purchase_attribution.c.purchase_id == purchase.c.id),  # read anew for its member
        within_place(purchase.c.store_id),
    )
    .order_by(purchase.c.id.desc())
)
_FAILED_AFTERWARDS = (
    select(
        purchase_attribution.c.purchase_id.label("id"),
        purchase_attribution.c.occurred_at,
        cast(purchase_attribution.c.evaluation["rules"], JSONB).label("rules"),
    )
    .join(purchase, purchase.c.id == purchase_attribution.c.purchase_id)
    .where(
        text("'recompute' = any(purchase_attribution.flags)"),
        ~exists().where(
            purchase_recompute.c.purchase_id == purchase_attribution.c.purchase_id,
            purchase_recompute.c.cause == "attribution",
        ),
        within_place(purchase.c.store_id),
    )
    .order_by(purchase_attribution.c.purchase_id.desc())
)


def _failed(limit: int) -> CompoundSelect[tuple[UUID, datetime, Any]]:
    """So many of either kind, the newest of each: neither is sorted whole."""
    return union_all(
        *(
            select(each.limit(limit).subquery())  # a limit of its own stands in brackets
            for each in (_FAILED_AT_THE_SALE, _FAILED_AFTERWARDS)
        )
    )


_FAILED_COUNT = select(func.count()).select_from(
    select(_failed(FAILED_COUNTED).subquery().c.id).limit(FAILED_COUNTED).subquery()
)
_NEWEST = _failed(1).subquery()
_FAILED_NEWEST = select(_NEWEST).order_by(_NEWEST.c.id.desc()).limit(1)


async def count_standings(session: AsyncSession, scope: Scope) -> Sequence[StandingCount]:
    """Members by stage and tier; pairs without a member are left out."""
    rows = await session.execute(_COUNTS, scope.parameters)
    return [StandingCount(row.stage, row.tier, row.members) for row in rows]


async def count_purchases_by_minute(
    session: AsyncSession, scope: Scope, since: datetime, until: datetime, settled: datetime
) -> Sequence[MinuteCount]:
    """Purchases by the minute in which they were recorded; minutes without one are left out.

    Args:
        session: any.
        scope: whose stores count.
        since, until: recorded at the first or later, and before the second.
        settled: those recorded before are also counted apart.
    """
    asked = {**scope.parameters, "since": since, "until": until, "settled": settled}
    rows = await session.execute(_MINUTES, asked)
    return [MinuteCount(row.minute, row.purchases, row.settled) for row in rows]


async def sum_totals(session: AsyncSession, scope: Scope, at: datetime) -> Totals:
    """What members hold, and what the stores owe them by way of following up."""
    points = await session.scalar(_POINTS, scope.parameters)
    overdue_before = at - timedelta(days=7)
    tasks = (await session.execute(_TASKS, {**scope.parameters, "overdue_before": overdue_before})).one()
    return Totals(points=int(points or 0), tasks_open=tasks.open, tasks_overdue=tasks.overdue)


async def read_relay(session: AsyncSession) -> RelayFigures:
    """What waits in the outbox, and what the relay says of itself."""
    waiting = (await session.execute(_OUTBOX)).one()
    latest = (await session.execute(_RELAY)).first()
    return RelayFigures(
        waiting=waiting.waiting + waiting.put_off,
        waiting_bulk=waiting.bulk,
        oldest_at=waiting.oldest_at,
        seen_at=latest.seen_at if latest else None,
        lag_ms=latest.lag_ms_median if latest else None,
        last_error=latest.last_error if latest else None,
    )


async def list_happenings(
    session: AsyncSession, scope: Scope, at: datetime, limit: int
) -> Sequence[Happening]:
    """The lifecycle events that took effect last, newest first."""
    rows = await session.execute(_HAPPENINGS, {**scope.parameters, "at": at, "limit": limit})
    return [
        Happening(
            member_id=row.member_id,
            member_number=row.number,
            member_name=row.name,
            kind=row.kind,
            at=row.effective_at,
            tier_from=row.tier_from,
            tier_to=row.tier_to,
            stage_from=row.stage_from,
        )
        for row in rows
    ]


async def list_recent_purchases(session: AsyncSession, scope: Scope, limit: int) -> Sequence[RecentPurchase]:
    """The purchases recorded last, newest first."""
    rows = await session.execute(_RECENT, {**scope.parameters, "limit": limit})
    return [
        RecentPurchase(
            id=row.id,
            member_id=row.member_id,
            member_number=row.number,
            member_name=row.name,
            of_elsewhere=row.of_elsewhere,
            store_name=row.store_name,
            occurred_at=row.occurred_at,
            recorded_at=row.recorded_at,
            sales_minor=row.sales_minor,
            points=row.points,
        )
        for row in rows
    ]


async def read_failed_rules(session: AsyncSession, scope: Scope) -> FailedRules | None:
    """What failed at the tills and waits to be recomputed; None where nothing does."""
    newest = (await session.execute(_FAILED_NEWEST, scope.parameters)).first()
    if newest is None:
        return None
    failed = (f"{rule['pack']}#{rule['rule']}" for rule in newest.rules if rule.get("error"))
    count = await session.scalar(_FAILED_COUNT, scope.parameters)
    return FailedRules(int(count or 0), tuple(dict.fromkeys(failed)), newest.occurred_at)
