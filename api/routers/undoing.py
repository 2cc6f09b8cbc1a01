"""What a pack version did, and taking it back: order, look, approve, follow, stop."""

from typing import Annotated
from uuid import UUID, uuid5

from fastapi import Depends, Header, Path, Query

from api import starting
from api.container import Container
from api.dependencies import At, Parts, requires
from api.schemas.times import Instant
from api.schemas.undoing import (
    EffectOut,
    EffectPageOut,
    UndoApprovalIn,
    UndoIn,
    UndoItemOut,
    UndoItemPageOut,
    UndoOut,
    UndoPageOut,
    UndoReasonIn,
)
from api.strict_json import api_router
from regulars.kernel.codes import CODE_LENGTH_MAX
from regulars.organisation.domain import Place
from regulars.organisation.errors import UnknownPlace
from regulars.rules import service as rules
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from regulars.undoing import review, service
from regulars.undoing.domain import EffectKind, Reach, Undo, UndoState
from regulars.undoing.errors import UndoPlaceUnknown

router = api_router("undoing")
Reader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
Orderer = Annotated[Actor, Depends(requires(Permission.PACK_UNDO))]
Approver = Annotated[Actor, Depends(requires(Permission.PACK_UNDO_APPROVE))]
RetryKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=200)]
CODE_PATTERN = rf"^[A-Za-z0-9][A-Za-z0-9_-]{{0,{CODE_LENGTH_MAX - 1}}}$"
Code = Annotated[str, Path(pattern=CODE_PATTERN)]
RuleId = Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{0,100}$")]
PageSize = Annotated[int, Query(ge=1, le=200)]


@router.get("/packs/{code}/versions/{version}/effects")
async def list_effects(
    parts: Parts,
    actor: Reader,
    code: Code,
    version: Annotated[int, Path(ge=1, le=1 << 30)],
    place: Annotated[str | None, Query(max_length=CODE_LENGTH_MAX)] = None,
    kind: EffectKind = "award",
    since: Instant | None = None,
    until: Instant | None = None,
    after_at: Instant | None = None,
    after_id: UUID | None = None,
    after_rule: RuleId = "",
    limit: PageSize = 50,
) -> EffectPageOut:
    """What a version did at your places, or at one and below: awards, discounts charged, moves, refusals.

    Discounts and refusals are looked for in purchases, for a moment only: a page may be short, or empty, and
    not the last. Go on until `next_after_id` is null.
    """
    await parts.refresh_places()
    paths = actor.scope.parameters["scope_paths"] if place is None else [_place(parts, actor, place).path]
    after = (after_at, after_id, after_rule) if after_at is not None and after_id is not None else None
    async with parts.database.read() as session:
        name = (await rules.get_version(session, code, version)).version.name
        reach = Reach(name, tuple(paths), since, until)
        found = await service.list_effects(session, reach, kind, after=after, limit=limit)
    next_at, next_id, next_rule = found.next_after or (None, None, None)
    return EffectPageOut(
        items=[EffectOut.of(one, parts.places.get(one.store_id).code) for one in found.effects],
        next_after_at=next_at,
        next_after_id=next_id,
        next_after_rule=next_rule,
        looked_back_to=found.looked_back_to,
    )


@router.post("/undos", status_code=201)
async def order_undo(
    parts: Parts, actor: Orderer, at: At, body: UndoIn, retry_key: RetryKey = None
) -> UndoOut:
    """Ask for what a version gave to be taken back, or for what another version would have given instead.

    The list and its preview follow, then approval.

    The same Idempotency-Key orders once.
    """
    undo_id = uuid5(UUID(actor.id), f"undo:{retry_key}") if retry_key else parts.new_id()
    await parts.refresh_places()
    place = _place(parts, actor, body.place)
    wish = service.Wish(
        body.code,
        body.version,
        place.id,
        body.policy,
        body.since,
        body.until,
        note=body.reason,
        to_version=body.to_version,
    )
    async with parts.database.begin() as session:
        ordered = await service.order_undo(session, parts.places, undo_id, wish, actor, at)
    await starting.UNDOS.start(parts, ordered.id)
    return _out(parts, ordered)


