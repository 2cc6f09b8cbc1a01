"""Bulk actions: who would be on the list, why, a second person, how far it is, what became of each."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api import starting
from api.dependencies import requires
from api.errors import problem_of
from regulars.analytics import operations
from regulars.bulk_actions import service
from regulars.bulk_actions.domain import LONGEST, BulkAction, BulkKind, Filter, Item, Result
from regulars.bulk_actions.errors import BulkPlaceUnknown
from regulars.bulk_actions.listing import Wish
from regulars.kernel.errors import RegularsError
from regulars.organisation.errors import UnknownPlace
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.contexts.operations import ActionListPage
from rules_ui.ladder import ladder_of, titles_of
from rules_ui.names import known_names
from rules_ui.ops.action import draw_action, line_of, progress_of
from rules_ui.ops.action_form import NOTHING_TYPED, Typed, form_of
from rules_ui.paging import Key, PageKey, older_href
from rules_ui.place_pick import PickedPlace, picked
from rules_ui.place_tree import open_places
from rules_ui.troubles import trouble_of, troubles_of
from rules_ui.ui import Pages, Ui, go

router = APIRouter(prefix="/ops/actions")
Operator = Annotated[Actor, Depends(requires(Permission.WORKFLOW_OPERATE))]
Code = Annotated[str, Form(max_length=60)]
Reason = Annotated[str, Form(max_length=500)]
Hash = Annotated[str, Form(max_length=64)]
Ids = Annotated[list[UUID], Form(max_length=max(LONGEST.values()))]
Act = Callable[[AsyncSession], Awaitable[BulkAction]]

SHOWN: Final = 30
ITEMS_SHOWN: Final = 50


@router.get("", response_class=HTMLResponse)
async def list_actions(request: Request, ui: Pages, actor: Operator, after: PageKey) -> HTMLResponse:
    await ui.refresh()
    return await _list_page(request, ui, actor, after=after)


async def _list_page(
    request: Request,
    ui: Ui,
    actor: Actor,
    *,
    after: Key | None = None,
    typed: Typed = NOTHING_TYPED,
    status: int = 200,
) -> HTMLResponse:
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        page = await service.list_actions(session, actor.scope, after=after, limit=SHOWN)
        names = await known_names(session, ui)
    view = ActionListPage(
        actions=tuple(line_of(one, names, say) for one in page.actions),
        older=older_href("/ops/actions", page.next_after),
        form=form_of(typed, open_places(ui, actor.scope), say),
    )
    return ui.page(request, actor, view, say, status=status)


@router.post("", response_model=None)
async def draw_up(
    request: Request,
    ui: Pages,
    actor: Operator,
    kind: BulkKind = Form(),
    place: PickedPlace = (),
    member: Ids = [],  # noqa: B006 — never changed
    stage: Code = "",
    tier: Code = "",
    which: Code = "",
    pack: Code = "",
    freeze_reason: Code = "",
    versions: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """Make the list; the page of the draft shows it."""
    await ui.refresh()
    wanted = Filter(
        tuple(dict.fromkeys(member)) or None,
        stage or None,
        tier or None,
        which == "overdue",
        which == "unheard",
        pack or None,
    )
    mended = tuple(versions.replace(",", " ").split())
    parts = ui.container
    where = picked(place, open_places(ui, actor.scope))
    try:
        wish = Wish(kind, _place(ui, actor, where), wanted, freeze_reason or None, mended)
        async with parts.database.begin() as session:
            action = await service.draw_up(
                session, parts.places, parts.shelf, parts.new_id(), wish, actor, parts.now()
            )
    except RegularsError as error:
        language = ui.language(request, actor)
        status = problem_of(error, language).status
        members = tuple(map(str, member))
        told = troubles_of(error, language)
        typed = Typed(kind, where, which, stage, freeze_reason, pack, versions, tier, members, told)
        return await _list_page(request, ui, actor, typed=typed, status=status)
    return go(f"/ops/actions/{action.id}")


@router.get("/{action_id}", response_class=HTMLResponse)
async def show(
    request: Request,
    ui: Pages,
    action_id: UUID,
    actor: Operator,
    after: Annotated[int, Query(ge=0, le=1 << 30)] = 0,
) -> HTMLResponse:
    await ui.refresh()
    return await _action_page(request, ui, actor, action_id, after=after)


async def _action_page(
    request: Request,
    ui: Ui,
    actor: Actor,
    action_id: UUID,
    *,
    after: int = 0,
    trouble: str = "",
    status: int = 200,
) -> HTMLResponse:
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        action = await service.get_action(session, action_id, actor.scope)
        found: list[tuple[Item, Result | None]] = await service.list_items(
            session, action_id, actor.scope, after=after, limit=ITEMS_SHOWN + 1
        )
        ids = [item.member_id for item, _ in found if item.member_id is not None]
        who = await operations.who_are(session, ids, actor.scope)
        names = await known_names(session, ui)
    more = len(found) > ITEMS_SHOWN
    view = draw_action(
        action,
        found[:ITEMS_SHOWN],
        who,
        names,
        titles_of(ladder_of(ui.chain_plan(), say)),
        actor,
        say,
        more=more,
        after=after,
        trouble=trouble,
    )
    return ui.page(request, actor, view, say, status=status)


@router.get("/{action_id}/progress", response_model=None)
async def follow(request: Request, ui: Pages, action_id: UUID, actor: Operator) -> Response:
    """How far it is; once it has ended, the browser is sent to the results."""
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        action = await service.get_action(session, action_id, actor.scope)
    view = progress_of(action, say)
    answer = ui.page(request, actor, view, say)
    if not view.at_work:
        answer.headers["HX-Redirect"] = f"/ops/actions/{action_id}"
    return answer


@router.post("/{action_id}/submit", response_model=None)
async def submit(
    request: Request,
    ui: Pages,
    action_id: UUID,
    actor: Operator,
    content_hash: Hash = "",
    reason: Reason = "",
) -> Response:
    parts = ui.container
    return await _do(
        request,
        ui,
        actor,
        action_id,
        lambda session: service.submit(
            session, parts.places, action_id, content_hash, reason, actor, parts.now()
        ),
    )


@router.post("/{action_id}/approve", response_model=None)
async def approve(
    request: Request, ui: Pages, action_id: UUID, actor: Operator, content_hash: Hash = ""
) -> Response:
    parts = ui.container
    return await _do(
        request,
        ui,
        actor,
        action_id,
        lambda session: service.approve(session, parts.places, action_id, content_hash, actor, parts.now()),
    )


@router.post("/{action_id}/reject", response_model=None)
async def reject(
    request: Request, ui: Pages, action_id: UUID, actor: Operator, reason: Reason = ""
) -> Response:
    parts = ui.container
    return await _do(
        request,
        ui,
        actor,
        action_id,
        lambda session: service.reject(session, parts.places, action_id, reason, actor, parts.now()),
    )


@router.post("/{action_id}/cancel", response_model=None)
async def cancel(
    request: Request, ui: Pages, action_id: UUID, actor: Operator, reason: Reason = ""
) -> Response:
    parts = ui.container
    return await _do(
        request,
        ui,
        actor,
        action_id,
        lambda session: service.cancel(session, parts.places, action_id, reason, actor, parts.now()),
    )


async def _do(request: Request, ui: Ui, actor: Actor, action_id: UUID, act: Act) -> Response:
    """Do something with an action, and go back to its page; what was refused is said there."""
    await ui.refresh()
    try:
        async with ui.container.database.begin() as session:
            action = await act(session)
    except RegularsError as error:
        language = ui.language(request, actor)
        status = problem_of(error, language).status
        if status == 404:
            raise
        return await _action_page(
            request, ui, actor, action_id, trouble=trouble_of(error, language), status=status
        )
    if action.state == "approved":
        await starting.BULK_ACTIONS.start(ui.container, action.id)
    return go(f"/ops/actions/{action_id}")


def _place(ui: Ui, actor: Actor, said: str) -> UUID:
    try:
        place = ui.container.places.get(UUID(said))
    except (ValueError, UnknownPlace):
        raise BulkPlaceUnknown(said) from None
    if not actor.scope.covers(place.path):
        raise BulkPlaceUnknown(said)
    return place.id
