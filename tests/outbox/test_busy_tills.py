"""Tills sell faster than workflows can be told: what matters arrives at once, and everything in the end."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from member_world import MemberWorld, open_member_world, until
from small_chain import SmallChain, line
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from regulars.kernel import clock
from regulars.lifecycle.repository import lock
from regulars.outbox import service as outbox
from regulars.outbox.domain import Change

ENOUGH_FOR_A_MOVE_UP = 250_000


@pytest.fixture
async def busy(chain: SmallChain, temporal: WorkflowEnvironment) -> AsyncIterator[MemberWorld]:
    """A world whose relay is under pressure."""
    async with open_member_world(chain, temporal) as world:
        world.relay.pressure.is_on = True
        yield world


async def known_member(world: MemberWorld) -> UUID:
    """A member who bought before, and whose workflow knows it."""
    member_id = await world.chain.join(at=clock.now())
    await world.chain.buy(member_id, occurred_at=clock.now())
    await world.catch_up(member_id)
    world.relay.pressure.is_on = True
    return member_id


async def busy_round(world: MemberWorld) -> int:
    return await world.relay.run_round(everything=False)


async def test_a_purchase_like_any_other_waits_and_is_told_when_it_is_quiet(busy: MemberWorld) -> None:
    member_id = await known_member(busy)
    for _ in range(3):
        await busy.chain.buy(member_id, occurred_at=clock.now())
    assert await busy_round(busy) == 0
    assert await busy.waiting() == 3
    assert (await busy.state(member_id)).last_seq == 1
    state = await busy.catch_up(member_id)
    assert (state.last_seq, state.signals_heard, state.changes_heard) == (4, 2, 5)
    assert await busy.waiting() == 0


async def test_a_newcomer_and_a_first_purchase_are_told_at_once(busy: MemberWorld) -> None:
    member_id = await busy.chain.join(at=clock.now())
    assert await busy_round(busy) == 1
    await busy.chain.buy(member_id, occurred_at=clock.now())
    assert await busy_round(busy) == 1

    async def seen_active() -> bool:
        return (await busy.state(member_id)).stage == "active"

    await until(seen_active)


async def test_a_move_up_is_told_at_once(busy: MemberWorld) -> None:
    member_id = await known_member(busy)
    before = (await busy.state(member_id)).tier
    await busy.chain.buy(member_id, line(ENOUGH_FOR_A_MOVE_UP), occurred_at=clock.now())
    assert await busy_round(busy) == 1

    async def moved_up() -> bool:
        return (await busy.state(member_id)).tier != before

    await until(moved_up)


async def test_an_earlier_due_date_is_told_at_once(busy: MemberWorld) -> None:
    member_id = await known_member(busy)
    known = (await busy.state(member_id)).next_due_at
    assert known is not None
    earlier = known - timedelta(days=1)
    async with busy.chain.database.begin() as session:
        await outbox.announce(session, [Change(member_id, 1, 0, earlier)], clock.now())
    assert await busy_round(busy) == 1

    async def rearmed() -> bool:
        return (await busy.state(member_id)).next_due_at == earlier

    await until(rearmed)


async def test_no_workflow_sleeps_past_a_due_date_while_hints_are_put_off(busy: MemberWorld) -> None:
    member_id = await known_member(busy)
    for _ in range(5):
        await busy.chain.buy(member_id, occurred_at=clock.now())
        assert await busy_round(busy) == 0
        async with busy.chain.database.begin() as session:
            due = (await lock(session, [member_id]))[member_id].standing.next_due_at
        sleeps_until = (await busy.state(member_id)).next_due_at
        assert due is not None
        assert sleeps_until is not None
        assert sleeps_until <= due


async def test_a_workflow_terminated_by_hand_comes_back_with_what_was_put_off(busy: MemberWorld) -> None:
    member_id = await known_member(busy)
    await busy.handle(member_id).terminate("by hand")
    await busy.chain.buy(member_id, occurred_at=clock.now())
    assert await busy_round(busy) == 0
    assert (await busy.handle(member_id).describe()).status == WorkflowExecutionStatus.TERMINATED
    state = await busy.catch_up(member_id)
    assert (state.last_seq, state.stage) == (2, "active")
    assert (await busy.handle(member_id).describe()).status == WorkflowExecutionStatus.RUNNING
