"""What every act on a release has in common: the lock, who may, the note in the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.organisation import service as organisation
from regulars.organisation.domain import Place
from regulars.releases import repository
from regulars.releases.domain import (
    RUNNING,
    WORDS_MAX,
    PlannedPlace,
    Release,
    ReleaseState,
    earliest,
    next_reminder,
    state_at,
)
from regulars.releases.errors import ReleaseReasonMissing, ReleaseStateWrong, UnknownRelease
from regulars.releases.unfolding import Unfolded, bounds, corrections, unfold
from regulars.rules import service as rules
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE

BY_TIME: Final = Actor("command", "pack-release", "pack-release", (), scope=EVERYWHERE)
WORDS_MIN: Final = 2
"""Two, for 太贵 is a reason."""
DUE_DATES: Final = ("tier", "lifecycle")
"""The kind of packs whose numbers members' due dates follow from."""


async def locked(session: AsyncSession, release_id: UUID, actor: Actor, at: datetime) -> Release:
    """A release that nobody else changes until the transaction ends, with all that time decided noted.

    Raises: UnknownRelease: there is none, or none that concerns the actor's places.
    """
    await rules.lock_packs(session)
    found = await repository.find(session, release_id, actor.scope, for_change=True)
    if found is None:
        raise UnknownRelease(release_id)
    return await note_time(session, found, at)


async def require_places(
    session: AsyncSession, actor: Actor, permission: Permission, place_ids: Sequence[UUID]
) -> None:
    """Refuse who may not act at each of the places. Raises: PermissionDenied."""
    paths = await repository.paths_of(session, place_ids)
    scope = actor.scope_for(permission)
    if not all(scope.covers(path) for path in paths.values()):
        raise PermissionDenied(permission)


def require_state(release: Release, *wanted: ReleaseState) -> None:
    """Refuse what cannot be done in this state. Raises: ReleaseStateWrong."""
    if release.state not in wanted:
        raise ReleaseStateWrong(release.state, wanted)


def said(words: str | None) -> str:
    """The words without surrounding blanks. Raises: ReleaseReasonMissing."""
    clean = (words or "").strip()
    if not WORDS_MIN <= len(clean) <= WORDS_MAX:
        raise ReleaseReasonMissing(WORDS_MAX)
    return clean


async def keep(
    session: AsyncSession,
    before: Release,
    after: Release,
    action: str,
    actor: Actor,
    at: datetime,
    *,
    details: Mapping[str, object] | None = None,
    words: str | None = None,
) -> Release:
    """Keep a changed release and write the act into the audit log.

    Args:
        before, after: the release; its change number grows here.
        action: "release.approve".
        details: what the audit should say beside the state.
    Returns: the release as kept.
    """
    due = after.next_due_at if after.state in RUNNING else next_reminder(after)
    places = tuple(sorted(after.places, key=lambda place: (place.step, place.place_id)))
    kept = replace(after, change_no=before.change_no + 1, next_due_at=due, places=places)
    await repository.save(session, kept)
    await _record(session, kept, action, actor, at, before.state, details or {}, words)
    return kept


async def settle(
    session: AsyncSession, release: Release, actor: Actor, at: datetime, reason: str | None
) -> Release:
    """Write what a release now wants into the places' time, and what others want that rests on it.

    Args:
        session: an open transaction that holds the packs' lock.
        release: with its places as they are now meant to be.
        at: aware instant, now.
    Returns: the release with its places' first and last instants, its state and its next due date.
    """
    settled = await _written(session, release, actor, at, reason)
    for other in await repository.running(session, release.code):
        if other.id != release.id:
            renewed = await _written(session, other, actor, at, reason)
            if renewed != other:
                await repository.save(session, replace(renewed, change_no=other.change_no + 1))
    return settled


async def note_time(session: AsyncSession, release: Release, to: datetime) -> Release:
    """Write down, in order, what time decided about a release up to an instant: starts, ends, reminders.

    Args:
        session: an open transaction that holds the release's lock.
        to: aware instant; earlier than was noted already does nothing.
    Returns: the release as kept.
    Source: docs/releases.md, "Who does what when".
    """
    if to <= release.noted_to:
        return release
    noted = await _reminded(session, release, to)
    due = next_reminder(noted)
    if release.state in RUNNING:
        unfolded = await _unfolded(session, release)
        began = await _passed(session, noted, unfolded, to)
        stirred = to if began and release.kind in DUE_DATES else release.stirred_at
        noted = replace(noted, state=state_at(release, to), stirred_at=stirred)
        due = _next_border(unfolded, to)
    noted = replace(noted, noted_to=to, next_due_at=due)
    await repository.save(session, noted)
    return noted


