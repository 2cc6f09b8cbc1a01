"""The console of operations: how the machinery does, what is wrong, one member's workflow, what comes."""

from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api.dependencies import requires
from regulars.analytics import member_story, operations, overview
from regulars.bulk_actions import service as bulk_actions
from regulars.members.errors import UnknownMember
from regulars.recompute import service as recompute
from regulars.recompute.repository import Wanted
from regulars.rehearsal import service as rehearsals
from regulars.releases import service as releases
from regulars.releases.domain import Release
from regulars.releases.repository import Filter
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from regulars.security.scope import Scope
from regulars.undoing import service as undoing
from rules_ui.contexts.operations import (
    OpsLive,
    OpsPage,
    ProblemList,
    ProblemsPage,
    RunningLine,
    SchedulesPage,
    WorkUnderWay,
)
from rules_ui.i18n import N_, Speech
from rules_ui.names import known_names, listed, pack_titles
from rules_ui.ops import problems, work
from rules_ui.ops.drawing import draw_live, queue_line
from rules_ui.ops.member import draw_member
from rules_ui.ops.watch import LISTED
from rules_ui.ops.words import SCHEDULES
from rules_ui.ops.work import Drawing
from rules_ui.place_tree import open_places
from rules_ui.render import render
from rules_ui.rule_names import rule_names
from rules_ui.streaming import stream_of
from rules_ui.ui import Pages, Ui
from rules_ui.version_marks import Names
from rules_ui.words import word_for
from workflows.messages import workflow_id as member_workflow
from workflows.release_messages import workflow_id as release_workflow

router = APIRouter(prefix="/ops")
Operator = Annotated[Actor, Depends(requires(Permission.WORKFLOW_OPERATE))]
COUNTED: Final = 100
FLAGGED_SHOWN: Final = 200
STORY_SHOWN: Final = 30
RELEASES_SHOWN: Final = 30
WORK_SHOWN: Final = 15


async def _live(ui: Ui, actor: Actor, say: Speech) -> OpsLive:
    at = ui.container.now()
    queues = await ui.ops_queues.figures(at)
    figures = await ui.board.figures(actor.scope, at)
    async with ui.container.database.read() as session:
        overdue = await operations.overdue_members(session, actor.scope, at, COUNTED + 1)
        refused = await operations.refused_messages(session, actor.scope, COUNTED + 1)
    return draw_live(figures, queues, len(overdue), len(refused), COUNTED, say)


@router.get("", response_class=HTMLResponse)
async def show(request: Request, ui: Pages, actor: Operator) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    return ui.page(request, actor, OpsPage(await _live(ui, actor, say), ui.may_see_workflows(actor)), say)


@router.get("/live")
async def stream(request: Request, ui: Pages, actor: Operator) -> StreamingResponse:
    async def draw_now() -> str:
        say = ui.speech(request, actor)
        return render(await _live(ui, actor, say), ui.shell(request, actor, say.language), say)

    return stream_of(request, draw_now)


@router.get("/problems", response_class=HTMLResponse)
async def show_problems(request: Request, ui: Pages, actor: Operator) -> HTMLResponse:
    await ui.refresh()
    say, at = ui.speech(request, actor), ui.container.now()
    paths = tuple(actor.scope.parameters["scope_paths"])
    async with ui.container.database.read() as session:
        flagged = await recompute.list_flagged(session, Wanted(paths), limit=FLAGGED_SHOWN)
        refused = await operations.refused_messages(session, actor.scope, COUNTED)
        relay = await overview.read_relay(session)
        ids = [one.member_id for one in refused]
        ids += [one.member_id for one in flagged.items if one.member_id is not None]
        tell = problems.Teller(await operations.who_are(session, ids, actor.scope), say)
        failed = [f"{rule.pack}#{rule.rule}" for one in flagged.items for rule in one.failed[:1]]
        called = await rule_names(session, failed)
    groups = (
        *problems.of_relay(relay, at, say),
        *problems.of_rules(flagged.items, called, tell, more=flagged.next_after is not None),
        *problems.of_messages(refused, tell),
    )
    return ui.page(request, actor, ProblemsPage(groups, at, home_place(ui, actor.scope)), say)


@router.get("/problems/workflows", response_model=None)
async def look_at_workflows(request: Request, ui: Pages, actor: Operator) -> Response:
    """Read from Temporal after the page is there: a look may take a moment."""
    await ui.refresh()
    say, at = ui.speech(request, actor), ui.container.now()
    async with ui.container.database.read() as session:
        overdue = await operations.overdue_members(session, actor.scope, at, COUNTED)
        told = await operations.lately_told(session, actor.scope, LISTED)
    look = await ui.watch.look(overdue, told, at)
    async with ui.container.database.read() as session:
        ids = [one.member_id for one in look.troubled]
        tell = problems.Teller(await operations.who_are(session, ids, actor.scope), say)
    looked = say.ngettext(
        "looked at %(looked)s of %(num)s workflow: those reported, overdue, told or begun last",
        "looked at %(looked)s of %(num)s workflows: those reported, overdue, told or begun last",
        max(look.running, look.looked_at),
        looked=say.number(look.looked_at),
    )
    with_works = ui.may_see_workflows(actor)
    works = look.works if with_works else ()
    bounds = problems.bounds_of(look, say, with_works=with_works)
    groups = (*problems.of_works(works, say), *problems.of_workflows(look.troubled, tell))
    view = ProblemList(groups, look.reachable, looked, bounds, look.at, home_place(ui, actor.scope))
    return ui.page(request, actor, view, say)


