"""Segments: the list, one with its versions, the builder, and counts while somebody types."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api.dependencies import requires
from regulars.kernel.errors import RegularsError
from regulars.rules.chain_catalogue import catalogue_of
from regulars.rules.errors import PointerUnknown
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from regulars.segments import service
from regulars.segments.domain import CODE_MOST, DESCRIPTION_MOST, TITLE_MOST, Draft, Question
from regulars.segments.errors import SegmentNotGreen, UnknownSegment
from regulars.segments.saved_repository import Seen
from rules_ui.contexts.base import Choice, FieldTrouble
from rules_ui.contexts.editor import EditorNotice
from rules_ui.contexts.segments import SegmentEditor, SegmentForm, SegmentListPage
from rules_ui.editor.bench import Change, ChangeUnknown
from rules_ui.editor.sent import change_of
from rules_ui.editor.sheet import Offers, element_id
from rules_ui.editor.values import Unreadable
from rules_ui.i18n import LANGUAGES, N_, Speech
from rules_ui.ladder import ladder_of, titles_of
from rules_ui.names import known_names
from rules_ui.place_pick import PickedPlace, by_code, picked, place_pick
from rules_ui.place_pick import found as found_place
from rules_ui.place_tree import open_places
from rules_ui.routes.editor import UNREADABLE
from rules_ui.segment_count import (
    AGE_WHILE_TYPING,
    ROWS_WHILE_TYPING,
    SAMPLE,
    Found,
    ask,
    count_of,
    figure_of,
)
from rules_ui.segment_form import (
    LONGEST,
    NEW,
    Builder,
    changed,
    examine,
    form_of,
    members_only,
    text_of,
)
from rules_ui.segment_view import A_PAGE, VERSIONS_SHOWN, page_of, saved_line
from rules_ui.troubles import troubles_of
from rules_ui.ui import Pages, Ui, by_htmx, go

router = APIRouter()
Reader = Annotated[Actor, Depends(requires(Permission.SEGMENT_READ))]
Editor = Annotated[Actor, Depends(requires(Permission.SEGMENT_EDIT))]
Code = Annotated[str, Query(max_length=CODE_MOST)]
Version = Annotated[int | None, Query(ge=1, le=1 << 30)]


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands beside the condition in the builder.

    Attributes:
        based_on: the newest version that its author has seen; 0 for a new segment.
        place: code of its place.
    """

    code: str = ""
    based_on: int = 0
    place: str = ""
    title_zh: str = ""
    title_en: str = ""
    description: str = ""
    reason: str = ""


@router.get("/segments", response_class=HTMLResponse)
async def show_list(request: Request, ui: Pages, actor: Reader, after: Code = "") -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        page = await service.list_segments(session, actor.scope, after=after, limit=A_PAGE)
        names = await known_names(session, ui)
    view = SegmentListPage(
        segments=tuple(saved_line(each, names, say) for each in page.segments),
        next_href=f"/segments?after={quote(page.next_after)}" if page.next_after else None,
        first_href="/segments" if after else None,
        may_edit=actor.may(Permission.SEGMENT_EDIT),
    )
    return ui.page(request, actor, view, say)


@router.get("/new-segment", response_class=HTMLResponse)
async def show_new(request: Request, ui: Pages, actor: Editor, copy: Code = "") -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    typed, condition = Typed(), NEW
    if copy:
        async with ui.container.database.read() as session:
            seen = await service.get_segment(session, actor.scope, copy)
        typed = replace(_typed(seen), code="", based_on=0, reason="")
        condition = text_of(seen.version.when)
    return ui.page(request, actor, await _editor(ui, actor, say, typed, condition), say)


