"""Releases: submit, approve, schedule, hold, roll back, retire; and what the chain demands."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from api.dependencies import AfterNumber, At, Parts, require_whole_chain, requires
from api.schemas.releases import (
    HaltIn,
    OptionalReasonIn,
    PlacesIn,
    PolicyBody,
    ReasonIn,
    ReleaseActOut,
    ReleaseActPageOut,
    ReleaseOut,
    ReleasePageOut,
    ResumeIn,
    RetireIn,
    ScheduleIn,
    SubmitIn,
)
from api.strict_json import api_router
from regulars.kernel.codes import CODE_LENGTH_MAX
from regulars.kernel.paging import page_of
from regulars.releases import review, rollout, service
from regulars.releases.domain import ReleaseState
from regulars.releases.policy import get_policy, set_policy
from regulars.releases.repository import Filter
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("releases")
Reader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
Editor = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]
Approver = Annotated[Actor, Depends(requires(Permission.PACK_APPROVE))]
Releaser = Annotated[Actor, Depends(requires(Permission.PACK_RELEASE))]
PolicyMaker = Annotated[Actor, Depends(requires(Permission.PACK_POLICY))]
PageSize = Annotated[int, Query(ge=1, le=200)]


@router.get("/releases")
async def list_releases(
    parts: Parts,
    actor: Reader,
    at: At,
    code: Annotated[str | None, Query(max_length=CODE_LENGTH_MAX)] = None,
    state: Annotated[list[ReleaseState] | None, Query(max_length=9)] = None,
    place_id: UUID | None = None,
    before: Annotated[UUID | None, Query(description="The `next_before` of the last page.")] = None,
    limit: PageSize = 50,
) -> ReleasePageOut:
    """Releases that concern your places, newest first."""
    wanted = Filter(code, tuple(state) if state else None, place_id)
    async with parts.database.read() as session:
        page = await service.list_releases(session, actor.scope, wanted, at, before=before, limit=limit)
    return ReleasePageOut(
        items=[ReleaseOut.of(each, at) for each in page.releases], next_before=page.next_before
    )


@router.get("/releases/waiting")
async def list_waiting(parts: Parts, actor: Reader, at: At, limit: PageSize = 50) -> list[ReleaseOut]:
    """The releases that wait for you: to be approved, or approved and to be scheduled."""
    async with parts.database.read() as session:
        found = await service.waiting_for(session, actor, at, limit=limit)
    return [ReleaseOut.of(each, at) for each in found]


@router.post("/releases", status_code=201)
async def submit_release(parts: Parts, actor: Editor, at: At, body: SubmitIn) -> ReleaseOut:
    """Make a version of a draft, or take one that stands, and ask for its approval."""
    wanted = review.Submission(
        release_id=parts.new_id(),
        code=body.code,
        place_ids=tuple(body.place_ids),
        revision=body.revision,
        version=body.version,
        note=body.reason,
    )
    async with parts.database.begin() as session:
        return ReleaseOut.of(await review.submit(session, wanted, actor, at), at)


@router.get("/releases/{release_id}")
async def get_release(parts: Parts, actor: Reader, at: At, release_id: UUID) -> ReleaseOut:
    """One release that concerns your places."""
    async with parts.database.read() as session:
        return ReleaseOut.of(await service.get_release(session, release_id, actor.scope, at), at)


@router.get("/releases/{release_id}/history")
async def list_acts(
    parts: Parts, actor: Reader, release_id: UUID, after: AfterNumber = 0, limit: PageSize = 50
) -> ReleaseActPageOut:
    """Every step of a release, oldest first."""
    async with parts.database.read() as session:
        found = await service.release_history(session, release_id, actor.scope, after=after, limit=limit + 1)
    page, next_after = page_of(found, limit, lambda line: line.no)
    return ReleaseActPageOut(items=[ReleaseActOut.of(line) for line in page], next_after=next_after)


@router.post("/releases/{release_id}/approve")
async def approve_release(
    parts: Parts, actor: Approver, at: At, release_id: UUID, body: OptionalReasonIn
) -> ReleaseOut:
    """Let a version go live that somebody else wrote."""
    async with parts.database.begin() as session:
        return ReleaseOut.of(await review.approve(session, release_id, actor, at, body.reason), at)


@router.post("/releases/{release_id}/reject")
async def reject_release(
    parts: Parts, actor: Approver, at: At, release_id: UUID, body: ReasonIn
) -> ReleaseOut:
    """Send a version back to its authors."""
    async with parts.database.begin() as session:
        return ReleaseOut.of(await review.reject(session, release_id, body.reason, actor, at), at)


@router.post("/releases/{release_id}/withdraw")
async def withdraw_release(
    parts: Parts, actor: Editor, at: At, release_id: UUID, body: OptionalReasonIn
) -> ReleaseOut:
    """Take a version back before it is scheduled."""
    async with parts.database.begin() as session:
        return ReleaseOut.of(await review.withdraw(session, release_id, actor, at, body.reason), at)


@router.post("/releases/{release_id}/schedule")
async def schedule_release(
    parts: Parts, actor: Releaser, at: At, release_id: UUID, body: ScheduleIn
) -> ReleaseOut:
    """Plan where and when an approved version goes live; nobody is needed at the minute."""
    steps = [step.step(at) for step in body.steps]
    async with parts.database.begin() as session:
        return ReleaseOut.of(await rollout.schedule(session, release_id, steps, actor, at), at)


@router.post("/releases/{release_id}/halt")
async def halt_step(parts: Parts, actor: Releaser, at: At, release_id: UUID, body: HaltIn) -> ReleaseOut:
    """Hold a step that has not begun."""
    async with parts.database.begin() as session:
        return ReleaseOut.of(await rollout.halt(session, release_id, body.step, body.reason, actor, at), at)


@router.post("/releases/{release_id}/resume")
async def resume_step(parts: Parts, actor: Releaser, at: At, release_id: UUID, body: ResumeIn) -> ReleaseOut:
    """Let a held step begin after all, or a waiting one at another time."""
    starts = body.starts or at.isoformat()
    async with parts.database.begin() as session:
        return ReleaseOut.of(await rollout.resume(session, release_id, body.step, starts, actor, at), at)


@router.post("/releases/{release_id}/cancel")
async def cancel_release(
    parts: Parts, actor: Releaser, at: At, release_id: UUID, body: ReasonIn
) -> ReleaseOut:
    """Give a release up before it is live anywhere."""
    async with parts.database.begin() as session:
        return ReleaseOut.of(await rollout.cancel(session, release_id, body.reason, actor, at), at)


@router.post("/releases/{release_id}/rollback")
async def roll_back_release(
    parts: Parts, actor: Releaser, at: At, release_id: UUID, body: PlacesIn
) -> ReleaseOut:
    """Go back to the version before, at once; this one is never used there again."""
    async with parts.database.begin() as session:
        return ReleaseOut.of(
            await rollout.roll_back(session, release_id, body.place_ids, body.reason, actor, at), at
        )


@router.post("/releases/{release_id}/retire")
async def retire_release(
    parts: Parts, actor: Releaser, at: At, release_id: UUID, body: RetireIn
) -> ReleaseOut:
    """End a release; from then on what was live before it is live again."""
    async with parts.database.begin() as session:
        return ReleaseOut.of(
            await rollout.retire(session, release_id, body.place_ids, body.ends, body.reason, actor, at), at
        )


@router.get("/release-policy")
async def get_release_policy(parts: Parts, actor: Reader) -> PolicyBody:  # noqa: ARG001 — it is the chain's
    """What the chain demands before a version goes live."""
    async with parts.database.read() as session:
        return PolicyBody.of(await get_policy(session))


@router.put("/release-policy")
async def set_release_policy(parts: Parts, actor: PolicyMaker, at: At, body: PolicyBody) -> PolicyBody:
    """Demand something else from now on; for administrators of the whole chain."""
    await require_whole_chain(parts, actor, Permission.PACK_POLICY)
    async with parts.database.begin() as session:
        return PolicyBody.of(await set_policy(session, body.policy(), actor, at))
