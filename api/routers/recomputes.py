"""Purchases in which a rule failed: which wait, what each would get, and giving it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from api.container import Container
from api.dependencies import At, Parts, require_whole_chain, requires
from api.schemas.recomputes import (
    CODE_PATTERN,
    FlaggedPageOut,
    RecomputeBoundApprovalIn,
    RecomputedPageOut,
    RecomputeIn,
    RecomputePolicyIn,
    RecomputePolicyOut,
    RecomputeRunIn,
)
from api.strict_json import api_router
from regulars.kernel.codes import CODE_LENGTH_MAX
from regulars.organisation.errors import UnknownPlace
from regulars.recompute import service
from regulars.recompute.bounds import approve_points_alone, get_bound, set_points_alone
from regulars.recompute.errors import RecomputePlaceUnknown
from regulars.recompute.repository import Wanted
from regulars.recompute.running import Means, Order, recompute_batch
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("recomputes")
Reader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
Runner = Annotated[Actor, Depends(requires(Permission.PURCHASE_RECOMPUTE))]
PolicyMaker = Annotated[Actor, Depends(requires(Permission.PACK_POLICY))]
PlaceCode = Annotated[str | None, Query(min_length=1, max_length=CODE_LENGTH_MAX)]
PackCode = Annotated[str | None, Query(pattern=CODE_PATTERN)]


@router.get("/recomputes")
async def list_flagged(
    parts: Parts,
    actor: Reader,
    *,
    place: PlaceCode = None,
    pack: PackCode = None,
    resolved: bool = False,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> FlaggedPageOut:
    """Purchases at your places in which a rule failed: those that wait, or those that were dealt with."""
    await parts.refresh_places()
    wanted = Wanted(_paths(parts, actor, place), pack, resolved=resolved)
    async with parts.database.read() as session:
        page = await service.list_flagged(session, wanted, after=after, limit=limit)
    return FlaggedPageOut.of(page, _stores(parts))


@router.post("/recomputes/preview")
async def preview(parts: Parts, actor: Reader, at: At, body: RecomputeIn) -> RecomputedPageOut:
    """What each would get, by the versions that were live then or by mended ones; nothing is changed."""
    await parts.refresh_places()
    async with parts.database.read() as session:
        page = await service.preview(
            session,
            parts.shelf,
            parts.places,
            _wanted(parts, actor, body),
            body.versions,
            at,
            after=body.after,
            limit=body.limit,
        )
    return RecomputedPageOut.of(page, _stores(parts))


@router.post("/recomputes/run")
async def run(parts: Parts, actor: Runner, at: At, body: RecomputeRunIn) -> RecomputedPageOut:
    """Give one batch what it should have given; ask again with `after` until there is no `next_after`.

    A purchase is dealt with once, whatever is asked twice or at once. What somebody else must approve is told
    as `needs_second` and stays open: order it as a bulk action.
    """
    await parts.refresh_places()
    means = Means(parts.packs, parts.shelf, parts.places, parts.new_id)
    order = Order(_wanted(parts, actor, body), tuple(body.versions), body.reason)
    async with parts.database.begin() as session:
        page = await recompute_batch(session, means, order, actor, at, after=body.after, limit=body.limit)
    return RecomputedPageOut.of(page, _stores(parts))


@router.get("/recompute-policy")
async def get_recompute_policy(parts: Parts, actor: Reader) -> RecomputePolicyOut:  # noqa: ARG001 — it is the chain's
    """How many points one person may give alone by recomputing."""
    async with parts.database.read() as session:
        return RecomputePolicyOut.of(await get_bound(session))


@router.put("/recompute-policy")
async def set_recompute_policy(
    parts: Parts, actor: PolicyMaker, at: At, body: RecomputePolicyIn
) -> RecomputePolicyOut:
    """Let one person give less alone from now on, or ask for more; for administrators of the whole chain.

    Less counts at once and takes what was asked for back, and so does as much as now. More is told as `asked`
    and counts once another administrator of the whole chain has approved it.
    """
    await require_whole_chain(parts, actor, Permission.PACK_POLICY)
    async with parts.database.begin() as session:
        bound = await set_points_alone(session, body.points_alone, actor, at, body.reason)
    return RecomputePolicyOut.of(bound)


@router.post("/recompute-policy/approve")
async def approve_recompute_policy(
    parts: Parts, actor: PolicyMaker, at: At, body: RecomputeBoundApprovalIn
) -> RecomputePolicyOut:
    """Approve what somebody else has asked for; for administrators of the whole chain."""
    await require_whole_chain(parts, actor, Permission.PACK_POLICY)
    async with parts.database.begin() as session:
        return RecomputePolicyOut.of(await approve_points_alone(session, body.points_alone, actor, at))


def _wanted(parts: Container, actor: Actor, body: RecomputeIn) -> Wanted:
    ids = None if body.purchase_ids is None else tuple(body.purchase_ids)
    return Wanted(_paths(parts, actor, body.place), body.pack, ids)


def _paths(parts: Container, actor: Actor, code: str | None) -> tuple[str, ...]:
    if code is None:
        return tuple(actor.scope.parameters["scope_paths"])
    try:
        place = parts.places.by_code(code)
    except UnknownPlace:
        raise RecomputePlaceUnknown(code) from None
    if not actor.scope.covers(place.path):
        raise RecomputePlaceUnknown(code)
    return (place.path,)


def _stores(parts: Container) -> dict[UUID, str]:
    return {store.id: store.code for store in parts.places.stores()}
