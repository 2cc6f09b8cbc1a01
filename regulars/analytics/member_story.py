"""One member's story: who and where, and what happened, purchases and events in one line of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.analytics.adjusted import ADJUSTED
from regulars.analytics.ended_tags import ENDED_TAGS
from regulars.analytics.taken_back import TAKEN_BACK, taken_of
from regulars.care.tables import care_task
from regulars.db.base import Instant, Json
from regulars.ledger.tables import balance, lot, lot_consumption
from regulars.lifecycle.tables import lifecycle_event, standing
from regulars.members.tables import member, member_reference
from regulars.members.tagging import tags_of_kept
from regulars.organisation.tables import place
from regulars.purchases.tables import purchase, purchase_attribution
from regulars.security.scope import Scope, within_place


@dataclass(frozen=True, slots=True)
class MemberProfile:
    """A member and the member's standing.

    Attributes:
        references: names of the member in outside systems.
        points: whole points held now.
        home_path: path of the home store, by which permissions are asked.
    """

    id: UUID
    number: str
    name: str
    phone_last4: str | None
    tags: tuple[str, ...]
    rule_tags: Mapping[str, datetime | None]
    references: tuple[str, ...]
    enrolled_at: datetime
    home_store_id: UUID
    home_store: str
    home_path: str
    time_zone: str
    tier: str
    tier_since: datetime
    tier_year_ends_at: datetime | None
    stage: str
    stage_since: datetime
    visits: int
    spend_minor: int
    spend_365d_minor: int
    visits_365d: int
    points: int
    points_owed: int
    points_earned: int
    last_purchase_at: datetime | None
    next_revisit_at: datetime | None
    next_due_at: datetime | None
    frozen_at: datetime | None
    frozen_reason: str | None


@dataclass(frozen=True, slots=True)
class StoryKey:
    """Where in a story a page begins: strictly before this."""

    at: datetime
    rank: int
    no: int


@dataclass(frozen=True, slots=True)
class StoryItem:
    """A purchase, a lifecycle event, what an undo order took back, or what somebody did by hand.

    Attributes:
        key: its place in the story.
        kind: "purchase", "points_taken_back", "points_adjusted", "tag_ended", or the event's kind.
        points: earned by a purchase; taken back by an order; adjusted, below zero where they were taken.
        reason: the figures that decided an event; who ordered an undo or asked for an adjustment, and why.
        taken_back: points of a purchase that undo orders took since.
    """

    key: StoryKey
    kind: str
    id: UUID
    purchase_id: UUID | None
    store: str | None
    sales_minor: int | None
    points: int | None
    line_count: int | None
    flags: tuple[str, ...]
    tier_from: str | None
    tier_to: str | None
    stage_from: str | None
    pack_version: str | None
    reason: Mapping[str, object]
    taken_back: int = 0


@dataclass(frozen=True, slots=True)
class ExpiringPoints:
    """The points that expire next."""

    points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CareTaskRow:
    """A follow-up that the chain owes, or owed, the member."""

    id: UUID
    kind: str
    due_at: datetime
    status: str
    outcome: str | None
    note: str | None
    closed_at: datetime | None


_ID = bindparam("member_id", type_=Uuid)
_PROFILE = (
    select(
        member.c.id,
        member.c.number,
        member.c.name,
        member.c.phone_last4,
        member.c.tags,
        member.c.rule_tags,
        select(func.coalesce(func.array_agg(member_reference.c.reference), cast([], ARRAY(Text))))
        .where(member_reference.c.member_id == member.c.id)
        .scalar_subquery()
        .label("member_references"),
        member.c.enrolled_at,
        member.c.home_store_id,
        place.c.name.label("home_store"),
        place.c.path.label("home_path"),
        place.c.time_zone,
        standing.c.tier,
        standing.c.tier_since,
        standing.c.tier_year_ends_at,
        standing.c.stage,
        standing.c.stage_since,
        standing.c.visits,
        standing.c.spend_minor,
        standing.c.spend_365d_minor,
        standing.c.visits_365d,
        func.coalesce(balance.c.amount, 0, type_=BigInteger).label("points"),
        func.coalesce(balance.c.owed, 0, type_=BigInteger).label("points_owed"),
        standing.c.points_earned,
        standing.c.last_purchase_at,
        standing.c.next_revisit_at,
        standing.c.next_due_at,
        standing.c.frozen_at,
        standing.c.frozen_reason,
    )
    .join(standing, standing.c.member_id == member.c.id)
    .join(place, place.c.id == member.c.home_store_id)
    .outerjoin(balance, and_(balance.c.account_id == member.c.id, balance.c.unit == "points"))
    .where(member.c.id == _ID, within_place(member.c.home_store_id))
)

_PURCHASES = (
    select(
        purchase.c.occurred_at.label("at"),
        literal(0, Integer).label("rank"),
        purchase.c.seq.label("no"),
        literal("purchase", Text).label("kind"),
        purchase.c.id,
        purchase.c.id.label("purchase_id"),
        place.c.name.label("store"),
        purchase.c.sales_minor,
        purchase.c.points,
        purchase.c.line_count,
        purchase.c.flags,
        cast(null(), Text).label("tier_from"),
        cast(null(), Text).label("tier_to"),
        cast(null(), Text).label("stage_from"),
        cast(null(), Text).label("pack_version"),
        cast(null(), Json).label("reason"),
    )
    .join(place, place.c.id == purchase.c.store_id)
    .where(purchase.c.member_id == _ID)
)
_ATTRIBUTED = (
    select(
        purchase_attribution.c.occurred_at,
        literal(0, Integer),
        purchase_attribution.c.seq,
        literal("purchase", Text),
        purchase.c.id,
        purchase.c.id,
        place.c.name,
        purchase_attribution.c.sales_minor,
        purchase_attribution.c.points,
        purchase.c.line_count,
        purchase_attribution.c.flags,
        cast(null(), Text),
        cast(null(), Text),
        cast(null(), Text),
        cast(null(), Text),
        cast(null(), Json),
    )
    .join(purchase, purchase.c.id == purchase_attribution.c.purchase_id)
    .join(place, place.c.id == purchase.c.store_id)
    .where(purchase_attribution.c.member_id == _ID)
)
_EVENTS = select(
    lifecycle_event.c.effective_at,
    literal(1, Integer),
    lifecycle_event.c.event_no,
    lifecycle_event.c.kind,
    lifecycle_event.c.id,
    lifecycle_event.c.purchase_id,
    cast(null(), Text),
    cast(null(), BigInteger),
    cast(null(), BigInteger),
    cast(null(), Integer),
    cast([], ARRAY(Text)),
    lifecycle_event.c.tier_from,
    lifecycle_event.c.tier_to,
    lifecycle_event.c.stage_from,
    lifecycle_event.c.pack_version,
    lifecycle_event.c.reason,
).where(lifecycle_event.c.member_id == _ID)
_story = union_all(_PURCHASES, _ATTRIBUTED, _EVENTS, TAKEN_BACK, ADJUSTED, ENDED_TAGS).subquery("story")
_bought = union_all(_PURCHASES, _ATTRIBUTED).subquery("story")
_ORDER = (_story.c.at.desc(), _story.c["rank"].desc(), _story.c.no.desc())
_STORY = select(_story).order_by(*_ORDER).limit(bindparam("limit", type_=Integer))
_BEFORE = tuple_(
    bindparam("before_at", type_=Instant),
    bindparam("before_rank", type_=Integer),
    bindparam("before_no", type_=BigInteger),
)
_STORY_BEFORE = _STORY.where(tuple_(_story.c.at, _story.c["rank"], _story.c.no) < _BEFORE)
_RECEIPTS = (
    select(_bought)
    .order_by(_bought.c.at.desc(), _bought.c["rank"].desc(), _bought.c.no.desc())
    .limit(bindparam("limit", type_=Integer))
)
_RECEIPTS_BEFORE = _RECEIPTS.where(tuple_(_bought.c.at, _bought.c["rank"], _bought.c.no) < _BEFORE)

_used = (
    select(lot_consumption.c.lot_id, func.sum(lot_consumption.c.amount).label("amount"))
    .join(lot, lot.c.id == lot_consumption.c.lot_id)
    .where(lot.c.account_id == _ID)
    .group_by(lot_consumption.c.lot_id)
    .subquery("used")
)
_LEFT = lot.c.amount - func.coalesce(_used.c.amount, 0)
_EXPIRING = (
    select(cast(func.sum(_LEFT), BigInteger).label("points"), lot.c.expires_at)
    .outerjoin(_used, _used.c.lot_id == lot.c.id)
    .where(
        lot.c.account_id == _ID,
        lot.c.unit == "points",
        lot.c.expires_at > bindparam("at", type_=Instant),
        _LEFT > 0,
    )
    .group_by(lot.c.expires_at)
    .order_by(lot.c.expires_at)
    .limit(1)
)
_TASKS = (
    select(
        care_task.c.id,
        care_task.c.kind,
        care_task.c.due_at,
        care_task.c.status,
        care_task.c.outcome,
        care_task.c.note,
        care_task.c.closed_at,
    )
    .where(care_task.c.member_id == _ID)
    .order_by(care_task.c.status.desc(), care_task.c.due_at.desc())
    .limit(bindparam("limit", type_=Integer))
)


async def read_profile(session: AsyncSession, scope: Scope, member_id: UUID) -> MemberProfile | None:
    """A member and the member's standing.

    Args:
        session: any.
        scope: where the reader may look.
        member_id: whose.
    Returns: None where there is no such member, or none that the reader may see.
    """
    row = (await session.execute(_PROFILE, {**scope.parameters, "member_id": member_id})).first()
    if row is None:
        return None
    known = dict(row._mapping)
    known["references"] = tuple(sorted(known.pop("member_references")))
    known["tags"] = tuple(known["tags"])
    known["rule_tags"] = tags_of_kept(known["rule_tags"])
    return MemberProfile(**known)


async def read_story(
    session: AsyncSession, member_id: UUID, *, before: StoryKey | None, limit: int
) -> tuple[Sequence[StoryItem], bool]:
    """A stretch of a member's story, newest first.

    Args:
        session: any.
        member_id: whose; the caller has read the profile in its scope.
        before: the key of the last item already told; None from the newest.
        limit: items at most, > 0.
    Returns: the items, and whether older ones follow.
    """
    return await _read(session, _STORY, _STORY_BEFORE, member_id, before, limit)


async def read_receipts(
    session: AsyncSession, member_id: UUID, *, before: StoryKey | None, limit: int
) -> tuple[Sequence[StoryItem], bool]:
    """The same of purchases alone."""
    return await _read(session, _RECEIPTS, _RECEIPTS_BEFORE, member_id, before, limit)


async def _read(
    session: AsyncSession,
    newest: Select[tuple[Any, ...]],
    older: Select[tuple[Any, ...]],
    member_id: UUID,
    before: StoryKey | None,
    limit: int,
) -> tuple[Sequence[StoryItem], bool]:
    parameters: dict[str, object] = {"member_id": member_id, "limit": limit + 1}
    statement = newest
    if before is not None:
        statement = older
        parameters |= {"before_at": before.at, "before_rank": before.rank, "before_no": before.no}
    rows = (await session.execute(statement, parameters)).all()
    bought = [row.id for row in rows if row.kind == "purchase" and row.points]
    taken = await taken_of(session, member_id, bought) if bought else {}
    items = [
        StoryItem(
            key=StoryKey(row.at, row.rank, row.no),
            kind=row.kind,
            id=row.id,
            purchase_id=row.purchase_id,
            store=row.store,
            sales_minor=row.sales_minor,
            points=row.points,
            line_count=row.line_count,
            flags=tuple(row.flags or ()),
            tier_from=row.tier_from,
            tier_to=row.tier_to,
            stage_from=row.stage_from,
            pack_version=row.pack_version,
            reason=row.reason or {},
            taken_back=taken.get(row.id, 0) if row.kind == "purchase" else 0,
        )
        for row in rows[:limit]
    ]
    return items, len(rows) > limit


async def read_expiring(session: AsyncSession, member_id: UUID, at: datetime) -> ExpiringPoints | None:
    """The points of a member that expire next after an instant."""
    row = (await session.execute(_EXPIRING, {"member_id": member_id, "at": at})).first()
    return ExpiringPoints(int(row.points), row.expires_at) if row else None


async def list_tasks(session: AsyncSession, member_id: UUID, limit: int) -> Sequence[CareTaskRow]:
    """A member's follow-ups: open ones first, then the latest."""
    rows = await session.execute(_TASKS, {"member_id": member_id, "limit": limit})
    return [CareTaskRow(**row._mapping) for row in rows]
