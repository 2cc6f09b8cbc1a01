"""The story of one member: sleeps until something is due, looks and follows up, and sleeps on."""

import asyncio
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

from activities import messages as ask
from activities.messages import AdvanceMember, FreezeDone, FreezeOrder, MemberStanding
from workflows import messages
from workflows.messages import FREEZE_REASONS, LifecycleState, MemberHint
from workflows.search_attributes import NEXT_DUE, STAGE, STORE, TIER

EVENTS_PER_RUN = 300
"""History events after which a run continues as new: a cold replay then costs a quarter of a second."""

JITTER_S = 60
"""Members due at the same instant wake spread over this long, each always at its own moment."""

REST = timedelta(minutes=5)
"""Between two looks at a due date that a look did not move."""

REST_IN_TROUBLE = timedelta(hours=1)
AT_ONCE = timedelta(seconds=5)
NO_RETRY = RetryPolicy(maximum_attempts=1)
ANSWER_WITHIN = timedelta(seconds=30)
RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=2)
)
UNKNOWN_MEMBER = "unknown_member"
FROZEN_ALREADY = {"already_frozen": True, "not_frozen": False}
"""What a refused order tells of a freeze that came by another way."""


Answer = TypeVar("Answer")


@workflow.defn(name=messages.WORKFLOW)
class MemberLifecycleWorkflow:
    """A member's durable timer, and the door for those who must act on the member at once."""

    @workflow.init
    def __init__(self, state: LifecycleState) -> None:
        self._state = state
        self._jitter = timedelta(seconds=state.member_id.int % JITTER_S)
        self._heard_while_looking: datetime | None = None
        self._gone = False
        self._one_order_at_a_time = asyncio.Lock()

    @workflow.run
    async def run(self, state: LifecycleState) -> str:  # noqa: ARG002 — __init__ keeps it
        while not (self._gone or self._has_run_long()):
            await self._sleep_until_something_is_due()
            if self._is_due():
                await self._look()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not self._gone:
            self._state.runs += 1
            workflow.continue_as_new(self._state)
        return UNKNOWN_MEMBER

    @workflow.signal(name=messages.MEMBER_CHANGED)
    def member_changed(self, hint: MemberHint) -> None:
        """Late, doubled or out of order, a hint does no harm: a look decides from the database."""
        state = self._state
        state.signals_heard += 1
        state.changes_heard += hint.changes
        state.must_look = state.must_look or hint.events > 0
        self._heard_while_looking = _earlier(self._heard_while_looking, hint.next_due_at)
        if hint.seq > state.last_seq:
            state.last_seq, state.next_due_at = hint.seq, hint.next_due_at
        else:
            state.next_due_at = _earlier(state.next_due_at, hint.next_due_at)

    @workflow.update(name=messages.FREEZE)
    async def freeze(self, order: FreezeOrder) -> FreezeDone:
        """Let the member earn nothing from now on."""
        return await self._carry_out(ask.FREEZE, order)

    @freeze.validator
    def may_freeze(self, order: FreezeOrder) -> None:
        self._is_about_this_member(order)
        if order.reason not in FREEZE_REASONS:
            raise _refusal("freeze_reason_unknown", f"choose one of {', '.join(sorted(FREEZE_REASONS))}")
        if self._state.frozen:
            raise _refusal("already_frozen", "unfreeze first to freeze for another reason")

    @workflow.update(name=messages.UNFREEZE)
    async def unfreeze(self, order: FreezeOrder) -> FreezeDone:
        """Let a frozen member earn again."""
        return await self._carry_out(ask.UNFREEZE, order)

    @unfreeze.validator
    def may_unfreeze(self, order: FreezeOrder) -> None:
        self._is_about_this_member(order)
        if self._state.stage is not None and not self._state.frozen:
            raise _refusal("not_frozen", "the member is not frozen")

    @workflow.query(name=messages.STATE)
    def state(self) -> LifecycleState:
        """What the workflow knows of the member."""
        return self._state

    async def _sleep_until_something_is_due(self) -> None:
        """One lazy timer: a due date that moved later lets it ring, one that moved earlier sets it anew."""
        wake_at = self._wakes_at()
        rest = None if wake_at is None else max(timedelta(0), wake_at - workflow.now())
        try:
            await workflow.wait_condition(lambda: self._is_stirred(wake_at), timeout=rest)
        except TimeoutError:
            return

    def _is_stirred(self, sleeps_until: datetime | None) -> bool:
        if self._state.must_look or self._has_run_long():
            return True
        wakes_at = self._wakes_at()
        return wakes_at is not None and (sleeps_until is None or wakes_at < sleeps_until)

    def _wakes_at(self) -> datetime | None:
        state = self._state
        if state.trouble is not None:
            return state.rest_until
        if state.next_due_at is None:
            return None
        due = state.next_due_at + self._jitter
        return due if state.rest_until is None else max(due, state.rest_until)

    def _is_due(self) -> bool:
        wakes_at = self._wakes_at()
        return self._state.must_look or (wakes_at is not None and wakes_at <= workflow.now())

    def _has_run_long(self) -> bool:
        info = workflow.info()
        return info.get_current_history_length() >= EVENTS_PER_RUN or info.is_continue_as_new_suggested()

    async def _look(self) -> None:
        """Have all decided that fell due, and the follow-ups opened; one transaction does both."""
        state, now = self._state, workflow.now()
        state.must_look = False
        state.looks += 1
        self._heard_while_looking = None
        try:
            standing = await _ask(ask.ADVANCE, AdvanceMember(state.member_id, to=now), MemberStanding)
        except ApplicationError as error:
            self._gone = error.type == UNKNOWN_MEMBER
            state.trouble, state.rest_until = error.type, now + REST_IN_TROUBLE
            return
        state.trouble = None
        self._note(standing)
        overdue = state.next_due_at is not None and state.next_due_at <= now
        state.rest_until = now + REST if overdue else None

    def _note(self, standing: MemberStanding) -> None:
        state = self._state
        shown = (state.tier, state.stage, state.store, state.shown_due_at)
        state.tier, state.stage, state.store = standing.tier, standing.stage, standing.store
        state.frozen = standing.frozen
        state.events_written += standing.events
        state.tasks_opened += standing.tasks
        state.last_seq = standing.last_seq
        state.next_due_at = _earlier(standing.next_due_at, self._heard_while_looking)
        state.shown_due_at = standing.next_due_at
        if shown != (state.tier, state.stage, state.store, state.shown_due_at):
            _show(standing)

    async def _carry_out(self, name: str, order: FreezeOrder) -> FreezeDone:
        async with self._one_order_at_a_time:
            try:
                done = await _ask(name, order, FreezeDone)
            except ApplicationError as error:
                self._state.frozen = FROZEN_ALREADY.get(str(error.type), self._state.frozen)
                raise
            self._state.frozen = done.frozen_at is not None
            return done

    def _is_about_this_member(self, order: FreezeOrder) -> None:
        if order.member_id != self._state.member_id:
            raise _refusal("member_differs", "send the order to the workflow of the member it is about")


