"""Use-cases of a release on its way: plan its steps, hold one, take it back, end it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.organisation import service as organisation
from regulars.organisation.domain import Place
from regulars.releases.acting import keep, locked, note_time, require_places, require_state, said, settle
from regulars.releases.beside import require_green
from regulars.releases.domain import PLACES_MAX, PlannedPlace, Release, Step, instant_of
from regulars.releases.errors import ReleasePlacesInvalid, ReleaseStateWrong, StartInvalid
from regulars.rules import service as rules
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE

_INSTANT: Final = timedelta(microseconds=1)


async def schedule(
    session: AsyncSession, release_id: UUID, steps: Sequence[Step], actor: Actor, at: datetime
) -> Release:
    """Plan where and when an approved version goes live; it is written ahead, and needs nobody at the minute.

    Args:
        session: an open transaction.
        release_id: approved, or scheduled with nothing live yet: then the plan replaces the former.
        steps: at least one; their places lie at or below those that were approved, each named once.
        actor: has the right to release at each place.
        at: aware instant, now; no start may lie before it.
    Returns: the release, scheduled, or live where a step starts now.
    Raises: UnknownRelease, ReleaseStateWrong, PermissionDenied, ReleasePlacesInvalid, StartInvalid,
        PackNotGreen: it went red since it was approved; VersionRolledBack.
    Source: docs/releases.md, "Each store's own clock".
    """
    release = await locked(session, release_id, actor, at)
    require_state(release, "approved", "scheduled")
    if any(place.stage_at(at) in ("live", "retired") for place in release.places):
        raise ReleaseStateWrong("live", ["approved"])
    wanted = [place_id for step in steps for place_id in step.place_ids]
    places = await _planned_places(session, release, wanted)
    await require_places(session, actor, Permission.PACK_RELEASE, wanted)
    version = (await rules.get_version(session, release.code, release.version)).version
    await rules.refuse_rolled_back(session, version, wanted)
    planned = [
        _planned(places[place_id], number, step)
        for number, step in enumerate(steps, 1)
        for place_id in step.place_ids
    ]
    await require_green(session, release, at, planned)
    return await _replanned(session, release, planned, "release.schedule", actor, at, None)


async def halt(
    session: AsyncSession, release_id: UUID, step: int, words: str, actor: Actor, at: datetime
) -> Release:
    """Hold a step that has not begun; what is live stays, and so do later steps.

    Args:
        session: an open transaction.
        release_id: scheduled or live.
        step: its number.
        words: why.
        actor: has the right to release at each place of the step.
        at: aware instant, now.
    Returns: the release; holding a held step changes nothing.
    Raises: UnknownRelease, ReleaseStateWrong, ReleasePlacesInvalid, PermissionDenied, ReleaseReasonMissing.
    """
    release = await locked(session, release_id, actor, at)
    require_state(release, "scheduled", "live")
    mine = await _of_step(session, release, step, actor)
    if all(place.state == "halted" for place in mine):
        return release
    _require_stage(mine, at, "waiting", "halted")
    return await _changed(
        session, release, mine, lambda place: replace(place, state="halted"), "halt", actor, at, said(words)
    )


async def resume(
    session: AsyncSession, release_id: UUID, step: int, starts: str, actor: Actor, at: datetime
) -> Release:
    """Let a held step begin after all, or a waiting one at another time.

    Args:
        session: an open transaction.
        release_id: scheduled or live.
        step: its number.
        starts: as of `Step`; not before now.
        actor: has the right to release at each place of the step.
        at: aware instant, now.
    Returns: the release.
    Raises: as `halt`; StartInvalid; PackNotGreen.
    """
    release = await locked(session, release_id, actor, at)
    require_state(release, "scheduled", "live")
    mine = await _of_step(session, release, step, actor)
    _require_stage(mine, at, "waiting", "halted")
    zones = await _places(session)

    def anew(place: PlannedPlace) -> PlannedPlace:
        begins = instant_of(starts, zones[place.place_id].zone, "starts")
        return replace(place, state="planned", starts=starts, starts_at=begins)

    await require_green(session, release, at, [anew(place) for place in mine])
    return await _changed(session, release, mine, anew, "resume", actor, at, None)


async def cancel(session: AsyncSession, release_id: UUID, words: str, actor: Actor, at: datetime) -> Release:
    """Give a release up before it is live anywhere.

    Args:
        session: an open transaction.
        release_id: in review, approved or scheduled.
        words: why.
        actor: has the right to release at each place.
        at: aware instant, now.
    Returns: the release, cancelled; twice changes nothing.
    Raises: UnknownRelease; ReleaseStateWrong: it is live, so it is rolled back or retired instead;
        PermissionDenied; ReleaseReasonMissing.
    """
    release = await locked(session, release_id, actor, at)
    await require_places(session, actor, Permission.PACK_RELEASE, release.place_ids)
    if release.state == "cancelled":
        return release
    require_state(release, "in_review", "approved", "scheduled")
    if any(place.stage_at(at) in ("live", "retired") for place in release.places):
        raise ReleaseStateWrong("live", ["in_review", "approved", "scheduled"])
    reason = said(words)
    bare = await settle(session, replace(release, places=()), actor, at, reason)
    held = tuple(replace(place, state="halted") for place in release.places)
    cancelled = replace(bare, state="cancelled", words=reason, places=held)
    return await keep(session, release, cancelled, "release.cancel", actor, at, words=reason)


async def roll_back(
    session: AsyncSession,
    release_id: UUID,
    place_ids: Sequence[UUID] | None,
    words: str,
    actor: Actor,
    at: datetime,
) -> Release:
    """Go back to the version before, at once, and never use this one there again.

    Purchases that are delivered late are read by the version before too, whenever they happened.

    Args:
        session: an open transaction.
        release_id: live.
        place_ids: of its plan, or below a place of it; None: everywhere, and steps that have not begun are
            held.
        words: why.
        actor: has the right to release at each of the places.
        at: aware instant, now.
    Returns: the release; a place that is rolled back already stays so.
    Raises: UnknownRelease, ReleaseStateWrong, ReleasePlacesInvalid, PermissionDenied, ReleaseReasonMissing.
    Source: docs/semantics.md, "Which pack version".
    """
    release = await locked(session, release_id, actor, at)
    if release.state == "rolled_back" and place_ids is None:
        return release
    require_state(release, "live", "retired", "scheduled")
    if place_ids is not None:
        release = _with_places_below(release, place_ids, await _places(session))
    mine = _named(release, place_ids)
    await require_places(session, actor, Permission.PACK_RELEASE, [place.place_id for place in mine])
    begun = [place for place in mine if place.stage_at(at) in ("live", "retired")]
    if place_ids is not None and any(place.stage_at(at) in ("waiting", "halted") for place in mine):
        raise ReleasePlacesInvalid("a place has not begun yet; halt its step instead")
    if not begun and place_ids is not None:
        return release
    if not begun:
        raise ReleaseStateWrong(release.state, ["live"])
    back = {place.place_id for place in begun}

    def undone(place: PlannedPlace) -> PlannedPlace:
        is_begun = place.place_id in back or place.state == "rolled_back"
        return replace(place, state="rolled_back" if is_begun else "halted")

    return await _changed(session, release, mine, undone, "roll_back", actor, at, said(words))


async def retire(
    session: AsyncSession,
    release_id: UUID,
    place_ids: Sequence[UUID] | None,
    ends: str | None,
    words: str,
    actor: Actor,
    at: datetime,
) -> Release:
    """End a release; from then on what was live before it is live again, and what it did stays.

    Args:
        session: an open transaction.
        release_id: scheduled or live.
        place_ids: of its plan; None: everywhere.
        ends: as of `Step`, after now; None: now.
        words: why.
        actor: has the right to release at each of the places.
        at: aware instant, now.
    Returns: the release.
    Raises: UnknownRelease, ReleaseStateWrong, ReleasePlacesInvalid, StartInvalid, PermissionDenied,
        ReleaseReasonMissing.
    """
    release = await locked(session, release_id, actor, at)
    if release.state == "retired":
        return release
    require_state(release, "scheduled", "live")
    mine = [place for place in _named(release, place_ids) if place.stage_at(at) in ("waiting", "live")]
    if not mine:
        raise ReleasePlacesInvalid("nothing of it is live or waits there")
    await require_places(session, actor, Permission.PACK_RELEASE, [place.place_id for place in mine])
    if ends is None and any(place.stage_at(at) == "waiting" for place in mine):
        raise ReleasePlacesInvalid("a place has not begun yet; halt its step, or name an end")
    zones = await _places(session)
    until = at.isoformat() if ends is None else ends

    def ended(place: PlannedPlace) -> PlannedPlace:
        ends_at = instant_of(until, zones[place.place_id].zone, "ends")
        if ends_at < at or ends_at <= place.starts_at:
            raise StartInvalid(until, "ends")
        return replace(place, ends=until, ends_at=ends_at)

    return await _changed(session, release, mine, ended, "retire", actor, at, said(words))


async def _changed(
    session: AsyncSession,
    release: Release,
    which: Sequence[PlannedPlace],
    change: Callable[[PlannedPlace], PlannedPlace],
    verb: str,
    actor: Actor,
    at: datetime,
    words: str | None,
) -> Release:
    ids = {place.place_id for place in which}
    planned = [change(place) if place.place_id in ids else place for place in release.places]
    return await _replanned(session, release, planned, f"release.{verb}", actor, at, words)


async def _replanned(
    session: AsyncSession,
    release: Release,
    planned: Sequence[PlannedPlace],
    action: str,
    actor: Actor,
    at: datetime,
    words: str | None,
) -> Release:
    """The release with other places, written into their time and into the audit log."""
    was = {place.place_id: place for place in release.places}
    moved = replace(release, state="scheduled", places=tuple(planned), words=words or release.words)
    settled = await settle(session, moved, actor, at, words)
    for place in settled.places:
        former = was.get(place.place_id)
        if place.state == "planned" and (former is None or _when(former) != _when(place)):
            _require_future(place, at)
    details = {"places": [_plain(place) for place in planned if was.get(place.place_id) != place]}
    just_before = replace(settled, noted_to=at - _INSTANT)  # what begins or ends right now is noted too
    kept = await keep(session, release, just_before, action, actor, at, details=details, words=words)
    return await note_time(session, kept, at)


def _when(place: PlannedPlace) -> tuple[str, str]:
    return place.state, place.starts


def _require_future(place: PlannedPlace, at: datetime) -> None:
    if place.starts_at < at:
        raise StartInvalid(place.starts, "starts")


def _require_stage(places: Sequence[PlannedPlace], at: datetime, *wanted: str) -> None:
    for place in places:
        if place.stage_at(at) not in wanted:
            raise ReleaseStateWrong(place.stage_at(at), list(wanted))


def _with_places_below(release: Release, place_ids: Sequence[UUID], places: dict[UUID, Place]) -> Release:
    """The release with places of their own in its plan that so far followed one above them."""
    planned = {place.place_id: place for place in release.places}
    added = []
    for place_id in dict.fromkeys(place_ids):
        place = places.get(place_id)
        governor = None if place is None else _governor(place, planned, places)
        if place is None or place.kind == "terminal" or governor is None or place_id in planned:
            continue
        ends = None if governor.ends is None else instant_of(governor.ends, place.zone, "ends")
        starts_at = instant_of(governor.starts, place.zone, "starts")
        added.append(replace(governor, place_id=place_id, starts_at=starts_at, ends_at=ends))
    return replace(release, places=(*release.places, *added))


def _governor(
    place: Place, planned: dict[UUID, PlannedPlace], places: dict[UUID, Place]
) -> PlannedPlace | None:
    """What the plan says of the nearest place at or above."""
    here: Place | None = place
    while here is not None:
        if here.id in planned:
            return planned[here.id]
        here = places.get(here.parent_id) if here.parent_id else None
    return None


def _named(release: Release, place_ids: Sequence[UUID] | None) -> list[PlannedPlace]:
    if place_ids is None:
        return list(release.places)
    planned = {place.place_id: place for place in release.places}
    unknown = [place_id for place_id in place_ids if place_id not in planned]
    if unknown or not place_ids:
        raise ReleasePlacesInvalid("name places of the release's plan")
    return [planned[place_id] for place_id in place_ids]


async def _of_step(session: AsyncSession, release: Release, step: int, actor: Actor) -> list[PlannedPlace]:
    mine = [place for place in release.places if place.step == step]
    if not mine:
        raise ReleasePlacesInvalid(f"the release has no step {step}", field="step")
    await require_places(session, actor, Permission.PACK_RELEASE, [place.place_id for place in mine])
    return mine


async def _places(session: AsyncSession) -> dict[UUID, Place]:
    return {place.id: place for place in await organisation.places_below(session, EVERYWHERE)}


async def _planned_places(
    session: AsyncSession, release: Release, wanted: Sequence[UUID]
) -> dict[UUID, Place]:
    """The places by id. Raises: ReleasePlacesInvalid."""
    if not 1 <= len(wanted) <= PLACES_MAX:
        raise ReleasePlacesInvalid(f"name 1 to {PLACES_MAX} places in all steps", field="steps")
    if len(set(wanted)) != len(wanted):
        raise ReleasePlacesInvalid("a place stands in the plan twice; name each once", field="steps")
    places = await _places(session)
    approved = [places[place_id].path for place_id in release.place_ids]
    for place_id in wanted:
        place = places.get(place_id)
        if place is None or place.kind == "terminal" or place.closed_at is not None:
            raise ReleasePlacesInvalid(f"{place_id} is no open store, branch or headquarters", field="steps")
        if not any(place.path == root or place.path.startswith(f"{root}.") for root in approved):
            raise ReleasePlacesInvalid(f"{place.code} lies outside of what was approved", field="steps")
    return places


def _planned(place: Place, number: int, step: Step) -> PlannedPlace:
    starts_at = instant_of(step.starts, place.zone, "starts")
    ends_at = None if step.ends is None else instant_of(step.ends, place.zone, "ends")
    if ends_at is not None and ends_at <= starts_at:
        raise StartInvalid(step.ends or "", "ends")
    return PlannedPlace(place.id, number, "planned", step.starts, step.ends, starts_at, ends_at)


def _plain(place: PlannedPlace) -> dict[str, object]:
    return {
        "place": str(place.place_id),
        "step": place.step,
        "state": place.state,
        "starts": place.starts,
        "ends": place.ends,
    }
