"""Presents releases: where each stands, what was decided by whom, and what the reader may do with it now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from starlette.datastructures import FormData

from regulars.organisation.domain import Place
from regulars.releases.domain import PlaceStage, PlannedPlace, Release, ReleaseState
from regulars.releases.errors import ReleasePlacesInvalid
from regulars.security.actor import Actor
from regulars.security.audit import AuditLine
from regulars.security.policy import Permission
from rules_ui.contexts.base import PlacePick, Tone
from rules_ui.contexts.releases import Act, Doable, PlanLine, PlanStep, ReleaseLine, StepTyped
from rules_ui.i18n import N_, Speech
from rules_ui.names import listed
from rules_ui.place_pick import picked_many, place_pick
from rules_ui.version_marks import Names

PLACES_SHOWN: Final = 60
STEPS_MOST: Final = 6
TONES: Final[Mapping[ReleaseState, Tone]] = {
    "in_review": "warn",
    "approved": "warn",
    "scheduled": "plain",
    "live": "good",
    "retired": "plain",
    "rejected": "bad",
    "withdrawn": "plain",
    "cancelled": "plain",
    "rolled_back": "bad",
}
_STAGE_TONES: Final[Mapping[PlaceStage, Tone]] = {
    "waiting": "plain",
    "live": "good",
    "retired": "plain",
    "halted": "warn",
    "rolled_back": "bad",
}
_ACTS: Final[Mapping[str, tuple[str, str]]] = {
    "submit": ("send", N_("Submitted for review")),
    "approve": ("shield-check", N_("Approved")),
    "reject": ("circle-x", N_("Sent back to the authors")),
    "withdraw": ("arrow-left", N_("Withdrawn")),
    "schedule": ("calendar-time", N_("Planned")),
    "halt": ("player-pause", N_("Held")),
    "resume": ("player-play", N_("Planned anew")),
    "cancel": ("ban", N_("Cancelled")),
    "roll_back": ("arrow-back-up", N_("Rolled back")),
    "retire": ("player-stop", N_("Ended")),
    "go_live": ("rocket", N_("Went live")),
    "remind": ("bell", N_("Those who may approve were reminded")),
    "follow": ("building-store", N_("A new place follows the plan")),
}
BY_TIME: Final = "workflow"


@dataclass(frozen=True, slots=True)
class Tree:
    """The places of a chain, and which of them somebody may release at."""

    places: Mapping[UUID, Place]
    mine: Sequence[Place]

    def below(self, roots: Iterable[UUID]) -> list[Place]:
        """Of the reader's places those at or below some others."""
        paths = [self.places[root].path for root in roots if root in self.places]
        return [p for p in self.mine if any(p.path == r or p.path.startswith(f"{r}.") for r in paths)]


@dataclass(frozen=True, slots=True)
class TypedStep:
    """One step of a plan as somebody filled it in."""

    place_ids: Sequence[str] = ()
    starts: str = ""
    ends: str = ""


def line_of(release: Release, title: str, names: Names, say: Speech) -> ReleaseLine:
    """A release in a list."""
    return ReleaseLine(
        href=f"/releases/{release.id}",
        title=title,
        version=release.version,
        state=release.state,
        tone=TONES[release.state],
        where=listed(release.place_ids, names, say),
        note=note_of(release, say),
        who=names.of(release.submitted_by, say),
    )


def note_of(release: Release, say: Speech) -> str:
    """Where a release stands and what comes next, in one sentence."""
    match release.state:
        case "in_review":
            return say.text(N_("Submitted %(ago)s, waiting for approval"), ago=say.ago(release.submitted_at))
        case "approved":
            return say.text(N_("Approved; when and where it begins is still to be planned."))
        case "scheduled" | "live":
            return _running_note(release, say)
        case _:
            at = release.decided_at or release.submitted_at
            return say.text(N_("Decided %(when)s"), when=say.moment(at))


def _running_note(release: Release, say: Speech) -> str:
    waiting = [place.starts_at for place in release.places if place.stage_at(say.now) == "waiting"]
    live = [place for place in release.places if place.stage_at(say.now) == "live"]
    ends = [place.ends_at for place in live if place.ends_at is not None]
    if waiting and not live:
        return say.text(
            N_("Begins %(when)s (%(ago)s)"), when=say.moment(min(waiting)), ago=say.ago(min(waiting))
        )
    if not live:
        return say.text(N_("On hold"))
    if waiting:
        return say.text(N_("Live; the next places begin %(when)s"), when=say.moment(min(waiting)))
    if ends:
        return say.text(
            N_("Live until %(when)s (%(ago)s)"), when=say.moment(max(ends)), ago=say.ago(max(ends))
        )
    return say.text(N_("Live since %(when)s"), when=say.moment(min(place.starts_at for place in live)))


