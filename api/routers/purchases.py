"""Recording what was bought, finding it again, and giving it to a member afterwards."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response

from api.baskets import check_key, member_id_of, purchase_basket, till_of
from api.container import Container, container_of
from api.dependencies import At, Parts, requires
from api.plain_purchases import PlainPurchase, read_plain
from api.receipts import receipt_json
from api.schemas.purchases import AttributionIn, PurchaseIn, ReceiptOut
from api.strict_json import JSON, api_router
from api.till_route import TillRoute
from regulars.kernel.errors import RegularsError
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.desk import Recorded
from regulars.purchases.errors import MemberUnknown
from regulars.purchases.finding import find_purchase
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("purchases")
REPLAYED = "Idempotency-Replayed"


async def record_purchase(
    body: PurchaseIn,
    request: Request,
    actor: Annotated[Actor, Depends(requires(Permission.PURCHASE_RECORD))],
    idempotency_key: Annotated[
        str | None, Header(description="Made by the till for this purchase and kept across retries.")
    ] = None,
) -> Response:
    """The receipt, once the purchase is committed; a retry gets the same one again.

    The same key or receipt number with other content is refused with `idempotency_mismatch`.
    """
    parts = container_of(request)
    recorded = await post_purchase(body, parts, actor, idempotency_key)
    return _receipt(recorded, parts, {REPLAYED: "true" if recorded.replayed else "false"}, status=201)


async def post_purchase(
    body: PurchaseIn | PlainPurchase, parts: Container, actor: Actor, idempotency_key: str | None
) -> Recorded:
    """The purchase as it stands once it is committed.

    Raises: what is wrong with it, or why it could not be recorded.
    """
    at = parts.now()
    key = check_key(idempotency_key)
    till = await till_of(parts, actor, None, Permission.PURCHASE_RECORD)
    member_id = await member_id_of(parts, body.member)
    basket = purchase_basket(body, till, member_id, key, parts.settings.secrets.quote_signing_key, at)
    answer = await parts.purchases.post(basket)
    if isinstance(answer, RegularsError):
        raise answer
    return answer


class PurchaseRoute(TillRoute):
    """The busiest route of all."""

    def read_plain(self, body: bytes) -> object | None:
        """Most of what tills send."""
        return read_plain(body)


router.add_api_route(
    "/purchases",
    record_purchase,
    methods=["POST"],
    status_code=201,
    summary="Record a purchase, exactly once",
    response_model=ReceiptOut,
    route_class_override=PurchaseRoute,
)


def busiest_route() -> PurchaseRoute:
    """Where purchases are recorded."""
    (route,) = (route for route in router.routes if isinstance(route, PurchaseRoute))
    return route


@router.get("/purchases/{purchase_id}", summary="A purchase as it was answered", response_model=ReceiptOut)
async def get_purchase(
    purchase_id: UUID,
    parts: Parts,
    actor: Annotated[Actor, Depends(requires(Permission.PURCHASE_READ))],
) -> Response:
    """The receipt as it was given."""
    async with parts.database.read() as session:
        await parts.places.refresh(session)
        await parts.packs.refresh(session)
        await parts.desk.own.refresh(session, parts.places.version)
        found = await find_purchase(session, purchase_id, actor.scope)
    return _receipt(found, parts)


@router.post(
    "/purchases/{purchase_id}/attribution",
    status_code=201,
    summary="Give a purchase to a member afterwards (补登积分)",
    response_model=ReceiptOut,
)
async def attribute(
    purchase_id: UUID,
    body: AttributionIn,
    parts: Parts,
    at: At,
    actor: Annotated[Actor, Depends(requires(Permission.PURCHASE_ATTRIBUTE))],
) -> Response:
    """The receipt that the member gets: read as a late purchase, earlier awards are not repriced."""
    member_id = await member_id_of(parts, body.member)
    if member_id is None:
        raise MemberUnknown(UUID(int=0))
    async with parts.database.begin() as session:
        await parts.places.refresh(session)
        made = await attribute_purchase(session, parts.desk, purchase_id, member_id, actor, at)
    return _receipt(made, parts, status=201)


def _receipt(
    found: Recorded, parts: Container, headers: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    return Response(receipt_json(found, parts.desk), status, headers, media_type=JSON)
