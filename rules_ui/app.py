"""Puts the pages onto the web process."""

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.container import Container
from api.errors import Problem
from rules_ui.assets import serve_asset
from rules_ui.error_pages import error_answer
from rules_ui.routes import (
    account,
    adjustments,
    audit,
    bulk_actions,
    chain,
    compare,
    desk,
    desk_enrolment,
    editor,
    editor_history,
    enrolment,
    fields,
    gallery,
    member_acts,
    member_values,
    members,
    operations,
    operators,
    overview,
    packs,
    places,
    preview,
    product_values,
    purchases,
    rehearsals,
    releases,
    segments,
    session,
    store_values,
    system,
    undo_orders,
    undoing,
)
from rules_ui.ui import Ui

# Enrolment first, the gallery, and products' values: their addresses would read as a member's, a pack's and
# a field's.
ROUTERS = tuple(
    area.router
    for area in (
        session,
        overview,
        desk,
        desk_enrolment,
        adjustments,
        enrolment,
        members,
        member_acts,
        member_values,
        purchases,
        segments,
        gallery,
        preview,
        editor,
        editor_history,
        compare,
        packs,
        releases,
        rehearsals,
        undo_orders,
        undoing,
        operations,
        bulk_actions,
        places,
        store_values,
        product_values,
        fields,
        operators,
        account,
        chain,
        audit,
        system,
    )
)


def mount(app: FastAPI, container: Container) -> None:
    """Add the pages and their files to an app that answers the API already.

    Args:
        app: with `app.state.container` set.
        container: the process's parts.
    """
    ui = app.state.ui = Ui(container)
    for router in ROUTERS:
        app.include_router(router, include_in_schema=False)
    app.mount("/static", Starlette(routes=[Route("/{name:path}", serve_asset)]))

    async def error_page(request: Request, problem: Problem, error: Exception) -> Response:
        return await error_answer(ui, request, problem, error)

    app.state.error_page = error_page
