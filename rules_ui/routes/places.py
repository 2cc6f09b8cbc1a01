"""Places, and the keys of terminals."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request

from api.dependencies import requires
from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_id
from regulars.kernel.reasons import ReasonMissing
from regulars.organisation import service as organisation
from regulars.organisation.domain import PARENT_KINDS, NewPlace, Place, PlaceKind
from regulars.organisation.errors import UnknownPlace
from regulars.releases.newcomers import follow
from regulars.security import terminal_keys
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from regulars.security.scope import Scope
from rules_ui.contexts.admin import KeyLine, PlaceListPage, PlacePage, PlaceRows, PlaceSuggestions, PlaceTyped
from rules_ui.contexts.base import FieldTrouble
from rules_ui.i18n import N_, LanguageTag
from rules_ui.place_pick import TYPED_MOST, PickedPlace, by_code, picked, place_pick, suggested
from rules_ui.place_tree import line_of, open_places, roots_of, rows_below, seen_places, tree_of
from rules_ui.troubles import trouble_of, troubles_of
from rules_ui.ui import Pages, Ui, go

PLACES_SHOWN: Final = 100
_KINDS: Final[dict[str, PlaceKind]] = {"branch": "branch", "store": "store", "terminal": "terminal"}
_FIELDS: Final = {"parent_code": "parent", "cutoff_minutes": "cutoff"}
_USUAL_ZONES: Final = ("Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei")
_NOT_A_TIME: Final = -1

After = Annotated[str, Query(max_length=100)]

router = APIRouter(prefix="/places")


@router.get("", response_class=HTMLResponse)
async def list_places(
    request: Request,
    ui: Pages,
    q: Annotated[str, Query(max_length=80)] = "",
    below: Annotated[str, Query(max_length=40)] = "",
    actor: Actor = Depends(requires(Permission.PLACE_READ)),
) -> HTMLResponse:
    await ui.refresh()
    typed = PlaceTyped(parent=below, kind=_likely_kind(ui, below))
    return _show_list(request, ui, actor, q.strip(), typed)


@router.get("/suggested", response_model=None)
async def suggest(
    request: Request,
    ui: Pages,
    right: Permission = Permission.PLACE_READ,
    of: Annotated[str, Query(max_length=40)] = "place",
    only: Annotated[str, Query(max_length=20)] = "",
    actor: Actor = Depends(requires(Permission.PLACE_READ)),
) -> Response:
    """Places at which the reader has a right, by what stands in the field `of` so far."""
    await ui.refresh()
    said = next(reversed(request.query_params.getlist(of)), "")[:TYPED_MOST]
    places = [each for each in open_places(ui, actor.scope_for(right)) if not only or each.kind == only]
    return ui.page(request, actor, PlaceSuggestions(suggested(said, places)))


@router.post("", response_model=None)
async def open_place(
    request: Request,
    ui: Pages,
    parent: PickedPlace = (),
    kind: Annotated[str, Form(max_length=20)] = "",
    code: Annotated[str, Form(max_length=100)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    time_zone: Annotated[str, Form(max_length=80)] = "",
    cutoff: Annotated[str, Form(max_length=8)] = "",
    actor: Actor = Depends(requires(Permission.PLACE_MANAGE)),
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    above = picked(parent, _manageable(ui, actor), by_code)
    typed = PlaceTyped(above, kind, code, name, time_zone, cutoff)
    if kind not in _KINDS:
        problem = FieldTrouble("kind", say.text(N_("Choose a kind of place.")))
        return _show_list(request, ui, actor, "", typed, [problem])
    new = NewPlace(
        id=new_id(),
        parent_code=above,
        kind=_KINDS[kind],
        code=code.strip(),
        name=name,
        time_zone=time_zone.strip() or None,
        cutoff_minutes=_minutes(cutoff),
    )
    try:
        async with ui.container.database.begin() as session:
            place = await organisation.open_place(session, new, actor, say.now)
            await follow(session, place, actor, say.now)
    except RegularsError as error:
        return _show_list(request, ui, actor, "", typed, _troubles(error, say.language))
    return go(f"/places/{place.id}?done=opened")


@router.get("/{place_id}", response_class=HTMLResponse)
async def one_place(
    request: Request,
    ui: Pages,
    place_id: UUID,
    after: After = "",
    actor: Actor = Depends(requires(Permission.PLACE_READ)),
) -> HTMLResponse:
    return await _show_place(request, ui, actor, place_id, after=after)


@router.get("/{place_id}/below", response_model=None)
async def list_below(
    request: Request,
    ui: Pages,
    place_id: UUID,
    after: After = "",
    asked: Annotated[str, Query(max_length=1)] = "",
    actor: Actor = Depends(requires(Permission.PLACE_READ)),
) -> Response:
    await ui.refresh()
    place = _place(ui, place_id, actor.scope)
    nodes, rest = rows_below(place, seen_places(ui, actor.scope), after)
    return ui.page(request, actor, PlaceRows(nodes, rest, bool(asked)))


@router.post("/{place_id}", response_model=None)
async def change_place(
    request: Request,
    ui: Pages,
    place_id: UUID,
    name: Annotated[str, Form(max_length=200)] = "",
    time_zone: Annotated[str, Form(max_length=80)] = "",
    cutoff: Annotated[str, Form(max_length=8)] = "",
    actor: Actor = Depends(requires(Permission.PLACE_MANAGE)),
) -> Response:
    say = ui.speech(request, actor)
    try:
        async with ui.container.database.begin() as session:
            await organisation.change_place(
                session,
                place_id,
                actor,
                say.now,
                name=name,
                time_zone=time_zone.strip() or None,
                cutoff_minutes=_minutes(cutoff),
            )
    except UnknownPlace:
        raise
    except RegularsError as error:
        typed = PlaceTyped(name=name, time_zone=time_zone, cutoff=cutoff)
        problems = _troubles(error, say.language)
        return await _show_place(request, ui, actor, place_id, typed=typed, problems=problems)
    return go(f"/places/{place_id}?done=place-changed")


@router.post("/{place_id}/close", response_model=None)
async def close_place(
    request: Request,
    ui: Pages,
    place_id: UUID,
    reason: Annotated[str, Form(max_length=500)] = "",
    actor: Actor = Depends(requires(Permission.PLACE_MANAGE)),
) -> Response:
    say = ui.speech(request, actor)
    try:
        async with ui.container.database.begin() as session:
            await organisation.close_place(session, place_id, actor, say.now, reason)
    except UnknownPlace:
        raise
    except ReasonMissing as error:
        problems = troubles_of(error, say.language)
        return await _show_place(request, ui, actor, place_id, problems=problems)
    except RegularsError as error:
        return await _show_place(request, ui, actor, place_id, problem=trouble_of(error, say.language))
    return go(f"/places/{place_id}?done=place-closed")


@router.post("/{place_id}/keys", response_model=None)
async def make_key(
    request: Request,
    ui: Pages,
    place_id: UUID,
    actor: Actor = Depends(requires(Permission.TERMINAL_KEY_MANAGE)),
) -> Response:
    pepper = ui.container.settings.secrets.terminal_key_pepper
    say = ui.speech(request, actor)
    try:
        async with ui.container.database.begin() as session:
            issued = await terminal_keys.issue_key(session, place_id, pepper, actor, say.now)
    except RegularsError as error:
        return await _show_place(request, ui, actor, place_id, problem=trouble_of(error, say.language))
    return await _show_place(request, ui, actor, place_id, secret=issued.bearer)


@router.post("/{place_id}/keys/{key_id}/revoke", response_model=None)
async def revoke_key(
    ui: Pages, place_id: UUID, key_id: str, actor: Actor = Depends(requires(Permission.TERMINAL_KEY_MANAGE))
) -> Response:
    async with ui.container.database.begin() as session:
        await terminal_keys.revoke_key(session, place_id, key_id, actor, ui.container.now())
    return go(f"/places/{place_id}?done=revoked")


def _show_list(
    request: Request,
    ui: Ui,
    actor: Actor,
    words: str,
    typed: PlaceTyped,
    problems: Sequence[FieldTrouble] = (),
) -> HTMLResponse:
    seen = seen_places(ui, actor.scope)
    found = sorted((place for place in seen if _matches(place, words)), key=_by_code) if words else []
    tree = () if words else tree_of(seen)
    view = PlaceListPage(
        words=words,
        tree=tree,
        places=tuple(line_of(place) for place in found[:PLACES_SHOWN]),
        more=max(0, len(found) - PLACES_SHOWN) if words else roots_of(seen) - len(tree),
        parents=place_pick(_manageable(ui, actor), [typed.parent], Permission.PLACE_MANAGE, named=by_code),
        kinds=tuple(_KINDS),
        zones=_zones(ui),
        typed=typed,
        problems=tuple(problems),
        may_manage=actor.may(Permission.PLACE_MANAGE),
    )
    return ui.page(request, actor, view, status=422 if problems else 200)


async def _show_place(
    request: Request,
    ui: Ui,
    actor: Actor,
    place_id: UUID,
    *,
    after: str = "",
    secret: str | None = None,
    problem: str | None = None,
    typed: PlaceTyped | None = None,
    problems: Sequence[FieldTrouble] = (),
) -> HTMLResponse:
    await ui.refresh()
    place = _place(ui, place_id, actor.scope)
    below = [each for each in seen_places(ui, actor.scope) if each.path.startswith(f"{place.path}.")]
    if after:
        nodes, rest = rows_below(place, [place, *below], after)
    else:
        (whole,) = tree_of([place, *below])
        nodes, rest = whole.children, whole.rest
    cutoff = f"{place.cutoff_minutes // 60:02}:{place.cutoff_minutes % 60:02}"
    view = PlacePage(
        place_id=place.id,
        code=place.code,
        name=place.name,
        kind=place.kind,
        time_zone=place.time_zone,
        cutoff=cutoff,
        opened_at=place.created_at,
        closed_at=place.closed_at,
        above=tuple((each.name, f"/places/{each.id}") for each in _above(ui, place, actor.scope)),
        tree=nodes,
        rest=rest,
        first_href=f"/places/{place.id}" if after else "",
        open_below=sum(1 for each in below if each.parent_id == place.id and not each.closed_at),
        keys=await _keys(ui, place, actor) if place.kind == "terminal" else (),
        secret=secret,
        zones=_zones(ui),
        typed=typed or PlaceTyped(name=place.name, time_zone=place.time_zone, cutoff=cutoff),
        history=_history(place, actor),
        may_issue=place.closed_at is None and actor.may_at(Permission.TERMINAL_KEY_MANAGE, place.path),
        may_manage=actor.may_at(Permission.PLACE_MANAGE, place.path),
        problem=problem,
        problems=tuple(problems),
    )
    return ui.page(request, actor, view, status=422 if problem or problems else 200)


async def _keys(ui: Ui, place: Place, actor: Actor) -> tuple[KeyLine, ...]:
    async with ui.container.database.read() as session:
        keys = await terminal_keys.list_keys(session, place.id, actor.scope)
    return tuple(
        KeyLine(key.key_id, key.created_at, key.revoked_at, key.last_used_at) for key in reversed(keys)
    )


def _history(place: Place, actor: Actor) -> str | None:
    if not actor.may_at(Permission.AUDIT_READ, place.path):
        return None
    return f"/audit?{urlencode({'place': place.code})}"


def _troubles(error: RegularsError, language: LanguageTag) -> list[FieldTrouble]:
    said = troubles_of(error, language)
    return [FieldTrouble(_FIELDS.get(each.field, each.field), each.message) for each in said]


def _minutes(text: str) -> int | None:
    """Minutes after midnight of "04:30"; None where nothing was typed, and what no day has for nonsense."""
    if not text.strip():
        return None
    hours, _, minutes = text.strip().partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and int(minutes) < 60):
        return _NOT_A_TIME
    return int(hours) * 60 + int(minutes)


def _zones(ui: Ui) -> tuple[str, ...]:
    used = {place.time_zone for place in ui.container.places.all()}
    return tuple(sorted(used | set(_USUAL_ZONES)))


def _likely_kind(ui: Ui, below: str) -> str:
    """What is probably opened below a place: terminals in a store, else stores."""
    try:
        above = ui.container.places.by_code(below) if below else ui.container.places.headquarters
    except UnknownPlace:
        return "store"
    return "terminal" if above.kind in PARENT_KINDS["terminal"] else "store"


def _manageable(ui: Ui, actor: Actor) -> list[Place]:
    return open_places(ui, actor.scope_for(Permission.PLACE_MANAGE))


def _place(ui: Ui, place_id: UUID, scope: Scope) -> Place:
    place = ui.container.places.get(place_id)
    if not scope.covers(place.path):
        raise UnknownPlace(place_id)
    return place


def _above(ui: Ui, place: Place, scope: Scope) -> Iterable[Place]:
    found = []
    while place.parent_id is not None:
        place = ui.container.places.get(place.parent_id)
        if scope.covers(place.path):
            found.append(place)
    return found[::-1]


def _by_code(place: Place) -> tuple[int, str]:
    return place.path.count("."), place.code


def _matches(place: Place, words: str) -> bool:
    needle = words.casefold()
    return needle in place.code.casefold() or needle in place.name.casefold()
