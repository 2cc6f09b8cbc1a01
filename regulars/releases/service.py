"""Use-cases around releases: look them up, publish without one, and what their workflows ask for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle.due_again import look_again
from regulars.organisation.places import Places
from regulars.releases import repository
from regulars.releases.acting import BY_TIME, note_time
from regulars.releases.beside import require_green_at
from regulars.releases.domain import OVER, Release, ReleaseState, state_at
from regulars.releases.errors import UnknownRelease
from regulars.releases.policy import require_direct
from regulars.releases.repository import Filter
from regulars.rules import service as rules
from regulars.rules.domain import PackVersion
from regulars.rules.live import LivePacks
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.audit import AuditLine
from regulars.security.policy import Permission
from regulars.security.scope import Scope

STIRRED_TOGETHER = 200
"""Members looked at anew in one transaction; tills wait for their locks meanwhile."""

LOOKED_THROUGH = 200
"""Releases read at most to find a page of those that wait for somebody."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a release stands, for its workflow.

    Attributes:
        next_due_at: when time next decides something; None for never, as far as is planned.
        is_over: nothing can become of it any more.
        stir_for: members' due dates rest on what it changed then, and have still to be looked at anew.
    """

    state: ReleaseState
    next_due_at: datetime | None
    is_over: bool
    stir_for: datetime | None
    change_no: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some releases; `next_before` None: the last ones."""

    releases: tuple[Release, ...]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class Stirred:
    """How far members were looked at anew."""

    after: UUID | None
    moved: int


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
) -> Page:
    """Releases that concern the scope, newest first, in the states that they are in now.

    Args:
        session: reads only.
        scope: of places.
        wanted: which.
        at: aware instant, now.
        before: a release's id: those before it.
        limit: at most so many are read; fewer come back where time has moved some to other states.
    Returns: the page, and where the next begins.
    """
    found = await repository.page(session, scope, wanted, at=at, before=before, limit=limit + 1)
    now = [replace(release, state=state_at(release, at)) for release in found[:limit]]
    shown = [release for release in now if wanted.states is None or release.state in wanted.states]
    return Page(tuple(shown), now[-1].id if len(found) > limit else None)


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
    page = await list_releases(session, actor.scope, wanted, at, limit=LOOKED_THROUGH)
    open_ones = page.releases
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


async def release_history(
    session: AsyncSession,
    release_id: UUID,
    scope: Scope,
    *,
    after: int = 0,
    limit: int = audit.MOST_READ,
) -> Sequence[AuditLine]:
    """The steps of a release as the audit log has them, oldest first, after the one with the number `after`.

    Raises: UnknownRelease.
    """
    if await repository.find(session, release_id, scope) is None:
        raise UnknownRelease(release_id)
    return await audit.of_subject(session, "release", str(release_id), after=after, limit=limit)


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
    stir_for = noted.stirred_at if noted.must_stir else None
    return Standing(noted.state, noted.next_due_at, is_over, stir_for, noted.change_no)


async def stir(
    session: AsyncSession,
    packs: LivePacks,
    places: Places,
    release_id: UUID,
    *,
    after: UUID | None,
    stir_for: datetime,
    to: datetime,
    at: datetime,
) -> Stirred:
    """Look at some members anew whose due dates rest on what a release changed.

    Args:
        session: an open transaction.
        packs, places: the process's; places as they are now.
        release_id: which.
        after: the last member who was looked at; None to begin.
        stir_for: the change that this is for; once nobody is left it is noted as done.
        to: aware instant, now; what fell due up to then is decided.
        at: aware instant of recording.
    Returns: the last member looked at, None where nobody is left; and how many now fall due at another time.
    Raises: UnknownRelease.
    """
    release = await repository.find(session, release_id, BY_TIME.scope)
    if release is None:
        raise UnknownRelease(release_id)
    roots = [places.get(place_id).path for place_id in release.place_ids]
    stores = [
        store.id
        for store in places.stores()
        if any(store.path == root or store.path.startswith(f"{root}.") for root in roots)
    ]
    last, moved = await look_again(
        session, packs, places, stores, after=after, limit=STIRRED_TOGETHER, to=to, at=at
    )
    if last is None:
        held = await _held(session, release_id)
        await repository.save(session, replace(held, stirred_done_at=stir_for))
    return Stirred(last, moved)


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
    Raises: ApprovalRequired; PackNotGreen: by itself, or beside what is or will be live there;
        PackPlaceUnknown, LiveFromInvalid, VersionRolledBack.
    Source: ADR-0018.
    """
    await require_direct(session)
    await require_green_at(session, text, (place_id,), at)
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
    Raises: ApprovalRequired; PackNotGreen: as `publish`; UnknownPack, PackPlaceUnknown, LiveFromInvalid,
        VersionRolledBack.
    Source: ADR-0018.
    """
    await require_direct(session)
    if version is not None:
        stored = await rules.get_version(session, code, version)
        await require_green_at(session, stored.text, (place_id,), at)
    await rules.activate(
        session, code, version, place_id=place_id, live_from=live_from, actor=actor, at=at, reason=reason
    )
