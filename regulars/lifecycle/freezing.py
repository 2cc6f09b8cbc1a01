"""Freezing a member (冻结): nothing is earned until somebody lifts it; time goes on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.together import write_together
from regulars.lifecycle import repository, service
from regulars.lifecycle.domain import EventKind, LifecycleEvent, Standing, changed
from regulars.lifecycle.errors import AlreadyFrozen, FreezeReasonUnknown, NotFrozen
from regulars.members.errors import UnknownMember
from regulars.organisation.places import Places
from regulars.outbox import service as outbox
from regulars.outbox.domain import Change
from regulars.rules.live import LivePacks
from regulars.security import audit
from regulars.security.domain import ActorKind
from regulars.security.scope import Scope

FREEZES: tuple[EventKind, ...] = ("frozen", "unfrozen")


class FreezeReason(StrEnum):
    """Why a member is frozen, as a code: the words of an operator never leave the database."""

    FRAUD_SUSPECTED = "fraud_suspected"
    MEMBER_REQUEST = "member_request"
    DATA_DISPUTE = "data_dispute"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Order:
    """Somebody's wish to freeze or unfreeze one member.

    Attributes:
        id: drawn by who asks and kept across retries: an order is carried out once.
        by_kind, by_id: who asks.
        scope: where they may.
        note: their own words, for the audit; None for none.
    """

    id: UUID
    member_id: UUID
    by_kind: ActorKind
    by_id: str
    scope: Scope
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Freeze:
    """Whether a member is frozen, since when and why."""

    member_id: UUID
    frozen_at: datetime | None
    reason: str | None


def freeze_reason(code: str) -> FreezeReason:
    """The reason with this code. Raises: FreezeReasonUnknown."""
    try:
        return FreezeReason(code)
    except ValueError:
        raise FreezeReasonUnknown([reason.value for reason in FreezeReason]) from None


async def freeze(
    session: AsyncSession, packs: LivePacks, places: Places, order: Order, reason: str, at: datetime
) -> Freeze:
    """Let a member earn nothing from now on.

    Args:
        session: in a transaction.
        order: who wants whom frozen; the same order again changes nothing.
        reason: code of a `FreezeReason`.
        at: aware UTC, now.
    Returns: the member's freeze.
    Raises: UnknownMember, AlreadyFrozen, FreezeReasonUnknown; nothing is changed then.
    """
    code = freeze_reason(reason).value
    standing = await _ready(session, packs, places, order, at)
    if await _carried_out(session, order):
        return _freeze_of(standing)
    if standing.frozen_at is not None:
        raise AlreadyFrozen(standing.frozen_at, standing.frozen_reason)
    frozen = changed(standing, frozen_at=at, frozen_reason=code)
    return await _write(session, order, "frozen", standing, frozen, at)


async def unfreeze(
    session: AsyncSession, packs: LivePacks, places: Places, order: Order, at: datetime
) -> Freeze:
    """Let a frozen member earn again; what was bought meanwhile stays without points.

    Args:
        session: in a transaction.
        order: who wants whom unfrozen; the same order again changes nothing.
        at: aware UTC, now.
    Returns: the member's freeze, none.
    Raises: UnknownMember, NotFrozen; nothing is changed then.
    """
    standing = await _ready(session, packs, places, order, at)
    if await _carried_out(session, order):
        return _freeze_of(standing)
    if standing.frozen_at is None:
        raise NotFrozen
    thawed = changed(standing, frozen_at=None, frozen_reason=None)
    return await _write(session, order, "unfrozen", standing, thawed, at)


async def _ready(
    session: AsyncSession, packs: LivePacks, places: Places, order: Order, at: datetime
) -> Standing:
    """The member under lock, with all that time had decided written first."""
    await service.advance(session, packs, places, [order.member_id], at, at)
    member = (await repository.lock(session, [order.member_id])).get(order.member_id)
    if member is None or not order.scope.covers(places.store(member.standing.home_store_id).path):
        raise UnknownMember
    return member.standing


async def _carried_out(session: AsyncSession, order: Order) -> bool:
    events = (await repository.events_of(session, [order.member_id])).get(order.member_id, [])
    return any(event.kind in FREEZES and event.reason.get("order") == str(order.id) for event in events)


async def _write(
    session: AsyncSession, order: Order, kind: EventKind, before: Standing, after: Standing, at: datetime
) -> Freeze:
    after = changed(after, last_event_no=before.last_event_no + 1)
    event = LifecycleEvent(
        member_id=order.member_id,
        event_no=after.last_event_no,
        after_seq=after.last_seq,
        kind=kind,
        effective_at=at,
        reason={"code": after.frozen_reason or before.frozen_reason, "order": str(order.id)},
    )
    writes = [*repository.standings_moved([after]), *repository.events_told([event], at, {})]
    await write_together(session, writes)
    await audit.record(
        session,
        actor_kind=order.by_kind,
        actor_id=order.by_id,
        action=f"member.{'freeze' if kind == 'frozen' else 'unfreeze'}",
        subject_kind="member",
        subject_id=str(order.member_id),
        at=at,
        place_id=after.home_store_id,
        before={"frozen_reason": before.frozen_reason},
        after={"frozen_reason": after.frozen_reason},
        reason=order.note,
    )
    news = Change(order.member_id, seq=after.last_seq, events=1, next_due_at=after.next_due_at)
    await outbox.announce(session, [news], at)
    return _freeze_of(after)


def _freeze_of(standing: Standing) -> Freeze:
    return Freeze(standing.member_id, standing.frozen_at, standing.frozen_reason)
