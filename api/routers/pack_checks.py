"""What the checker says of a pack's text, and how it would get on with what is live; nothing is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from api.dependencies import At, Parts, requires
from api.schemas.pack_checks import CheckIn, CheckOut
from api.strict_json import api_router
from regulars.kernel.beside import beside
from regulars.organisation.service import get_place
from regulars.releases.drafts import as_draft_of
from regulars.rules.catalogue import Catalogue
from regulars.rules.chain_catalogue import catalogue_of, examine_here
from regulars.rules.checker import Report
from regulars.rules.conflicts import conflicts
from regulars.rules.domain import PackVersion
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("packs")
Reader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]


@router.post("/packs/check")
async def check_pack(parts: Parts, actor: Reader, at: At, body: CheckIn) -> CheckOut:
    """All that is wrong with a pack, its cases as they run, and what it would meet at a place of yours."""
    async with parts.database.read() as session:
        catalogue = await catalogue_of(session)
        live = await _live(parts, session, actor, body.place_id, at)
        report = await examine_here(session, body.text)
    if body.code is not None:
        report = as_draft_of(body.code, report)
    return await beside(_checked, report, live, catalogue)


def _checked(report: Report, live: Sequence[PackVersion], catalogue: Catalogue) -> CheckOut:
    met = conflicts(report.pack, live, catalogue) if report.pack is not None and report.green else ()
    return CheckOut.of(report, met)


async def _live(
    parts: Parts, session: AsyncSession, actor: Actor, place_id: UUID | None, at: datetime
) -> tuple[PackVersion, ...]:
    if place_id is None:
        return ()
    place = await get_place(session, place_id, actor.scope)
    return (await parts.packs.refresh(session)).at(place.id, at).versions
