"""Tries a draft: on a sample basket, or on what the rules read of a real receipt."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api.dependencies import requires
from regulars.explanation import trying
from regulars.explanation.as_case import expected_of, given_of
from regulars.explanation.service import speech_of
from regulars.explanation.trying import Trial
from regulars.purchases.finding import find_receipts
from regulars.rules.catalogue import Catalogue
from regulars.rules.chain_catalogue import catalogue_of, examine_here
from regulars.rules.model import Pack
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui import preview_form, preview_view
from rules_ui.case_view import outcome_words
from rules_ui.contexts.base import Choice, FieldTrouble
from rules_ui.contexts.preview import PreviewForm, PreviewPage, PreviewResult
from rules_ui.drafted import Drafted, drafted
from rules_ui.i18n import LANGUAGES, N_, Speech
from rules_ui.ladder import ladder_of
from rules_ui.place_pick import no_such_place, picked, place_pick
from rules_ui.place_tree import open_places
from rules_ui.preview_form import NOBODY, Asked, Offered, departments_of
from rules_ui.preview_till import Beside, told_beside
from rules_ui.preview_view import Both
from rules_ui.rule_words import pack_words
from rules_ui.ui import Pages, Ui, by_htmx

router = APIRouter(prefix="/packs")
Editor = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a trial needs."""

    ui: Ui
    actor: Actor
    say: Speech
    draft: Drafted
    catalogue: Catalogue


@router.get("/{code}/preview", response_class=HTMLResponse)
async def show(request: Request, ui: Pages, code: str, actor: Editor) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    asked = Asked(dict(request.query_params.items()), request.query_params.getlist("store"))
    async with ui.container.database.read() as session:
        draft = await drafted(session, ui, code)
        report = await examine_here(session, draft.text)
        desk = _Desk(ui, actor, say, draft, await catalogue_of(session))
        form = form_for(ui, actor, say, code, report.document or {}, asked)
        if report.pack is None or report.document is None:
            message = say.text(N_("The draft cannot be tried before its errors are mended."))
            form = replace(form, result=preview_view.nothing_of(code, message))
        elif asked.values:
            form = await _tried(session, desk, form, asked, report.pack, report.document)
    if by_htmx(request):
        return ui.page(request, actor, form, say)
    title = report.pack.title.of(LANGUAGES[say.language]) if report.pack else code
    return ui.page(request, actor, PreviewPage(code, title, form), say)


def form_for(
    ui: Ui, actor: Actor, say: Speech, code: str, document: Mapping[str, object], asked: Asked
) -> PreviewForm:
    """The form, with the stores that the reader sees and the tiers of the chain."""
    stores = [each for each in open_places(ui, actor.scope) if each.kind == "store"]
    chosen = picked(asked.stores, stores)
    pick = place_pick(stores, [chosen], Permission.PACK_EDIT, only="store")
    tiers = [Choice(tier.code, tier.title) for tier in ladder_of(ui.chain_plan(), say)]
    tiers.append(Choice(NOBODY, say.text(N_("Without a member"))))
    return preview_form.form_of(code, asked, Offered(pick, tiers, departments_of(document)), say)


async def _tried(
    session: AsyncSession,
    desk: _Desk,
    form: PreviewForm,
    asked: Asked,
    pack: Pack,
    document: Mapping[str, object],
) -> PreviewForm:
    if form.source == "sample":
        given, troubles = preview_form.sample_of(form, desk.say)
        store = next((each.value for each in form.stores.options if each.chosen), None)
        if form.stores.typed:
            troubles.append(FieldTrouble("p-store", no_such_place(form.stores.typed, desk.say)))
        if given is None or store is None or troubles:
            return replace(form, troubles=tuple(troubles))
        trial = trying.sample(given, desk.ui.container.places, UUID(store), desk.catalogue)
    else:
        found = await _receipt(session, desk, form, asked)
        if isinstance(found, PreviewResult):
            return replace(form, result=found)
        trial = found
    return replace(form, result=await _result(session, desk, trial, pack, document))


async def _receipt(
    session: AsyncSession, desk: _Desk, form: PreviewForm, asked: Asked
) -> Trial | PreviewResult:
    """The one receipt that is meant, or those to choose from, or that there is none."""
    places, scope = desk.ui.container.places, desk.actor.scope_for(Permission.PURCHASE_READ)
    purchase_id = _id(asked.of("purchase"))
    if purchase_id is None:
        day = preview_form.day_of(form)
        number = form.receipt_no.strip()
        if not number or day is None:
            said = N_("Write the number of a receipt and choose its day.")
            return preview_view.nothing_of(desk.draft.code, desk.say.text(said))
        found = await find_receipts(session, number, day, places.tills(), scope)
        if not found:
            said = N_("No receipt of your stores has this number on this day.")
            return preview_view.nothing_of(desk.draft.code, desk.say.text(said))
        if len(found) > 1:
            lines = [
                preview_view.receipt_line(desk.draft.code, each, places.store(each.store_id).name, desk.say)
                for each in found
            ]
            said = N_("Several tills have printed this number. Which one is meant?")
            return preview_view.nothing_of(desk.draft.code, desk.say.text(said), lines)
        purchase_id = found[0].id
    return await trying.receipt(session, places, purchase_id, scope, desk.catalogue)


async def _result(
    session: AsyncSession, desk: _Desk, trial: Trial, pack: Pack, document: Mapping[str, object]
) -> PreviewResult:
    container, say = desk.ui.container, desk.say
    site = container.places.store(trial.store_id)
    live = container.packs.at(site.id, container.now())
    packs = trying.draft_beside(live, pack, document)
    speech = await speech_of(session, container.places.chain, packs, site.zone)
    came, came_live = trying.try_out(packs, trial, speech), trying.try_out(live, trial, speech)
    before = trial if pack.kind == "discount" else Trial(came.facts, trial.at, trial.store_id)
    given = given_of(before, pack, desk.catalogue)
    expected = expected_of(pack, document, given, desk.catalogue) if given else {}
    words = pack_words(pack, say, desk.catalogue)
    sales = say.amount(trial.facts.purchase.sales_minor)
    what = f"{site.name} · {speech.moment(trial.at)} · {sales}"
    if trial.receipt_no:
        what = say.text(N_("Receipt %(number)s"), number=trial.receipt_no) + f" · {what}"
    both = Both(
        code=pack.code,
        based_on=desk.draft.revision,
        draft=came,
        live=came_live,
        what=what,
        receipt_no=trial.receipt_no,
        given=given,
        expected=outcome_words(expected, words, say),
        recorded=trial.recorded,
        beside=told_beside(Beside(pack.code, trial.recorded, came, came_live, packs, tuple(live.hashes)), say)
        if trial.recorded
        else (),
    )
    return preview_view.result_of(both, say)


def _id(said: str) -> UUID | None:
    try:
        return UUID(said)
    except ValueError:
        return None
