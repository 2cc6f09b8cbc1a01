"""Why something was given, refused or moved, and why not more: told from what is stored."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query

from api.baskets import member_id_of, quote_basket, till_of
from api.dependencies import At, Parts, requires
from api.schemas.explanations import (
    EventExplanationOut,
    EventOut,
    EventPageOut,
    OfferExplanationOut,
    OffersIn,
    PurchaseExplanationOut,
)
from api.strict_json import api_router
from regulars.explanation import event_service, service
from regulars.explanation.offers import explain_offers
from regulars.lifecycle.domain import EventKind
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("explanations")
PurchaseReader = Annotated[Actor, Depends(requires(Permission.PURCHASE_READ))]
MemberReader = Annotated[Actor, Depends(requires(Permission.MEMBER_READ))]
Quoter = Annotated[Actor, Depends(requires(Permission.PURCHASE_QUOTE))]


@router.get("/purchases/{purchase_id}/explanation")
async def explain_purchase(purchase_id: UUID, parts: Parts, actor: PurchaseReader) -> PurchaseExplanationOut:
    """Why a purchase gave what it gave: each condition with its values, the arithmetic, every difference.

    A terminal may ask about purchases of its own store; an operator also about members at home in sight.
    """
    async with parts.database.read() as session:
        await parts.places.refresh(session)
        found = await service.explain_purchase(
            session,
            parts.shelf,
            parts.places,
            purchase_id,
            actor.scope,
            by_home=actor.kind != "terminal",
        )
    return PurchaseExplanationOut.model_validate(found)


@router.get("/members/{member_id}/events")
async def list_events(
    member_id: UUID,
    parts: Parts,
    actor: MemberReader,
    kind: EventKind | Literal["points_taken_back", "points_adjusted"] | None = None,
    before: Annotated[int | None, Query(ge=1, le=1 << 62)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> EventPageOut:
    """What happened to a member at home within your places, the newest written first.

    What an undo order took back stands above the event that was written before it, as `points_taken_back`,
    and what people gave or took by hand as `points_adjusted`; `limit` does not count them.
    """
    async with parts.database.read() as session:
        page = await event_service.list_events(
            session, member_id, actor.scope, kind=kind, before=before, limit=limit
        )
    return EventPageOut(
        items=[EventOut.model_validate(line) for line in page.lines], next_before=page.next_before
    )


@router.get("/members/{member_id}/events/{event_id}/explanation")
async def explain_event(
    member_id: UUID, event_id: UUID, parts: Parts, actor: MemberReader
) -> EventExplanationOut:
    """Why a member's tier, stage or points changed: worked out again from history and the pack in force.

    `event_id` may also name an entry of the books by which points were taken back.
    """
    async with parts.database.read() as session:
        await parts.places.refresh(session)
        found = await event_service.explain_event(
            session, parts.shelf, parts.places, event_id, actor.scope, member_id
        )
    return EventExplanationOut.model_validate(found)


@router.post("/quotes/explanation")
async def explain_quote(body: OffersIn, parts: Parts, at: At, actor: Quoter) -> OfferExplanationOut:
    """What a member would get now, and for each rule that gives nothing what it would take.

    Nothing is written and nothing reserved.
    """
    till = await till_of(parts, actor, body.terminal, Permission.PURCHASE_QUOTE)
    basket = quote_basket(body, till, await member_id_of(parts, body.member), at)
    async with parts.database.read() as session:
        found = await explain_offers(session, parts.shelf, parts.desk, basket, at)
    return OfferExplanationOut.model_validate(found)
