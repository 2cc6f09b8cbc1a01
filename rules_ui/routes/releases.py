"""Releases: the list, the review page, and every step from approval to rolling back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api.dependencies import requires
from api.errors import problem_of
from regulars.kernel.errors import RegularsError
from regulars.rehearsal import service as rehearsals
from regulars.releases import review, rollout, service
from regulars.releases.domain import Release, ReleaseState, Step
from regulars.releases.policy import get_policy
from regulars.releases.repository import Filter
from regulars.rules import service as rules
from regulars.rules.chain_catalogue import catalogue_of, examine_here
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from rules_ui import release_view
from rules_ui.checked_view import clashes_beside, findings_of
from rules_ui.contexts.base import Choice, FieldTrouble
from rules_ui.contexts.compare import RehearsalLine
from rules_ui.contexts.releases import ReleaseListPage, ReleasePage
from rules_ui.i18n import N_, Speech
from rules_ui.names import known_names, listed, pack_titles
from rules_ui.pack_diff import Side, diff_of
from rules_ui.place_pick import PickedPlace, picked
from rules_ui.place_tree import open_places
from rules_ui.rehearsal_view import line_of
from rules_ui.release_troubles import troubles, unknown_places
from rules_ui.release_view import Tree, TypedStep
from rules_ui.ui import Pages, Ui, go
from rules_ui.version_marks import Names

router = APIRouter(prefix="/releases")
Reader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
Editor = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]
Approver = Annotated[Actor, Depends(requires(Permission.PACK_APPROVE))]
Releaser = Annotated[Actor, Depends(requires(Permission.PACK_RELEASE))]
Reason = Annotated[str, Form(max_length=500)]
Moment = Annotated[str, Form(max_length=40)]

SHOWN: Final = 30
_JUST_BEFORE: Final = timedelta(microseconds=1)
_STATES: Final[Sequence[tuple[str, tuple[ReleaseState, ...]]]] = (
    (N_("All"), ()),
    (N_("Waiting for approval"), ("in_review",)),
    (N_("Approved and planned"), ("approved", "scheduled")),
    (N_("Live at the tills"), ("live",)),
    (N_("Over"), ("rejected", "withdrawn", "cancelled", "retired", "rolled_back")),
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What somebody filled in, and why it was not done.

    Attributes:
        steps: the plan.
        sent: the other fields, by id.
        problems: by the id of the field; of none, it stands above.
    """

    steps: Sequence[TypedStep] = ()
    sent: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[FieldTrouble, ...] = ()
    status: int = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """One form of the page as it was sent.

    Attributes:
        ids: id of the field in which an error's field was typed.
        sent: by id of the field.
    """

    ids: Mapping[str, str]
    sent: Mapping[str, str]


NOTHING_SENT: Final = Sent({}, {})


def _reason(id_: str, reason: str) -> Sent:
    return Sent({"reason": id_, "note": id_}, {id_: reason})


