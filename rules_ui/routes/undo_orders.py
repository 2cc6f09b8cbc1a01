"""Ordering that what a version gave is taken back: what it did, and the form."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Path, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api import starting
from api.dependencies import requires
from api.errors import problem_of
from regulars.kernel.errors import RegularsError
from regulars.organisation.domain import Place
from regulars.rules import service as rules
from regulars.rules.model import Pack
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from regulars.undoing import service
from regulars.undoing.domain import EffectKey, EffectKind, EffectPage, Policy, Reach
from regulars.undoing.errors import UndoPlaceUnknown, UndoSpanInvalid
from rules_ui import undo_view
from rules_ui.contexts.base import Choice, FieldTrouble
from rules_ui.contexts.undoing import UndoOrderPage
from rules_ui.i18n import N_, Speech
from rules_ui.ladder import ladder_of, titles_of
from rules_ui.names import known_names
from rules_ui.paging import older_href
from rules_ui.place_pick import PickedPlace, picked, place_pick
from rules_ui.place_tree import open_places
from rules_ui.troubles import troubles_of
from rules_ui.ui import Pages, Ui, go
from rules_ui.words import WORDS

router = APIRouter(prefix="/packs")
Reader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
Orderer = Annotated[Actor, Depends(requires(Permission.PACK_UNDO))]
Version = Annotated[int, Path(ge=1, le=1 << 30)]
Reason = Annotated[str, Form(max_length=500)]
Moment = Annotated[str, Form(max_length=40)]

_SHOWN: Final = frozenset({"place", "since", "until", "policy", "to_version", "reason"})
_SHOWN_AT: Final = {"note": "reason"}
"""Where the form has the field of an error, under another name."""

EFFECTS_SHOWN: Final = 20
MOST_VERSIONS: Final = 500


@dataclass(frozen=True, slots=True)
class Typed:
    """The order as somebody filled it in, and why it was not taken."""

    place: str = ""
    policy: Policy = "let_be"
    to_version: int | None = None
    since: str = ""
    until: str = ""
    reason: str = ""
    problems: tuple[FieldTrouble, ...] = ()
    status: int = 200


@dataclass(frozen=True, slots=True)
class Look:
    """Which part of a version's effects is shown."""

    kind: EffectKind | None = None
    after: EffectKey | None = None


@router.get("/{code}/versions/{version}/undo", response_class=HTMLResponse)
async def show_order(
    request: Request,
    ui: Pages,
    code: str,
    version: Version,
    actor: Reader,
    kind: EffectKind | None = None,
    after_at: datetime | None = None,
    after_id: UUID | None = None,
    after_rule: Annotated[str, Query(max_length=100)] = "",
) -> HTMLResponse:
    await ui.refresh()
    after = (after_at, after_id, after_rule) if after_at and after_at.tzinfo and after_id else None
    return await _order_page(request, ui, actor, code, version, Look(kind, after), Typed())