def plan_of(
    release: Release, may_release: Callable[[UUID], bool], names: Names, say: Speech
) -> tuple[PlanStep, ...]:
    """The plan, step by step, with the state of each place."""
    found = []
    by_step = sorted(release.places, key=lambda place: place.step)
    for number, each in groupby(by_step, key=lambda place: place.step):
        places = list(each)
        stages = {place.stage_at(say.now) for place in places}
        mine = all(may_release(place.place_id) for place in places) and release.state in ("scheduled", "live")
        found.append(
            PlanStep(
                number=number,
                places=tuple(_plan_line(place, names, say) for place in places[:PLACES_SHOWN]),
                more=max(0, len(places) - PLACES_SHOWN),
                may_halt=mine and "waiting" in stages and stages <= {"waiting", "halted"},
                may_resume=mine and "halted" in stages and stages <= {"waiting", "halted"},
            )
        )
    return tuple(found)


def _plan_line(place: PlannedPlace, names: Names, say: Speech) -> PlanLine:
    stage = place.stage_at(say.now)
    return PlanLine(
        place=names.places.get(place.place_id, "?"),
        stage=stage,
        tone=_STAGE_TONES[stage],
        starts=said_time(place.starts, say),
        starts_at=place.starts_at,
        ends=said_time(place.ends, say) if place.ends else "",
    )


def said_time(said: str, say: Speech) -> str:
    """A time as somebody planned it: by each store's own clock, or the same instant everywhere."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return said
    if at.tzinfo is not None:
        return say.moment(at)
    local = at.replace(tzinfo=say.zone)
    return say.text(N_("%(when)s, each store's own clock"), when=say.moment(local))


def acts_of(lines: Sequence[AuditLine], names: Names, say: Speech) -> tuple[Act, ...]:
    """The history of a release, the latest first."""
    return tuple(_act(line, names, say) for line in reversed(lines))


def _act(line: AuditLine, names: Names, say: Speech) -> Act:
    action = line.action.removeprefix("release.")
    icon, what = _ACTS.get(action, ("history", N_("Changed")))
    by_time = line.actor_kind == BY_TIME
    who = say.text(N_("as planned")) if by_time else names.of(f"{line.actor_kind}:{line.actor_id}", say)
    return Act(icon, say.text(what), who, line.at, _detail(line, names, say), line.reason or "")


def _detail(line: AuditLine, names: Names, say: Speech) -> str:
    after: Mapping[str, Any] = line.after or {}
    if line.place_id is not None:
        return names.places.get(line.place_id, "?")
    planned = after.get("places")
    if not isinstance(planned, list):
        return ""
    ids = [UUID(one["place"] if isinstance(one, dict) else one) for one in planned]
    where = listed(ids, names, say)
    starts = {one["starts"] for one in planned if isinstance(one, dict) and one.get("state") == "planned"}
    return f"{where}: {said_time(starts.pop(), say)}" if len(starts) == 1 else where


def doable(
    release: Release,
    actor: Actor,
    tree: Tree,
    why_not: str | None,
    typed: Sequence[TypedStep],
    sent: Mapping[str, str],
    say: Speech,
) -> Doable:
    """What the reader may do with a release now.

    Args:
        release: in the state that it is in now.
        actor: who reads.
        tree: the places; `mine` are those at which the reader may release.
        why_not: why the reader may not approve; "" where he may, None where nobody need.
        typed: the plan as somebody filled it in; empty at first.
        sent: the other fields as they were filled in, by id.
        say: the reader's language.
    """
    wanted = [tree.places[place_id].path for place_id in release.place_ids if place_id in tree.places]
    edits, releases = (actor.scope_for(each) for each in (Permission.PACK_EDIT, Permission.PACK_RELEASE))
    everywhere = all(releases.covers(path) for path in wanted)
    stages = {place.stage_at(say.now) for place in release.places}
    is_begun = bool(stages & {"live", "retired", "rolled_back"})
    is_open = release.state in ("in_review", "approved", "scheduled")
    begun = [p.place_id for p in release.places if p.stage_at(say.now) in ("live", "retired")]
    to_end = [p.place_id for p in release.places if p.stage_at(say.now) == "live"]
    can_plan = release.state in ("approved", "scheduled") and not is_begun
    return Doable(
        approve=why_not == "",
        why_not=why_not or "",
        withdraw=release.state in ("in_review", "approved") and all(edits.covers(path) for path in wanted),
        steps=_steps(release, tree, typed) if can_plan and tree.below(release.place_ids) else (),
        cancel=is_open and everywhere and not is_begun,
        back_places=_where(begun, tree, sent.get("back-place", ""), say)
        if release.state in ("live", "retired", "scheduled")
        else None,
        end_places=_where(to_end, tree, sent.get("end-place", ""), say, below=False)
        if release.state == "live"
        else None,
    )


def _where(
    roots: Sequence[UUID], tree: Tree, chosen: str, say: Speech, *, below: bool = True
) -> PlacePick | None:
    """Everywhere, where the reader may act at all of the places; else some of them, or one below."""
    mine = {place.id for place in tree.mine}
    found = tree.below(roots) if below else [place for place in tree.mine if place.id in roots]
    if not found:
        return None
    everywhere = say.text(N_("Everywhere it is live")) if all(root in mine for root in roots) else ""
    return place_pick(found, [chosen], Permission.PACK_RELEASE, everywhere=everywhere)


def _steps(release: Release, tree: Tree, typed: Sequence[TypedStep]) -> tuple[StepTyped, ...]:
    offered = tree.below(release.place_ids)
    plain = typed or _planned(release) or [TypedStep([str(place_id) for place_id in release.place_ids])]
    return tuple(
        StepTyped(number, _ticked(offered, step.place_ids), step.starts, step.ends)
        for number, step in enumerate(plain, 1)
    )


def _ticked(offered: Sequence[Place], chosen: Sequence[str]) -> PlacePick:
    return place_pick(offered, chosen, Permission.PACK_RELEASE, first=False)


def _planned(release: Release) -> list[TypedStep]:
    by_step = groupby(sorted(release.places, key=lambda place: place.step), key=lambda place: place.step)
    found = []
    for _, each in by_step:
        places = list(each)
        ids = [str(place.place_id) for place in places]
        found.append(TypedStep(ids, _as_typed(places[0].starts), _as_typed(places[0].ends or "")))
    return found


def _as_typed(said: str) -> str:
    """A wall time as the field wants it; an instant with its offset stays "now"."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return ""
    return "" if at.tzinfo is not None else at.isoformat(timespec="minutes")


