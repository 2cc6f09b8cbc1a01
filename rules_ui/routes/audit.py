"""The audit log: who did what, where and when, to be narrowed down and taken along as a file."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.requests import Request

from api.dependencies import requires
from regulars.kernel.spreadsheet import line_of
from regulars.organisation.errors import UnknownPlace
from regulars.security.actor import Actor
from regulars.security.audit_reading import MOST_READ, Asked, AuditEntry, list_entries
from regulars.security.policy import Permission
from rules_ui.audit_view import Teller, groups
from rules_ui.contexts.audit import AuditPage
from rules_ui.contexts.base import Choice, FieldTrouble
from rules_ui.i18n import N_, Speech
from rules_ui.place_tree import open_places
from rules_ui.ui import Pages, Ui

SHOWN: Final = 50
EXPORTED: Final = 100_000
_PLACES_OFFERED: Final = 200
_END: Final = "\r\n"
_BIGGEST_ID: Final = 2**63 - 1

router = APIRouter(prefix="/audit")


@dataclass(frozen=True, slots=True)
class Filters:
    """What was typed into the form, as it was typed."""

    who: Annotated[str, Query(max_length=80)] = ""
    act: Annotated[str, Query(max_length=60)] = ""
    subject: Annotated[str, Query(max_length=80)] = ""
    place: Annotated[str, Query(max_length=60)] = ""
    since: Annotated[str, Query(max_length=10)] = ""
    until: Annotated[str, Query(max_length=10)] = ""

    @property
    def query(self) -> str:
        """The same as part of an address."""
        typed = {name: getattr(self, name).strip() for name in self.__slots__}
        return urlencode({name: value for name, value in typed.items() if value})


@router.get("", response_class=HTMLResponse)
async def show(
    request: Request,
    ui: Pages,
    typed: Annotated[Filters, Depends()],
    before: Annotated[int | None, Query(ge=1, le=_BIGGEST_ID)] = None,
    actor: Actor = Depends(requires(Permission.AUDIT_READ)),
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    asked, problems = _asked(ui, typed, say)
    found: list[AuditEntry] = []
    if not problems:
        async with ui.container.database.read() as session:
            found = await list_entries(session, actor.scope, asked, before=before, limit=SHOWN + 1)
    teller = Teller(actor, say, ui.container.places)
    view = AuditPage(
        acts=tuple(teller.line(entry) for entry in found[:SHOWN]),
        groups=groups(typed.act, say),
        places=_offered(ui, actor),
        who=typed.who,
        subject=typed.subject,
        place=typed.place,
        since=typed.since,
        until=typed.until,
        narrowed=bool(typed.query),
        older=_address(typed, found[SHOWN - 1].id) if len(found) > SHOWN else None,
        newest=_address(typed) if before is not None else None,
        export=f"/audit/export.csv?{typed.query}".rstrip("?"),
        problems=tuple(problems),
    )
    return ui.page(request, actor, view, say, status=422 if problems else 200)


@router.get("/export.csv", response_class=StreamingResponse)
async def export(
    request: Request,
    ui: Pages,
    typed: Annotated[Filters, Depends()],
    actor: Actor = Depends(requires(Permission.AUDIT_READ)),
) -> StreamingResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    asked, problems = _asked(ui, typed, say)
    rows = _rows(ui, actor, say, asked) if not problems else _nothing(problems)
    name = f"audit-{say.now.astimezone(say.zone):%Y%m%d-%H%M}.csv"
    return StreamingResponse(
        rows,
        status_code=422 if problems else 200,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _asked(ui: Ui, typed: Filters, say: Speech) -> tuple[Asked, list[FieldTrouble]]:
    problems: list[FieldTrouble] = []
    since = _day(typed.since, "since", say, problems)
    until = _day(typed.until, "until", say, problems)
    if since and until and until < since:
        said = N_("The last day lies before the first: swap the two, or leave one empty.")
        problems.append(FieldTrouble("until", say.text(said)))
    path = _path(ui, typed.place.strip(), say, problems)
    asked = Asked(
        who=typed.who.strip(),
        action=typed.act,
        subject=_subject(ui, typed.subject.strip()),
        path=path,
        since=_midnight(since, say) if since else None,
        until=_midnight(until + timedelta(days=1), say) if until else None,
    )
    return asked, problems


def _day(text: str, field: str, say: Speech, problems: list[FieldTrouble]) -> date | None:
    if not text.strip():
        return None
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        problems.append(FieldTrouble(field, say.text(N_("Give a day as year-month-day, e.g. 2026-03-09."))))
        return None
    return min(max(found, date(1970, 1, 1)), date(9000, 1, 1))


def _midnight(day: date, say: Speech) -> datetime:
    return datetime.combine(day, time(), say.zone)


def _path(ui: Ui, code: str, say: Speech, problems: list[FieldTrouble]) -> str | None:
    """The place's path; None for the whole chain."""
    try:
        place = ui.container.places.by_code(code) if code else ui.container.places.headquarters
    except UnknownPlace:
        problems.append(FieldTrouble("place", say.text(N_("No place has this code."))))
        return None
    return place.path if place.parent_id else None


def _subject(ui: Ui, text: str) -> str:
    """A place's id for its code; whatever else was typed as it is."""
    try:
        return str(ui.container.places.by_code(text).id)
    except UnknownPlace:
        return text


def _offered(ui: Ui, actor: Actor) -> tuple[Choice, ...]:
    places = [place for place in open_places(ui, actor.scope) if place.parent_id][:_PLACES_OFFERED]
    return tuple(Choice(place.code, place.name) for place in places)


def _address(typed: Filters, before: int | None = None) -> str:
    query = "&".join(part for part in (typed.query, f"before={before}" if before else "") if part)
    return f"/audit?{query}".rstrip("?")


async def _nothing(problems: list[FieldTrouble]) -> AsyncIterator[str]:
    yield "\n".join(problem.message for problem in problems)


async def _rows(ui: Ui, actor: Actor, say: Speech, asked: Asked) -> AsyncIterator[str]:
    """All that was asked for as lines of a file, a thousand at a time."""
    teller = Teller(actor, say, ui.container.places)
    yield "\ufeff" + line_of(say.text(title) for title in _TITLES) + _END
    before, left = None, EXPORTED
    while left > 0:
        async with ui.container.database.read() as session:
            found = await list_entries(session, actor.scope, asked, before=before, limit=MOST_READ)
        yield "".join(line_of(_cells(entry, teller, say)) + _END for entry in found)
        if len(found) < MOST_READ:
            return
        before, left = found[-1].id, left - len(found)
    yield line_of([say.text(N_("There is more: narrow the days down to export it."))]) + _END


_TITLES: Final = (
    N_("Number"),
    N_("When"),
    N_("Who"),
    N_("Act"),
    N_("Code of the act"),
    N_("Subject"),
    N_("Id of the subject"),
    N_("Place"),
    N_("Reason"),
    N_("Before and after"),
)


def _cells(entry: AuditEntry, teller: Teller, say: Speech) -> list[str]:
    line = teller.line(entry)
    return [
        str(entry.id),
        entry.at.astimezone(say.zone).isoformat(timespec="seconds"),
        line.who,
        line.what,
        entry.action,
        line.subject.title,
        entry.subject_id,
        teller.place(entry),
        line.reason,
        "; ".join(f"{change.title}: {change.before} → {change.after}" for change in line.changes),
    ]