@router.post("/{code}/versions/{version}/undo", response_model=None)
async def order(
    request: Request,
    ui: Pages,
    code: str,
    version: Version,
    actor: Orderer,
    place: PickedPlace = (),
    policy: Annotated[str, Form(max_length=20)] = "let_be",
    to_version: Annotated[int | None, Form(ge=1, le=1 << 30)] = None,
    since: Moment = "",
    until: Moment = "",
    reason: Reason = "",
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    wished: Policy = next((each for each in get_args(Policy) if each == policy), "let_be")
    undo_id = ui.container.new_id()
    at = picked(place, open_places(ui, actor.scope))
    try:
        where = _place(ui, actor, at)
        wish = service.Wish(
            code,
            version,
            where.id,
            wished,
            _moment(since, where.zone, "since"),
            _moment(until, where.zone, "until"),
            note=reason,
            to_version=to_version,
        )
        async with ui.container.database.begin() as session:
            await service.order_undo(session, ui.container.places, undo_id, wish, actor, say.now)
    except PermissionDenied:
        raise
    except RegularsError as error:
        status = problem_of(error, say.language).status
        if status == 404:
            raise
        told = troubles_of(error, say.language)
        refused = Typed(at, wished, to_version, since, until, reason, told, status)
        reader = actor.admitted(Permission.PACK_READ)
        return await _order_page(request, ui, reader, code, version, Look(), refused)
    await starting.UNDOS.start(ui.container, undo_id)
    return go(f"/undos/{undo_id}")


async def _order_page(
    request: Request, ui: Ui, actor: Actor, code: str, version: int, look: Look, typed: Typed
) -> HTMLResponse:
    say = ui.speech(request, actor)
    paths = actor.scope.parameters["scope_paths"]
    async with ui.container.database.read() as session:
        stored = await rules.get_version(session, code, version)
        names = await known_names(session, ui)
        numbers = [line.version for line in await rules.list_versions_of(session, code, limit=MOST_VERSIONS)]
        reach = Reach(stored.version.name, tuple(paths), None, None)
        found, total = await _effects(session, reach, look, say)
    pack = Pack.model_validate(stored.version.document)
    titles = {rule.id: rule.title.of(say.language) for rule in pack.rules}
    tiers = titles_of(ladder_of(ui.chain_plan(), say))
    base = f"/packs/{code}/versions/{version}/undo"
    key = found.next_after
    older = older_href(f"{base}?kind={look.kind}", key[:2] if key else None)
    places = open_places(ui, actor.scope_for(Permission.PACK_UNDO))
    live = any(
        each.version == version and each.code == code
        for place in open_places(ui, actor.scope)
        for each in ui.container.packs.at(place.id, say.now).versions
    )
    view = UndoOrderPage(
        code=code,
        version=version,
        title=pack.title.of(say.language),
        total=total,
        kinds=tuple(
            Choice(f"{base}?kind={kind}", say.text(title), kind == look.kind)
            for kind, title in undo_view.KINDS.items()
        ),
        asked=look.kind is not None,
        effects=tuple(undo_view.effect_line(each, names, titles, tiers, say) for each in found.effects),
        older=f"{older}&after_rule={key[2]}" if key else "",
        looked_back_to=found.looked_back_to,
        places=place_pick(places, [typed.place], Permission.PACK_UNDO),
        policies=undo_view.choices(WORDS["undo_policy"], typed.policy, say),
        others=undo_view.numbers(numbers, version, typed.to_version, say),
        since=typed.since,
        until=typed.until,
        reason=typed.reason,
        released=live,
        may_order=bool(places),
        problems=tuple(_at_its_field(each) for each in typed.problems),
    )
    return ui.page(request, actor, view, say, status=typed.status)


async def _effects(session: AsyncSession, reach: Reach, look: Look, say: Speech) -> tuple[EffectPage, str]:
    """A page of effects, and how many there are where counting is quick."""
    if look.kind is None:
        return EffectPage((), None), ""
    found = await service.list_effects(session, reach, look.kind, after=look.after, limit=EFFECTS_SHOWN)
    if look.after is None and found.next_after is None:
        return found, _counted(len(found.effects), say) if found.effects else ""
    if look.kind != "discount" and look.kind != "refusal" and not found.looked_back_to:
        number = await service.count_effects(session, reach, look.kind)
        return found, _counted(number, say) if number is not None else ""
    return found, ""


def _counted(effects: int, say: Speech) -> str:
    if effects < service.COUNTED_MOST:
        return say.text(N_("%(count)s in all"), count=say.number(effects))
    return say.text(N_("%(count)s or more; the order's preview counts them all"), count=say.number(effects))


def _place(ui: Ui, actor: Actor, said: str) -> Place:
    place = next((each for each in ui.container.places.all() if str(each.id) == said), None)
    if place is None or not actor.scope.covers(place.path):
        raise UndoPlaceUnknown(said)
    return place


def _at_its_field(problem: FieldTrouble) -> FieldTrouble:
    field = _SHOWN_AT.get(problem.field, problem.field)
    return replace(problem, field=field if field in _SHOWN else "")


def _moment(said: str, zone: ZoneInfo, field: str) -> datetime | None:
    """A wall time at the place. Raises: UndoSpanInvalid."""
    if not said:
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise UndoSpanInvalid("write a time such as 2026-11-20T08:00", field) from None
    return at if at.tzinfo else at.replace(tzinfo=zone)
