"""The chain's settings, and its ladder of tiers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final, Literal, get_args

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request

from api.dependencies import requires
from regulars.analytics.overview import StandingCount, count_standings
from regulars.kernel.errors import InvalidInput
from regulars.members.phones import REGION_SETTING
from regulars.recompute.bounds import Bound, approve_points_alone, get_bound, set_points_alone
from regulars.recompute.domain import name_of
from regulars.recompute.errors import (
    OwnBoundApproval,
    RecomputeBoundDiffers,
    RecomputeBoundInvalid,
    RecomputeReasonMissing,
)
from regulars.releases.policy import Approval, Rehearsal, ReleasePolicy, get_policy, set_policy
from regulars.rules.domain import LifecyclePlan
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from rules_ui import telling
from rules_ui.contexts.base import Choice, FieldTrouble, Tier
from rules_ui.contexts.chain import AskedBound, Day, Fact, SettingsPage, Step, TiersPage
from rules_ui.i18n import N_, Speech
from rules_ui.ladder import ladder_of
from rules_ui.names import known_names
from rules_ui.troubles import trouble_of, troubles_of
from rules_ui.ui import Pages, Ui, go
from rules_ui.version_marks import Names

_APPROVAL: Final[dict[Approval, str]] = {
    "required": N_("Required: nothing goes live that somebody else has not approved"),
    "direct": N_("Not required: whoever may publish may do so at once"),
}
_REHEARSAL: Final[dict[Rehearsal, str]] = {
    "required": N_("Required: nothing is approved that was not rehearsed exactly as it is"),
    "optional": N_("As the author likes"),
}
_SHORTEST_REASON: Final = 2
_LONGEST_REASON: Final = 200
_RECOMPUTE_FIELDS: Final = {"reason": "recompute_reason"}
"""Two forms of the page ask for a reason."""

router = APIRouter()


@router.get("/settings", response_class=HTMLResponse)
async def show_settings(
    request: Request, ui: Pages, actor: Actor = Depends(requires(Permission.PLACE_READ))
) -> HTMLResponse:
    await ui.refresh()
    return await _show_settings(request, ui, actor)


@router.post("/settings", response_model=None)
async def change_settings(
    request: Request,
    ui: Pages,
    approval: Annotated[Approval | Literal[""], Form()] = "",
    rehearsal: Annotated[Rehearsal | Literal[""], Form()] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
    actor: Actor = Depends(requires(Permission.PACK_POLICY)),
) -> Response:
    await _require_change(ui, actor)
    say, words = ui.speech(request, actor), reason.strip()
    async with ui.container.database.begin() as session:
        policy = await get_policy(session)
        wanted = ReleasePolicy(approval or policy.approval, rehearsal or policy.rehearsal)
        if wanted == policy:
            return go("/settings?done=unchanged")
        if _SHORTEST_REASON <= len(words) <= _LONGEST_REASON:
            await set_policy(session, wanted, actor, say.now, words)
            return go("/settings?done=policy-set")
    problem = FieldTrouble("reason", say.text(N_("Say why, in 2 to 200 characters.")))
    return await _show_settings(request, ui, actor, wanted, reason=reason, problems=[problem])


@router.post("/settings/recompute", response_model=None)
async def change_points_alone(
    request: Request,
    ui: Pages,
    points_alone: Annotated[str, Form(max_length=20)] = "",
    recompute_reason: Annotated[str, Form(max_length=500)] = "",
    actor: Actor = Depends(requires(Permission.PACK_POLICY)),
) -> Response:
    await _require_change(ui, actor)
    say, typed = ui.speech(request, actor), points_alone.strip()
    try:
        async with ui.container.database.begin() as session:
            wanted = int(typed) if typed.isascii() and typed.isdigit() else -1
            before = await get_bound(session)
            after = await set_points_alone(session, wanted, actor, say.now, recompute_reason)
    except (InvalidInput, RecomputeBoundInvalid, RecomputeReasonMissing) as error:
        told = troubles_of(error, say.language)
        problems = [replace(each, field=_RECOMPUTE_FIELDS.get(each.field, each.field)) for each in told]
        return await _show_settings(
            request, ui, actor, bound=typed, recompute_reason=recompute_reason, problems=problems
        )
    return go(f"/settings?done={_came_of(before, after)}")


@router.post("/settings/recompute/approve", response_model=None)
async def approve_more_points(
    request: Request,
    ui: Pages,
    points: Annotated[int, Form()],
    actor: Actor = Depends(requires(Permission.PACK_POLICY)),
) -> Response:
    await _require_change(ui, actor)
    say = ui.speech(request, actor)
    try:
        async with ui.container.database.begin() as session:
            await approve_points_alone(session, points, actor, say.now)
    except (OwnBoundApproval, RecomputeBoundDiffers) as error:
        problem = FieldTrouble("points_alone", trouble_of(error, say.language))
        return await _show_settings(request, ui, actor, problems=[problem])
    return go("/settings?done=policy-set")


@router.get("/tiers", response_class=HTMLResponse)
async def show_tiers(
    request: Request, ui: Pages, actor: Actor = Depends(requires(Permission.PACK_READ))
) -> HTMLResponse:
    await ui.refresh()
    say, plan = ui.speech(request, actor), ui.chain_plan()
    async with ui.container.database.read() as session:
        standings = await count_standings(session, actor.scope)
    code, _, version = plan.pack_version.partition("/") if plan else ("", "", "")
    view = TiersPage(
        steps=_steps(plan, standings, say),
        members=sum(each.members for each in standings),
        pack=plan.pack_version if plan else None,
        pack_href=f"/packs/{code}/versions/{version}" if plan else None,
        edit=f"/packs/{code}/edit" if plan and actor.may(Permission.PACK_EDIT) else None,
        days=_days(plan, say) if plan else (),
    )
    return ui.page(request, actor, view, say)


async def _show_settings(
    request: Request,
    ui: Ui,
    actor: Actor,
    policy: ReleasePolicy | None = None,
    *,
    bound: str | None = None,
    reason: str = "",
    recompute_reason: str = "",
    problems: Sequence[FieldTrouble] = (),
) -> HTMLResponse:
    """The page, with what was typed and is wrong."""
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        policy = policy or await get_policy(session)
        stands = await get_bound(session)
        asked = _asked(stands, await known_names(session, ui), actor, say)
    view = SettingsPage(
        approval=tuple(
            Choice(each, say.text(_APPROVAL[each]), each == policy.approval) for each in get_args(Approval)
        ),
        rehearsal=tuple(
            Choice(each, say.text(_REHEARSAL[each]), each == policy.rehearsal) for each in get_args(Rehearsal)
        ),
        points_alone=str(stands.points) if bound is None else bound,
        reason=reason,
        recompute_reason=recompute_reason,
        asked=asked,
        facts=_facts(ui, say),
        history="/audit?act=chain.change_settings" if _may_read_history(ui, actor) else None,
        may_change=_may_change(ui, actor),
        problems=tuple(problems),
    )
    return ui.page(request, actor, view, say, status=422 if problems else 200)


def _came_of(before: Bound, after: Bound) -> str:
    """What is told of it."""
    if after == before:
        return "unchanged"
    if after.asked:
        return "bound-asked"
    return "policy-set" if after.points != before.points else "bound-dropped"


def _asked(bound: Bound, names: Names, actor: Actor, say: Speech) -> AskedBound | None:
    asked = bound.asked
    if asked is None:
        return None
    told = say.text(
        N_("%(name)s asked on %(when)s that it be %(points)s."),
        name=names.of(asked.by, say),
        when=say.moment(asked.at),
        points=say.number(asked.points),
    )
    return AskedBound(asked.points, bound.points, told, asked.reason, own=asked.by == name_of(actor))


async def _require_change(ui: Ui, actor: Actor) -> None:
    await ui.refresh()
    if not _may_change(ui, actor):
        raise PermissionDenied(Permission.PACK_POLICY)


def _may_change(ui: Ui, actor: Actor) -> bool:
    return actor.may_at(Permission.PACK_POLICY, ui.container.places.headquarters.path)


def _may_read_history(ui: Ui, actor: Actor) -> bool:
    return actor.may_at(Permission.AUDIT_READ, ui.container.places.headquarters.path)


def _facts(ui: Ui, say: Speech) -> tuple[Fact, ...]:
    chain = ui.container.places.chain
    region = chain.settings.get(REGION_SETTING)
    facts = [
        Fact(say.text(N_("Name of the chain")), chain.name, ""),
        Fact(say.text(N_("Founded")), say.day(chain.created_at), ""),
        Fact(say.text(N_("Currency")), chain.currency, say.text(N_("All amounts are in it."))),
        Fact(
            say.text(N_("Time zone of headquarters")),
            ui.home_zone(),
            say.text(N_("Times are shown in it; a place may have its own.")),
        ),
    ]
    if isinstance(region, str):
        hint = say.text(N_("Numbers without a country code belong there."))
        facts.append(Fact(say.text(N_("Country of phone numbers")), region, hint))
    return tuple(facts)


def _steps(plan: LifecyclePlan | None, standings: Sequence[StandingCount], say: Speech) -> tuple[Step, ...]:
    """The ladder, lowest first, and whatever tiers members still hold that it no longer has."""
    counts: dict[str, int] = {}
    for each in standings:
        counts[each.tier] = counts.get(each.tier, 0) + each.members
    ladder = ladder_of(plan, say)
    known = {tier.code for tier in ladder}
    former = tuple(Tier(code, telling.title_of(code, {}, say)) for code in sorted(counts.keys() - known))
    thresholds = {band.code: say.amount(band.threshold_minor) for band in plan.bands} if plan else {}
    total = sum(counts.values())
    return tuple(
        Step(
            tier=tier,
            threshold=thresholds.get(tier.code),
            members=counts.get(tier.code, 0),
            share=say.share(counts.get(tier.code, 0), total),
            percent=100 * counts.get(tier.code, 0) // total if total else 0,
            href=f"/members?tier={tier.code}",
            former=tier.code not in known,
        )
        for tier in (*ladder, *former)
    )


def _days(plan: LifecyclePlan, say: Speech) -> tuple[Day, ...]:
    return (
        Day(say.text(N_("A tier year lasts")), plan.tier_year_days),
        Day(say.text(N_("At risk after silence of")), plan.at_risk_after_days),
        Day(say.text(N_("Lapsed after silence of")), plan.lapse_after_days),
    )
