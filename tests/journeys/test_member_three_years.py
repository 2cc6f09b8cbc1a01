"""A member's three years: joins, grows, falls back, falls silent, comes back, and is cared for in between."""

from datetime import datetime, timedelta

from member_world import open_member_world
from small_chain import SmallChain, line
from temporalio.testing import WorkflowEnvironment

from regulars.entrypoints.verifying import verify
from regulars.kernel import clock

PURCHASES = {
    1: 500_00,
    30: 600_00,
    60: 2_000_00,
    110: 100_00,
    160: 50_00,
    215: 50_00,
    270: 50_00,
    325: 50_00,
    380: 50_00,
    500: 80_00,
    565: 50_00,
    620: 50_00,
    675: 50_00,
    1_000: 5_000_00,
    1_050: 50_00,
}
"""On which day the member spends how much, in cents."""

DECIDED_BY_PURCHASE = [
    (0, "joined"),
    (1, "first_purchase"),
    (30, "upgraded silver"),
    (60, "upgraded gold"),
    (500, "reactivated"),
    (565, "reactivated"),
    (1_000, "reactivated"),
    (1_000, "upgraded gold"),
]
REVISITS = [4, 94, 184, 274, 364, 454, 590, 680, 1_090]
DECIDED_BY_TIME = [
    *((day, "revisit_due") for day in REVISITS),
    (425, "downgraded silver"),
    (440, "at_risk"),
    (470, "lapsed"),
    (560, "at_risk"),
    (735, "at_risk"),
    (765, "lapsed"),
    (790, "downgraded base"),
    *((day + 730, "points_expired") for day in PURCHASES if day + 730 < 1_096),
]


async def test_member_lives_three_years_with_the_chain(
    chain: SmallChain, temporal: WorkflowEnvironment
) -> None:
    async with open_member_world(chain, temporal) as world:
        joined_at = clock.now()
        member = await chain.join(at=joined_at)
        await world.catch_up(member)
        for day, cents in PURCHASES.items():
            at = joined_at + timedelta(days=day)
            await world.go_to(member, at)
            await chain.buy(member, line(cents), occurred_at=at)
            await world.catch_up(member)
        await world.go_to(member, joined_at + timedelta(days=1_096))

        def day_of(at: datetime) -> int:
            return round((at - joined_at) / timedelta(days=1))

        events = await world.events(member)
        happened = sorted((day_of(effective_at), what) for what, effective_at, _ in events)
        assert happened == sorted(DECIDED_BY_PURCHASE + DECIDED_BY_TIME)
        by_time = {what for _, what in DECIDED_BY_TIME}
        late = [
            (what, recorded_at - effective_at)
            for what, effective_at, recorded_at in events
            if what in by_time and recorded_at - effective_at > timedelta(minutes=5)
        ]
        assert late == [], "what time decides is written when it falls due"
        assert [day_of(due_at) for due_at in await world.tasks(member)] == REVISITS
        state = await world.state(member)
        assert (state.tier, state.stage, state.store) == ("gold", "active", "east-1")
        assert state.tasks_opened == len(REVISITS)
        assert state.looks < 60, "a look is taken when something is due or was decided, and not else"
        report = await verify(chain.database)
        assert [result for result in report.results if result.differences] == []
