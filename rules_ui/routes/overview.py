"""The overview, and the stream that keeps it moving."""

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.requests import Request

from api.dependencies import requires
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.board import draw
from rules_ui.contexts.overview import Live, OverviewPage
from rules_ui.i18n import Speech
from rules_ui.ladder import ladder_of
from rules_ui.render import render
from rules_ui.streaming import stream_of
from rules_ui.ui import Pages, Ui

router = APIRouter()


async def _live(ui: Ui, actor: Actor, say: Speech) -> Live:
    figures = await ui.board.figures(actor.scope, ui.container.now())
    plan = ui.plan_at(ui.container.places.headquarters.id, figures.at)
    return draw(figures, ladder_of(plan, say), say)


@router.get("/", response_class=HTMLResponse)
async def show(
    request: Request, ui: Pages, actor: Actor = Depends(requires(Permission.OVERVIEW_READ))
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    view = OverviewPage(await _live(ui, actor, say), may_operate=ui.may_see_workflows(actor))
    return ui.page(request, actor, view, say)


@router.get("/overview/live")
async def stream(
    request: Request, ui: Pages, actor: Actor = Depends(requires(Permission.OVERVIEW_READ))
) -> StreamingResponse:
    async def draw_now() -> str:
        say = ui.speech(request, actor)
        return render(await _live(ui, actor, say), ui.shell(request, actor, say.language), say)

    return stream_of(request, draw_now)
