"""A draft or a version beside what is live; from here it is rehearsed and submitted for review."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api.dependencies import requires
from api.errors import problem_of
from regulars.kernel.errors import RegularsError
from regulars.organisation.domain import Place
from regulars.rehearsal import service as rehearsals
from regulars.releases import drafts, review
from regulars.releases.domain import WORDS_MAX
from regulars.releases.errors import UnknownDraft
from regulars.rules import service as rules
from regulars.rules.canonical import canonical, content_hash
from regulars.rules.chain_catalogue import catalogue_of, examine_here
from regulars.rules.checker import Report
from regulars.rules.domain import PackVersion
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from rules_ui.checked_view import clashes_beside, findings_of
from rules_ui.contexts.base import Choice, FieldTrouble, PlacePick
from rules_ui.contexts.compare import ComparePage, RehearsalLine, Rehearsing, Submitting
from rules_ui.i18n import N_, Speech
from rules_ui.names import known_names
from rules_ui.pack_diff import Side, diff_of
from rules_ui.place_pick import is_id, no_such_place, picked_many, place_pick
from rules_ui.place_tree import open_places
from rules_ui.rehearsal_view import line_of
from rules_ui.rule_words import pack_words
from rules_ui.troubles import troubles_of
from rules_ui.ui import Pages, Ui, go
from rules_ui.version_marks import Names

router = APIRouter(prefix="/packs")
Reader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
Editor = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]
Version = Annotated[int | None, Query(ge=1, le=1 << 30)]

REHEARSALS_SHOWN: Final = 5
_SUBMITTED: Final = {"place_ids": "submit-place", "reason": "submit-reason", "note": "submit-reason"}
"""Where the form that submits has the fields of errors."""
MOST_PLACES: Final = 500
MOST_VERSIONS: Final = 500
_NOTHING: Final = 0
"""Chosen to compare with nothing at all, where no version is live."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What stands beside what.

    Attributes:
        revision: of the draft; 0 where a version is meant.
        version: None where the draft is meant.
    """

    side: Side
    report: Report
    made: str
    revision: int
    version: int | None

    @property
    def digest(self) -> str | None:
        """Stands for the content; None where it cannot be read."""
        document = self.report.document
        return None if document is None else content_hash(canonical(document))


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody filled in before it was refused."""

    places: Sequence[str] = ()
    reason: str = ""
    rehearsed_at: str = ""
    since: str = ""
    until: str = ""
    problems: tuple[FieldTrouble, ...] = ()
    status: int = 200


@router.get("/{code}/compare", response_class=HTMLResponse)
async def show_comparison(
    request: Request,
    ui: Pages,
    code: str,
    actor: Reader,
    version: Version = None,
    against: Annotated[int | None, Query(ge=0, le=1 << 30)] = None,
) -> Response:
    await ui.refresh()
    try:
        return await compare_page(request, ui, actor, code, version, Typed(), against)
    except UnknownDraft:  # to where one begins
        editor = "/edit" if actor.may(Permission.PACK_EDIT) else ""
        return go(f"/packs/{code}{editor}?done=not-drafted")