async def _ask(name: str, request: object, answer: type[Answer]) -> Answer:
    """Have an activity do something; what it expects to go wrong comes back as an ApplicationError.

    The first try runs within the workflow task, at half the cost; what fails there for no known reason is
    tried again as an activity of its own, which ops see failing.
    """
    try:
        at_once: Answer = await workflow.execute_local_activity(
            name, request, result_type=answer, start_to_close_timeout=AT_ONCE, retry_policy=NO_RETRY
        )
    except FailureError as error:
        _raise_expected(error)
    else:
        return at_once
    try:
        at_last: Answer = await workflow.execute_activity(
            name, request, result_type=answer, start_to_close_timeout=ANSWER_WITHIN, retry_policy=RETRIES
        )
    except FailureError as error:
        _raise_expected(error)
        raise
    return at_last


def _raise_expected(error: FailureError) -> None:
    """An activity's failure comes wrapped, a local activity's may come bare."""
    if is_cancelled_exception(error):
        raise error
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError) and cause.non_retryable:
        raise cause from None


def _show(standing: MemberStanding) -> None:
    due = standing.next_due_at
    workflow.upsert_search_attributes(
        [
            STAGE.value_set(standing.stage),
            TIER.value_set(standing.tier),
            STORE.value_set(standing.store),
            NEXT_DUE.value_unset() if due is None else NEXT_DUE.value_set(due),
        ]
    )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def _refusal(code: str, what_to_do: str) -> ApplicationError:
    return ApplicationError(what_to_do, type=code, non_retryable=True)
