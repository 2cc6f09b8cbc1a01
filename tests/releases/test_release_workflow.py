"""A release's workflow notes each start at its minute, reminds, wakes members, and ends with the release."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from member_world import until
from releases.conftest import ReleaseWorld
from sqlalchemy import text
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.failures import Discretion
from activities.releases import ReleaseActivities
from regulars.entrypoints.release_messenger import ReleaseMessenger
from regulars.entrypoints.temporal import WORKFLOW_RUNNER
from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.lifecycle import service as lifecycle
from regulars.organisation.places import Places
from regulars.releases import review, service
from regulars.releases.domain import Release
from regulars.rules.live import LivePacks
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import with_parameters
from regulars.security.scope import EVERYWHERE
from workflows.pack_release import PackReleaseWorkflow
from workflows.release_messages import PackReleaseState, workflow_id

HOUR = timedelta(hours=1)
NEW_YORK, CHICAGO = ZoneInfo("America/New_York"), ZoneInfo("America/Chicago")


@dataclass
class Staged:
    """A world whose releases have their workflows."""

    world: ReleaseWorld
    messenger: ReleaseMessenger
    temporal: WorkflowEnvironment

    def handle(self, release: Release) -> WorkflowHandle[PackReleaseWorkflow, str]:
        return self.temporal.client.get_workflow_handle_for(PackReleaseWorkflow.run, workflow_id(release.id))

    async def heard(self, release: Release) -> PackReleaseState:
        """The workflow's state once it has heard of all, and members were looked at."""
        await self.messenger.tell_all()

        async def has_seen() -> bool:
            kept = await self.world.release(release)
            described = await self.handle(release).describe()
            if described.status != WorkflowExecutionStatus.RUNNING:
                return True
            known = await self.handle(release).query(PackReleaseWorkflow.state)
            return known.seen_no >= kept.change_no and known.stir_for is None and not known.must_look

        await until(has_seen)
        return await self.handle(release).query(PackReleaseWorkflow.state)

    async def go_to(self, release: Release, at: datetime) -> None:
        """Let the workflow's clock run until then; everybody's is the same."""
        now = await self.temporal.get_current_time(self.handle(release))
        await self.temporal.fast_forward(self.handle(release), at - now)
        self.world.at = at

    async def acts(self, release: Release) -> list[str]:
        lines = await self.world.do(lambda s: service.release_history(s, release.id, EVERYWHERE))
        return [line.action.removeprefix("release.") for line in lines]


@pytest.fixture
async def staged(world: ReleaseWorld, temporal: WorkflowEnvironment) -> AsyncIterator[Staged]:
    queue = f"release-{uuid.uuid4()}"  # noqa: TID251
    database = world.chain.database
    activities = ReleaseActivities(database, LivePacks(), Places(), clock.now)
    messenger = ReleaseMessenger(database, temporal.client, asyncio.Event(), task_queue=queue)
    world.at = clock.now()
    async with Worker(
        temporal.client,
        task_queue=queue,
        workflows=[PackReleaseWorkflow],
        activities=activities.all,
        interceptors=[Discretion()],
        workflow_runner=WORKFLOW_RUNNER,
    ):
        yield Staged(world, messenger, temporal)


def eight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(8), zone).astimezone(UTC)


