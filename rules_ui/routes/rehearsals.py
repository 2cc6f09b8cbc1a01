"""Rehearsals: order one, follow it, cancel it, read what it found."""

from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api import starting
from api.dependencies import requires
from regulars.organisation.domain import Place
from regulars.rehearsal import service
from regulars.rehearsal.domain import Order, Rehearsal
from regulars.rehearsal.errors import RehearsalPlaceUnknown, RehearsalSpanInvalid
from regulars.rehearsal.sums import Measure
from regulars.releases import drafts
from regulars.releases.errors import UnknownDraft
from regulars.rules import service as rules
from regulars.rules.chain_catalogue import catalogue_of
from regulars.rules.checker import check
from regulars.rules.errors import PackNotGreen, UnknownPack
from regulars.rules.model import Pack
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui import rehearsal_view
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.rehearsals import RankedPage, RehearsalListPage, RehearsalPage, RehearsalProgress
from rules_ui.i18n import N_, Speech
from rules_ui.ladder import ladder_of, titles_of
from rules_ui.names import known_names
from rules_ui.paging import PageKey, older_href
from rules_ui.place_pick import PickedPlace, no_such_place, picked
from rules_ui.place_tree import open_places
from rules_ui.rehearsal_view import Words
from rules_ui.routes.compare import Typed, compare_page
from rules_ui.troubles import troubles_of
from rules_ui.ui import Pages, Ui, go
from rules_ui.words import WORDS

router = APIRouter(prefix="/rehearsals")
Reader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
Editor = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]

SHOWN: Final = 30
MEMBERS_SHOWN: Final = 20
_EARLIEST: Final = date(1970, 1, 1)
Day = Annotated[str, Form(max_length=10)]


@router.get("", response_class=HTMLResponse)
async def list_rehearsals(request: Request, ui: Pages, actor: Reader, after: PageKey) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        names = await known_names(session, ui)
        page = await service.list_rehearsals(session, actor.scope, after=after, limit=SHOWN)
    lines = tuple(rehearsal_view.line_of(one, names, say) for one in page.rehearsals)
    return ui.page(request, actor, RehearsalListPage(lines, older_href("/rehearsals", page.next_after)), say)


@router.post("", response_model=None)
async def order(
    request: Request,
    ui: Pages,
    actor: Editor,
    code: Annotated[str, Form(max_length=60)],
    place: PickedPlace = (),
    version: Annotated[int | None, Form(ge=1, le=1 << 30)] = None,
    since: Day = "",
    until: Day = "",
) -> Response:
    """Order one; what cannot be is said at its fields, with all that was typed."""
    await ui.refresh()
    say = ui.speech(request, actor)
    at = picked(place, open_places(ui, actor.scope))
    try:
        where = _place(ui, actor, at)
        span = _span(since, until, where.zone, say)
        async with ui.container.database.begin() as session:
            text = (
                (await rules.get_version(session, code, version)).text
                if version
                else (await drafts.get_draft(session, code)).text
            )
            wanted = Order((text,), where.id, *span)
            ordered = await service.order_rehearsal(session, ui.container.new_id(), wanted, actor, say.now)
    except (_SpanWrong, RehearsalPlaceUnknown, RehearsalSpanInvalid, PackNotGreen) as error:
        told = _told(error, at, say)
        typed = Typed(rehearsed_at=at, since=since, until=until, problems=told, status=422)
        return await compare_page(request, ui, actor, code, version, typed)
    await starting.REHEARSALS.start(ui.container, ordered.id)
    return go(f"/rehearsals/{ordered.id}")


@router.get("/{rehearsal_id}", response_class=HTMLResponse)
async def show(request: Request, ui: Pages, rehearsal_id: UUID, actor: Reader) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        one = await service.get_rehearsal(session, rehearsal_id, actor.scope)
        names = await known_names(session, ui)
        words = await words_of(session, ui, one, say) if one.report is not None else None
    ordered = say.text(
        N_("ordered by %(name)s, %(date)s"),
        name=names.of(one.ordered_by, say),
        date=say.moment(one.ordered_at),
    )
    failed = {
        "failed": N_("The rehearsal broke off (%(code)s). Nothing is lost but its work: order it again."),
        "cancelled": N_("The rehearsal was cancelled; it has no result."),
    }.get(one.state)
    view = RehearsalPage(
        title=say.text(N_("Rehearsal of %(packs)s"), packs=rehearsal_view.packs_of(one, say)),
        where=names.places.get(one.place_id, "?"),
        span=rehearsal_view.span_of(one, say),
        ordered=ordered,
        back="/rehearsals",
        state=one.state,
        progress=None if one.ended else _progress(one, actor, say),
        found=rehearsal_view.found_of(one.id, one.report, words, say)
        if one.report is not None and words
        else None,
        failed=say.text(failed, code=one.failed_with or "?") if failed else "",
    )
    return ui.page(request, actor, view, say)


@router.get("/{rehearsal_id}/progress", response_model=None)
async def follow(request: Request, ui: Pages, rehearsal_id: UUID, actor: Reader) -> Response:
    """How far it is; once it has ended, the browser is sent to the result."""
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        one = await service.get_rehearsal(session, rehearsal_id, actor.scope)
    answer = ui.page(request, actor, _progress(one, actor, say), say)
    if one.ended:
        answer.headers["HX-Redirect"] = f"/rehearsals/{rehearsal_id}"
    return answer