@router.post("/{code}/submit", response_model=None)
async def submit(
    request: Request,
    ui: Pages,
    code: str,
    actor: Editor,
    place: Annotated[tuple[str, ...], Form(max_length=MOST_PLACES)] = (),
    reason: Annotated[str, Form(max_length=WORDS_MAX)] = "",
    version: Annotated[int | None, Form(ge=1, le=1 << 30)] = None,
    revision: Annotated[int | None, Form(ge=1, le=1 << 30)] = None,
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    places = picked_many(place, open_places(ui, actor.scope))
    unknown = [each for each in places if not is_id(each)]
    if unknown:
        told = (FieldTrouble("submit-place", no_such_place("、".join(unknown), say)),)
        refused = Typed(places, reason, problems=told, status=422)
        return await compare_page(request, ui, actor, code, version, refused)
    wanted = review.Submission(
        release_id=ui.container.new_id(),
        code=code,
        place_ids=tuple(map(UUID, places)),
        revision=None if version else revision,
        version=version,
        note=reason,
    )
    try:
        async with ui.container.database.begin() as session:
            release = await review.submit(session, wanted, actor, say.now)
    except PermissionDenied:
        raise
    except RegularsError as error:
        status = problem_of(error, say.language).status
        if status == 404:
            raise
        typed = Typed(places, reason, problems=_of_submitting(error, say), status=status)
        return await compare_page(request, ui, actor, code, version, typed)
    return go(f"/releases/{release.id}?done=submitted")


async def compare_page(
    request: Request,
    ui: Ui,
    actor: Actor,
    code: str,
    version: int | None,
    typed: Typed,
    against: int | None = None,
) -> HTMLResponse:
    """The page, with what somebody has typed so far. Raises: UnknownDraft, UnknownPack."""
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        names = await known_names(session, ui)
        chosen = await _chosen(session, code, version, names, say)
        numbers = [line.version for line in await rules.list_versions_of(session, code, limit=MOST_VERSIONS)]
        live = _live_at_headquarters(ui, code, say)
        number = live.version if live else None
        if against is None:
            against = number or _NOTHING
        before = await _version_side(session, code, against, say) if against else None
        catalogue = await catalogue_of(session)
        lines = await _rehearsals(session, actor, chosen, names, say)
    edits = open_places(ui, actor.scope_for(Permission.PACK_EDIT))
    clashes = await clashes_beside(ui, chosen.report, [ui.container.places.headquarters.id], catalogue, say)
    pack = chosen.report.pack
    same = live is not None and against == live.version and chosen.digest == live.hash
    view = ComparePage(
        code=code,
        title=pack_words(pack, say, catalogue).title if pack else code,
        what=str(version or "draft"),
        revision=chosen.revision,
        heading=chosen.side.name,
        made=chosen.made,
        green=chosen.report.green,
        findings=findings_of(chosen.report, say),
        clashes=clashes,
        cases=len(pack.cases) if pack else 0,
        failing=sum(not result.passed for result in chosen.report.cases),
        against=tuple(_against(numbers, version, against, number, say)),
        diff=diff_of(before, chosen.side, catalogue, say),
        rehearsals=lines,
        same=same,
        rehearse=_rehearsing(edits, typed) if edits else None,
        submit=Submitting(_pick(edits, typed.places), typed.reason)
        if edits and chosen.report.green and not same
        else None,
        may_edit=actor.may(Permission.PACK_EDIT),
        problems=typed.problems,
    )
    return ui.page(request, actor, view, say, status=typed.status)


def _rehearsing(places: Sequence[Place], typed: Typed) -> Rehearsing:
    return Rehearsing(_pick(places, [typed.rehearsed_at]), typed.since, typed.until)


def _pick(places: Sequence[Place], chosen: Sequence[str]) -> PlacePick:
    return place_pick(places, chosen, Permission.PACK_EDIT)


def _of_submitting(error: RegularsError, say: Speech) -> tuple[FieldTrouble, ...]:
    """What is wrong with the form that submits, at its fields."""
    return tuple(
        replace(each, field=_SUBMITTED.get(each.field, "")) for each in troubles_of(error, say.language)
    )


async def _chosen(session: AsyncSession, code: str, version: int | None, names: Names, say: Speech) -> Chosen:
    """The draft's newest revision, or a version that stands. Raises: UnknownDraft, UnknownPack."""
    if version is not None:
        stored = await rules.get_version(session, code, version)
        report = await examine_here(session, stored.text)
        made = say.text(
            N_("by %(name)s, %(date)s"),
            name=names.of(stored.created_by, say),
            date=say.moment(stored.created_at),
        )
        side = Side(say.text(N_("Version %(version)s"), version=version), stored.text, report.pack)
        return Chosen(side, report, made, 0, version)
    draft = await drafts.get_draft(session, code)
    report = await drafts.examine_draft(session, code, draft.text)
    number = draft.line.revision or 0
    made = say.text(
        N_("Revision %(number)s, saved by %(name)s %(when)s"),
        number=number,
        name=names.of(draft.line.saved_by, say),
        when=say.ago(draft.line.saved_at),
    )
    return Chosen(Side(say.text(N_("Draft")), draft.text, report.pack), report, made, number, None)


async def _version_side(session: AsyncSession, code: str, version: int, say: Speech) -> Side:
    stored = await rules.get_version(session, code, version)
    pack = (await examine_here(session, stored.text)).pack
    return Side(say.text(N_("Version %(version)s"), version=version), stored.text, pack)


async def _rehearsals(
    session: AsyncSession, actor: Actor, chosen: Chosen, names: Names, say: Speech
) -> tuple[RehearsalLine, ...]:
    """The latest rehearsals of exactly this content."""
    digest = chosen.digest
    if digest is None:
        return ()
    page = await rehearsals.list_rehearsals(session, actor.scope, content_hash=digest, limit=REHEARSALS_SHOWN)
    return tuple(line_of(one, names, say) for one in page.rehearsals)


def _live_at_headquarters(ui: Ui, code: str, say: Speech) -> PackVersion | None:
    packs = ui.container.packs.at(ui.container.places.headquarters.id, say.now)
    return next((version for version in packs.versions if version.code == code), None)


def _against(
    numbers: Sequence[int], shown: int | None, against: int, live: int | None, say: Speech
) -> Sequence[Choice]:
    nothing = [] if against else [Choice("0", say.text(N_("nothing: none is live")), chosen=True)]
    return nothing + [
        Choice(
            str(number),
            say.text(N_("Version %(version)s, live"), version=number)
            if number == live
            else say.text(N_("Version %(version)s"), version=number),
            number == against,
        )
        for number in numbers
        if number != shown or number == against
    ]
