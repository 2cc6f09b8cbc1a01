"""How full the limits of live packs are."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Path, Query
from sqlalchemy.ext.asyncio import AsyncSession

from api.container import Container
from api.dependencies import At, Parts, requires
from api.schemas.limits import LimitPeriodsOut, LimitUseOut
from api.strict_json import api_router
from regulars.budgets.errors import LimitSubjectNeeded, UnknownLimit
from regulars.budgets.usage import Looked, uses_before, uses_now
from regulars.kernel.codes import CODE_LENGTH_MAX
from regulars.kernel.paging import page_of
from regulars.members.service import get_member
from regulars.organisation.domain import Place
from regulars.organisation.errors import UnknownPlace
from regulars.rules.compiler import CompiledPack
from regulars.rules.domain import Limit
from regulars.rules.evaluator import PackSet
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("packs")
Reader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
CODE_PATTERN = rf"^[A-Za-z0-9][A-Za-z0-9_-]{{0,{CODE_LENGTH_MAX - 1}}}$"
Code = Annotated[str, Path(pattern=CODE_PATTERN)]
PageSize = Annotated[int, Query(ge=1, le=200)]
LimitCode = Annotated[str, Path(max_length=60, pattern=r"^[a-z][a-z0-9_-]*$")]
PlaceCode = Annotated[
    str | None,
    Query(pattern=CODE_PATTERN, description="Whose live version is meant; left out: headquarters'."),
]
MemberId = Annotated[
    UUID | None, Query(description="Whose limits by member are shown; left out: they are not.")
]


@router.get("/packs/{code}/limits")
async def list_limits(
    parts: Parts,
    actor: Reader,
    at: At,
    code: Code,
    place: PlaceCode = None,
    member_id: MemberId = None,
) -> list[LimitUseOut]:
    """How full each limit of a pack's live version is now; limits by store are summed over yours there."""
    where = await _place(parts, actor, place)
    async with parts.database.read() as session:
        await _see(actor, session, member_id)
        pack, limits = _live((await parts.packs.refresh(session)).at(where.id, at), code)
        if pack is None:
            return []
        looked = Looked(_stores(parts, actor, where), where.zone, member_id)
        uses = await uses_now(session, limits, looked, at)
    return [LimitUseOut.of_use(use, pack.version.name, pack.pack) for use in uses]


@router.get("/packs/{code}/limits/{limit_code}/periods")
async def list_periods(
    parts: Parts,
    actor: Reader,
    at: At,
    code: Code,
    limit_code: LimitCode,
    place: PlaceCode = None,
    member_id: MemberId = None,
    before: Annotated[str | None, Query(max_length=10, description="`next_before` of the last page.")] = None,
    limit: PageSize = 50,
) -> LimitPeriodsOut:
    """How full one limit was, stretch by stretch: of the pack, of a store of yours, or of a member."""
    where = await _place(parts, actor, place)
    async with parts.database.read() as session:
        await _see(actor, session, member_id)
        pack, limits = _live((await parts.packs.refresh(session)).at(where.id, at), code)
        wanted = next((each for each in limits if each.code == limit_code), None)
        if pack is None or wanted is None:
            raise UnknownLimit(f"{code}/{limit_code}")
        subject = _subject(parts, actor, wanted, where, member_id)
        uses = await uses_before(session, wanted, subject, before=before, most=limit + 1)
    page, next_before = page_of(uses, limit, lambda use: use.period)
    items = [LimitUseOut.of_use(use, pack.version.name, pack.pack) for use in page]
    return LimitPeriodsOut(items=items, next_before=next_before)


async def _place(parts: Container, actor: Actor, code: str | None) -> Place:
    await parts.refresh_places()
    if code is None:
        return parts.places.headquarters
    known = (place for place in parts.places.all() if place.code == code and place.kind != "terminal")
    place = next(known, None)
    if place is None or not actor.scope.touches(place.path):
        raise UnknownPlace(code, field="place")
    return place


async def _see(actor: Actor, session: AsyncSession, member_id: UUID | None) -> None:
    """Whose counts are asked for must be a member in sight. Raises: UnknownMember."""
    if member_id is not None:
        await get_member(session, member_id, actor.scope_for(Permission.MEMBER_READ))


def _live(live: PackSet, code: str) -> tuple[CompiledPack | None, Sequence[Limit]]:
    pack = next((each for each in live.packs if each.version.code == code), None)
    return pack, [limit for limit in live.limits if limit.pack_code == code]


def _stores(parts: Container, actor: Actor, where: Place) -> list[tuple[UUID, ZoneInfo]]:
    """The stores at or below a place that the actor may see."""
    return [
        (store.id, store.zone)
        for store in parts.places.stores()
        if actor.scope.covers(store.path)
        and (store.path == where.path or store.path.startswith(f"{where.path}."))
    ]


def _subject(
    parts: Container, actor: Actor, limit: Limit, where: Place, member_id: UUID | None
) -> UUID | None:
    """Whose count it is. Raises: LimitSubjectNeeded."""
    if limit.per == "pack":
        return None
    stores = [store_id for store_id, _ in _stores(parts, actor, where)] if where.kind == "store" else []
    subject = member_id if limit.per == "member" else next(iter(stores), None)
    if subject is None:
        raise LimitSubjectNeeded(limit.per)
    return subject
