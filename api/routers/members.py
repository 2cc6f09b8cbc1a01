"""Members: enrol, find, change."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Path, Query

from api.container import Container
from api.dependencies import At, Parts, requires
from api.schemas.members import (
    ConsentsIn,
    EnrolledOut,
    FoundMemberOut,
    MemberChangeIn,
    MemberIn,
    MemberOut,
    MemberPageOut,
    MemberRowOut,
    PhoneOut,
    ReferenceIn,
    RevealIn,
    TagEndIn,
)
from api.strict_json import api_router
from regulars.analytics.member_list import MemberFilter, list_members
from regulars.analytics.totals import read_member_totals
from regulars.kernel.errors import InvalidInput
from regulars.lifecycle import tag_ending
from regulars.lifecycle.enrolment import enrol
from regulars.members import service
from regulars.members.errors import HomeStoreUnknown
from regulars.organisation.errors import UnknownPlace
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE

router = api_router("members")
Finder = Annotated[Actor, Depends(requires(Permission.MEMBER_LOOK_UP))]
Reader = Annotated[Actor, Depends(requires(Permission.MEMBER_READ))]
Enroller = Annotated[Actor, Depends(requires(Permission.MEMBER_ENROL))]
Editor = Annotated[Actor, Depends(requires(Permission.MEMBER_UPDATE))]
Caller = Annotated[Actor, Depends(requires(Permission.MEMBER_PHONE_REVEAL))]


@router.post("/members", status_code=201)
async def enrol_member(parts: Parts, actor: Enroller, at: At, body: MemberIn) -> EnrolledOut:
    """Enrol a person as a member of a store within your places."""
    await parts.refresh_places()
    new = body.to_domain(parts.new_id(), _home_store(parts, actor, body.home_store_code), at)
    async with parts.database.begin() as session:
        written = await enrol(session, new, parts.member_rules, parts.places, actor, at)
    return EnrolledOut.model_validate(written)


@router.get("/members")
async def list_page(
    parts: Parts,
    actor: Reader,
    words: Annotated[
        str | None, Query(max_length=80, description="Number, reference, phone or name.")
    ] = None,
    tier: Annotated[str | None, Query(max_length=40)] = None,
    stage: Literal["joined", "active", "at_risk", "lapsed"] | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> MemberPageOut:
    """Members at home within your places, newest first."""
    await parts.refresh_places()
    wanted = MemberFilter(
        words=words or None,
        phone_index=service.phone_index(words, parts.member_rules) if words else None,
        tier=tier,
        stage=stage,
    )
    async with parts.database.read() as session:
        page = await list_members(session, actor.scope, wanted, before=before, limit=limit)
    return MemberPageOut(items=[MemberRowOut.of(row) for row in page.rows], next_before=page.before)


@router.get("/members/lookup/{reference}")
async def look_up(
    parts: Parts, actor: Finder, at: At, reference: Annotated[str, Path(max_length=80)]
) -> FoundMemberOut:
    """The member who shows this number, phone or reference. A till finds members of every store."""
    await parts.refresh_places()
    scope = EVERYWHERE if actor.kind == "terminal" else actor.scope
    async with parts.database.read() as session:
        found = await service.find_member(session, reference, parts.member_rules, scope)
        return FoundMemberOut.of(found, await read_member_totals(session, found.id, at))


@router.get("/members/{member_id}")
async def get_member(
    parts: Parts,
    actor: Reader,
    at: At,
    member_id: Annotated[str, Path(max_length=80, description="Id, number, phone or external reference.")],
) -> MemberOut:
    """One member by id, number, phone or external reference."""
    await parts.refresh_places()
    async with parts.database.read() as session:
        found = await service.find_member(session, member_id, parts.member_rules, actor.scope)
        return MemberOut.of(found, await read_member_totals(session, found.id, at), at)


@router.patch("/members/{member_id}")
async def update_member(
    parts: Parts, actor: Editor, at: At, member_id: UUID, body: MemberChangeIn
) -> MemberOut:
    """Change some details; what is left out stays, null removes."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        changed = await service.update_profile(
            session, member_id, body.to_domain(), parts.member_rules, actor, at
        )
        return MemberOut.of(changed, await read_member_totals(session, member_id, at), at)


@router.post("/members/{member_id}/consents")
async def record_consents(
    parts: Parts, actor: Editor, at: At, member_id: UUID, body: ConsentsIn
) -> MemberOut:
    """Write down what the member agrees or objects to; earlier words are kept."""
    async with parts.database.begin() as session:
        changed = await service.record_consents(session, member_id, body.consents, body.source, actor, at)
        return MemberOut.of(changed, await read_member_totals(session, member_id, at), at)


@router.post("/members/{member_id}/references")
async def add_reference(parts: Parts, actor: Editor, at: At, member_id: UUID, body: ReferenceIn) -> MemberOut:
    """Note under which name an outside system knows the member."""
    async with parts.database.begin() as session:
        changed = await service.add_reference(session, member_id, body.reference, actor, at)
        return MemberOut.of(changed, await read_member_totals(session, member_id, at), at)


@router.post("/members/{member_id}/tags/end")
async def end_tag(parts: Parts, actor: Editor, at: At, member_id: UUID, body: TagEndIn) -> MemberOut:
    """Let a tag that rules gave hold no longer; a rule may give it again. Twice changes nothing."""
    async with parts.database.begin() as session:
        await tag_ending.end_tag(session, member_id, body.tag, actor, at, body.reason)
        found = await service.get_member(session, member_id, actor.scope)
        return MemberOut.of(found, await read_member_totals(session, member_id, at), at)


@router.post("/members/{member_id}/phone-views")
async def reveal_phone(parts: Parts, actor: Caller, at: At, member_id: UUID, body: RevealIn) -> PhoneOut:
    """The whole telephone number, for a follow-up call; who saw it and why is written down."""
    await parts.refresh_places()
    async with parts.database.begin() as session:
        phone = await service.reveal_phone(session, member_id, parts.member_rules, actor, at, body.reason)
    return PhoneOut(phone=phone)


def _home_store(parts: Container, actor: Actor, code: str | None) -> UUID:
    try:
        if code is not None:
            return parts.places.by_code(code).id
        if actor.kind == "terminal":
            return parts.places.till(UUID(actor.id)).store.id
    except UnknownPlace:
        pass
    raise InvalidInput([HomeStoreUnknown(field="home_store_code")])
