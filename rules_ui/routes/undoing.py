"""Undoing what a version gave: look, order, preview, approval by somebody else, progress, result."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Path, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api import starting
from api.dependencies import requires
from api.errors import problem_of
from regulars.kernel.errors import RegularsError
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from regulars.undoing import review, service
from regulars.undoing.domain import Undo
from rules_ui import undo_view, undo_words
from rules_ui.contexts.undoing import ItemLine, UndoListPage, UndoPage
from rules_ui.i18n import N_, Speech
from rules_ui.ladder import ladder_of, titles_of
from rules_ui.names import known_names, pack_titles
from rules_ui.paging import PageKey, older_href
from rules_ui.troubles import trouble_of
from rules_ui.ui import Pages, Ui, go
from rules_ui.version_marks import Names
from rules_ui.words import word_for

router = APIRouter()
Reader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
Orderer = Annotated[Actor, Depends(requires(Permission.PACK_UNDO))]
Approver = Annotated[Actor, Depends(requires(Permission.PACK_UNDO_APPROVE))]
Version = Annotated[int, Path(ge=1, le=1 << 30)]
Reason = Annotated[str, Form(max_length=500)]
Moment = Annotated[str, Form(max_length=40)]

SHOWN: Final = 30
ITEMS_SHOWN: Final = 50
EFFECTS_SHOWN: Final = 20


@router.get("/undos", response_class=HTMLResponse)
async def list_undos(request: Request, ui: Pages, actor: Reader, after: PageKey) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        names = await known_names(session, ui)
        page = await service.list_undos(session, actor.scope, after=after, limit=SHOWN)
        titles = await pack_titles(session, ((one.pack_code, one.version) for one in page.undos), say)
    lines = tuple(
        undo_view.line_of(each, titles[each.pack_code, each.version], names, say) for each in page.undos
    )
    return ui.page(request, actor, UndoListPage(lines, older_href("/undos", page.next_after)), say)


@router.get("/undos/{undo_id}", response_class=HTMLResponse)
async def show(
    request: Request,
    ui: Pages,
    undo_id: UUID,
    actor: Reader,
    differences: Annotated[int, Query(ge=0, le=1)] = 0,
    after_member: UUID | None = None,
    after_entry: UUID | None = None,
) -> HTMLResponse:
    await ui.refresh()
    after = (after_member, after_entry) if after_member and after_entry else None
    return await _page(request, ui, actor, undo_id, only=bool(differences), after=after)


@router.get("/undos/{undo_id}/progress", response_model=None)
async def follow(request: Request, ui: Pages, undo_id: UUID, actor: Reader) -> Response:
    """How far it is; once it has come to a stop, the browser is sent to the order."""
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        undo = await service.get_undo(session, undo_id, actor.scope)
    progress = undo_view.progress_of(undo, say, may_steer=_may(ui, actor, undo, Permission.PACK_UNDO))
    if progress is None:
        return Response(status_code=204, headers={"HX-Redirect": f"/undos/{undo_id}"})
    return ui.page(request, actor, progress, say)


@router.post("/undos/{undo_id}/approve", response_model=None)
async def approve(
    request: Request,
    ui: Pages,
    undo_id: UUID,
    actor: Approver,
    content_hash: Annotated[str, Form(max_length=64)] = "",
    reason: Reason = "",
) -> Response:
    at = ui.container.now()

    async def act(session: AsyncSession) -> Undo:
        return await review.approve(session, ui.container.places, undo_id, content_hash, actor, at, reason)

    return await _do(request, ui, actor, undo_id, "undo-approved", act)


@router.post("/undos/{undo_id}/reject", response_model=None)
async def reject(
    request: Request, ui: Pages, undo_id: UUID, actor: Approver, reason: Reason = ""
) -> Response:
    at, places = ui.container.now(), ui.container.places
    return await _do(
        request,
        ui,
        actor,
        undo_id,
        "undo-rejected",
        lambda s: review.reject(s, places, undo_id, reason, actor, at),
    )


@router.post("/undos/{undo_id}/cancel", response_model=None)
async def cancel(request: Request, ui: Pages, undo_id: UUID, actor: Orderer, reason: Reason = "") -> Response:
    at, places = ui.container.now(), ui.container.places
    return await _do(
        request,
        ui,
        actor,
        undo_id,
        "undo-cancelled",
        lambda s: review.cancel(s, places, undo_id, reason, actor, at),
    )


@router.post("/undos/{undo_id}/pause", response_model=None)
async def pause(request: Request, ui: Pages, undo_id: UUID, actor: Orderer) -> Response:
    at, places = ui.container.now(), ui.container.places
    return await _do(
        request, ui, actor, undo_id, "undo-paused", lambda s: review.pause(s, places, undo_id, actor, at)
    )


@router.post("/undos/{undo_id}/resume", response_model=None)
async def resume(request: Request, ui: Pages, undo_id: UUID, actor: Orderer) -> Response:
    at, places = ui.container.now(), ui.container.places
    return await _do(
        request, ui, actor, undo_id, "undo-resumed", lambda s: review.resume(s, places, undo_id, actor, at)
    )


async def _do(
    request: Request,
    ui: Ui,
    actor: Actor,
    undo_id: UUID,
    done: str,
    act: Callable[[AsyncSession], Awaitable[Undo]],
) -> Response:
    """Do something with an order; where that cannot be, show its page again and say why."""
    await ui.refresh()
    try:
        async with ui.container.database.begin() as session:
            undo = await act(session)
    except PermissionDenied:
        raise
    except RegularsError as error:
        language = ui.language(request, actor)
        status = problem_of(error, language).status
        if status == 404:
            raise
        reader, problem = actor.admitted(Permission.PACK_READ), trouble_of(error, language)
        return await _page(request, ui, reader, undo_id, problem=problem, status=status)
    if undo.state in ("approved", "running"):
        await starting.UNDOS.start(ui.container, undo_id)
    return go(f"/undos/{undo_id}?done={done}")


async def _page(
    request: Request,
    ui: Ui,
    actor: Actor,
    undo_id: UUID,
    *,
    only: bool = False,
    after: tuple[UUID, UUID] | None = None,
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        undo = await service.get_undo(session, undo_id, actor.scope)
        names = await known_names(session, ui)
        title = (await pack_titles(session, [(undo.pack_code, undo.version)], say))[
            undo.pack_code, undo.version
        ]
        found = await service.list_items(
            session, undo_id, actor.scope, after=after, only_differences=only, limit=ITEMS_SHOWN + 1
        )
    tiers = titles_of(ladder_of(ui.chain_plan(), say))
    shown = found[:ITEMS_SHOWN]
    items = tuple(undo_view.item_of(item, result, names, tiers, say) for item, result in shown)
    more = f"&after_member={shown[-1][0].member_id}&after_entry={shown[-1][0].entry_id}" if shown else ""
    next_items = f"/undos/{undo_id}?differences={int(only)}{more}#items" if len(found) > ITEMS_SHOWN else ""
    view = _view(ui, actor, undo, title, names, say, items, next_items, only=only, problem=problem)
    return ui.page(request, actor, view, say, status=status)


def _view(
    ui: Ui,
    actor: Actor,
    undo: Undo,
    pack: str,
    names: Names,
    say: Speech,
    items: tuple[ItemLine, ...],
    next_items: str,
    *,
    only: bool,
    problem: str,
) -> UndoPage:
    preview = undo.preview or None
    stores = {store.code: store.name for store in ui.container.places.stores()}
    why_not = _why_not(ui, actor, undo, say)
    may_order = _may(ui, actor, undo, Permission.PACK_UNDO)
    return UndoPage(
        undo_id=str(undo.id),
        title=undo_view.title_of(undo, pack, say),
        version=undo.version_name,
        state=undo.state,
        tone=undo_view.TONES[undo.state],
        where=names.places.get(undo.place_id, "?"),
        span=undo_view.span_of(undo, say),
        policy=say.text(word_for("undo_policy", undo.policy)),
        instead=undo.to_name or "",
        ordered=_by(undo.ordered_by, undo.ordered_at, names, say),
        reason=undo.note or "",
        decided=_by(undo.decided_by, undo.decided_at, names, say)
        if undo.decided_by and undo.decided_at
        else "",
        words=undo.words or "",
        content_hash=undo.content_hash or "",
        facts=undo_view.facts_of(preview, say) if preview else (),
        not_taken=undo_words.not_taken_of(preview, say) if preview else (),
        as_decided=undo_words.as_decided_of(preview, say) if preview else "",
        stores=undo_view.stores_of(preview, stores, say) if preview else (),
        items=items,
        only_differences=only,
        differences=undo.differences,
        next_items=next_items,
        progress=undo_view.progress_of(undo, say, may_steer=may_order),
        may_approve=why_not == "",
        may_cancel=may_order and undo.state in ("preparing", "in_review", "approved", "running", "paused"),
        why_not=why_not or "",
        done=undo_words.done_of(undo, say),
        came_after=undo_words.came_after_of(undo, say),
        again=f"/packs/{undo.pack_code}/versions/{undo.version}/undo" if may_order else "",
        problem=problem,
    )


def _why_not(ui: Ui, actor: Actor, undo: Undo, say: Speech) -> str | None:
    """Why the reader may not approve; "" where he may, None where nothing waits for approval."""
    if undo.state != "in_review":
        return None
    if not _may(ui, actor, undo, Permission.PACK_UNDO_APPROVE):
        return say.text(N_("It waits for somebody who may approve undo orders at this place."))
    if undo.ordered_by == f"{actor.kind}:{actor.id}":
        return say.text(N_("You ordered it yourself, so somebody else must approve it."))
    return ""


def _may(ui: Ui, actor: Actor, undo: Undo, permission: Permission) -> bool:
    return actor.may_at(permission, ui.container.places.get(undo.place_id).path)


def _by(who: str, at: datetime, names: Names, say: Speech) -> str:
    return say.text(N_("by %(name)s, %(date)s"), name=names.of(who, say), date=say.moment(at))
