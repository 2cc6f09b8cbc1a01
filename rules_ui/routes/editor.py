"""The rule editor: one draft as a form, each change of it saved at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request

from api.dependencies import requires
from regulars.kernel.beside import beside
from regulars.kernel.ids import new_id
from regulars.releases import drafts
from regulars.releases.drafting import NewSave, Saved
from regulars.rules import service as rules
from regulars.rules.adopting import can_adopt, with_new_results
from regulars.rules.chain_catalogue import catalogue_of, examine_here
from regulars.rules.errors import PointerUnknown
from regulars.security import service as security
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.contexts.base import Choice, FieldTrouble
from rules_ui.contexts.editor import EditorBody, EditorNotice, EditorPage
from rules_ui.editor.bands_view import PREFIX
from rules_ui.editor.bench import Bench, Change, ChangeUnknown
from rules_ui.editor.body import Shown, body_of
from rules_ui.editor.saving import Base, head_of, save_change
from rules_ui.editor.sent import change_of
from rules_ui.editor.sheet import Offers, element_id
from rules_ui.editor.values import Unreadable
from rules_ui.i18n import N_, Speech
from rules_ui.ladder import ladder_of
from rules_ui.ui import Pages, Ui, by_htmx, go

router = APIRouter(prefix="/packs")
Editor = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]

UNREADABLE: Final = {
    "number": N_("Write a number with no more decimals than the unit has."),
    "whole_number": N_("Write a whole number."),
    "too_large": N_("The number is too large."),
    "date": N_("Choose a day."),
    "text": N_("Write a text."),
    "nothing": N_("Write something here, or remove the whole."),
    "name": N_("Write small letters a to z, digits and _, beginning with a letter."),
    "taken": N_("Another number has this name."),
}
"""What is told beside a field whose value could not be read."""


@dataclass(frozen=True, slots=True)
class Told:
    """What has just happened, what could not be read, and where: the place that stays open."""

    notices: Sequence[EditorNotice] = ()
    troubles: Sequence[FieldTrouble] = ()
    at: str = ""


@router.get("/{code}/edit", response_class=HTMLResponse)
async def show_editor(request: Request, ui: Pages, code: str, actor: Editor) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    body = await _body(ui, code, actor, say, Told(at=f"/cases/{request.query_params.get('case', '')[:3]}"))
    view = EditorPage(code, body.title, _offers(ui, actor, say).suggested, body)
    return await beside(ui.page, request, actor, view, say)


@router.post("/{code}/edit", response_model=None)
async def change_draft(request: Request, ui: Pages, code: str, actor: Editor) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    form = await request.form()
    change = change_of(form)
    try:
        told = await _save(ui, code, form, change, actor, say)
    except Unreadable as trouble:
        told = _trouble(change, say.text(UNREADABLE[trouble.reason]))
    except (ChangeUnknown, PointerUnknown):
        said = say.text(N_("This place is no longer in the draft: somebody has changed it. Look again."))
        told = Told(notices=(EditorNotice("warn", said),))
    if not by_htmx(request):
        return go(f"/packs/{code}/edit")
    body = await _body(ui, code, actor, say, replace(told, at=change.at))
    return await beside(ui.page, request, actor, body, say)


async def _save(ui: Ui, code: str, form: FormData, change: Change, actor: Actor, say: Speech) -> Told:
    at = ui.container.now()
    async with ui.container.database.begin() as session:
        base = await _base(session, ui, code, _number(form.get("based_on")))
        if change.do == "set-code":
            text = change.value.replace("\r\n", "\n")
            saved = await drafts.save_draft(session, code, NewSave(new_id(), text, base.revision), actor, at)
        elif change.do == "adopt-results":
            saved = await _adopt(session, code, base, actor, ui)
        else:
            bench = Bench(base.text, await catalogue_of(session), say.money.exponent, _tier_codes(ui, say))
            saved = await save_change(session, code, base, bench, change, actor, at)
    return _told(saved, base, say)


async def _adopt(session: AsyncSession, code: str, base: Base, actor: Actor, ui: Ui) -> Saved:
    """Let failing cases expect what the rules now give."""
    report = await examine_here(session, base.text)
    text = await beside(with_new_results, base.text, report) if can_adopt(report) else base.text
    new = NewSave(new_id(), text, base.revision)
    return await drafts.save_draft(session, code, new, actor, ui.container.now())


def _told(saved: Saved, base: Base, say: Speech) -> Told:
    number = saved.revision.line.revision or 0
    if saved.result == "refused":
        message = N_(
            "Somebody changed the same place meanwhile; the draft shows theirs. Yours is kept aside."
        )
        href = f"/packs/{saved.side.code}/edit/saves/{saved.side.id}" if saved.side else ""
        link = say.text(N_("Look at yours"))
        return Told(notices=(EditorNotice("warn", say.text(message), href, link),))
    if saved.result == "merged" or number > base.revision + 1:
        message = N_("Somebody else has changed the draft meanwhile; it now holds both.")
        return Told(notices=(EditorNotice("plain", say.text(message)),))
    return Told()


def _trouble(change: Change, message: str) -> Told:
    named = {name: said for name, said in change.values.items() if name not in ("optional", "more")}
    fields = {
        element_id(change.at, f"{change.do}-{name}"): "".join(said[:1])
        for name, said in (named or {"value": []}).items()
    }
    return Told(
        troubles=[
            FieldTrouble(f"{prefix}{field}", message, typed)
            for field, typed in fields.items()
            for prefix in ("", PREFIX)
        ]
    )


async def _base(session: AsyncSession, ui: Ui, code: str, revision: int) -> Base:
    if revision:
        return Base(revision, (await drafts.get_draft(session, code, revision)).text)
    return Base(0, await _version_text(session, ui, code))


async def _version_text(session: AsyncSession, ui: Ui, code: str) -> str:
    """What a draft begins with: what is live at headquarters, else the newest version."""
    packs = ui.container.packs.at(ui.container.places.headquarters.id, ui.container.now())
    live = next((version for version in packs.versions if version.code == code), None)
    return (await rules.get_version(session, code, live.version if live else None)).text


async def _body(ui: Ui, code: str, actor: Actor, say: Speech, told: Told) -> EditorBody:
    async with ui.container.database.read() as session:
        head = await head_of(session, code)
        if head is None:
            text, where = await _version_text(session, ui, code), say.text(N_("Nothing is changed yet."))
        else:
            text = head.text
            name = await _name(session, head.line.saved_by, say)
            where = say.text(
                N_("Revision %(number)s, saved by %(name)s %(when)s"),
                number=head.line.revision,
                name=name,
                when=say.ago(head.line.saved_at),
            )
        report = await examine_here(session, text)
        catalogue = await catalogue_of(session)
    revision = (head.line.revision or 0) if head else 0
    shown = Shown(code, text, revision, report, where, told.at)
    offers = _offers(ui, actor, say)
    return await beside(body_of, shown, catalogue, offers, say, notices=told.notices, troubles=told.troubles)


async def _name(session: AsyncSession, saved_by: str, say: Speech) -> str:
    kind, _, operator_id = saved_by.partition(":")
    if kind == "command":
        return say.text(N_("command line"))
    return (await security.operator_names(session)).get(operator_id, operator_id)


def _offers(ui: Ui, actor: Actor, say: Speech) -> Offers:
    places = sorted(
        (
            place
            for place in ui.container.places.all()
            if place.kind != "terminal" and place.closed_at is None and actor.scope.touches(place.path)
        ),
        key=lambda each: (each.kind == "store", each.path.count("."), each.code),
    )
    tiers = [Choice(tier.code, tier.title) for tier in ladder_of(ui.chain_plan(), say)]
    return Offers(
        tuple(Choice(place.code, f"{place.name} · {place.code}") for place in places),
        tuple(tiers),
        upper=sum(place.kind != "store" for place in places),
    )


def _tier_codes(ui: Ui, say: Speech) -> tuple[str, ...]:
    return tuple(tier.code for tier in ladder_of(ui.chain_plan(), say))


def _number(said: object) -> int:
    return int(said) if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 10 else 0
