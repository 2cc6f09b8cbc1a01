"""Freezing members and lifting it."""

from typing import Annotated
from uuid import UUID, uuid5

from fastapi import Depends, Header

from api import freezing
from api.dependencies import Parts, requires
from api.schemas.care import FreezeIn, FreezeOut, UnfreezeIn
from api.strict_json import api_router
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("members")
Freezer = Annotated[Actor, Depends(requires(Permission.MEMBER_FREEZE))]
RetryKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=200)]


@router.post("/members/{member_id}/freeze")
async def freeze_member(
    parts: Parts, actor: Freezer, member_id: UUID, body: FreezeIn, retry_key: RetryKey = None
) -> FreezeOut:
    """Let a member earn nothing from now on; sales are recorded all the same.

    The same Idempotency-Key for the same member is carried out once.
    """
    order_id = uuid5(member_id, retry_key) if retry_key else parts.new_id()
    done = await freezing.freeze(parts, actor, member_id, body.reason, body.note, order_id)
    return FreezeOut.of(done)


@router.post("/members/{member_id}/unfreeze")
async def unfreeze_member(
    parts: Parts, actor: Freezer, member_id: UUID, body: UnfreezeIn, retry_key: RetryKey = None
) -> FreezeOut:
    """Let a frozen member earn again; what was missed is not given later."""
    order_id = uuid5(member_id, retry_key) if retry_key else parts.new_id()
    return FreezeOut.of(await freezing.unfreeze(parts, actor, member_id, body.note, order_id))
