"""The story of one release: reminders, the minute of each start and end, and who must hear of it."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from activities import release_messages as ask
from activities.release_messages import AdvanceRelease, ReleaseStanding, StirMembers, StirredMembers
from workflows import release_messages as messages
from workflows.release_messages import PackReleaseState

EVENTS_PER_RUN = 300
REST = timedelta(minutes=1)
"""Between two looks at a due date that a look did not move."""

REST_IN_TROUBLE = timedelta(minutes=15)
ANSWER_WITHIN = timedelta(seconds=60)
RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=1)
)
UNKNOWN_RELEASE = "unknown_release"


@workflow.defn(name=messages.WORKFLOW)
class PackReleaseWorkflow:
    """Follows a release from review to its end.

    What goes live was written ahead: tills need nobody at the minute. The workflow notes what time has
    decided, reminds who must decide, and has members looked at anew where their due dates change.
    """

    @workflow.init
    def __init__(self, state: PackReleaseState) -> None:
        self._state = state
        self._is_over = False

    @workflow.run
    async def run(self, state: PackReleaseState) -> str:  # noqa: ARG002 — __init__ keeps it
        while not (self._is_over or self._has_run_long()):
            await self._sleep_until_something_is_due()
            if self._is_due():
                await self._look()
            while self._state.stir_for is not None and not self._has_run_long():
                await self._stir()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not self._is_over or self._owes_a_look():
            self._state.runs += 1
            workflow.continue_as_new(self._state)
        return self._state.state

    @workflow.signal(name=messages.RELEASE_CHANGED)
    def release_changed(self, change_no: int) -> None:
        """Somebody acted on the release; what, stands in the database."""
        self._state.heard_no = max(self._state.heard_no, change_no)

    @workflow.query(name=messages.STATE)
    def state(self) -> PackReleaseState:
        """What the workflow knows of the release."""
        return self._state

    async def _sleep_until_something_is_due(self) -> None:
        wake_at = self._wakes_at()
        rest = None if wake_at is None else max(timedelta(0), wake_at - workflow.now())
        try:
            await workflow.wait_condition(self._is_stirred, timeout=rest)
        except TimeoutError:
            return

    def _is_stirred(self) -> bool:
        state = self._state
        return self._owes_a_look() or state.stir_for is not None or self._has_run_long()

    def _owes_a_look(self) -> bool:
        return self._state.must_look or self._state.heard_no > self._state.seen_no

    def _wakes_at(self) -> datetime | None:
        state = self._state
        if state.trouble is not None:
            return state.rest_until
        if state.next_due_at is None or state.rest_until is None:
            return state.next_due_at
        return max(state.next_due_at, state.rest_until)

    def _is_due(self) -> bool:
        wakes_at = self._wakes_at()
        is_time = wakes_at is not None and wakes_at <= workflow.now()
        return self._owes_a_look() or is_time

    def _has_run_long(self) -> bool:
        info = workflow.info()
        return info.get_current_history_length() >= EVENTS_PER_RUN or info.is_continue_as_new_suggested()

    async def _look(self) -> None:
        """Have all noted that time decided, and learn what comes next."""
        state, now, heard = self._state, workflow.now(), self._state.heard_no
        state.looks += 1
        state.must_look = False
        try:
            standing: ReleaseStanding = await workflow.execute_activity(
                ask.ADVANCE,
                AdvanceRelease(state.release_id, to=now),
                result_type=ReleaseStanding,
                start_to_close_timeout=ANSWER_WITHIN,
                retry_policy=RETRIES,
            )
        except ActivityError as error:
            code = _expected(error)
            self._is_over = code == UNKNOWN_RELEASE
            state.trouble, state.rest_until, state.seen_no = code, now + REST_IN_TROUBLE, heard
            return
        state.trouble, state.state = None, standing.state
        state.seen_no = max(heard, standing.change_no)
        state.next_due_at = standing.next_due_at
        overdue = standing.next_due_at is not None and standing.next_due_at <= now
        state.rest_until = now + REST if overdue else None
        if standing.stir_for != state.stir_for:
            state.stir_for, state.stir_after = standing.stir_for, None
        self._is_over = standing.is_over

    async def _stir(self) -> None:
        """Have the next members looked at anew; the last page makes the round complete."""
        state = self._state
        assert state.stir_for is not None
        request = StirMembers(state.release_id, state.stir_after, state.stir_for, to=workflow.now())
        try:
            done: StirredMembers = await workflow.execute_activity(
                ask.STIR,
                request,
                result_type=StirredMembers,
                start_to_close_timeout=ANSWER_WITHIN,
                retry_policy=RETRIES,
            )
        except ActivityError as error:
            state.trouble, state.stir_for = _expected(error), None
            state.rest_until = workflow.now() + REST_IN_TROUBLE
            return
        state.moved += done.moved
        state.stir_after = done.after
        if done.after is None:
            state.stir_for, state.must_look = None, True  # it may be over now


def _expected(error: ActivityError) -> str:
    """The code of what was expected to go wrong; anything else is raised."""
    if is_cancelled_exception(error):
        raise error
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.non_retryable:
        return str(cause.type)
    raise error
