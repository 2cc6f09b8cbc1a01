"""Segments: ask how many members a condition holds for, and keep conditions under a name."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Path, Query

from api.container import Container
from api.dependencies import At, Parts, requires
from api.schemas.segments import AskIn, AskSavedIn, CountedOut, SegmentIn, SegmentOut, SegmentPageOut
from api.strict_json import api_router
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from regulars.segments import service
from regulars.segments.domain import CODE_MOST, TITLE_MOST, Question
from regulars.segments.ladders import tiers_nowhere_live
from regulars.segments.refreshing import refresh

router = api_router("segments")
Reader = Annotated[Actor, Depends(requires(Permission.SEGMENT_READ))]
Editor = Annotated[Actor, Depends(requires(Permission.SEGMENT_EDIT))]
Code = Annotated[str, Path(max_length=CODE_MOST)]
PageSize = Annotated[int, Query(ge=1, le=service.PAGE_MOST)]


@router.post("/segment-counts")
async def count_condition(parts: Parts, actor: Reader, at: At, body: AskIn) -> CountedOut:
    """How many members at home within your places a condition holds for, and a sample of them."""
    return await _count(parts, actor, at, body.when, body.question())


@router.get("/segments")
async def list_segments(
    parts: Parts,
    actor: Reader,
    text: Annotated[
        str,
        Query(
            max_length=TITLE_MOST,
            description="Only those with this in their code or a title, in capitals or not.",
        ),
    ] = "",
    after: Annotated[str, Query(max_length=CODE_MOST)] = "",
    limit: PageSize = 50,
) -> SegmentPageOut:
    """The newest version of each segment of your places and of those above, by code."""
    async with parts.database.read() as session:
        page = await service.list_segments(session, actor.scope, after=after, limit=limit, text=text)
    return SegmentPageOut(items=[SegmentOut.of(one) for one in page.segments], next_after=page.next_after)


@router.put("/segments/{segment}")
async def save_segment(parts: Parts, actor: Editor, at: At, segment: Code, body: SegmentIn) -> SegmentOut:
    """Save a segment as a new version; the same content again changes nothing."""
    async with parts.database.begin() as session:
        saved = await service.save_segment(
            session, body.draft(segment), actor, at, based_on=body.based_on, reason=body.reason
        )
    return SegmentOut.of(saved)


@router.get("/segments/{segment}")
async def get_segment(
    parts: Parts,
    actor: Reader,
    segment: Code,
    version: Annotated[int | None, Query(ge=1, le=1 << 30, description="The newest where left out.")] = None,
) -> SegmentOut:
    """One version of a segment."""
    async with parts.database.read() as session:
        return SegmentOut.of(await service.get_segment(session, actor.scope, segment, version))


@router.get("/segments/{segment}/versions")
async def list_versions(
    parts: Parts,
    actor: Reader,
    segment: Code,
    before: Annotated[int | None, Query(ge=1, le=1 << 30, description="Only versions below this.")] = None,
    limit: PageSize = 50,
) -> list[SegmentOut]:
    """The versions of a segment, newest first; send the last one's number as `before` for the next page."""
    async with parts.database.read() as session:
        found = await service.list_versions(session, actor.scope, segment, before=before, limit=limit)
    return [SegmentOut.of(one) for one in found]


@router.post("/segments/{segment}/count")
async def count_segment(parts: Parts, actor: Reader, at: At, segment: Code, body: AskSavedIn) -> CountedOut:
    """How many members at home within the segment's place and yours a saved segment holds for."""
    async with parts.database.read() as session:
        seen = await service.get_segment(session, actor.scope, segment, body.version)
    return await _count(parts, actor, at, seen.version.when, body.question(seen.place_path))


async def _count(parts: Container, actor: Actor, at: At, when: object, question: Question) -> CountedOut:
    async with parts.database.begin() as session:
        condition = await service.check(session, when)
        await refresh(session, at, unless_newer_than=service.FRESH_FOR)
    async with parts.database.read() as session:
        remarks = tiers_nowhere_live(condition, await parts.packs.refresh(session), at)
        counted = await service.count_members(session, actor.scope, condition, question)
    return CountedOut.of(replace(counted, remarks=remarks))
