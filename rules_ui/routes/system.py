"""How the installation is, for whoever looks after it."""

import asyncio

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from api.dependencies import requires
from regulars.analytics.overview import read_relay
from regulars.analytics.system import read_system
from regulars.backup_notes import newest_backup, newest_proof
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from rules_ui.contexts.system import SystemPage
from rules_ui.system_view import (
    backup_line,
    newest_revisions,
    part_lines,
    proof_line,
    size_lines,
    size_of,
    temporal_version,
)
from rules_ui.ui import Pages

router = APIRouter()


@router.get("/system", response_class=HTMLResponse)
async def show(
    request: Request, ui: Pages, actor: Actor = Depends(requires(Permission.WORKFLOW_OPERATE))
) -> HTMLResponse:
    await ui.refresh()
    if not ui.may_see_workflows(actor):
        raise PermissionDenied(Permission.WORKFLOW_OPERATE)
    say, container = ui.speech(request, actor), ui.container
    queues = await ui.board.queues.figures(say.now)
    temporal = await temporal_version(container.temporal.client) if queues.reachable else ""
    folder = container.settings.data_dir
    backup, proof, folder_seen = await asyncio.to_thread(
        lambda: (newest_backup(folder), newest_proof(folder), folder.is_dir())
    )
    newest = await asyncio.to_thread(newest_revisions)
    async with container.database.read() as session:
        system, relay = await read_system(session), await read_relay(session)
    view = SystemPage(
        parts=part_lines(system, relay, queues, temporal, say),
        database_size=size_of(system.bytes, say),
        largest=size_lines(system, say),
        schema_now=", ".join(system.revisions),
        schema_newest=", ".join(newest),
        schema_current=set(system.revisions) == set(newest),
        backup=backup_line(backup, say),
        proof=proof_line(proof, say),
        data_folder_seen=folder_seen,
        as_of=say.now,
    )
    return ui.page(request, actor, view, say)