@router.get("", response_class=HTMLResponse)
async def list_releases(
    request: Request,
    ui: Pages,
    actor: Reader,
    show: Annotated[int, Query(ge=0, lt=len(_STATES))] = 0,
    before: UUID | None = None,
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    wanted = Filter(states=_STATES[show][1] or None)
    async with ui.container.database.read() as session:
        names = await known_names(session, ui)
        page = await service.list_releases(session, actor.scope, wanted, say.now, before=before, limit=SHOWN)
        waiting = [] if before or show else await service.waiting_for(session, actor, say.now, limit=SHOWN)
        titles = await titles_of(session, [*page.releases, *waiting], say)
    view = ReleaseListPage(
        states=tuple(Choice(str(n), say.text(title), n == show) for n, (title, _) in enumerate(_STATES)),
        waiting=tuple(release_view.line_of(each, titles[each.code], names, say) for each in waiting),
        releases=tuple(release_view.line_of(each, titles[each.code], names, say) for each in page.releases),
        older=f"/releases?show={show}&before={page.next_before}" if page.next_before else "",
    )
    return ui.page(request, actor, view, say)


@router.get("/{release_id}", response_class=HTMLResponse)
async def show(request: Request, ui: Pages, release_id: UUID, actor: Reader) -> HTMLResponse:
    await ui.refresh()
    return await _page(request, ui, actor, release_id, Tried())


@router.post("/{release_id}/approve", response_model=None)
async def approve(
    request: Request, ui: Pages, release_id: UUID, actor: Approver, reason: Reason = ""
) -> Response:
    at = ui.container.now()

    async def act(session: AsyncSession) -> Release:
        return await review.approve(session, release_id, actor, at, reason)

    return await _do(request, ui, actor, release_id, "approved", act, _reason("approve-reason", reason))


@router.post("/{release_id}/reject", response_model=None)
async def reject(
    request: Request, ui: Pages, release_id: UUID, actor: Approver, reason: Reason = ""
) -> Response:
    at = ui.container.now()

    async def act(session: AsyncSession) -> Release:
        return await review.reject(session, release_id, reason, actor, at)

    return await _do(request, ui, actor, release_id, "rejected", act, _reason("reject-reason", reason))


@router.post("/{release_id}/withdraw", response_model=None)
async def withdraw(
    request: Request, ui: Pages, release_id: UUID, actor: Editor, reason: Reason = ""
) -> Response:
    at = ui.container.now()

    async def act(session: AsyncSession) -> Release:
        return await review.withdraw(session, release_id, actor, at, reason)

    return await _do(request, ui, actor, release_id, "withdrawn", act, _reason("withdraw-reason", reason))


@router.post("/{release_id}/schedule", response_model=None)
async def schedule(request: Request, ui: Pages, release_id: UUID, actor: Releaser) -> Response:
    await ui.refresh()
    form = await request.form()
    typed = release_view.typed_steps(form, open_places(ui, actor.scope))
    at, say = ui.container.now(), ui.speech(request, actor)
    if form.get("do") == "more":
        tried = Tried([*typed, TypedStep(("",))][: release_view.STEPS_MOST])
        return await _page(request, ui, actor.admitted(Permission.PACK_READ), release_id, tried)
    if unknown := unknown_places(typed, say):
        tried = Tried(typed, problems=unknown, status=422)
        return await _page(request, ui, actor.admitted(Permission.PACK_READ), release_id, tried)

    async def act(session: AsyncSession) -> Release:
        steps = [
            Step(release_view.ids_of(step.place_ids), step.starts or at.isoformat(), step.ends or None)
            for step in typed
        ]
        return await rollout.schedule(session, release_id, steps, actor, at)

    return await _do(request, ui, actor, release_id, "scheduled", act, typed=typed)


@router.post("/{release_id}/halt", response_model=None)
async def halt(
    request: Request,
    ui: Pages,
    release_id: UUID,
    actor: Releaser,
    step: Annotated[int, Form(ge=1, le=1 << 30)],
    reason: Reason = "",
) -> Response:
    at = ui.container.now()

    async def act(session: AsyncSession) -> Release:
        return await rollout.halt(session, release_id, step, reason, actor, at)

    return await _do(request, ui, actor, release_id, "halted", act, _reason(f"halt-{step}", reason))


@router.post("/{release_id}/resume", response_model=None)
async def resume(
    request: Request,
    ui: Pages,
    release_id: UUID,
    actor: Releaser,
    step: Annotated[int, Form(ge=1, le=1 << 30)],
    starts: Moment = "",
) -> Response:
    at = ui.container.now()
    when = starts or at.isoformat()
    id_ = f"resume-{step}"

    async def act(session: AsyncSession) -> Release:
        return await rollout.resume(session, release_id, step, when, actor, at)

    return await _do(request, ui, actor, release_id, "resumed", act, Sent({"starts": id_}, {id_: starts}))


@router.post("/{release_id}/cancel", response_model=None)
async def cancel(
    request: Request, ui: Pages, release_id: UUID, actor: Releaser, reason: Reason = ""
) -> Response:
    at = ui.container.now()

    async def act(session: AsyncSession) -> Release:
        return await rollout.cancel(session, release_id, reason, actor, at)

    return await _do(request, ui, actor, release_id, "cancelled", act, _reason("cancel-reason", reason))


@router.post("/{release_id}/rollback", response_model=None)
async def roll_back(
    request: Request,
    ui: Pages,
    release_id: UUID,
    actor: Releaser,
    place: PickedPlace = (),
    reason: Reason = "",
) -> Response:
    await ui.refresh()
    at = ui.container.now()
    where = picked(place, open_places(ui, actor.scope))

    async def act(session: AsyncSession) -> Release:
        ids = release_view.ids_of([where]) if where else None
        return await rollout.roll_back(session, release_id, ids, reason, actor, at)

    ids = {"place_ids": "back-place", "reason": "back-reason"}
    sent = Sent(ids, {"back-place": where, "back-reason": reason})
    return await _do(request, ui, actor, release_id, "rolled-back", act, sent)


@router.post("/{release_id}/retire", response_model=None)
async def retire(
    request: Request,
    ui: Pages,
    release_id: UUID,
    actor: Releaser,
    place: PickedPlace = (),
    ends: Moment = "",
    reason: Reason = "",
) -> Response:
    await ui.refresh()
    at = ui.container.now()
    where = picked(place, open_places(ui, actor.scope))

    async def act(session: AsyncSession) -> Release:
        ids = release_view.ids_of([where]) if where else None
        return await rollout.retire(session, release_id, ids, ends or None, reason, actor, at)

    ids = {"place_ids": "end-place", "ends": "end-at", "reason": "end-reason"}
    sent = Sent(ids, {"end-place": where, "end-at": ends, "end-reason": reason})
    return await _do(request, ui, actor, release_id, "retired", act, sent)


async def titles_of(session: AsyncSession, found: Sequence[Release], say: Speech) -> dict[str, str]:
    """What the packs of some releases are called, by code."""
    named = {each.code: each.version for each in found}
    return {code: title for (code, _), title in (await pack_titles(session, named.items(), say)).items()}


async def _do(
    request: Request,
    ui: Ui,
    actor: Actor,
    release_id: UUID,
    done: str,
    act: Callable[[AsyncSession], Awaitable[Release]],
    sent: Sent = NOTHING_SENT,
    typed: Sequence[TypedStep] = (),
) -> Response:
    """Do something with a release; where that cannot be, show its page again and say why at its field."""
    await ui.refresh()
    try:
        async with ui.container.database.begin() as session:
            await act(session)
    except PermissionDenied:
        raise
    except RegularsError as error:
        say = ui.speech(request, actor)
        status = problem_of(error, say.language).status
        if status == 404:
            raise
        told = troubles(error, typed, sent.ids, sent.sent, say)
        tried = Tried(typed, sent.sent, told, status)
        return await _page(request, ui, actor.admitted(Permission.PACK_READ), release_id, tried)
    return go(f"/releases/{release_id}?done={done}")


async def _page(request: Request, ui: Ui, actor: Actor, release_id: UUID, tried: Tried) -> HTMLResponse:
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        release = await service.get_release(session, release_id, actor.scope, say.now)
        names = await known_names(session, ui)
        stored = await rules.get_version(session, release.code, release.version)
        report = await examine_here(session, stored.text)
        catalogue = await catalogue_of(session)
        acts = await service.release_history(session, release_id, actor.scope)
        policy = await get_policy(session)
        rehearsed = await _rehearsal(session, actor, release, names, say)
        is_rehearsed = await rehearsals.finished_for(session, release.hash, release.place_ids) is not None
        before = await _before(session, ui, release, say)
        title = (await titles_of(session, [release], say))[release.code]
    waits = release.place_ids if release.state in ("in_review", "approved", "scheduled") else ()
    clashes = await clashes_beside(ui, report, waits, catalogue, say)
    must_rehearse = policy.rehearsal == "required" and not is_rehearsed
    releases = actor.scope_for(Permission.PACK_RELEASE)
    tree = Tree({place.id: place for place in ui.container.places.all()}, open_places(ui, releases))
    why_not = release_view.why_not(release, actor, tree, say, green=report.green, must_rehearse=must_rehearse)
    after = Side(say.text(N_("Version %(version)s"), version=release.version), stored.text, report.pack)
    view = ReleasePage(
        release_id=str(release.id),
        code=release.code,
        title=title,
        version=release.version,
        state=release.state,
        tone=release_view.TONES[release.state],
        state_note=release_view.note_of(release, say),
        where=listed(release.place_ids, names, say),
        authors=release_view.people(release.authors, names, say),
        submitted=release_view.by_whom(release.submitted_by, say.moment(release.submitted_at), names, say),
        reason=release.note or "",
        decided=release_view.by_whom(release.decided_by, say.moment(release.decided_at), names, say)
        if release.decided_by and release.decided_at
        else "",
        words=release.words or "",
        green=report.green,
        findings=findings_of(report, say),
        clashes=clashes,
        cases=len(report.pack.cases) if report.pack else 0,
        failing=sum(not result.passed for result in report.cases),
        rehearsal=rehearsed,
        rehearsal_needed=must_rehearse,
        diff=diff_of(before, after, catalogue, say),
        plan=release_view.plan_of(
            release, lambda place_id: releases.covers(tree.places[place_id].path), names, say
        ),
        acts=release_view.acts_of(acts, names, say),
        can=release_view.doable(release, actor, tree, why_not, tried.steps, tried.sent, say),
        sent=tried.sent,
        undo_href=f"/packs/{release.code}/versions/{release.version}/undo"
        if actor.may(Permission.PACK_UNDO) and release.state in ("live", "rolled_back", "retired")
        else "",
        problems=tried.problems,
    )
    return ui.page(request, actor, view, say, status=tried.status)


async def _rehearsal(
    session: AsyncSession, actor: Actor, release: Release, names: Names, say: Speech
) -> RehearsalLine | None:
    page = await rehearsals.list_rehearsals(
        session, actor.scope, states=["finished"], content_hash=release.hash, limit=1
    )
    for one in page.rehearsals:
        return line_of(await rehearsals.get_rehearsal(session, one.id, actor.scope), names, say)
    return None


async def _before(session: AsyncSession, ui: Ui, release: Release, say: Speech) -> Side | None:
    """What was or is live where the release is to go, before it."""
    begins = min((place.starts_at for place in release.places), default=None)
    at = say.now if begins is None else min(begins - _JUST_BEFORE, say.now)
    packs = ui.container.packs.at(release.place_ids[0], at)
    found = next((each for each in packs.versions if each.code == release.code), None)
    if found is None:
        return None
    stored = await rules.get_version(session, release.code, found.version)
    pack = (await examine_here(session, stored.text)).pack
    return Side(say.text(N_("Version %(version)s"), version=found.version), stored.text, pack)
