"""One purchase explained: as a piece of the member's story, or on a page of its own."""

from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from api.dependencies import requires
from regulars.analytics import member_story, purchase_record
from regulars.explanation.service import explain_purchase
from regulars.purchases.errors import PurchaseUnknown
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.contexts.members import PurchasePage
from rules_ui.explain import explain
from rules_ui.i18n import N_
from rules_ui.telling import OF_ELSEWHERE
from rules_ui.ui import Pages, wants_part

router = APIRouter(prefix="/purchases")


@router.get("/{purchase_id}", response_class=HTMLResponse)
async def show(
    request: Request, ui: Pages, purchase_id: UUID, actor: Actor = Depends(requires(Permission.PURCHASE_READ))
) -> HTMLResponse:
    await ui.refresh()
    async with ui.container.database.read() as session:
        record = await purchase_record.read_purchase(session, actor.scope, purchase_id)
        if record is None:
            raise PurchaseUnknown
        places, shelf = ui.container.places, ui.container.shelf
        found = await explain_purchase(session, shelf, places, purchase_id, actor.scope)
        scope = actor.scope_for(Permission.MEMBER_READ)
        member = record.member_id and await member_story.read_profile(session, scope, record.member_id)
    say = ui.speech(request, actor, record.time_zone)
    part = wants_part(request)
    explanation = explain(record, found, say, every_line=not part)
    if part:
        return ui.page(request, actor, explanation, say)
    nobody = OF_ELSEWHERE if record.member_id else N_("Without a member")
    view = PurchasePage(
        receipt_no=record.receipt_no,
        store=record.store,
        at=record.occurred_at,
        recorded_at=record.recorded_at,
        sales=say.amount(record.sales_minor),
        points=record.points,
        member_href=f"/members/{member.id}" if member else None,
        member_name=(member.name or member.number) if member else say.text(nobody),
        flags=record.flags,
        explanation=explanation,
    )
    return ui.page(request, actor, view, say)
