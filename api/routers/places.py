"""Places: the tree from headquarters to terminals."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from api.dependencies import At, Parts, requires
from api.schemas.places import PlaceChangeIn, PlaceIn, PlaceOut, PlacePageOut, ReasonIn
from api.strict_json import api_router
from regulars.organisation import service
from regulars.organisation.domain import NewPlace, PlaceKind
from regulars.releases.newcomers import follow
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("places")
Reader = Annotated[Actor, Depends(requires(Permission.PLACE_READ))]
Manager = Annotated[Actor, Depends(requires(Permission.PLACE_MANAGE))]


@router.get("/places")
async def list_places(
    parts: Parts,
    actor: Reader,
    kind: PlaceKind = "store",
    after: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> PlacePageOut:
    """Places of one kind within yours, by code."""
    async with parts.database.read() as session:
        found = await service.list_places(session, actor.scope, kind, after=after, limit=limit + 1)
    page = found[:limit]
    return PlacePageOut(
        items=[PlaceOut.of(place) for place in page],
        next_after=page[-1].code if len(found) > limit else None,
    )


@router.get("/places/{place_id}")
async def get_place(parts: Parts, actor: Reader, place_id: UUID) -> PlaceOut:
    """One place within yours."""
    async with parts.database.read() as session:
        return PlaceOut.of(await service.get_place(session, place_id, actor.scope))


@router.post("/places", status_code=201)
async def open_place(parts: Parts, actor: Manager, at: At, body: PlaceIn) -> PlaceOut:
    """Open a branch, a store or a terminal."""
    new = NewPlace(
        id=parts.new_id(),
        parent_code=body.parent_code,
        kind=body.kind,
        code=body.code,
        name=body.name,
        time_zone=body.time_zone,
        cutoff_minutes=body.cutoff_minutes,
    )
    async with parts.database.begin() as session:
        place = await service.open_place(session, new, actor, at)
        await follow(session, place, actor, at)
        return PlaceOut.of(place)


@router.patch("/places/{place_id}")
async def change_place(parts: Parts, actor: Manager, at: At, place_id: UUID, body: PlaceChangeIn) -> PlaceOut:
    """Rename a place, or change its time zone or cut-off, from now on."""
    async with parts.database.begin() as session:
        changed = await service.change_place(
            session,
            place_id,
            actor,
            at,
            name=body.name,
            time_zone=body.time_zone,
            cutoff_minutes=body.cutoff_minutes,
        )
    return PlaceOut.of(changed)


@router.post("/places/{place_id}/close")
async def close_place(parts: Parts, actor: Manager, at: At, place_id: UUID, body: ReasonIn) -> PlaceOut:
    """Close a place; what stands below must be closed before. Its history stays."""
    async with parts.database.begin() as session:
        return PlaceOut.of(await service.close_place(session, place_id, actor, at, body.reason))
