"""Messages that rules ask for, for the system that sends them."""

from typing import Annotated

from fastapi import Depends, Query

from api.dependencies import At, Parts, requires
from api.schemas.messages import MessageRequestOut, MessageRequestPageOut
from api.strict_json import api_router
from regulars.messages import service
from regulars.messages.domain import PAGE_MOST
from regulars.rules.parts import CODE_PATTERN
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("messages")
Reader = Annotated[Actor, Depends(requires(Permission.MESSAGE_READ))]


@router.get("/message-requests")
async def list_message_requests(
    parts: Parts,
    actor: Reader,
    at: At,
    after: Annotated[int, Query(ge=0, le=1 << 60, description="`no` of the last one that was read.")] = 0,
    template: Annotated[str | None, Query(pattern=CODE_PATTERN, max_length=60)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 100,
) -> MessageRequestPageOut:
    """Messages that rules asked for with purchases at your places, in order.

    Regulars sends nothing itself: read on from the last `no` that you have dealt with. The same `after` gives
    the same requests again, and `id` tells one that was dealt with before. What an undo order has withdrawn
    is left out; what you were given counts as sent and is withdrawn no more.
    """
    async with parts.database.begin() as session:
        found = await service.hand_out(session, actor.scope, at, after=after, limit=limit, template=template)
    return MessageRequestPageOut(
        items=[MessageRequestOut.model_validate(one) for one in found],
        next_after=found[-1].no if found else after,
    )
