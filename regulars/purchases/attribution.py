"""Giving a purchase to a member afterwards (补登积分): a row of its own, read as a late purchase."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle import repository as standings
from regulars.purchases import repository
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.errors import (
    AlreadyAttributed,
    AttributionTooLate,
    MemberUnknown,
    PurchaseUnknown,
)
from regulars.purchases.repository import Attribution
from regulars.purchases.service import happen, prepare, write_booking
from regulars.security import audit
from regulars.security.actor import Actor

WINDOW_DAYS = 30
"""How long a purchase may be claimed where the chain's settings do not say."""


async def attribute_purchase(
    session: AsyncSession, desk: Desk, purchase_id: UUID, member_id: UUID, actor: Actor, at: datetime
) -> Recorded:
    """Let a purchase that nobody owned count for a member, as if it came late.

    Args:
        session: in a transaction.
        desk: what this process knows of places and packs.
        purchase_id: bought without a member, at a place that the actor may see.
        member_id: who claims it.
        actor: who attributes it.
        at: aware UTC, now.
    Returns: the receipt that the member gets.
    Raises: PurchaseUnknown; AlreadyAttributed; AttributionTooLate: the chain's window
        (`attribution_window_days`) has passed; MemberUnknown. Nothing is then written.
    Source: docs/semantics.md, "Without a member".
    """
    locked = await standings.lock(session, [member_id])
    book = await desk.refresh(session)
    found = await repository.lock_for_attribution(session, purchase_id)
    if found is None or not actor.scope.covers(desk.places.store(found.basket.store_id).path):
        raise PurchaseUnknown
    if found.owned:
        raise AlreadyAttributed
    if member_id not in locked:
        raise MemberUnknown(member_id)
    window_days = int(str(desk.places.chain.settings.get("attribution_window_days", WINDOW_DAYS)))
    if at - found.basket.occurred_at > timedelta(days=window_days):
        raise AttributionTooLate(window_days)
    basket = replace(found.basket, member_id=member_id)
    booking = await prepare(session, desk, book, [basket], locked, at)
    booking.cause = "attribution"
    happened = happen(booking, basket, found.lines.encode(), purchase_id)
    row = Attribution(
        purchase_id=purchase_id,
        member_id=member_id,
        seq=booking.times[member_id].standing.last_seq,
        occurred_at=basket.occurred_at,
        sales_minor=happened.sale.sales_minor,
        actor=f"{actor.kind}:{actor.id}",
        points=happened.points,
        flags=happened.flags,
        evaluation=happened.evaluation_text,
        receipt=happened.receipt_text,
    )
    await repository.attribute(session, row, at)
    await write_booking(session, booking)
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="purchase.attributed",
        subject_kind="purchase",
        subject_id=str(purchase_id),
        at=at,
        place_id=basket.store_id,
        after={"member_id": str(member_id), "points": happened.points},
    )
    return Recorded(purchase_id, happened.receipt_text, happened.evaluation_text, replayed=False)
