"""The pack list, the pack page, saving parameters and publishing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request

from api.dependencies import requires
from api.errors import problem_of
from regulars.kernel.beside import beside
from regulars.kernel.errors import RegularsError
from regulars.organisation.errors import UnknownPlace
from regulars.releases import drafts
from regulars.releases import service as releases
from regulars.releases.acting import said
from regulars.releases.repository import Filter
from regulars.rules import service as rules
from regulars.rules.adopting import can_adopt, with_new_results
from regulars.rules.chain_catalogue import catalogue_of, examine_here
from regulars.rules.checker import examine
from regulars.rules.domain import PackVersion
from regulars.rules.model import Pack
from regulars.rules.stored import StoredVersion
from regulars.rules.text_edits import with_parameters
from regulars.security import service as security
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from regulars.undoing import service as undoing
from rules_ui import pack_tiles, pack_view
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.packs import PackListPage
from rules_ui.i18n import Speech
from rules_ui.pack_home import home_of, live_of
from rules_ui.pack_view import NOTHING_TYPED, Known, Publishing, Rights
from rules_ui.parameter_form import read_parameters
from rules_ui.place_pick import PickedPlace, is_id, no_such_place, picked, place_pick
from rules_ui.place_tree import open_places
from rules_ui.troubles import troubles_of
from rules_ui.ui import Pages, Ui, go
from rules_ui.version_marks import Aftermath, counts, needs_history

LONGEST_VALUE = 40
MOST_DRAFTS = 500
MOST_RELEASES = 50
MOST_PACKS = 1_000
VERSIONS_SHOWN = 20
_NOT_PARAMETERS = frozenset({"csrf_token", "adopt"})
_KIND_ORDER = ("earning", "tier", "lifecycle", "discount", "eligibility")

router = APIRouter(prefix="/packs")


@router.get("", response_class=HTMLResponse)
async def show_list(
    request: Request, ui: Pages, actor: Annotated[Actor, Depends(requires(Permission.PACK_READ))]
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    may_edit = actor.may(Permission.PACK_EDIT)
    async with ui.container.database.read() as session:
        found = await rules.newest_versions(session, limit=MOST_PACKS)
        codes = {each.version.code for each in found}
        begun = {each.code: each for each in await drafts.list_drafts(session, limit=MOST_DRAFTS)}
        new = [await drafts.get_draft(session, code) for code in begun if may_edit and code not in codes]
        home = await home_of(session, ui, actor, await catalogue_of(session), say)
    shown = begun if may_edit else {}
    live = {version.code: version for version in _live_versions(ui, say)}
    tiles = [
        pack_tiles.tile_of(each, live.get(each.version.code), shown.get(each.version.code), say)
        for each in found
    ]
    tiles.sort(key=lambda tile: (_KIND_ORDER.index(tile.kind), tile.code))
    tiles += [pack_tiles.draft_tile(each, say) for each in new]
    return ui.page(request, actor, PackListPage(tuple(tiles), may_edit, home), say)


@router.get("/{code}", response_class=HTMLResponse, response_model=None)
async def show(
    request: Request, ui: Pages, code: str, actor: Annotated[Actor, Depends(requires(Permission.PACK_READ))]
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        if actor.may(Permission.PACK_EDIT) and await drafts.is_draft_only(session, code):
            return go(f"/packs/{code}/edit")
        live = await _live(ui, session, code, say)
        shown = live or await rules.get_version(session, code)
    return await _page(request, ui, actor, shown, {}, say)


@router.get("/{code}/versions/{version}", response_class=HTMLResponse)
async def show_version(
    request: Request,
    ui: Pages,
    code: str,
    version: int,
    actor: Annotated[Actor, Depends(requires(Permission.PACK_READ))],
    before: Annotated[int | None, Query(ge=1, le=1 << 30)] = None,
) -> HTMLResponse:
    await ui.refresh()
    async with ui.container.database.read() as session:
        shown = await rules.get_version(session, code, version)
    return await _page(request, ui, actor, shown, {}, ui.speech(request, actor), before=before)


@router.post("/{code}/versions/{version}", response_model=None)
async def save(
    request: Request,
    ui: Pages,
    code: str,
    version: int,
    actor: Annotated[Actor, Depends(requires(Permission.PACK_EDIT))],
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    form = await request.form()
    typed = _typed(form)
    async with ui.container.database.read() as session:
        base = await rules.get_version(session, code, version)
        catalogue = await catalogue_of(session)
    changed, problems = read_parameters(Pack.model_validate(base.version.document), typed, say)
    if problems:
        return await _page(request, ui, actor, base, typed, say, problems=problems)
    if not changed:
        return go(f"/packs/{code}/versions/{version}?done=unchanged")
    text = with_parameters(base.text, changed)
    report = await beside(examine, text, catalogue)
    if not report.green and form.get("adopt") == "yes" and can_adopt(report):
        text = with_new_results(text, report)
        report = await beside(examine, text, catalogue)
    if not report.green:
        return await _page(request, ui, actor, base, typed, say, text=text)
    async with ui.container.database.begin() as session:
        saved = await rules.create_version(session, text, actor, say.now, based_on=version)
    return go(f"/packs/{code}/versions/{saved.version}?done=saved")


@router.post("/{code}/versions/{version}/publish", response_model=None)
async def publish(
    request: Request,
    ui: Pages,
    code: str,
    version: int,
    actor: Annotated[Actor, Depends(requires(Permission.PACK_PUBLISH))],
    place: PickedPlace = (),
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Put a version live; what cannot be is said at its field, with all that was typed."""
    await ui.refresh()
    say = ui.speech(request, actor)
    where = picked(place, open_places(ui, actor.scope))
    try:
        if not is_id(where):
            raise UnknownPlace(where, field="place")
        if not actor.scope.covers(ui.container.places.get(UUID(where)).path):
            raise PermissionDenied(Permission.PACK_PUBLISH)
        at, why = ui.container.now(), said(reason)
        async with ui.container.database.begin() as session:
            await releases.activate(
                session, code, version, place_id=UUID(where), live_from=at, actor=actor, at=at, reason=why
            )
    except PermissionDenied:
        raise
    except RegularsError as error:
        if problem_of(error, say.language).status == 404 and is_id(where):
            raise
        async with ui.container.database.read() as session:
            shown = await rules.get_version(session, code, version)
        reader = actor.admitted(Permission.PACK_READ)
        publishing = Publishing(where, reason, _refused(error, where, say))
        return await _page(request, ui, reader, shown, {}, say, publishing=publishing)
    await ui.refresh()
    return go(f"/packs/{code}/versions/{version}?done=published")