async def test_a_release_from_its_draft_to_its_end(staged: Staged) -> None:
    world = staged.world
    release = await world.submit("HQ", who="anna")
    assert (await staged.heard(release)).state == "in_review"
    await staged.go_to(release, world.at + timedelta(days=1, hours=1))
    assert await staged.acts(release) == ["submit", "remind"]

    await world.do(lambda s: review.approve(s, release.id, world.person("bo", "approver"), world.at))
    first, second = (world.at.date() + timedelta(days=days) for days in (2, 5))
    steps = [(place, f"{day:%Y-%m-%d}T08:00") for place, day in (("east-1", first), ("HQ", second))]
    await world.schedule(release, *steps)
    assert (await staged.heard(release)).state == "scheduled"

    await staged.go_to(release, eight(first, NEW_YORK) + timedelta(minutes=5))
    state = await staged.heard(release)
    assert (state.state, state.next_due_at) == ("live", eight(second, NEW_YORK))
    assert [await world.live(store, world.at) for store in ("east-1", "east-2", "west-1")] == [2, 1, 1]

    await staged.go_to(release, eight(second, NEW_YORK) + timedelta(minutes=5))
    assert (await staged.heard(release)).next_due_at == eight(second, CHICAGO)
    assert [await world.live(store, world.at) for store in ("east-1", "east-2", "west-1")] == [2, 2, 1]
    await staged.go_to(release, eight(second, CHICAGO) + timedelta(minutes=5))
    assert await world.live("west-1", world.at) == 2

    await world.roll_back(release)
    await staged.messenger.tell_all()
    assert await staged.handle(release).result() == "rolled_back"
    assert [await world.live(store, world.at) for store in ("east-1", "east-2", "west-1")] == [1, 1, 1]
    assert await staged.acts(release) == [
        *("submit", "remind", "approve", "schedule"),
        *(["go_live"] * 3),
        "roll_back",
    ]


async def test_a_release_with_an_end_retires_and_its_workflow_is_done(staged: Staged) -> None:
    world = staged.world
    day = world.at + timedelta(days=2)
    release = await world.approved("east-1")
    span = (f"{day:%Y-%m-%d}T08:00", f"{day + timedelta(days=3):%Y-%m-%d}T00:00")
    await world.schedule(release, ("east-1", *span))
    await staged.heard(release)
    await staged.go_to(release, day + timedelta(days=5))
    assert await staged.handle(release).result() == "retired"
    assert (await staged.acts(release))[-2:] == ["go_live", "retire"]
    assert await world.live("east-1", world.at) == 1


async def test_a_signal_twice_late_or_lost_changes_nothing(staged: Staged) -> None:
    release = await staged.world.submit()
    await staged.heard(release)
    for number in (1, 1, 0, 7):
        await staged.handle(release).signal(PackReleaseWorkflow.release_changed, number)
    await staged.world.do(
        lambda s: review.withdraw(s, release.id, staged.world.person("anna"), staged.world.at)
    )
    await staged.handle(release).signal(PackReleaseWorkflow.release_changed, 8)
    assert await staged.handle(release).result() == "withdrawn"
    assert await staged.messenger.tell_all() == 1
    assert await staged.messenger.tell_all() == 0


async def test_shorter_days_wake_members_earlier(staged: Staged) -> None:
    world = staged.world
    joined = world.at - timedelta(days=20)
    members = [await world.chain.join(name, at=joined) for name in ("Ada", "Bea", "Cai")]
    for member in members:
        await world.chain.buy(member, occurred_at=joined + timedelta(days=1))
    desk = world.chain.desk
    await world.do(lambda s: lifecycle.advance(s, desk.packs, desk.places, members, world.at, world.at))

    async def dues() -> set[datetime]:
        async with world.chain.database.read() as session:
            rows = await session.scalars(text("select next_due_at from standing"))
            return set(rows)

    before = await dues()
    shorter = with_parameters(starter_text("classic-tiers"), {"at_risk_after_days": 30})
    saved = await world.save(shorter, code="classic-tiers")
    assert saved.report.green, saved.report.findings
    wanted = review.Submission(new_id(), "classic-tiers", (world.hq,), revision=1)
    release = await world.do(lambda s: review.submit(s, wanted, world.person("anna"), world.at))
    await world.do(lambda s: review.approve(s, release.id, world.person("bo", "approver"), world.at))
    await world.schedule(release, ("HQ", (world.at + timedelta(minutes=1)).isoformat()))
    await staged.heard(release)
    assert await dues() == before
    async with world.chain.database.begin() as session:
        await session.execute(text("delete from outbox"))
    await staged.go_to(release, world.at + HOUR)
    assert (await staged.heard(release)).moved == len(members)
    assert max(await dues()) < max(before)
    async with world.chain.database.read() as session:
        assert await session.scalar(text("select count(distinct member_id) from outbox")) == len(members)