@router.get("/undos")
async def list_undos(
    parts: Parts,
    actor: Reader,
    state: UndoState | None = None,
    code: Annotated[str | None, Query(pattern=CODE_PATTERN)] = None,
    after_at: Instant | None = None,
    after_id: UUID | None = None,
    limit: PageSize = 50,
) -> UndoPageOut:
    """Undo orders at your places, the latest first."""
    await parts.refresh_places()
    after = (after_at, after_id) if after_at is not None and after_id is not None else None
    async with parts.database.read() as session:
        page = await service.list_undos(
            session, actor.scope, states=[state] if state else (), code=code, after=after, limit=limit
        )
    next_at, next_id = page.next_after or (None, None)
    items = [_out(parts, one) for one in page.undos]
    return UndoPageOut(items=items, next_after_at=next_at, next_after_id=next_id)


@router.get("/undos/{undo_id}")
async def get_undo(parts: Parts, actor: Reader, undo_id: UUID) -> UndoOut:
    """An undo order with its preview, and how far it is."""
    await parts.refresh_places()
    async with parts.database.read() as session:
        return _out(parts, await service.get_undo(session, undo_id, actor.scope))


@router.get("/undos/{undo_id}/items")
async def list_items(
    parts: Parts,
    actor: Reader,
    undo_id: UUID,
    *,
    member_id: UUID | None = None,
    only_differences: bool = False,
    after_member: UUID | None = None,
    after_entry: UUID | None = None,
    limit: PageSize = 50,
) -> UndoItemPageOut:
    """The frozen list of an order, with what became of each entry."""
    await parts.refresh_places()
    after = (after_member, after_entry) if after_member is not None and after_entry is not None else None
    async with parts.database.read() as session:
        found = await service.list_items(
            session,
            undo_id,
            actor.scope,
            after=after,
            only_differences=only_differences,
            member_id=member_id,
            limit=limit + 1,
        )
    items = [
        UndoItemOut.of(item, result, parts.places.get(item.store_id).code) for item, result in found[:limit]
    ]
    last = items[-1] if len(found) > limit else None
    return UndoItemPageOut(
        items=items,
        next_after_member=last.member_id if last else None,
        next_after_entry=last.entry_id if last else None,
    )


@router.post("/undos/{undo_id}/approve")
async def approve_undo(parts: Parts, actor: Approver, at: At, undo_id: UUID, body: UndoApprovalIn) -> UndoOut:
    """Let an order be carried out that somebody else gave."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        undo = await review.approve(session, parts.places, undo_id, body.content_hash, actor, at, body.reason)
    await starting.UNDOS.start(parts, undo_id)
    return _out(parts, undo)


@router.post("/undos/{undo_id}/reject")
async def reject_undo(parts: Parts, actor: Approver, at: At, undo_id: UUID, body: UndoReasonIn) -> UndoOut:
    """Refuse an order."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        return _out(parts, await review.reject(session, parts.places, undo_id, body.reason, actor, at))


@router.post("/undos/{undo_id}/cancel")
async def cancel_undo(parts: Parts, actor: Orderer, at: At, undo_id: UUID, body: UndoReasonIn) -> UndoOut:
    """Give an order up; what was taken back by then stays taken back."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        return _out(parts, await review.cancel(session, parts.places, undo_id, body.reason, actor, at))


@router.post("/undos/{undo_id}/pause")
async def pause_undo(parts: Parts, actor: Orderer, at: At, undo_id: UUID) -> UndoOut:
    """Let an order rest between two batches."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        return _out(parts, await review.pause(session, parts.places, undo_id, actor, at))


@router.post("/undos/{undo_id}/resume")
async def resume_undo(parts: Parts, actor: Orderer, at: At, undo_id: UUID) -> UndoOut:
    """Go on with an order that rests."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        undo = await review.resume(session, parts.places, undo_id, actor, at)
    await starting.UNDOS.start(parts, undo_id)
    return _out(parts, undo)


def _place(parts: Container, actor: Actor, code: str) -> Place:
    try:
        place = parts.places.by_code(code)
    except UnknownPlace:
        raise UndoPlaceUnknown(code) from None
    if not actor.scope.covers(place.path):
        raise UndoPlaceUnknown(code)
    return place


def _out(parts: Container, one: Undo) -> UndoOut:
    return UndoOut.of(one, parts.places.get(one.place_id).code)