async def _page(
    request: Request,
    ui: Ui,
    actor: Actor,
    shown: StoredVersion,
    typed: Mapping[str, str],
    say: Speech,
    *,
    text: str | None = None,
    problems: pack_view.Problems = (),
    before: int | None = None,
    publishing: Publishing = NOTHING_TYPED,
) -> HTMLResponse:
    code = shown.version.code
    async with ui.container.database.read() as session:
        lines = await rules.list_versions_of(session, code, before=before, limit=VERSIONS_SHOWN + 1)
        activations = [
            each
            for each in await rules.list_activations(session, code)
            if actor.scope.touches(each.place_path)
        ]
        live = await _live(ui, session, code, say)
        operators = await security.operator_names(session)
        facts = await catalogue_of(session)
        report = await examine_here(session, text or shown.text)
        aftermath = await _aftermath(session, actor, code, say)
        at_the_tills = await live_of(session, ui, actor, shown.version, facts, say)
        has_draft = bool(await drafts.list_saves(session, code, limit=1))
    form = pack_view.Form(report, typed, problems, publishing)
    view = pack_view.page_of(
        Known(
            shown=shown,
            lines=lines[:VERSIONS_SHOWN],
            activations=activations,
            live=live,
            at_the_tills=at_the_tills,
            has_draft=has_draft,
            catalogue=facts,
            aftermath=aftermath,
            more=len(lines) > VERSIONS_SHOWN,
        ),
        form,
        _rights(ui, actor, publishing.place),
        operators,
        {place.id: place.name for place in ui.container.places.all()},
        say,
    )
    return ui.page(request, actor, view, say, status=422 if typed or publishing.problems else 200)


async def _aftermath(session: AsyncSession, actor: Actor, code: str, say: Speech) -> Aftermath:
    """What was done about the versions of a pack, as far as it concerns the reader's places."""
    page = await releases.list_releases(session, actor.scope, Filter(code), say.now, limit=MOST_RELEASES)
    told = [
        (release, await releases.release_history(session, release.id, actor.scope))
        for release in page.releases
        if needs_history(release)
    ]
    undos = await undoing.list_undos(session, actor.scope, code=code, limit=MOST_RELEASES)
    return Aftermath(told, [undo for undo in undos.undos if counts(undo)])


async def _live(ui: Ui, session: AsyncSession, code: str, say: Speech) -> StoredVersion | None:
    """What is live at headquarters."""
    found = next((version for version in _live_versions(ui, say) if version.code == code), None)
    return await rules.get_version(session, code, found.version) if found else None


def _live_versions(ui: Ui, say: Speech) -> Sequence[PackVersion]:
    return ui.container.packs.at(ui.container.places.headquarters.id, say.now).versions


def _rights(ui: Ui, actor: Actor, place: str) -> Rights:
    places = open_places(ui, actor.scope_for(Permission.PACK_PUBLISH))
    return Rights(
        may_edit=actor.may(Permission.PACK_EDIT),
        may_publish=actor.may(Permission.PACK_PUBLISH),
        places=place_pick(places, [place], Permission.PACK_PUBLISH),
    )


def _refused(error: RegularsError, place: str, say: Speech) -> tuple[FieldTrouble, ...]:
    """Why a version was not put live, at the fields of its form."""
    if isinstance(error, UnknownPlace):
        return (FieldTrouble("place", no_such_place(place, say)),)
    shown = {"reason"}
    told = troubles_of(error, say.language)
    return tuple(each if each.field in shown else replace(each, field="") for each in told)


def _typed(form: FormData) -> dict[str, str]:
    return {
        name: value[:LONGEST_VALUE]
        for name, value in form.items()
        if isinstance(value, str) and name not in _NOT_PARAMETERS
    }
