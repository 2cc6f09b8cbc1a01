"""The field catalogue: every fact that rules can read, and the chain's own fields."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api.dependencies import requires
from regulars.custom_fields import service
from regulars.custom_fields.domain import CustomField, Value
from regulars.custom_fields.errors import UnknownCustomField
from regulars.custom_fields.service import Change
from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_id
from regulars.releases import service as releases
from regulars.releases.domain import ReleaseState
from regulars.releases.repository import Filter
from regulars.rules import service as rules
from regulars.rules.catalogue import Field
from regulars.rules.chain_catalogue import catalogue_of
from regulars.rules.custom_catalogue import path_of
from regulars.rules.domain import PackVersion
from regulars.rules.fact_reading import facts_read, live_versions, readers_of
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE, Scope
from regulars.segments import service as segments
from regulars.segments.domain import reads
from rules_ui import fact_view, field_form
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.fields import FactPage, FieldListPage, FieldNewPage, FieldTyped, Reader, StoreValue
from rules_ui.fact_view import LINES
from rules_ui.field_rights import for_the_whole_chain, may_define
from rules_ui.i18n import N_, Speech
from rules_ui.place_tree import seen_places
from rules_ui.ui import LANGS, Pages, Ui, go

STORES_SHOWN: Final = 100
SEGMENTS_READ: Final = 100
COMING: Final[tuple[ReleaseState, ...]] = ("in_review", "approved", "scheduled")
COMING_READ: Final = 100

router = APIRouter(prefix="/fields")
CatalogueReader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
Author = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]


@router.get("", response_class=HTMLResponse)
async def list_facts(
    request: Request,
    ui: Pages,
    actor: CatalogueReader,
    q: Annotated[str, Query(max_length=80)] = "",
    of: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    await ui.refresh()
    say, words = ui.speech(request, actor), q.strip()
    async with ui.container.database.read() as session:
        known = await catalogue_of(session)
    readers = readers_of(_live(ui, actor.scope))
    groups = fact_view.groups_of(known, readers, say, words=words, of=of if of in fact_view.GROUPS else "")
    view = FieldListPage(
        words=words,
        of=fact_view.group_choices(of, say),
        groups=groups,
        narrowed=bool(words or of),
        may_define=may_define(ui, actor),
    )
    return ui.page(request, actor, view, say)


@router.get("/new", response_class=HTMLResponse)
async def new_field(
    request: Request, ui: Pages, actor: Author, subject: Annotated[str, Query(max_length=20)] = "member"
) -> HTMLResponse:
    await for_the_whole_chain(ui, actor)
    typed = FieldTyped(subject=subject, choices=field_form.with_spare(()))
    return _form(request, ui, actor, typed)


@router.post("", response_model=None)
async def define_field(request: Request, ui: Pages, actor: Author) -> Response:
    await for_the_whole_chain(ui, actor)
    say, form = ui.speech(request, actor), await request.form()
    typed = field_form.typed_of(form)
    if form.get("more"):
        rows = field_form.with_spare(typed.choices, field_form.MORE_CHOICES)
        return _form(request, ui, actor, replace(typed, choices=rows))
    try:
        wanted = field_form.field_of(typed, new_id(), say)
        async with ui.container.database.begin() as session:
            field = await service.define_field(session, wanted, actor, say.now)
    except field_form.Refused as refused:
        problems: Sequence[FieldTrouble] = refused.problems
    except RegularsError as error:
        problems = field_form.problems_of(error, say)
    else:
        return go(f"/fields/{_address(field)}?done=field-added")
    return _form(request, ui, actor, replace(typed, choices=field_form.with_spare(typed.choices)), problems)


@router.get("/{fact}", response_class=HTMLResponse)
async def one_fact(request: Request, ui: Pages, fact: str, actor: CatalogueReader) -> HTMLResponse:
    return await _show(request, ui, actor, fact)


@router.post("/own/{field_id}", response_model=None)
async def change_field(request: Request, ui: Pages, field_id: UUID, actor: Author) -> Response:
    await for_the_whole_chain(ui, actor)
    say, form = ui.speech(request, actor), await request.form()
    typed = field_form.typed_of(form)
    field = await _field(ui, field_id)
    change = Change(
        title_zh=typed.title_zh.strip(),
        title_en=typed.title_en.strip(),
        help_zh=typed.help_zh.strip(),
        help_en=typed.help_en.strip(),
        choices=field_form.choices_of(typed) if field.type == "choice" else None,
    )
    try:
        async with ui.container.database.begin() as session:
            await service.change_field(session, field_id, change, actor, say.now)
    except RegularsError as error:
        rows = field_form.with_spare(typed.choices)
        typed = replace(typed, subject=field.subject, type=field.type, choices=rows)
        problems = field_form.problems_of(error, say)
        return await _show(request, ui, actor, _address(field), typed=typed, problems=problems)
    return go(f"/fields/{_address(field)}?done=field-changed")


@router.post("/own/{field_id}/retire", response_model=None)
async def retire_field(request: Request, ui: Pages, field_id: UUID, actor: Author) -> Response:
    """Retire a field; where packs read it, live or on their way, only for who was told which, and said so."""
    await for_the_whole_chain(ui, actor)
    await ui.refresh()
    form, field = await request.form(), await _field(ui, field_id)
    async with ui.container.database.read() as session:
        coming = await _coming(session, EVERYWHERE, path_of(field), ui.container.now())
    reading = _seen([*_live(ui, EVERYWHERE, path_of(field)), *(version for version, _ in coming)])
    if reading and (form.get("seen") != reading or not form.get("sure")):
        return await _show(request, ui, actor, _address(field), unconfirmed=True)
    async with ui.container.database.begin() as session:
        await service.retire_field(session, field_id, actor, ui.container.now())
    return go(f"/fields/{_address(field)}?done=field-retired")


def _form(
    request: Request, ui: Ui, actor: Actor, typed: FieldTyped, problems: Sequence[FieldTrouble] = ()
) -> HTMLResponse:
    say = ui.speech(request, actor)
    view = FieldNewPage(
        subjects=field_form.subject_choices(typed.subject, say),
        types=field_form.type_choices(typed.type, say),
        typed=typed,
        problems=tuple(problems),
    )
    return ui.page(request, actor, view, say, status=422 if problems else 200)


async def _show(
    request: Request,
    ui: Ui,
    actor: Actor,
    address: str,
    *,
    typed: FieldTyped | None = None,
    problems: Sequence[FieldTrouble] = (),
    unconfirmed: bool = False,
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    scope = EVERYWHERE if may_define(ui, actor) else actor.scope
    async with ui.container.database.read() as session:
        fact = fact_view.all_facts(await catalogue_of(session)).get(address)
        if fact is None:
            raise UnknownCustomField(address)
        own = await _own(session, fact, address)
        found = await _segments(session, actor, fact.path, say)
        of_stores = await service.values_of_stores(session) if own and own.subject == "store" else {}
        coming = await _coming(session, scope, fact.path, say.now)
    versions = _live(ui, scope, fact.path)
    coming = [(version, state) for version, state in coming if version not in versions]
    stores = _stores(ui, actor, own, fact, of_stores, say) if own and own.subject == "store" else []
    held = field_form.typed_of_field(own, say.money.exponent) if own else FieldTyped()
    held = typed or replace(held, choices=field_form.with_spare(held.choices))
    view = FactPage(
        name=fact_view.name_of(fact, say),
        other_name=fact.en if say.language == "zh" else fact.zh,
        other_lang=LANGS["en" if say.language == "zh" else "zh"],
        path=fact.path,
        code=f'{{"var": "{fact.path}"}}',
        kind=fact_view.kind_of(fact, say),
        help=fact.help_zh if say.language == "zh" else fact.help_en,
        facts=tuple(_particulars(fact, address, say)),
        options=tuple(
            (str(o.value), o.zh if say.language == "zh" else o.en) for o in fact.options if o.value != ""
        ),
        readers=fact_view.readers_lines(versions, say),
        segments=found,
        own=own.id if own else None,
        retired_at=own.retired_at if own else None,
        coming=tuple(
            replace(line, state=state)
            for version, state in coming
            for line in fact_view.readers_lines([version], say)
        ),
        seen=_seen([*versions, *(version for version, _ in coming)]),
        values_href="/fields/products" if own and own.subject == "product" else None,
        stores=tuple(stores[:STORES_SHOWN]),
        more_stores=max(0, len(stores) - STORES_SHOWN),
        history=_history(ui, actor, own),
        typed=held,
        may_change=own is not None and may_define(ui, actor),
        unconfirmed=unconfirmed,
        problems=tuple(problems),
    )
    return ui.page(request, actor, view, say, status=422 if problems or unconfirmed else 200)


def _particulars(fact: Field, address: str, say: Speech) -> list[tuple[str, str]]:
    told = [(say.text(N_("Values")), fact_view.kind_of(fact, say))]
    if fact.type == "integer" and not fact.options and fact.unit != "yyyymmdd" and fact.low <= fact.high:
        low, high = (fact_view.value_of(fact, each, say) for each in (fact.low, fact.high))
        told.append((say.text(N_("From … to …")), f"{low} – {high}"))
    example = fact_view.example_of(fact, say)
    if example:
        told.append((say.text(N_("For example")), example))
    told.append((say.text(N_("Comes from")), fact_view.source_of(fact, say)))
    if fact.custom:
        usual = fact_view.value_of(fact, fact.default, say)
        told.append((say.text(N_("Where nothing is set, rules read")), usual))
    where = N_("inside the lines of a purchase") if address.startswith(LINES) else N_("anywhere in a rule")
    told.append((say.text(N_("Can be asked")), say.text(where)))
    if "tier" not in fact.kinds:
        told.append((say.text(N_("Not for")), say.text(N_("tiers: no purchase is at hand there"))))
    return told


def _live(ui: Ui, scope: Scope, path: str | None = None) -> list[PackVersion]:
    """The versions that are live where a scope reaches, or only those of them that read a fact."""
    places = [
        place.id
        for place in ui.container.places.all()
        if place.kind != "terminal" and scope.touches(place.path)
    ]
    found = live_versions(ui.container.packs, places, ui.container.now())
    return found if path is None else [each for each in found if path in facts_read(each.document)]


async def _coming(
    session: AsyncSession, scope: Scope, path: str, at: datetime
) -> list[tuple[PackVersion, ReleaseState]]:
    """The versions that may soon be live and read a fact, and how far their releases are."""
    page = await releases.list_releases(session, scope, Filter(states=COMING), at, limit=COMING_READ)
    found: dict[UUID, tuple[PackVersion, ReleaseState]] = {}
    for release in page.releases:
        version = (await rules.get_version(session, release.code, release.version)).version
        if path in facts_read(version.document):
            found.setdefault(version.id, (version, release.state))
    return list(found.values())


async def _segments(session: AsyncSession, actor: Actor, path: str, say: Speech) -> tuple[Reader, ...]:
    """The segments in sight that read a fact of members."""
    if not path.startswith("member.") or not actor.may(Permission.SEGMENT_READ):
        return ()
    page = await segments.list_segments(session, actor.scope, limit=SEGMENTS_READ)
    return tuple(
        Reader(
            f"/segments/{seen.version.code}",
            seen.version.title_zh if say.language == "zh" else seen.version.title_en,
            seen.version.code,
        )
        for seen in page.segments
        if any(path == each for _, each in reads(seen.version.when))
    )


def _stores(
    ui: Ui,
    actor: Actor,
    own: CustomField,
    fact: Field,
    of_stores: Mapping[UUID, Mapping[str, Value]],
    say: Speech,
) -> list[StoreValue]:
    """The stores in sight: those with a value first."""
    found = []
    for place in seen_places(ui, actor.scope_for(Permission.PLACE_READ)):
        if place.kind == "store" and place.closed_at is None:
            value = of_stores.get(place.id, {}).get(own.code)
            told = "" if value is None else fact_view.value_of(fact, value, say)
            found.append(StoreValue(f"/places/{place.id}/values", place.name, place.code, told))
    return sorted(found, key=lambda store: (not store.value, store.code))


async def _own(session: AsyncSession, fact: Field, address: str) -> CustomField | None:
    if not fact.custom:
        return None
    return next(each for each in await service.list_fields(session) if _address(each) == address)


async def _field(ui: Ui, field_id: UUID) -> CustomField:
    async with ui.container.database.read() as session:
        for field in await service.list_fields(session):
            if field.id == field_id:
                return field
    raise UnknownCustomField(field_id)


def _address(field: CustomField) -> str:
    """What names a field in addresses."""
    return fact_view.address_of(field.subject, field.code)


def _seen(versions: Sequence[PackVersion]) -> str:
    return " ".join(version.name for version in versions)


def _history(ui: Ui, actor: Actor, own: CustomField | None) -> str | None:
    if own is None or not actor.may_at(Permission.AUDIT_READ, ui.container.places.headquarters.path):
        return None
    return f"/audit?{urlencode({'subject': f'{own.subject}.{own.code}'})}"
