"""What ops do to many at once: draw up a list, look, say why, have it approved, follow."""

from typing import Annotated
from uuid import UUID, uuid5

from fastapi import Depends, Header, Query

from api import starting
from api.container import Container
from api.dependencies import At, Parts, requires
from api.schemas.bulk_actions import (
    BulkActionIn,
    BulkActionOut,
    BulkActionPageOut,
    BulkApprovalIn,
    BulkItemOut,
    BulkItemPageOut,
    BulkReasonIn,
    BulkSubmitIn,
)
from api.schemas.times import Instant
from api.strict_json import api_router
from regulars.bulk_actions import service
from regulars.bulk_actions.domain import BulkAction, BulkState
from regulars.bulk_actions.errors import BulkPlaceUnknown
from regulars.bulk_actions.listing import Wish
from regulars.organisation.domain import Place
from regulars.organisation.errors import UnknownPlace
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("bulk-actions")
Operator = Annotated[Actor, Depends(requires(Permission.WORKFLOW_OPERATE))]
RetryKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=200)]
PageSize = Annotated[int, Query(ge=1, le=200)]


@router.post("/bulk-actions", status_code=201)
async def draw_up(
    parts: Parts, actor: Operator, at: At, body: BulkActionIn, retry_key: RetryKey = None
) -> BulkActionOut:
    """Make the exact list of a bulk action; nothing is done before it is submitted with a reason.

    The same Idempotency-Key draws up once; with another body it is refused with `idempotency_mismatch`.
    """
    action_id = uuid5(UUID(actor.id), f"bulk:{retry_key}") if retry_key else parts.new_id()
    await parts.refresh_places()
    place = place_of(parts, actor, body.place)
    wish = Wish(body.kind, place.id, body.wanted, body.freeze_reason, tuple(body.versions))
    async with parts.database.begin() as session:
        action = await service.draw_up(session, parts.places, parts.shelf, action_id, wish, actor, at)
    return _out(parts, action)


@router.get("/bulk-actions")
async def list_actions(
    parts: Parts,
    actor: Operator,
    state: BulkState | None = None,
    after_at: Instant | None = None,
    after_id: UUID | None = None,
    limit: PageSize = 50,
) -> BulkActionPageOut:
    """Bulk actions at your places, the latest first."""
    await parts.refresh_places()
    after = (after_at, after_id) if after_at is not None and after_id is not None else None
    async with parts.database.read() as session:
        page = await service.list_actions(
            session, actor.scope, states=[state] if state else (), after=after, limit=limit
        )
    next_at, next_id = page.next_after or (None, None)
    items = [_out(parts, one) for one in page.actions]
    return BulkActionPageOut(items=items, next_after_at=next_at, next_after_id=next_id)


@router.get("/bulk-actions/{action_id}")
async def get_action(parts: Parts, actor: Operator, action_id: UUID) -> BulkActionOut:
    """A bulk action, and how far it is."""
    await parts.refresh_places()
    async with parts.database.read() as session:
        return _out(parts, await service.get_action(session, action_id, actor.scope))


@router.get("/bulk-actions/{action_id}/items")
async def list_items(
    parts: Parts,
    actor: Operator,
    action_id: UUID,
    after: Annotated[int, Query(ge=0, le=1 << 30)] = 0,
    limit: PageSize = 50,
) -> BulkItemPageOut:
    """The frozen list of an action, with what became of each entry."""
    await parts.refresh_places()
    async with parts.database.read() as session:
        found = await service.list_items(session, action_id, actor.scope, after=after, limit=limit + 1)
    items = [BulkItemOut.of(item, done, parts.places.get(item.store_id).code) for item, done in found[:limit]]
    return BulkItemPageOut(items=items, next_after=items[-1].no if len(found) > limit else None)


@router.post("/bulk-actions/{action_id}/submit")
async def submit(parts: Parts, actor: Operator, at: At, action_id: UUID, body: BulkSubmitIn) -> BulkActionOut:
    """Say why; it begins, or waits for somebody else where it needs a second person."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        action = await service.submit(
            session, parts.places, action_id, body.content_hash, body.reason, actor, at
        )
    return await _begun(parts, action)


@router.post("/bulk-actions/{action_id}/approve")
async def approve(
    parts: Parts, actor: Operator, at: At, action_id: UUID, body: BulkApprovalIn
) -> BulkActionOut:
    """Let an action begin that somebody else has ordered."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        action = await service.approve(session, parts.places, action_id, body.content_hash, actor, at)
    return await _begun(parts, action)


@router.post("/bulk-actions/{action_id}/reject")
async def reject(parts: Parts, actor: Operator, at: At, action_id: UUID, body: BulkReasonIn) -> BulkActionOut:
    """Refuse an action; nothing is done."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        return _out(parts, await service.reject(session, parts.places, action_id, body.reason, actor, at))


@router.post("/bulk-actions/{action_id}/cancel")
async def cancel(parts: Parts, actor: Operator, at: At, action_id: UUID, body: BulkReasonIn) -> BulkActionOut:
    """Stop an action; what was done by then stays done."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        return _out(parts, await service.cancel(session, parts.places, action_id, body.reason, actor, at))


def place_of(parts: Container, actor: Actor, code: str) -> Place:
    """A place of the actor's. Raises: BulkPlaceUnknown."""
    try:
        place = parts.places.by_code(code)
    except UnknownPlace:
        raise BulkPlaceUnknown(code) from None
    if not actor.scope.covers(place.path):
        raise BulkPlaceUnknown(code)
    return place


async def _begun(parts: Container, action: BulkAction) -> BulkActionOut:
    if action.state == "approved":
        await starting.BULK_ACTIONS.start(parts, action.id)
    return _out(parts, action)


def _out(parts: Container, one: BulkAction) -> BulkActionOut:
    return BulkActionOut.of(one, parts.places.get(one.place_id).code)
