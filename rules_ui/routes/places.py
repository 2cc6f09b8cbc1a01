"""Places, and the keys of terminals."""

from collections.abc import Iterable, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request

from api.dependencies import requires
from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_id
from regulars.organisation import service as organisation
from regulars.organisation.domain import NewPlace, Place, PlaceKind
from regulars.organisation.errors import UnknownPlace
from regulars.security import terminal_keys
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from regulars.security.scope import Scope
from rules_ui.contexts.admin import KeyLine, PlaceLine, PlaceListPage, PlacePage
from rules_ui.contexts.base import Choice, FieldTrouble
from rules_ui.i18n import N_
from rules_ui.troubles import trouble_of, troubles_of
from rules_ui.ui import Pages, Ui, go

PLACES_SHOWN = 200
_KINDS: dict[str, PlaceKind] = {"branch": "branch", "store": "store", "terminal": "terminal"}
_FIELDS = {"parent_code": "parent"}


router = APIRouter(prefix="/places")


def _show_list(
    request: Request,
    ui: Ui,
    actor: Actor,
    words: str,
    problems: Sequence[FieldTrouble] = (),
    status: int = 200,
) -> HTMLResponse:
    seen = _in_order(_seen(ui, actor.scope))
    found = [place for place in seen if _matches(place, words) and (words or place.kind != "terminal")]
    manageable = actor.scope_for(Permission.PLACE_MANAGE)
    view = PlaceListPage(
        words=words,
        places=_lines(found[:PLACES_SHOWN], actor.scope),
        more=max(0, len(found) - PLACES_SHOWN),
        parents=tuple(
            Choice(place.code, f"{place.name} · {place.code}")
            for place in seen
            if place.kind != "terminal" and place.closed_at is None and manageable.covers(place.path)
        ),
        problems=tuple(problems),
        may_manage=actor.may(Permission.PLACE_MANAGE),
    )
    return ui.page(request, actor, view, status=status)


async def _show_place(
    request: Request,
    ui: Ui,
    actor: Actor,
    place_id: UUID,
    *,
    secret: str | None = None,
    problem: str | None = None,
) -> HTMLResponse:
    await ui.refresh()
    place = _place(ui, place_id, actor.scope)
    keys = []
    if place.kind == "terminal":
        async with ui.container.database.read() as session:
            keys = await terminal_keys.list_keys(session, place.id, actor.scope)
    below = _in_order(each for each in ui.container.places.all() if each.parent_id == place.id)
    view = PlacePage(
        place_id=place.id,
        code=place.code,
        name=place.name,
        kind=place.kind,
        time_zone=place.time_zone,
        above=tuple((each.name, f"/places/{each.id}") for each in _above(ui, place, actor.scope)),
        below=_lines(below[:PLACES_SHOWN], actor.scope),
        more=max(0, len(below) - PLACES_SHOWN),
        keys=tuple(KeyLine(key.key_id, key.created_at, key.revoked_at) for key in reversed(keys)),
        secret=secret,
        may_issue=actor.may_at(Permission.TERMINAL_KEY_MANAGE, place.path),
        problem=problem,
    )
    return ui.page(request, actor, view, status=422 if problem else 200)


@router.get("", response_class=HTMLResponse)
async def list_places(
    request: Request,
    ui: Pages,
    q: Annotated[str, Query(max_length=80)] = "",
    actor: Actor = Depends(requires(Permission.PLACE_READ)),
) -> HTMLResponse:
    await ui.refresh()
    return _show_list(request, ui, actor, q.strip())


@router.post("", response_model=None)
async def open_place(
    request: Request,
    ui: Pages,
    parent: Annotated[str, Form(max_length=100)] = "",
    kind: Annotated[str, Form(max_length=20)] = "",
    code: Annotated[str, Form(max_length=100)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    actor: Actor = Depends(requires(Permission.PLACE_MANAGE)),
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    if kind not in _KINDS:
        problem = FieldTrouble("kind", say.text(N_("Choose a kind of place.")))
        return _show_list(request, ui, actor, "", [problem], 422)
    new = NewPlace(id=new_id(), parent_code=parent, kind=_KINDS[kind], code=code.strip(), name=name)
    try:
        async with ui.container.database.begin() as session:
            place = await organisation.open_place(session, new, actor, say.now)
    except RegularsError as error:
        said = troubles_of(error, say.language)
        problems = [FieldTrouble(_FIELDS.get(each.field, each.field), each.message) for each in said]
        return _show_list(request, ui, actor, "", problems, 422)
    return go(f"/places/{place.id}?done=opened")


@router.get("/{place_id}", response_class=HTMLResponse)
async def one_place(
    request: Request, ui: Pages, place_id: UUID, actor: Actor = Depends(requires(Permission.PLACE_READ))
) -> HTMLResponse:
    return await _show_place(request, ui, actor, place_id)


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


def _seen(ui: Ui, scope: Scope) -> Iterable[Place]:
    return (place for place in ui.container.places.all() if scope.covers(place.path))


def _place(ui: Ui, place_id: UUID, scope: Scope) -> Place:
    place = ui.container.places.get(place_id)
    if not scope.covers(place.path):
        raise UnknownPlace(place_id)
    return place


def _above(ui: Ui, place: Place, scope: Scope) -> list[Place]:
    found = []
    while place.parent_id is not None:
        place = ui.container.places.get(place.parent_id)
        if scope.covers(place.path):
            found.append(place)
    return found[::-1]


def _in_order(places: Iterable[Place]) -> list[Place]:
    """The tree in reading order: each place directly below what it stands in, by name."""
    by_path = {place.path: place for place in places}

    def key(place: Place) -> list[tuple[str, str]]:
        labels = place.path.split(".")
        paths = (".".join(labels[: i + 1]) for i in range(len(labels)))
        return [(by_path[path].name, path) if path in by_path else ("", path) for path in paths]

    return sorted(by_path.values(), key=key)


def _matches(place: Place, words: str) -> bool:
    needle = words.casefold()
    return not needle or needle in place.code.casefold() or needle in place.name.casefold()


def _lines(places: Sequence[Place], scope: Scope) -> tuple[PlaceLine, ...]:
    top = min((path.count(".") for path in scope.paths), default=0)
    return tuple(
        PlaceLine(
            href=f"/places/{place.id}",
            code=place.code,
            name=place.name,
            kind=place.kind,
            depth=min(4, max(0, place.path.count(".") - top)),
            time_zone=place.time_zone,
            closed=place.closed_at is not None,
        )
        for place in places
    )