async def _written(
    session: AsyncSession, release: Release, actor: Actor, at: datetime, reason: str | None
) -> Release:
    places = await organisation.places_below(session, EVERYWHERE)
    log = await rules.activation_log(session, release.code)
    unfolded = unfold(release, places, log)
    rows = corrections(release, unfolded.rows, log)
    await rules.record_release(session, release.code, release.id, rows, actor=actor, at=at, reason=reason)
    known = bounds(unfolded)
    moved = replace(release, places=tuple(_bounded(planned, known) for planned in release.places))
    is_stirred = release.kind in DUE_DATES and any(row.live_from <= at for row in rows)
    return replace(
        moved,
        state=state_at(moved, at) if moved.state in RUNNING else moved.state,
        next_due_at=_next_border(unfolded, at),
        stirred_at=at if is_stirred else moved.stirred_at,
    )


async def redrawn(
    session: AsyncSession, release: Release, actor: Actor, at: datetime, place: Place
) -> Release | None:
    """A release after a place was opened, written into that place's time; None where nothing changed.

    Args:
        session: an open transaction that holds the packs' lock.
        release: under way.
        actor: who opened the place.
        at: aware instant, now.
        place: the new one.
    """
    places = await organisation.places_below(session, EVERYWHERE)
    log = await rules.activation_log(session, release.code)
    if not corrections(release, unfold(release, places, log).rows, log):
        return None
    renewed = await _written(session, release, actor, at, None)
    details = {"place": str(place.id)}
    await _record(session, renewed, "release.follow", actor, at, release.state, details, None, place.id)
    return renewed


def _bounded(planned: PlannedPlace, known: Mapping[UUID, tuple[datetime, datetime | None]]) -> PlannedPlace:
    if planned.place_id not in known:
        return planned
    starts_at, ends_at = known[planned.place_id]
    return replace(planned, starts_at=starts_at, ends_at=ends_at)


async def _unfolded(session: AsyncSession, release: Release) -> Unfolded:
    places = await organisation.places_below(session, EVERYWHERE)
    return unfold(release, places, await rules.activation_log(session, release.code))


def _next_border(unfolded: Unfolded, after: datetime) -> datetime | None:
    borders = [i for s in unfolded.stretches for i in (s.span.starts_at, s.span.ends_at)]
    return earliest(border for border in borders if border is not None and border > after)


async def _passed(session: AsyncSession, release: Release, unfolded: Unfolded, to: datetime) -> int:
    """Note every start and end since the last look; how many."""
    passed = [
        (instant, action, stretch.place_id)
        for stretch in unfolded.stretches
        for instant, action in (
            (stretch.span.starts_at, "release.go_live"),
            (stretch.span.ends_at, "release.retire"),
        )
        if instant is not None and release.noted_to < instant <= to
    ]
    for instant, action, place_id in sorted(passed):
        details = {"effective_at": instant.isoformat()}
        await _record(session, release, action, BY_TIME, to, release.state, details, None, place_id)
    return len(passed)


async def _reminded(session: AsyncSession, release: Release, to: datetime) -> Release:
    while (due := next_reminder(release)) is not None and due <= to:
        release = replace(release, reminders=release.reminders + 1)
        details = {"reminder": release.reminders, "effective_at": due.isoformat()}
        await _record(session, release, "release.remind", BY_TIME, to, release.state, details, None)
    return release


async def _record(
    session: AsyncSession,
    release: Release,
    action: str,
    actor: Actor,
    at: datetime,
    before: ReleaseState,
    details: Mapping[str, object],
    words: str | None,
    place_id: UUID | None = None,
) -> None:
    kind = "workflow" if actor is BY_TIME else actor.kind
    await audit.record(
        session,
        actor_kind=kind,
        actor_id=actor.id,
        action=action,
        subject_kind="release",
        subject_id=str(release.id),
        at=at,
        place_id=place_id,
        before={"state": before},
        after={"state": release.state, "version": release.name, **details},
        reason=words,
    )
