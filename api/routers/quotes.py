"""What a basket would cost and earn."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Response

from api.baskets import member_id_of, quote_basket, till_of
from api.dependencies import At, Parts, requires
from api.receipts import quote_json
from api.schemas.purchases import QuoteIn, QuoteOut
from api.strict_json import JSON, api_router
from regulars.purchases.quoting import offer
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("purchases")


@router.post(
    "/quotes", summary="Quote a basket; what it needs of a budget is reserved", response_model=QuoteOut
)
async def make_quote(
    body: QuoteIn,
    parts: Parts,
    at: At,
    actor: Annotated[Actor, Depends(requires(Permission.PURCHASE_QUOTE))],
) -> Response:
    """The discounts to charge, the points to be earned, and what became of each rule."""
    till = await till_of(parts, actor, body.terminal, Permission.PURCHASE_QUOTE)
    basket = quote_basket(body, till, await member_id_of(parts, body.member), at)
    life = timedelta(seconds=parts.settings.quote_life_seconds)
    key = parts.settings.secrets.quote_signing_key
    found = await offer(parts.database, parts.desk, basket, key, life, at)
    return Response(quote_json(found, parts.desk), media_type=JSON)
