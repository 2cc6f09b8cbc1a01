"""The member's workflow looks when it should, and only then."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from workflows.member_lifecycle import EVENTS_PER_RUN, MemberLifecycleWorkflow


def in_(**span: float) -> datetime:
    return datetime.now(UTC) + timedelta(**span)  # noqa: TID251


async def until(holds: Callable[[], Awaitable[bool]], *, within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_new_member_is_looked_at_once(member: Any, script: Any) -> None:
    await member.hear(1, changes=3, events=2)
    await until(lambda: _heard(member, 3))
    state = await member.state()
    assert (state.stage, state.tier, state.store, state.looks) == ("joined", "base", "store-1", 1)
    assert len(script.looks) == 1


async def test_hints_without_events_cost_no_look(member: Any, script: Any) -> None:
    script.standing = replace(script.standing, next_due_at=in_(days=60))
    await member.hear(1, events=1)
    for seq in range(2, 12):
        await member.hear(seq, next_due_at=in_(days=60 + seq))
    await until(lambda: _heard(member, 11))
    state = await member.state()
    assert (state.looks, state.last_seq, state.signals_heard) == (1, 11, 11)


async def test_a_hint_with_events_is_looked_into(member: Any, script: Any) -> None:
    await member.hear(1, events=1)
    await until(lambda: _looked(script, 1))
    await member.hear(2, events=1)
    await until(lambda: _looked(script, 2))


async def test_an_earlier_due_date_rearms_the_timer(member: Any, script: Any) -> None:
    script.standing = replace(script.standing, last_seq=1, next_due_at=in_(days=60))
    await member.hear(1, events=1)
    await until(lambda: _looked(script, 1))
    script.standing = replace(script.standing, last_seq=1, next_due_at=in_(days=30))
    await member.hear(1, next_due_at=in_(seconds=1))
    await until(lambda: _looked(script, 2))
    await member.hear(1, next_due_at=in_(days=60))
    await until(lambda: _heard(member, 3))
    assert len(script.looks) == 2


async def test_an_old_hint_after_a_newer_one_does_not_put_the_due_date_off(member: Any, script: Any) -> None:
    early, late = in_(days=10), in_(days=90)
    script.standing = replace(script.standing, last_seq=5, next_due_at=early)
    await member.hear(5, events=1, next_due_at=early)
    await until(lambda: _looked(script, 1))
    await member.hear(4, next_due_at=late)
    await member.hear(4, next_due_at=late)
    await until(lambda: _heard(member, 3))
    assert (await member.state()).next_due_at == early


async def test_a_hint_heard_while_looking_is_not_forgotten(member: Any, script: Any) -> None:
    early = in_(days=50)
    script.standing = replace(script.standing, last_seq=1, next_due_at=in_(days=60))
    script.gate = asyncio.Event()
    await member.hear(1, events=1)
    await until(lambda: _looked(script, 1))
    await member.hear(1, next_due_at=early)
    await until(lambda: _heard_of(member, 2))
    script.gate.set()
    await until(lambda: _settled(member))
    assert (await member.state()).next_due_at == early


async def test_what_falls_due_is_looked_at_on_time_and_only_then(
    member: Any, script: Any, temporal: WorkflowEnvironment
) -> None:
    began = in_()
    dues = [began + timedelta(days=n) for n in (60, 90, 365)]

    def next_due(at: datetime) -> None:
        following = next((due for due in dues if due > at), None)
        script.standing = replace(script.standing, next_due_at=following)

    script.on_look = next_due
    await member.hear(1, events=1)
    await until(lambda: _looked(script, 1))
    await temporal.fast_forward(member.handle, timedelta(days=59))
    assert len(script.looks) == 1
    await temporal.fast_forward(member.handle, timedelta(days=400))
    assert len(script.looks) == 4
    for look, due in zip(script.looks[1:], dues, strict=True):
        assert timedelta(0) <= look - due < timedelta(minutes=1)


async def test_a_due_date_that_moved_later_lets_the_timer_ring_without_a_look(
    member: Any, script: Any, temporal: WorkflowEnvironment
) -> None:
    first, second = in_(days=60), in_(days=75)
    script.standing = replace(script.standing, last_seq=1, next_due_at=first)
    await member.hear(1, events=1)
    await until(lambda: _looked(script, 1))
    await member.hear(2, next_due_at=second)
    await temporal.fast_forward(member.handle, timedelta(days=70))
    assert len(script.looks) == 1
    script.standing = replace(script.standing, last_seq=2, next_due_at=None)
    await temporal.fast_forward(member.handle, timedelta(days=10))
    assert len(script.looks) == 2


async def test_a_due_date_that_does_not_move_is_not_looked_at_for_ever(
    member: Any, script: Any, temporal: WorkflowEnvironment
) -> None:
    script.standing = replace(script.standing, last_seq=1, next_due_at=in_(days=-1))
    await member.hear(1, events=1, next_due_at=in_(days=-1))
    await until(lambda: _looked(script, 1))
    await asyncio.sleep(0.5)
    assert len(script.looks) == 1
    await temporal.fast_forward(member.handle, timedelta(minutes=11))
    assert len(script.looks) == 3


async def test_an_unknown_member_ends_the_workflow_and_the_next_hint_begins_anew(
    member: Any, script: Any
) -> None:
    script.fail_with = [ApplicationError("unknown_member", type="unknown_member", non_retryable=True)]
    await member.hear(1, events=1)
    assert await member.handle.result() == "unknown_member"
    await member.hear(1, events=1)
    await until(lambda: _looked(script, 2))
    assert (await member.handle.describe()).status == WorkflowExecutionStatus.RUNNING


async def test_an_unexpected_failure_is_tried_again(member: Any, script: Any) -> None:
    script.fail_with = [RuntimeError("the database is away"), RuntimeError("still away")]
    await member.hear(1, events=1)
    await until(lambda: _looked(script, 3))
    await until(lambda: _settled(member))
    assert (await member.state()).trouble is None


async def test_an_expected_failure_rests_and_is_told(
    member: Any, script: Any, temporal: WorkflowEnvironment
) -> None:
    script.fail_with = [ApplicationError("no_chain", type="no_chain", non_retryable=True)]
    await member.hear(1, events=1)
    await until(lambda: _looked(script, 1))
    await until(lambda: _in_trouble(member))
    assert (await member.state()).trouble == "no_chain"
    await temporal.fast_forward(member.handle, timedelta(minutes=61))
    assert len(script.looks) == 2
    assert (await member.state()).trouble is None


async def test_a_member_is_frozen_and_unfrozen(member: Any, script: Any) -> None:
    await member.hear(0, events=1)
    done = await member.handle.execute_update(MemberLifecycleWorkflow.freeze, member.order())
    assert done.reason == "fraud_suspected"
    assert (await member.state()).frozen
    done = await member.handle.execute_update(MemberLifecycleWorkflow.unfreeze, member.order(""))
    assert done.frozen_at is None
    assert not (await member.state()).frozen


@pytest.mark.parametrize(
    ("reason", "code"), [("", "freeze_reason_unknown"), ("I do not like her", "freeze_reason_unknown")]
)
async def test_a_freeze_without_a_reason_of_the_list_is_refused_and_leaves_no_trace(
    member: Any, script: Any, reason: str, code: str
) -> None:
    await member.hear(0, events=1)
    await until(lambda: _settled(member))
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await member.handle.execute_update(MemberLifecycleWorkflow.freeze, member.order(reason))
    assert _code(refused.value) == code
    assert script.orders == []


async def test_freezing_twice_and_unfreezing_the_unfrozen_are_refused(member: Any, script: Any) -> None:
    await member.hear(0, events=1)
    await until(lambda: _settled(member))
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await member.handle.execute_update(MemberLifecycleWorkflow.unfreeze, member.order(""))
    assert _code(refused.value) == "not_frozen"
    await member.handle.execute_update(MemberLifecycleWorkflow.freeze, member.order())
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await member.handle.execute_update(MemberLifecycleWorkflow.freeze, member.order())
    assert _code(refused.value) == "already_frozen"
    assert len(script.orders) == 1


async def test_two_who_freeze_at_once_are_told_apart(member: Any, script: Any) -> None:
    await member.hear(0, events=1)
    await until(lambda: _settled(member))
    ends = await asyncio.gather(
        *(member.handle.execute_update(MemberLifecycleWorkflow.freeze, member.order()) for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(not isinstance(end, BaseException) for end in ends) == 1
    assert {_code(end) for end in ends if isinstance(end, WorkflowUpdateFailedError)} == {"already_frozen"}


async def test_an_order_about_another_member_is_refused(member: Any, script: Any) -> None:
    await member.hear(0, events=1)
    order = replace(member.order(), member_id=member.order().order_id)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await member.handle.execute_update(MemberLifecycleWorkflow.freeze, order)
    assert _code(refused.value) == "member_differs"


async def test_ops_find_members_by_stage_tier_store_and_due_date(
    member: Any, script: Any, temporal_client: Client
) -> None:
    script.standing = replace(
        script.standing, stage="at_risk", tier="gold", store=f"s-{member.id}", next_due_at=in_(days=3)
    )
    await member.hear(1, events=1)
    query = (
        f"RegularsStage='at_risk' and RegularsTier='gold' and RegularsStore='s-{member.id}'"
        f" and RegularsNextDue < '{in_(days=4).isoformat()}'"
    )

    async def found() -> bool:
        return (await temporal_client.count_workflows(query)).count == 1

    await until(found)


async def test_continuing_as_new_loses_nothing(member: Any, script: Any) -> None:
    due = in_(days=30)
    script.standing = replace(script.standing, tier="gold", last_seq=1, next_due_at=due)
    await member.hear(1, events=1, next_due_at=due)
    await until(lambda: _settled(member))
    await member.handle.execute_update(MemberLifecycleWorkflow.freeze, member.order())
    hints = EVENTS_PER_RUN * 2
    for first in range(0, hints, 50):
        orders = [
            member.handle.execute_update(MemberLifecycleWorkflow.unfreeze, member.order("")),
            member.handle.execute_update(MemberLifecycleWorkflow.freeze, member.order()),
        ]
        told = [member.hear(seq, next_due_at=due) for seq in range(first, first + 50)]
        await asyncio.gather(*told, *orders, return_exceptions=True)
    # What an order changed is announced: an order whose run ended before it was answered is heard of so.
    script.standing = replace(script.standing, last_seq=hints - 1)
    await member.hear(hints - 1, events=1, next_due_at=due)
    await until(lambda: _heard(member, hints + 2))
    state = await member.state()
    assert state.runs > 1
    assert (state.signals_heard, state.changes_heard, state.last_seq) == (hints + 2, hints + 2, hints - 1)
    assert (state.tier, state.next_due_at) == ("gold", due)
    description = await member.handle.describe()
    assert description.history_length < EVENTS_PER_RUN + 100
    assert state.frozen == script.standing.frozen


async def _looked(script: Any, times: int) -> bool:
    return len(script.looks) >= times


async def _heard(member: Any, changes: int) -> bool:
    state = await member.state()
    return state.changes_heard >= changes and not state.must_look and state.stage is not None


async def _heard_of(member: Any, changes: int) -> bool:
    return bool((await member.state()).changes_heard >= changes)


async def _settled(member: Any) -> bool:
    state = await member.state()
    return state.stage is not None and not state.must_look


async def _in_trouble(member: Any) -> bool:
    return (await member.state()).trouble is not None


def _code(failure: WorkflowUpdateFailedError) -> str | None:
    assert isinstance(failure.cause, ApplicationError)
    return failure.cause.type
