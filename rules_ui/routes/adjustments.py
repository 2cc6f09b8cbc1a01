"""Adjustments by hand: the request at the desk, the list of those that wait, and the decision."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request

from api.dependencies import requires
from regulars.adjustments import service
from regulars.adjustments.domain import POINTS_MAX, Wish
from regulars.adjustments.errors import (
    AdjustmentNoteMissing,
    AdjustmentNotReversible,
    AdjustmentPointsInvalid,
    AdjustmentReasonUnknown,
    UnknownAdjustment,
)
from regulars.analytics import adjusted
from regulars.analytics.adjusted import AdjustmentRow
from regulars.kernel.errors import InvalidInput, RegularsError
from regulars.kernel.ids import new_id
from regulars.members.errors import UnknownMember
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from rules_ui.adjustment_view import (
    DIRECTIONS,
    direction_choices,
    line_of,
    lines_of,
    reason_choices,
    state_choices,
)
from rules_ui.contexts.adjustments import AdjustmentsPage, AdjustPage
from rules_ui.contexts.base import FieldTrouble
from rules_ui.desk_view import masked_name
from rules_ui.i18n import N_, Speech
from rules_ui.routes.members import profile_of
from rules_ui.troubles import trouble_of, troubles_of
from rules_ui.ui import Pages, Ui, go
from rules_ui.words import WORDS

A_PAGE = 30
Reader = Annotated[Actor, Depends(requires(Permission.ADJUSTMENT_READ))]
Asker = Annotated[Actor, Depends(requires(Permission.ADJUSTMENT_REQUEST))]
Approver = Annotated[Actor, Depends(requires(Permission.ADJUSTMENT_APPROVE))]
Words = Annotated[str, Form(max_length=2_000)]
Short = Annotated[str, Form(max_length=400)]

router = APIRouter(prefix="/desk")


@router.get("/members/{member_id}/adjust", response_class=HTMLResponse)
async def show(
    request: Request, ui: Pages, member_id: UUID, actor: Asker, reverses: UUID | None = None
) -> HTMLResponse:
    await ui.refresh()
    return await _form(request, ui, actor, member_id, new_id(), reverses=reverses)


@router.post("/members/{member_id}/adjust", response_model=None)
async def ask(
    request: Request,
    ui: Pages,
    member_id: UUID,
    order: Annotated[UUID, Form()],
    actor: Asker,
    direction: Short = "give",
    points: Short = "",
    reason: Short = "",
    note: Words = "",
    reverses: Annotated[UUID | None, Form()] = None,
) -> Response:
    await ui.refresh()
    parts = ui.container
    try:
        amount = None if reverses else _points(points, direction)
        wish = Wish(order, member_id, amount, reason, note, reverses)
        async with parts.database.begin() as session:
            made = await service.request_adjustment(
                session, parts.packs, parts.places, wish, actor, parts.now()
            )
    except (UnknownMember, AdjustmentNotReversible, PermissionDenied):
        raise
    except RegularsError as error:
        problems = _problems(error, ui.speech(request, actor))
        return await _form(
            request,
            ui,
            actor,
            member_id,
            order,
            direction=direction,
            points=points,
            reason=reason,
            note=note,
            reverses=reverses,
            problems=problems,
        )
    return go(
        f"/desk/members/{member_id}?done={'adjusted' if made.state == 'posted' else 'adjustment-waits'}"
    )


@router.get("/adjustments", response_class=HTMLResponse)
async def show_list(
    request: Request,
    ui: Pages,
    actor: Reader,
    state: Annotated[str, Query(max_length=20)] = "waiting",
    after: Annotated[str, Query(max_length=80)] = "",
) -> HTMLResponse:
    await ui.refresh()
    return await _list(request, ui, actor, state, after)


@router.post("/adjustments/{adjustment_id}/approve", response_model=None)
async def approve(
    request: Request, ui: Pages, adjustment_id: UUID, actor: Approver, words: Words = ""
) -> Response:
    await ui.refresh()
    parts = ui.container
    try:
        async with parts.database.begin() as session:
            await service.approve(
                session, parts.packs, parts.places, adjustment_id, actor, parts.now(), words
            )
    except (UnknownAdjustment, PermissionDenied):
        raise
    except RegularsError as error:
        return await _list(request, ui, actor, "waiting", "", trouble=error)
    return go("/desk/adjustments?done=adjustment-approved")


@router.post("/adjustments/{adjustment_id}/reject", response_model=None)
async def reject(
    request: Request, ui: Pages, adjustment_id: UUID, actor: Approver, words: Words = ""
) -> Response:
    await ui.refresh()
    try:
        async with ui.container.database.begin() as session:
            await service.reject(
                session, ui.container.places, adjustment_id, words, actor, ui.container.now()
            )
    except (UnknownAdjustment, PermissionDenied):
        raise
    except AdjustmentNoteMissing as error:
        return await _list(request, ui, actor, "waiting", "", unsaid=(adjustment_id, words, error))
    except RegularsError as error:
        return await _list(request, ui, actor, "waiting", "", trouble=error)
    return go("/desk/adjustments?done=adjustment-rejected")


@router.post("/adjustments/{adjustment_id}/withdraw", response_model=None)
async def withdraw(request: Request, ui: Pages, adjustment_id: UUID, actor: Asker) -> Response:
    await ui.refresh()
    try:
        async with ui.container.database.begin() as session:
            await service.withdraw(session, adjustment_id, actor, ui.container.now())
    except UnknownAdjustment:
        raise
    except RegularsError as error:
        return await _list(request, ui, actor, "waiting", "", trouble=error)
    return go("/desk/adjustments?done=adjustment-withdrawn")


async def _form(
    request: Request,
    ui: Ui,
    actor: Actor,
    member_id: UUID,
    order: UUID,
    *,
    direction: str = "give",
    points: str = "",
    reason: str = "",
    note: str = "",
    reverses: UUID | None = None,
    problems: tuple[FieldTrouble, ...] = (),
) -> HTMLResponse:
    parts = ui.container
    async with parts.database.read() as session:
        profile = await profile_of(session, actor, member_id)
        store_id = profile.home_store_id
        allowance = await service.read_allowance(session, parts.places, store_id, actor, parts.now())
        found: Sequence[AdjustmentRow] = ()
        if reverses is not None:
            found, _ = await adjusted.list_rows(
                session, actor.scope, member_id=member_id, adjustment_id=reverses, limit=1
            )
            if not found or found[0].state != "posted" or found[0].reverses is not None or found[0].reversed:
                raise AdjustmentNotReversible
    say = ui.speech(request, actor, profile.time_zone)
    view = AdjustPage(
        member_id=member_id,
        member_name=masked_name(profile.name),
        member_number=profile.number,
        points_now=profile.points,
        order_id=order,
        directions=direction_choices(direction, say),
        points=points,
        reasons=reason_choices(reason or ("wrong_entry" if reverses else ""), say),
        note=note,
        left=allowance.left,
        limit=allowance.limit,
        original=line_of(found[0], actor, parts.places, say) if found else None,
        problems=problems,
    )
    return ui.page(request, actor, view, say, status=422 if problems else 200)


async def _list(
    request: Request,
    ui: Ui,
    actor: Actor,
    state: str,
    after: str,
    *,
    trouble: RegularsError | None = None,
    unsaid: tuple[UUID, str, RegularsError] | None = None,
) -> HTMLResponse:
    """The list, with why a decision was refused: `unsaid` stands at the words that it lacks."""
    shown = state if state in WORDS["adjustment"] else "waiting"
    scope = actor.scope_for(Permission.ADJUSTMENT_READ)
    async with ui.container.database.read() as session:
        rows, last = await adjusted.list_rows(
            session, scope, state=shown, after=_key_from(after), limit=A_PAGE
        )
    say = ui.speech(request, actor)
    further = urlencode({"state": shown, "after": f"{last[0].isoformat()} {last[1]}"}) if last else ""
    lines = lines_of(rows, actor, ui.container.places, say)
    if unsaid is not None:
        at, typed, lacking = unsaid
        told = trouble_of(lacking, say.language)
        lines = tuple(replace(one, typed=typed, trouble=told) if one.id == at else one for one in lines)
        trouble = None if any(one.id == at for one in lines) else lacking
    view = AdjustmentsPage(
        states=state_choices(shown, say),
        state=shown,
        lines=lines,
        next_href=f"/desk/adjustments?{further}" if further else None,
        first_href=f"/desk/adjustments?{urlencode({'state': shown})}" if after else None,
        trouble=trouble_of(trouble, say.language) if trouble else None,
    )
    return ui.page(request, actor, view, say, status=422 if unsaid else 409 if trouble else 200)


def _problems(error: RegularsError, say: Speech) -> tuple[FieldTrouble, ...]:
    """All that is wrong, as the form asks for it: it knows no points below zero and no codes."""
    several = error.problems if isinstance(error, InvalidInput) else [error]
    return tuple(told for one in several for told in _told(one, say))


def _told(error: RegularsError, say: Speech) -> tuple[FieldTrouble, ...]:
    if isinstance(error, AdjustmentPointsInvalid):
        words = N_("Write a whole number from %(least)s to %(most)s.")
        message = say.text(words, least=say.number(1), most=say.number(POINTS_MAX))
        return (FieldTrouble("points", message),)
    if isinstance(error, AdjustmentReasonUnknown):
        return (FieldTrouble("reason", say.text(N_("Choose a reason."))),)
    return troubles_of(error, say.language)


def _points(text: str, direction: str) -> int | None:
    """The points with their sign; None where these are none."""
    clean = text.strip()
    if not (clean.isascii() and clean.isdigit() and direction in DIRECTIONS):
        return None
    return int(clean) if direction == "give" else -int(clean)


def _key_from(text: str) -> tuple[datetime, UUID] | None:
    """Where the next page begins; None for the first, and for what is no key."""
    at, _, last = text.partition(" ")
    try:
        read = datetime.fromisoformat(at)
        return (read, UUID(last)) if read.tzinfo else None
    except ValueError:
        return None