@router.post("/{rehearsal_id}/cancel", response_model=None)
async def cancel(ui: Pages, rehearsal_id: UUID, actor: Editor) -> Response:
    async with ui.container.database.begin() as session:
        await service.cancel_rehearsal(session, rehearsal_id, actor, ui.container.now())
    return go(f"/rehearsals/{rehearsal_id}")


@router.get("/{rehearsal_id}/members", response_class=HTMLResponse)
async def list_members(
    request: Request,
    ui: Pages,
    rehearsal_id: UUID,
    actor: Reader,
    measure: Measure = "points",
    side: Literal["winners", "losers"] = "winners",
    after_rank: Annotated[int, Query(ge=0, le=1 << 30)] = 0,
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        one = await service.get_rehearsal(session, rehearsal_id, actor.scope)
        found = await service.list_members(
            session,
            rehearsal_id,
            actor.scope,
            measure=measure,
            side=side,
            after_rank=after_rank,
            limit=MEMBERS_SHOWN + 1,
        )
        words = await words_of(session, ui, one, say)
    choices = rehearsal_view.ranked_choices(str(rehearsal_id), measure, side, say)
    chosen = next(each for each in choices if each.chosen)
    shown = found[:MEMBERS_SHOWN]
    view = RankedPage(
        rehearsal_id=str(rehearsal_id),
        title=chosen.label,
        choices=choices,
        members=tuple(
            rehearsal_view.member_line(each.rank, each.change, measure, words, say) for each in shown
        ),
        next_href=f"{chosen.value}&after_rank={shown[-1].rank}" if len(found) > MEMBERS_SHOWN else "",
    )
    return ui.page(request, actor, view, say)


async def words_of(session: AsyncSession, ui: Ui, one: Rehearsal, say: Speech) -> Words:
    """What the codes of a rehearsal's report are called."""
    packs = await _packs(session, one)
    rule_titles = {
        (name, rule.id): rule.title.of(say.language) for name, pack in packs.items() for rule in pack.rules
    }
    limits = {
        f"{pack.code}/{limit.code}": (limit.title.of(say.language), limit.of)
        for pack in packs.values()
        for limit in pack.limits or ()
    }
    own = {tier.code: tier.title.of(say.language) for pack in packs.values() for tier in pack.tiers or ()}
    return Words(
        tiers={**titles_of(ladder_of(ui.chain_plan(), say)), **own},
        stages={code: say.text(title) for code, title in WORDS["stage"].items()},
        stores={store.code: store.name for store in ui.container.places.stores()},
        packs={pack.code: pack.title.of(say.language) for pack in packs.values()},
        rules=rule_titles,
        limits=limits,
    )


async def _packs(session: AsyncSession, one: Rehearsal) -> dict[str, Pack]:
    """The packs that the report names, as far as they are kept as versions; and the drafts themselves."""
    named = {row["pack"] for row in (one.report or {}).get("by_rule", ())} | set(one.pack_names)
    found = {}
    for name in sorted(named):
        code, _, number = name.partition("/")
        if number.isascii() and number.isdigit():
            with suppress(UnknownPack):
                stored = await rules.get_version(session, code, int(number))
                found[name] = Pack.model_validate(stored.version.document)
    for name in one.pack_names:
        code = name.partition("/")[0]
        if name in found:
            continue
        with suppress(UnknownDraft):
            draft = check((await drafts.get_draft(session, code)).text, await catalogue_of(session))
            if draft.pack is not None:
                found[name] = draft.pack
    return found


def _progress(one: Rehearsal, actor: Actor, say: Speech) -> RehearsalProgress:
    return rehearsal_view.progress_of(one, say, may_cancel=actor.may(Permission.PACK_EDIT))


def _told(error: Exception, place: str, say: Speech) -> tuple[FieldTrouble, ...]:
    """What is wrong with the form that orders a rehearsal, at its fields."""
    match error:
        case _SpanWrong():
            return (error.trouble,)
        case RehearsalPlaceUnknown():
            return (FieldTrouble("rehearse-place", no_such_place(place, say)),)
        case PackNotGreen():
            said = N_("It cannot be rehearsed before the errors of its rules are mended.")
            return (FieldTrouble("rehearse", say.text(said)),)
        case _:
            return troubles_of(error, say.language)


def _place(ui: Ui, actor: Actor, said: str) -> Place:
    place = next((each for each in ui.container.places.all() if str(each.id) == said), None)
    if place is None or not actor.scope.covers(place.path):
        raise RehearsalPlaceUnknown(said)
    return place


class _SpanWrong(Exception):
    """A day that cannot be, said at its field."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.trouble = FieldTrouble(field, words)


def _span(since: str, until: str, zone: ZoneInfo, say: Speech) -> tuple[datetime | None, datetime | None]:
    """From the first day's begin to the last day's end or now. Raises: _SpanWrong."""
    first, last = _day(since, "since", say), _day(until, "until", say)
    today = say.now.astimezone(zone).date()
    if first is not None and first > today:
        raise _SpanWrong("since", say.text(N_("This day is still to come: what can be replayed ends today.")))
    if first is not None and last is not None and last < first:
        said = N_("The last day lies before the first: swap the two, or leave one empty.")
        raise _SpanWrong("until", say.text(said))
    ends = None if last is None or last >= today else _start(last + timedelta(days=1), zone)
    return None if first is None else _start(max(first, _EARLIEST), zone), ends


def _day(said: str, field: str, say: Speech) -> date | None:
    if not said:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        words = say.text(N_("Give a day as year-month-day, e.g. 2026-03-09."))
        raise _SpanWrong(field, words) from None


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