@router.get("/members/{member_id}/workflow", response_class=HTMLResponse)
async def show_member(request: Request, ui: Pages, member_id: UUID, actor: Operator) -> HTMLResponse:
    await ui.refresh()
    at = ui.container.now()
    async with ui.container.database.read() as session:
        profile = await member_story.read_profile(session, actor.scope, member_id)
        if profile is None:
            raise UnknownMember
        story, _ = await member_story.read_story(session, member_id, before=None, limit=STORY_SHOWN)
        expiring = await member_story.read_expiring(session, member_id, at)
    seen = await ui.watch.member(member_id)
    say = ui.speech(request, actor, profile.time_zone)
    packs = ui.container.packs.at(profile.home_store_id, at)
    href = in_temporal(ui, actor)(member_workflow(member_id))
    if href and seen and seen.run_id:
        href += f"/{seen.run_id}/history"
    view = draw_member(profile, story, expiring, seen, packs, href, say)
    return ui.page(request, actor, view, say)


@router.get("/releases", response_class=HTMLResponse)
async def show_releases(request: Request, ui: Pages, actor: Operator) -> HTMLResponse:
    await ui.refresh()
    say, at = ui.speech(request, actor), ui.container.now()
    wanted = Filter(states=("in_review", "approved", "scheduled", "live"))
    async with ui.container.database.read() as session:
        names = await known_names(session, ui)
        under_way = await _under_way(session, ui, actor, Drawing(names, say, in_temporal(ui, actor)))
        page = await releases.list_releases(session, actor.scope, wanted, at, limit=RELEASES_SHOWN)
        versions = [(one.code, one.version) for one in page.releases]
        titles = await pack_titles(session, versions, say)
    queues = await ui.ops_queues.figures(at)

    def line(one: Release) -> RunningLine:
        return RunningLine(
            href=f"/releases/{one.id}",
            what=say.text(
                N_("%(title)s (version %(version)s)"),
                title=titles[one.code, one.version],
                version=one.version,
            ),
            state=say.text(word_for("release", one.state)),
            tone="good" if one.state == "live" else "plain",
            next_at=one.next_due_at,
            note=f"{listed(one.place_ids, names, say)} · {_submitted(one, names, say)}",
            temporal_href=in_temporal(ui, actor)(release_workflow(one.id)),
        )

    view = SchedulesPage(
        work=under_way,
        releases=tuple(line(one) for one in page.releases),
        schedules=tuple((say.text(what), say.text(when)) for what, when in SCHEDULES),
        queues=tuple(queue_line(each, say) for each in queues.queues),
        reachable=queues.reachable,
        as_of=at,
    )
    return ui.page(request, actor, view, say)


@router.get("/releases/work", response_model=None)
async def follow_work(request: Request, ui: Pages, actor: Operator) -> Response:
    """What is under way, without the rest of the page."""
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        drawing = Drawing(await known_names(session, ui), say, in_temporal(ui, actor))
        view = await _under_way(session, ui, actor, drawing)
    return ui.page(request, actor, view, say)


async def _under_way(session: AsyncSession, ui: Ui, actor: Actor, drawing: Drawing) -> WorkUnderWay:
    scope, most = actor.scope, WORK_SHOWN
    tried = await rehearsals.list_rehearsals(session, scope, states=work.REHEARSALS, limit=most)
    undos = await undoing.list_undos(session, scope, states=work.UNDOS, limit=most)
    actions = await bulk_actions.list_actions(session, scope, states=work.ACTIONS, limit=most)
    versions = ((one.pack_code, one.version) for one in undos.undos)
    titles = await pack_titles(session, versions, drawing.say)
    return WorkUnderWay(
        lines=drawing.lines(tried.rehearsals, undos.undos, actions.actions, titles),
        more=any(page.next_after for page in (tried, undos, actions)),
        as_of=ui.container.now(),
    )


def _submitted(one: Release, names: Names, say: Speech) -> str:
    return say.text(
        N_("submitted by %(name)s, %(date)s"),
        name=names.of(one.submitted_by, say),
        date=say.moment(one.submitted_at),
    )


def home_place(ui: Ui, scope: Scope) -> str:
    """Where an action that is begun from a list is ordered: the highest of the reader's places."""
    places = open_places(ui, scope)
    return str(places[0].id) if places else ""


def in_temporal(ui: Ui, actor: Actor) -> Callable[[str], str]:
    """The address of a workflow among Temporal's own pages; "" for whoever may not see them."""
    namespace, may_see = ui.container.settings.temporal_namespace, ui.may_see_workflows(actor)

    def address(workflow_id: str) -> str:
        return f"/temporal/namespaces/{namespace}/workflows/{quote(workflow_id, safe='')}" if may_see else ""

    return address
