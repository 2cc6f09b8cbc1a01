"""The history of a draft: its saves, one of them to look at, and the way back to it."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.requests import Request

from api.dependencies import requires
from regulars.kernel.ids import new_id
from regulars.releases import drafts
from regulars.releases.drafting import Revision, RevisionLine
from regulars.rules.chain_catalogue import catalogue_of
from regulars.rules.checker import Report
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.contexts.editor_history import HistoryPage, SaveLine, SavePage
from rules_ui.editor.saving import head_of
from rules_ui.i18n import N_, Speech
from rules_ui.names import known_names
from rules_ui.pack_diff import Side, diff_of
from rules_ui.ui import Pages, go
from rules_ui.version_marks import Names

router = APIRouter(prefix="/packs")
Editor = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]

PAGE: Final = 30
_KINDS: Final = {
    "saved": N_("written by hand"),
    "merged": N_("brought together with what others changed meanwhile"),
    "imported": N_("read in from a file"),
    "restored": N_("gone back to"),
    "side": N_("refused: somebody had changed the same place"),
}


@router.get("/{code}/edit/saves", response_class=HTMLResponse)
async def show_history(
    request: Request, ui: Pages, code: str, actor: Editor, before: Annotated[int | None, Query(ge=1)] = None
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        head = await head_of(session, code)
        lines = await drafts.list_saves(session, code, before=before, limit=PAGE + 1)
        names = await known_names(session, ui)
        told = await drafts.examine_draft(session, code, head.text if head else "")
    newest = head.line.revision if head else None
    shown = tuple(_line(line, newest, names, say) for line in lines[:PAGE])
    older = f"/packs/{code}/edit/saves?before={lines[PAGE - 1].no}" if len(lines) > PAGE else ""
    return ui.page(request, actor, HistoryPage(code, _titled(told, code, say), shown, older), say)


@router.get("/{code}/edit/saves/{save_id}", response_class=HTMLResponse)
async def show_save(request: Request, ui: Pages, code: str, save_id: UUID, actor: Editor) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        save = await drafts.get_save(session, code, save_id)
        head = await drafts.get_draft(session, code)
        names = await known_names(session, ui)
        catalogue = await catalogue_of(session)
        told = [await drafts.examine_draft(session, code, each.text) for each in (head, save)]
    line = _line(save.line, head.line.revision, names, say)
    current = _side(say.text(N_("The draft now")), head, told[0])
    diff = diff_of(current, _side(line.name, save, told[1]), catalogue, say)
    title = _titled(told[0], code, say)
    based_on = head.line.revision or 0
    view = SavePage(code, title, line, str(save_id), based_on, diff, save.text)
    return ui.page(request, actor, view, say)


@router.post("/{code}/edit/saves/{save_id}")
async def go_back(request: Request, ui: Pages, code: str, save_id: UUID, actor: Editor) -> RedirectResponse:
    form = await request.form()
    said = str(form.get("based_on", ""))
    based_on = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0
    async with ui.container.database.begin() as session:
        await drafts.restore_draft(
            session,
            code,
            save_id=save_id,
            based_on=based_on,
            new_id=new_id(),
            actor=actor,
            at=ui.container.now(),
        )
    return go(f"/packs/{code}/edit?done=went-back")


def _line(line: RevisionLine, newest: int | None, names: Names, say: Speech) -> SaveLine:
    number = line.revision
    name = say.text(N_("Revision %(number)s"), number=number) if number else say.text(N_("A save kept aside"))
    return SaveLine(
        href=f"/packs/{line.code}/edit/saves/{line.id}",
        name=name,
        kind=say.text(_KINDS[line.kind]),
        who=names.of(line.saved_by, say),
        at=line.saved_at,
        newest=number is not None and number == newest,
        aside=number is None,
    )


def _side(name: str, revision: Revision, report: Report) -> Side:
    return Side(name, revision.text, report.pack)


def _titled(report: Report, code: str, say: Speech) -> str:
    return report.pack.title.of(say.language) if report.pack else code
