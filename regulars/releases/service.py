"""Use-cases around releases: look them up, publish without one, and what their workflows ask for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.releases import repository
from regulars.releases.acting import BY_TIME, note_time
from regulars.releases.domain import OVER, Release, ReleaseState, state_at
from regulars.releases.errors import UnknownRelease
from regulars.releases.policy import require_direct
from regulars.releases.repository import Filter
from regulars.rules import service as rules
from regulars.rules.domain import PackVersion
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.audit import AuditLine
from regulars.security.policy import Permission
from regulars.security.scope import Scope

LOOKED_THROUGH = 200
"""Releases read at most to find a page of those that wait for somebody."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a release stands, for its workflow.

    Attributes:
        next_due_at: when time next decides something; None for never, as far as is planned.
        is_over: nothing can become of it any more.
        must_stir: members' due dates rest on what it changed, and have still to be looked at anew.
    """

    state: ReleaseState
    next_due_at: datetime | None
    is_over: bool
    must_stir: bool
    change_no: int


async def get_release(session: AsyncSession, release_id: UUID, scope: Scope, at: datetime) -> Release:
    """One release that concerns the scope, in the state that it is in now. Raises: UnknownRelease."""
    found = await repository.find(session, release_id, scope)
    if found is None:
        raise UnknownRelease(release_id)
    return replace(found, state=state_at(found, at))


async def list_releases(
    session: AsyncSession,
    scope: Scope,
    wanted: Filter,
    at: datetime,
    *,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Release]:
    """Releases that concern the scope, newest first, in the states that they are in now.

    Args:
        session: reads only.
        scope: of places.
        wanted: which.
        at: aware instant, now.
        before: a release's id: those before it.
        limit: at most so many are read; fewer may come back where time has moved some to other states.
    """
    found = await repository.page(session, scope, wanted, at=at, before=before, limit=limit)
    now = [replace(release, state=state_at(release, at)) for release in found]
    return [release for release in now if wanted.states is None or release.state in wanted.states]


async def waiting_for(session: AsyncSession, actor: Actor, at: datetime, *, limit: int = 50) -> list[Release]:
    """The releases that somebody can move on: to be approved, or approved and to be scheduled.

    Args:
        session: reads only.
        actor: an operator.
        at: aware instant, now.
        limit: at most.
    Returns: newest first; what the actor wrote waits for others.
    """
    wanted = Filter(states=("in_review", "approved"))
    open_ones = await list_releases(session, actor.scope, wanted, at, limit=LOOKED_THROUGH)
    ids = {place_id for release in open_ones for place_id in release.place_ids}
    paths = await repository.paths_of(session, sorted(ids))
    rights = {
        "in_review": actor.scope_for(Permission.PACK_APPROVE),
        "approved": actor.scope_for(Permission.PACK_RELEASE),
    }
    return [
        release
        for release in open_ones
        if all(rights[release.state].covers(paths[place_id]) for place_id in release.place_ids)
        and (release.state == "approved" or f"{actor.kind}:{actor.id}" not in release.authors)
    ][:limit]


async def release_history(session: AsyncSession, release_id: UUID, scope: Scope) -> Sequence[AuditLine]:
    """Every step of a release as the audit log has it, oldest first. Raises: UnknownRelease."""
    if await repository.find(session, release_id, scope) is None:
        raise UnknownRelease(release_id)
    return await audit.of_subject(session, "release", str(release_id))


async def advance(session: AsyncSession, release_id: UUID, to: datetime) -> Standing:
    """Write down what time decided about a release up to an instant.

    Args:
        session: an open transaction.
        release_id: which.
        to: aware instant.
    Returns: where it stands; the same again where nothing fell due.
    Raises: UnknownRelease.
    """
    release = await _held(session, release_id)
    noted = await note_time(session, release, to)
    is_over = noted.state in OVER and not noted.must_stir
    return Standing(noted.state, noted.next_due_at, is_over, noted.must_stir, noted.change_no)


async def note_stirred(session: AsyncSession, release_id: UUID, up_to: datetime) -> None:
    """Remember that members were looked at anew for what the release changed up to an instant.

    Raises: UnknownRelease.
    """
    release = await _held(session, release_id)
    await repository.save(session, replace(release, stirred_done_at=up_to))


async def _held(session: AsyncSession, release_id: UUID) -> Release:
    await rules.lock_packs(session)
    found = await repository.find(session, release_id, BY_TIME.scope, for_change=True)
    if found is None:
        raise UnknownRelease(release_id)
    return found


async def untold(session: AsyncSession, limit: int = 50) -> list[tuple[UUID, int]]:
    """Releases whose workflow has not heard of the newest change, with the number of that change."""
    return await repository.untold(session, limit)


async def note_told(session: AsyncSession, release_id: UUID, change_no: int) -> None:
    """Remember that a release's workflow has heard of a change, and of all before it."""
    await repository.note_told(session, release_id, change_no)


async def publish(
    session: AsyncSession,
    text: str | bytes,
    *,
    place_id: UUID,
    live_from: datetime,
    actor: Actor,
    at: datetime,
    reason: str | None = None,
) -> PackVersion:
    """Make a version of a pack and put it live without a release, where the chain allows it.

    Args: as of `rules.service.publish`.
    Returns: the version.
    Raises: ApprovalRequired; PackNotGreen, PackPlaceUnknown, LiveFromInvalid, VersionRolledBack.
    Source: ADR-0016.
    """
    await require_direct(session)
    return await rules.publish(
        session, text, place_id=place_id, live_from=live_from, actor=actor, at=at, reason=reason
    )


async def activate(
    session: AsyncSession,
    code: str,
    version: int | None,
    *,
    place_id: UUID,
    live_from: datetime,
    actor: Actor,
    at: datetime,
    reason: str | None = None,
) -> None:
    """Put a version live without a release, or switch a pack off, where the chain allows it.

    Args: as of `rules.service.activate`.
    Raises: ApprovalRequired; UnknownPack, PackPlaceUnknown, LiveFromInvalid, VersionRolledBack.
    Source: ADR-0016.
    """
    await require_direct(session)
    await rules.activate(
        session, code, version, place_id=place_id, live_from=live_from, actor=actor, at=at, reason=reason
    )
