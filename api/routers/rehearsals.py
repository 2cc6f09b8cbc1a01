"""Rehearsals: what packs would have done with what was bought."""

from typing import Annotated, Literal
from uuid import UUID, uuid5

from fastapi import Depends, Header, Query
from sqlalchemy.ext.asyncio import AsyncSession

from api import starting
from api.container import Container
from api.dependencies import At, Parts, requires
from api.schemas.rehearsals import (
    RankedMemberOut,
    RankedMemberPageOut,
    RehearsalIn,
    RehearsalOut,
    RehearsalPageOut,
    ReportOut,
)
from api.schemas.times import Instant
from api.strict_json import api_router
from regulars.organisation.errors import UnknownPlace
from regulars.rehearsal import service
from regulars.rehearsal.domain import Order, Rehearsal, State
from regulars.rehearsal.errors import RehearsalNotFinished, RehearsalPlaceUnknown
from regulars.rehearsal.sums import Measure
from regulars.rules import service as rules
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("rehearsals")
Reader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
Editor = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]
RetryKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=200)]
PageSize = Annotated[int, Query(ge=1, le=200)]


@router.post("/rehearsals", status_code=201)
async def order_rehearsal(
    parts: Parts, actor: Editor, at: At, body: RehearsalIn, retry_key: RetryKey = None
) -> RehearsalOut:
    """Have packs rehearsed; one rehearsal is at work at a time, and the others wait.

    The same Idempotency-Key orders once.
    """
    rehearsal_id = uuid5(UUID(actor.id), retry_key) if retry_key else parts.new_id()
    await parts.refresh_places()
    place_id = _place(parts, actor, body.place)
    async with parts.database.begin() as session:
        texts = (*body.packs, *[await _version_text(session, v.code, v.version) for v in body.versions])
        order = Order(texts, place_id, body.since, body.until)
        ordered = await service.order_rehearsal(session, rehearsal_id, order, actor, at)
    await starting.REHEARSALS.start(parts, ordered.id)
    return _out(parts, ordered)


@router.get("/rehearsals")
async def list_rehearsals(
    parts: Parts,
    actor: Reader,
    state: State | None = None,
    content_hash: Annotated[str | None, Query(max_length=64)] = None,
    after_at: Instant | None = None,
    after_id: UUID | None = None,
    limit: PageSize = 50,
) -> RehearsalPageOut:
    """Rehearsals at your places, the latest first."""
    await parts.refresh_places()
    after = (after_at, after_id) if after_at is not None and after_id is not None else None
    async with parts.database.read() as session:
        page = await service.list_rehearsals(
            session,
            actor.scope,
            states=[state] if state else (),
            content_hash=content_hash,
            after=after,
            limit=limit,
        )
    next_at, next_id = page.next_after or (None, None)
    items = [_out(parts, one) for one in page.rehearsals]
    return RehearsalPageOut(items=items, next_after_at=next_at, next_after_id=next_id)


@router.get("/rehearsals/{rehearsal_id}")
async def get_rehearsal(parts: Parts, actor: Reader, rehearsal_id: UUID) -> RehearsalOut:
    """How far a rehearsal is."""
    await parts.refresh_places()
    async with parts.database.read() as session:
        return _out(parts, await service.get_rehearsal(session, rehearsal_id, actor.scope))


@router.get("/rehearsals/{rehearsal_id}/report")
async def get_report(parts: Parts, actor: Reader, rehearsal_id: UUID) -> ReportOut:
    """What a finished rehearsal found."""
    async with parts.database.read() as session:
        found = await service.get_rehearsal(session, rehearsal_id, actor.scope)
    if found.report is None:
        raise RehearsalNotFinished(found.state)
    return ReportOut.of(found.report)


@router.get("/rehearsals/{rehearsal_id}/members")
async def list_members(
    parts: Parts,
    actor: Reader,
    rehearsal_id: UUID,
    measure: Measure = "points",
    side: Literal["winners", "losers"] = "winners",
    after_rank: Annotated[int, Query(ge=0, le=1 << 30)] = 0,
    limit: PageSize = 50,
) -> RankedMemberPageOut:
    """The members with the greatest differences, each with sample purchases."""
    async with parts.database.read() as session:
        found = await service.list_members(
            session,
            rehearsal_id,
            actor.scope,
            measure=measure,
            side=side,
            after_rank=after_rank,
            limit=limit + 1,
        )
    items = [RankedMemberOut.of(one) for one in found[:limit]]
    return RankedMemberPageOut(items=items, next_after_rank=items[-1].rank if len(found) > limit else None)


@router.post("/rehearsals/{rehearsal_id}/cancel")
async def cancel_rehearsal(parts: Parts, actor: Editor, at: At, rehearsal_id: UUID) -> RehearsalOut:
    """End a rehearsal without a report: at once where it waits, within seconds where it is at work."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        return _out(parts, await service.cancel_rehearsal(session, rehearsal_id, actor, at))


async def _version_text(session: AsyncSession, code: str, version: int) -> str:
    return (await rules.get_version(session, code, version)).text


def _place(parts: Container, actor: Actor, code: str) -> UUID:
    try:
        place = parts.places.by_code(code)
    except UnknownPlace:
        raise RehearsalPlaceUnknown(code) from None
    if not actor.scope.covers(place.path):
        raise RehearsalPlaceUnknown(code)
    return place.id


def _out(parts: Container, one: Rehearsal) -> RehearsalOut:
    return RehearsalOut.of(one, parts.places.get(one.place_id).code)