def why_not(
    release: Release, actor: Actor, tree: Tree, say: Speech, *, green: bool, must_rehearse: bool
) -> str | None:
    """Why the reader may not approve; "" where he may, None where nothing waits for approval."""
    if release.state != "in_review":
        return None
    scope = actor.scope_for(Permission.PACK_APPROVE)
    paths = [tree.places[each].path for each in release.place_ids if each in tree.places]
    hurdles = (
        (not actor.may(Permission.PACK_APPROVE), N_("It waits for somebody who may approve packs.")),
        (
            not all(scope.covers(path) for path in paths),
            N_("It concerns places at which you may not approve: somebody above must do it."),
        ),
        (
            f"{actor.kind}:{actor.id}" in release.authors,
            N_("You wrote or submitted part of it yourself, so somebody else must approve it."),
        ),
        (not green, N_("The checks have found errors, so nobody can approve it as it is.")),
        (
            must_rehearse,
            N_("Nothing is approved that was not rehearsed at or above all its places: rehearse it first."),
        ),
    )
    return next((say.text(words) for stands, words in hurdles if stands), "")


def people(authors: Sequence[str], names: Names, say: Speech) -> str:
    """Some people by name."""
    separator = "、" if say.language == "zh" else ", "
    return separator.join(sorted(names.of(author, say) for author in authors))


def by_whom(who: str, when: str, names: Names, say: Speech) -> str:
    """Who did something and when."""
    return say.text(N_("by %(name)s, %(date)s"), name=names.of(who, say), date=when)


def typed_steps(form: FormData, places: Sequence[Place]) -> list[TypedStep]:
    """The plan as it was filled in, its places by id; what is none of them as it was typed."""
    found = []
    for number in range(1, STEPS_MOST + 1):
        sent = [each for each in form.getlist(f"places-{number}") if isinstance(each, str)]
        chosen = picked_many(sent, places)
        starts, ends = (str(form.get(f"{name}-{number}", ""))[:40] for name in ("starts", "ends"))
        if chosen or starts or ends:
            found.append(TypedStep(chosen, starts, ends))
    return found


def ids_of(said: Sequence[str]) -> tuple[UUID, ...]:
    """Ids of places. Raises: ReleasePlacesInvalid: one is none."""
    try:
        return tuple(UUID(each) for each in said)
    except ValueError:
        raise ReleasePlacesInvalid("name places by their id") from None