@router.get("/segments/{segment}", response_class=HTMLResponse)
async def show(
    request: Request, ui: Pages, actor: Reader, segment: str, version: Version = None, before: Version = None
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        seen = await service.get_segment(session, actor.scope, segment, version)
        versions = await service.list_versions(
            session, actor.scope, segment, before=before, limit=VERSIONS_SHOWN + 1
        )
        newest = await service.get_segment(session, actor.scope, segment)
        builder = await _builder(session, ui, say)
        names = await known_names(session, ui)
    view = page_of(seen, newest.version.version, versions, names, builder, actor)
    return ui.page(request, actor, view, say)


@router.get("/segments/{segment}/edit", response_class=HTMLResponse)
async def show_editor(
    request: Request, ui: Pages, actor: Editor, segment: str, version: Version = None
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        seen = await _own(session, actor, segment, version)
        newest = await service.get_segment(session, actor.scope, segment)
    typed = replace(_typed(seen), based_on=newest.version.version)
    return ui.page(request, actor, await _editor(ui, actor, say, typed, text_of(seen.version.when)), say)


@router.get("/segments/{segment}/count", response_model=None)
async def count_saved(
    request: Request,
    ui: Pages,
    actor: Reader,
    segment: str,
    version: Version = None,
    sample: Annotated[int, Query(ge=0, le=1)] = 0,
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        seen = await service.get_segment(session, actor.scope, segment, version)
    question = Question(sample=SAMPLE if sample else 0, within=seen.place_path)
    found = await _asked(ui, actor, seen.version.when, question)
    if not sample:
        return ui.page(request, actor, figure_of(found, say), say)
    view = count_of(found, _tiers(ui, say), say, links=actor.may(Permission.MEMBER_READ))
    return ui.page(request, actor, view, say)


@router.post("/segment-counts", response_model=None)
async def count_typed(
    request: Request,
    ui: Pages,
    actor: Reader,
    when: Annotated[str, Form(max_length=LONGEST)] = "",
    place: PickedPlace = (),
    again: Annotated[str, Form(max_length=1)] = "",
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    change = change_of(await request.form())
    async with ui.container.database.read() as session:
        builder = await _builder(session, ui, say)
        catalogue = await catalogue_of(session)
    if change.do:
        try:
            when = changed(when, change, builder)[:LONGEST]
        except (Unreadable, ChangeUnknown, PointerUnknown):  # half a value: what is shown stays
            return Response(status_code=204)
    examined = examine(when, catalogue)
    found: Found | RegularsError
    if examined.green:
        home = found_place(next((each for each in reversed(place) if each), ""), open_places(ui, actor.scope))
        question = Question(sample=SAMPLE, within=home.path if home else None)
        age = service.FRESH_FOR if again else AGE_WHILE_TYPING
        found = await _asked(ui, actor, examined.tree, question, age, ROWS_WHILE_TYPING)
    else:
        found = SegmentNotGreen(examined.findings)
    view = count_of(found, _tiers(ui, say), say, links=actor.may(Permission.MEMBER_READ))
    return ui.page(request, actor, view, say)


@router.post("/segment-form", response_model=None)
async def change_condition(request: Request, ui: Pages, actor: Editor, segment: Code = "") -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    form = await request.form()
    before, change = str(form.get("based_on", ""))[:LONGEST], change_of(form)
    async with ui.container.database.read() as session:
        builder = await _builder(session, ui, say)
        catalogue = await catalogue_of(session)
        typed = _typed(await _own(session, actor, segment)) if segment else Typed()
    notices: list[EditorNotice] = []
    troubles: list[FieldTrouble] = []
    try:
        condition = changed(before, change, builder)
    except Unreadable as trouble:
        condition, troubles = before, _troubles(change, say.text(UNREADABLE[trouble.reason]))
    except (ChangeUnknown, PointerUnknown):
        condition = before
        notices = [EditorNotice("warn", say.text(N_("This place is no longer in the condition.")))]
    view = form_of(
        examine(condition[:LONGEST], catalogue), builder, _action(segment), notices=notices, troubles=troubles
    )
    if by_htmx(request):
        return ui.page(request, actor, view, say)
    return ui.page(request, actor, _page(ui, actor, say, typed, view), say)


@router.post("/segments", response_model=None)
async def save(
    request: Request,
    ui: Pages,
    actor: Editor,
    code: Annotated[str, Form(max_length=200)] = "",
    version: Annotated[int, Form(ge=0, le=1 << 30)] = 0,
    place: PickedPlace = (),
    title_zh: Annotated[str, Form(max_length=TITLE_MOST * 2)] = "",
    title_en: Annotated[str, Form(max_length=TITLE_MOST * 2)] = "",
    description: Annotated[str, Form(max_length=DESCRIPTION_MOST * 2)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
    when: Annotated[str, Form(max_length=LONGEST)] = "",
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    home = picked(place, open_places(ui, actor.scope), by_code)
    typed = Typed(code.strip(), version, home, title_zh.strip(), title_en.strip(), description, reason)
    async with ui.container.database.read() as session:
        examined = examine(when, await catalogue_of(session))
    try:
        if not examined.green:
            raise SegmentNotGreen(examined.findings)
        draft = Draft(
            typed.code, home, typed.title_zh, typed.title_en, description.strip(), orjson.loads(when)
        )
        async with ui.container.database.begin() as session:
            saved = await service.save_segment(
                session, draft, actor, say.now, based_on=version, reason=reason.strip() or None
            )
    except UnknownSegment:
        raise
    except RegularsError as error:
        problems = troubles_of(error, say.language)
        view = await _editor(ui, actor, say, typed, when, problems)
        return ui.page(request, actor, view, say, status=422)
    done = "unchanged" if saved.version.version == version else "segment-saved"
    return go(f"/segments/{saved.version.code}?done={done}")


async def _asked(
    ui: Ui,
    actor: Actor,
    when: object,
    question: Question,
    age: timedelta = service.FRESH_FOR,
    rows_most: int | None = None,
) -> Found | RegularsError:
    try:
        return await ask(ui.container, actor.scope, when, question, age=age, rows_most=rows_most)
    except RegularsError as error:
        return error


async def _own(session: AsyncSession, actor: Actor, code: str, version: int | None = None) -> Seen:
    """A segment that the actor may change. Raises: UnknownSegment."""
    seen = await service.get_segment(session, actor.scope, code, version)
    if not actor.may_at(Permission.SEGMENT_EDIT, seen.place_path):
        raise UnknownSegment(code)
    return seen


async def _builder(session: AsyncSession, ui: Ui, say: Speech) -> Builder:
    plan = ui.chain_plan()
    names = {each: titles_of(ladder_of(plan, replace(say, language=each))) for each in LANGUAGES}
    return Builder(members_only(await catalogue_of(session)), Offers((), _tiers(ui, say)), say, names)


def _tiers(ui: Ui, say: Speech) -> tuple[Choice, ...]:
    return tuple(Choice(tier.code, tier.title) for tier in ladder_of(ui.chain_plan(), say))


async def _editor(
    ui: Ui,
    actor: Actor,
    say: Speech,
    typed: Typed,
    condition: str,
    problems: Sequence[FieldTrouble] = (),
) -> SegmentEditor:
    async with ui.container.database.read() as session:
        builder = await _builder(session, ui, say)
        examined = examine(condition, await catalogue_of(session))
    form = form_of(examined, builder, _action(typed.code if typed.based_on else ""))
    return _page(ui, actor, say, typed, form, problems)


def _page(
    ui: Ui,
    actor: Actor,
    say: Speech,
    typed: Typed,
    form: SegmentForm,
    problems: Sequence[FieldTrouble] = (),
) -> SegmentEditor:
    title = typed.title_zh if say.language == "zh" else typed.title_en
    editing = typed.based_on > 0
    return SegmentEditor(
        heading=say.text(N_("Edit %(title)s"), title=title) if editing else say.text(N_("New segment")),
        back_href=f"/segments/{typed.code}" if editing else "/segments",
        code=typed.code,
        based_on=typed.based_on,
        title_zh=typed.title_zh,
        title_en=typed.title_en,
        description=typed.description,
        reason=typed.reason,
        places=place_pick(
            open_places(ui, actor.scope), [typed.place], Permission.SEGMENT_EDIT, named=by_code
        ),
        problems=tuple(problems),
        form=form,
    )


def _typed(seen: Seen) -> Typed:
    version = seen.version
    return Typed(
        version.code,
        version.version,
        seen.place_code,
        version.title_zh,
        version.title_en,
        version.description,
    )


def _action(segment: str) -> str:
    return f"/segment-form?segment={quote(segment)}" if segment else "/segment-form"


def _troubles(change: Change, message: str) -> list[FieldTrouble]:
    names = [name for name in change.values if name not in ("optional", "more")] or ["value"]
    return [
        FieldTrouble(
            element_id(change.at, f"{change.do}-{name}"), message, "".join(change.values.get(name, ())[:1])
        )
        for name in names
    ]
