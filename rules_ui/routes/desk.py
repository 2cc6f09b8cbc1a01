"""The service desk: looking somebody up, the member at a glance, a receipt read to the customer."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api.dependencies import requires
from regulars.analytics import adjusted, member_list, member_story, purchase_record
from regulars.analytics.member_list import LAST_DIGITS, MemberFilter, MemberRow
from regulars.analytics.member_story import MemberProfile
from regulars.explanation.event_service import list_events
from regulars.explanation.offers import explain_offers
from regulars.explanation.service import explain_purchase
from regulars.kernel.clock import business_day
from regulars.ledger import service as ledger
from regulars.members.errors import UnknownMember
from regulars.members.service import find_member, phone_index
from regulars.members.tagging import still_held
from regulars.purchases.domain import Basket
from regulars.purchases.errors import PurchaseUnknown
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.adjustment_view import lines_of
from rules_ui.contexts.desk import DeskMemberPage, DeskPage, FoundMember, Offers
from rules_ui.desk_view import (
    found_of,
    masked_name,
    offers_of,
    receipt_of,
    receipts_of,
    shown_text,
)
from rules_ui.i18n import Speech
from rules_ui.ladder import ladder_of, progress_of, tier_of
from rules_ui.member_view import key_from, masked, rule_tags_of
from rules_ui.own_values import open_fields
from rules_ui.routes.members import profile_of
from rules_ui.ui import Pages, Ui, go, wants_part

FOUND_MOST = 8
WAITING_MOST = 100
RECEIPTS_STEP = 8
ADJUSTMENTS_SHOWN = 5
Reader = Annotated[Actor, Depends(requires(Permission.MEMBER_READ))]

router = APIRouter(prefix="/desk")


@router.get("", response_class=HTMLResponse)
async def show(request: Request, ui: Pages, actor: Reader) -> HTMLResponse:
    await ui.refresh()
    return ui.page(request, actor, await _desk(ui, actor, (), missed=False))


@router.post("", response_model=None)
async def look_up(
    request: Request, ui: Pages, actor: Reader, q: Annotated[str, Form(max_length=2_000)] = ""
) -> Response:
    """By POST: what a member is found by is no part of an address that browsers and logs keep."""
    await ui.refresh()
    text = shown_text(q)
    say = ui.speech(request, actor)
    rules = ui.container.member_rules
    rows: list[MemberRow] = []
    async with ui.container.database.read() as session:
        if text and not _is_last_digits(text):
            try:
                return go(f"/desk/members/{(await find_member(session, text, rules, actor.scope)).id}")
            except UnknownMember:
                pass
        if text:
            wanted = MemberFilter(words=text)
            page = await member_list.list_members(session, actor.scope, wanted, before=None, limit=FOUND_MOST)
            rows = [row for row in page.rows if _is_meant(row, text)]
    found = found_of(rows, ladder_of(ui.chain_plan(), say), say)
    reads_as_phone = bool(text) and phone_index(text, rules) is not None
    view = await _desk(
        ui, actor, found, missed=bool(text) and not found, phone=text if reads_as_phone else "", typed=q
    )
    return ui.page(request, actor, view, say)


@router.get("/members/{member_id}", response_class=HTMLResponse)
async def show_member(
    request: Request,
    ui: Pages,
    member_id: UUID,
    actor: Reader,
    before: Annotated[str | None, Query(max_length=60)] = None,
) -> HTMLResponse:
    await ui.refresh()
    async with ui.container.database.read() as session:
        profile = await profile_of(session, actor, member_id)
        items, more = await member_story.read_receipts(
            session, member_id, before=key_from(before), limit=RECEIPTS_STEP
        )
        say = ui.speech(request, actor, profile.time_zone)
        receipts = receipts_of(member_id, items, more=more, say=say)
        if wants_part(request):
            return ui.page(request, actor, receipts, say)
        expiring = await member_story.read_expiring(session, member_id, say.now)
        pending = (await ledger.pending_lots(session, {member_id: say.now})).get(member_id, [])
        own = await open_fields(session, "member")
        offers = await _offers(session, ui, actor, profile, say)
        rows, _ = await adjusted.list_rows(
            session, actor.scope_for(Permission.ADJUSTMENT_READ), member_id=member_id, limit=ADJUSTMENTS_SHOWN
        )
    plan = ui.plan_at(profile.home_store_id, say.now)
    view = DeskMemberPage(
        member_id=member_id,
        number=profile.number,
        name=masked_name(profile.name),
        phone=masked(profile.phone_last4),
        home_store=profile.home_store,
        tags=(*profile.tags, *still_held(profile.rule_tags, profile.tags, say.now)),
        rule_tags=rule_tags_of(profile, say),
        may_end_tags=actor.may_at(Permission.MEMBER_UPDATE, profile.home_path),
        tier=tier_of(profile.tier, ladder_of(plan, say), say),
        tier_year_ends_at=profile.tier_year_ends_at,
        progress=progress_of(profile.tier, profile.spend_365d_minor, plan, say),
        points=profile.points,
        points_pending=sum(lot.amount for lot in pending if lot.pends_at(say.now)),
        points_owed=profile.points_owed,
        expiring_points=expiring.points if expiring else 0,
        expiring_at=expiring.at if expiring else None,
        frozen_at=profile.frozen_at,
        frozen_reason=profile.frozen_reason or "",
        offers=offers,
        receipts=receipts,
        adjustments=lines_of(rows, actor, ui.container.places, say),
        sees_adjustments=actor.may_at(Permission.ADJUSTMENT_READ, profile.home_path),
        may_adjust=actor.may_at(Permission.ADJUSTMENT_REQUEST, profile.home_path),
        has_own_fields=bool(own),
    )
    return ui.page(request, actor, view, say)


@router.get("/members/{member_id}/receipts/{purchase_id}", response_class=HTMLResponse)
async def show_receipt(
    request: Request, ui: Pages, member_id: UUID, purchase_id: UUID, actor: Reader
) -> HTMLResponse:
    await ui.refresh()
    async with ui.container.database.read() as session:
        record = await purchase_record.read_purchase(session, actor.scope, purchase_id)
        if record is None or record.member_id != member_id:
            raise PurchaseUnknown
        await profile_of(session, actor, member_id)
        found = await explain_purchase(
            session, ui.container.shelf, ui.container.places, purchase_id, actor.scope
        )
        moves = await list_events(session, member_id, actor.scope, kind="upgraded")
    say = ui.speech(request, actor, record.time_zone)
    ladder = ladder_of(ui.chain_plan(), say)
    moved_to = next((move.tier_to for move in moves.lines if move.purchase_id == purchase_id), None)
    tier = tier_of(moved_to, ladder, say) if moved_to else None
    return ui.page(request, actor, receipt_of(member_id, record, found, tier, say), say)


async def _desk(
    ui: Ui,
    actor: Actor,
    found: tuple[FoundMember, ...],
    *,
    missed: bool,
    phone: str = "",
    typed: str = "",
) -> DeskPage:
    sees = actor.may(Permission.ADJUSTMENT_READ)
    waiting = 0
    if sees:
        scope = actor.scope_for(Permission.ADJUSTMENT_READ)
        async with ui.container.database.read() as session:
            waiting = await adjusted.count_waiting(session, scope, WAITING_MOST)
    return DeskPage(
        typed=typed if missed else "",
        found=found,
        missed=missed,
        may_enrol=actor.may(Permission.MEMBER_ENROL),
        enrol_phone=phone if missed else "",
        sees_adjustments=sees,
        waiting=_count(waiting),
    )


def _count(waiting: int) -> str:
    if not waiting:
        return ""
    return str(waiting) if waiting < WAITING_MOST else f"{WAITING_MOST - 1}+"


def _is_last_digits(text: str) -> bool:
    return len(text) == LAST_DIGITS and text.isascii() and text.isdigit()


def _is_meant(row: MemberRow, text: str) -> bool:
    """The end of a phone or a whole name; the beginning of a number names nobody."""
    return row.phone_last4 == text or row.name == text


async def _offers(
    session: AsyncSession, ui: Ui, actor: Actor, profile: MemberProfile, say: Speech
) -> Offers | None:
    """What is live today at the member's home store; None for who may not ask for it."""
    if not actor.may_at(Permission.PURCHASE_QUOTE, profile.home_path):
        return None
    store = ui.container.places.store(profile.home_store_id)
    basket = Basket(
        terminal_id=store.id,  # no till: nothing is reserved, and nobody is handed a promise
        store_id=store.id,
        receipt_no="",
        occurred_at=say.now,
        business_day=business_day(say.now, store.zone, store.cutoff_minutes),
        lines=(),
        member_id=profile.id,
    )
    found = await explain_offers(session, ui.container.shelf, ui.container.desk, basket, say.now)
    return offers_of(found, say)
