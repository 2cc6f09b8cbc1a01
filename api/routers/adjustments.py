"""Points given or taken by hand: ask, look, decide."""

from typing import Annotated
from uuid import UUID, uuid5

from fastapi import Depends, Header, Query

from api.dependencies import At, Parts, requires
from api.schemas.adjustments import (
    AdjustmentApprovalIn,
    AdjustmentIn,
    AdjustmentOut,
    AdjustmentPageOut,
    AdjustmentRefusalIn,
    AllowanceOut,
)
from api.schemas.times import Instant
from api.strict_json import api_router
from regulars.adjustments import service
from regulars.adjustments.domain import AdjustmentState, Wish
from regulars.members.service import get_member
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("adjustments")
Reader = Annotated[Actor, Depends(requires(Permission.ADJUSTMENT_READ))]
Asker = Annotated[Actor, Depends(requires(Permission.ADJUSTMENT_REQUEST))]
Approver = Annotated[Actor, Depends(requires(Permission.ADJUSTMENT_APPROVE))]
RetryKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=200)]


@router.post("/members/{member_id}/adjustments", status_code=201)
async def request_adjustment(
    parts: Parts, actor: Asker, at: At, member_id: UUID, body: AdjustmentIn, retry_key: RetryKey = None
) -> AdjustmentOut:
    """Ask for points to be given or taken. Within your limit of the day they are at once.

    The same Idempotency-Key for the same member asks once.
    """
    asked = uuid5(member_id, f"{actor.id}:{retry_key}") if retry_key else parts.new_id()
    wish = Wish(asked, member_id, body.points, body.reason, body.note, body.reverses)
    await parts.refresh_places()
    async with parts.database.begin() as session:
        made = await service.request_adjustment(session, parts.packs, parts.places, wish, actor, at)
    return AdjustmentOut.model_validate(made)


@router.get("/members/{member_id}/adjustment-allowance")
async def read_allowance(parts: Parts, actor: Asker, at: At, member_id: UUID) -> AllowanceOut:
    """What you may still adjust alone today for this member."""
    await parts.refresh_places()
    async with parts.database.read() as session:
        member = await get_member(session, member_id, actor.scope)
        found = await service.read_allowance(session, parts.places, member.home_store_id, actor, at)
    return AllowanceOut.model_validate(found)


@router.get("/adjustments")
async def list_adjustments(
    parts: Parts,
    actor: Reader,
    state: AdjustmentState | None = None,
    member_id: UUID | None = None,
    after_at: Instant | None = None,
    after_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AdjustmentPageOut:
    """Adjustments of members at home within your places, the latest first."""
    after = (after_at, after_id) if after_at is not None and after_id is not None else None
    async with parts.database.read() as session:
        page = await service.list_adjustments(
            session, actor.scope, state=state, member_id=member_id, after=after, limit=limit
        )
    next_at, next_id = page.next_after or (None, None)
    items = [AdjustmentOut.model_validate(one) for one in page.adjustments]
    return AdjustmentPageOut(items=items, next_after_at=next_at, next_after_id=next_id)


@router.get("/adjustments/{adjustment_id}")
async def get_adjustment(parts: Parts, actor: Reader, adjustment_id: UUID) -> AdjustmentOut:
    """One adjustment."""
    async with parts.database.read() as session:
        return AdjustmentOut.model_validate(await service.get_adjustment(session, adjustment_id, actor.scope))


@router.post("/adjustments/{adjustment_id}/approve")
async def approve_adjustment(
    parts: Parts, actor: Approver, at: At, adjustment_id: UUID, body: AdjustmentApprovalIn
) -> AdjustmentOut:
    """Let an adjustment be posted that somebody else asked for."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        done = await service.approve(session, parts.packs, parts.places, adjustment_id, actor, at, body.note)
    return AdjustmentOut.model_validate(done)


@router.post("/adjustments/{adjustment_id}/reject")
async def reject_adjustment(
    parts: Parts, actor: Approver, at: At, adjustment_id: UUID, body: AdjustmentRefusalIn
) -> AdjustmentOut:
    """Refuse an adjustment that somebody else asked for."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        done = await service.reject(session, parts.places, adjustment_id, body.note, actor, at)
    return AdjustmentOut.model_validate(done)


@router.post("/adjustments/{adjustment_id}/withdraw")
async def withdraw_adjustment(parts: Parts, actor: Asker, at: At, adjustment_id: UUID) -> AdjustmentOut:
    """Take your own request back while it waits."""
    async with parts.database.begin() as session:
        return AdjustmentOut.model_validate(await service.withdraw(session, adjustment_id, actor, at))
