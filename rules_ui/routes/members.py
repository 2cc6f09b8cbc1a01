"""The member list, enrolment, the member page and what an operator does there."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api.dependencies import requires
from regulars.analytics import member_list, member_story
from regulars.analytics.member_list import MemberFilter
from regulars.analytics.member_story import MemberProfile
from regulars.kernel.ids import new_id
from regulars.lifecycle.freezing import FreezeReason
from regulars.members.errors import PhoneInvalid, UnknownMember
from regulars.members.phones import blind_index, normalise
from regulars.members.tagging import still_held
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.contexts.members import MemberListPage, MemberPage
from rules_ui.ladder import ladder_of, progress_of, tier_of
from rules_ui.member_view import (
    STORY_STEP,
    TASKS_SHOWN,
    care_of,
    key_from,
    masked,
    results_of,
    rule_tags_of,
    stage_choices,
    story_of,
    tier_choices,
)
from rules_ui.own_values import values_in_words
from rules_ui.ui import Pages, Ui, wants_part
from workflows.messages import workflow_id

MEMBERS_A_PAGE = 50
Words = Annotated[str, Query(max_length=80)]


router = APIRouter(prefix="/members")


@router.get("", response_class=HTMLResponse)
async def show_list(
    request: Request,
    ui: Pages,
    q: Words = "",
    tier: Words = "",
    stage: Words = "",
    before: UUID | None = None,
    actor: Actor = Depends(requires(Permission.MEMBER_READ)),
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    ladder = ladder_of(ui.chain_plan(), say)
    wanted = MemberFilter(
        words=q.strip() or None, phone_index=_phone_index(ui, q), tier=tier or None, stage=stage or None
    )
    async with ui.container.database.read() as session:
        page = await member_list.list_members(
            session, actor.scope, wanted, before=before, limit=MEMBERS_A_PAGE
        )
    view = MemberListPage(
        words=q,
        tiers=tier_choices(tier, ladder),
        stages=stage_choices(stage, say),
        results=results_of(page, wanted, first=before is None, ladder=ladder, say=say),
        may_enrol=actor.may(Permission.MEMBER_ENROL),
    )
    return ui.page(request, actor, view, say)


@router.get("/{member_id}", response_class=HTMLResponse)
async def show(
    request: Request,
    ui: Pages,
    member_id: UUID,
    before: Annotated[str | None, Query(max_length=60)] = None,
    actor: Actor = Depends(requires(Permission.MEMBER_READ)),
) -> HTMLResponse:
    await ui.refresh()
    async with ui.container.database.read() as session:
        profile = await profile_of(session, actor, member_id)
        items, more = await member_story.read_story(
            session, member_id, before=key_from(before), limit=STORY_STEP
        )
        expiring = await member_story.read_expiring(session, member_id, ui.container.now())
        tasks = await member_story.list_tasks(session, member_id, TASKS_SHOWN)
        say = ui.speech(request, actor, profile.time_zone)
        own = () if wants_part(request) else await values_in_words(session, member_id, say)
    plan = ui.plan_at(profile.home_store_id, say.now)
    ladder = ladder_of(plan, say)
    story = story_of(member_id, items, more=more, ladder=ladder, say=say)
    if wants_part(request):
        return ui.page(request, actor, story, say)
    may_freeze = actor.may_at(Permission.MEMBER_FREEZE, profile.home_path)
    may_close = actor.may_at(Permission.CARE_TASK_CLOSE, profile.home_path)
    operates = ui.may_see_workflows(actor)
    view = MemberPage(
        member_id=member_id,
        number=profile.number,
        name=profile.name,
        phone=masked(profile.phone_last4),
        tags=(*profile.tags, *still_held(profile.rule_tags, profile.tags, say.now)),
        rule_tags=rule_tags_of(profile, say),
        may_end_tags=actor.may_at(Permission.MEMBER_UPDATE, profile.home_path),
        references=profile.references,
        home_store=profile.home_store,
        zone_name=profile.time_zone,
        enrolled_at=profile.enrolled_at,
        tier=tier_of(profile.tier, ladder, say),
        tier_since=profile.tier_since,
        tier_year_ends_at=profile.tier_year_ends_at,
        stage=profile.stage,
        stage_since=profile.stage_since,
        progress=progress_of(profile.tier, profile.spend_365d_minor, plan, say),
        points=profile.points,
        points_owed=profile.points_owed,
        points_earned=profile.points_earned,
        expiring_points=expiring.points if expiring else 0,
        expiring_at=expiring.at if expiring else None,
        visits=profile.visits,
        visits_365d=profile.visits_365d,
        spend=say.amount(profile.spend_minor),
        spend_365d=say.amount(profile.spend_365d_minor),
        last_purchase_at=profile.last_purchase_at,
        frozen_at=profile.frozen_at,
        frozen_reason=profile.frozen_reason or "",
        may_freeze=may_freeze,
        order_id=new_id(),
        freeze_reasons=tuple(reason.value for reason in FreezeReason),
        workflow_href=workflow_href(member_id) if operates else None,
        care=care_of(profile, tasks, say, may_close=may_close),
        own_values=own,
        story=story,
    )
    return ui.page(request, actor, view, say)


def workflow_href(member_id: UUID) -> str:
    """Where Temporal's own pages show the member's workflow."""
    return f"/temporal/namespaces/default/workflows/{workflow_id(member_id).replace('/', '%2F')}"


async def profile_of(session: AsyncSession, actor: Actor, member_id: UUID) -> MemberProfile:
    """The member, where the actor may see it. Raises: UnknownMember."""
    profile = await member_story.read_profile(session, actor.scope, member_id)
    if profile is None:
        raise UnknownMember
    return profile


def _phone_index(ui: Ui, words: str) -> bytes | None:
    rules = ui.container.member_rules
    try:
        return blind_index(rules.keys, normalise(words, rules.region))
    except PhoneInvalid:
        return None
