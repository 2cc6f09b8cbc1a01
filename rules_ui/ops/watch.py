"""Which members' workflows are in trouble: a bounded look at those most likely to be, and what each says."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from regulars.outbox.errors import TemporalAway
from workflows.bulk_action import WORKFLOW as BULK_ACTION
from workflows.member_lifecycle import MemberLifecycleWorkflow
from workflows.messages import WORKFLOW, LifecycleState, workflow_id
from workflows.rehearsal import WORKFLOW as REHEARSAL
from workflows.release_messages import WORKFLOW as RELEASE
from workflows.undoing import WORKFLOW as UNDO

LOOKED_AT_MOST: Final = 100
LISTED: Final = 60
IN_FLIGHT: Final = 16
PATIENCE: Final = timedelta(seconds=8)
ASK_WITHIN: Final = timedelta(seconds=1)
FRESH_FOR: Final = timedelta(seconds=5)
AWAY: Final = (TemporalAway, RPCError, TimeoutError, OSError, RuntimeError)
_REPORTED: Final = f"WorkflowType='{WORKFLOW}' and TemporalReportedProblems is not null"
WORKS: Final = (RELEASE, REHEARSAL, UNDO, BULK_ACTION)
_WORKS: Final = "ExecutionStatus='Running' and WorkflowType in ({})".format(
    ", ".join(f"'{name}'" for name in WORKS)
)
_RUNNING: Final = f"WorkflowType='{WORKFLOW}' and ExecutionStatus='Running'"

Cause = Literal["failing", "stuck", "resting", "missing", "late"]
"""A step fails and is tried again; the workflow's own code fails; a look was refused and it rests; none
runs though something is due; something is due, and nothing tells why it was not decided."""

Fault = tuple[Cause, str, str, int, datetime | None]


@dataclass(frozen=True, slots=True)
class Troubled:
    """One member's workflow in trouble.

    Attributes:
        step: name of the activity that fails; else "".
        error: type or code of what it failed with; "" where nothing says.
        attempts: how often it was tried.
        next_at: when it is tried again; None for at once or unknown.
    """

    member_id: UUID
    cause: Cause
    step: str
    error: str
    attempts: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class TroubledWork:
    """A release, a rehearsal, an undo order or a bulk action whose workflow is in trouble.

    Attributes:
        workflow_id: as Temporal knows it, e.g. "undo/01a2…".
        cause, step, error, attempts, next_at: as of a member's workflow.
    """

    workflow_id: str
    cause: Cause
    step: str
    error: str
    attempts: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at workflows found.

    Attributes:
        reachable: Temporal answered.
        looked_at: at so many workflows.
        running: members' workflows that run, approximately.
        works: what is in trouble of all else that workflows carry out.
        members_left, works_left: there may be others in trouble, beyond what a look takes.
    """

    at: datetime
    reachable: bool
    looked_at: int
    running: int
    troubled: tuple[Troubled, ...]
    works: tuple[TroubledWork, ...] = ()
    members_left: bool = False
    works_left: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One member's workflow as Temporal tells of it.

    Attributes:
        status: "running", or how it ended; "" where there is none.
        state: what it knows; None where no worker answers.
    """

    status: str
    run_id: str
    started_at: datetime | None
    events: int
    trouble: Troubled | None
    state: LifecycleState | None


class Watch:
    """Looks at Temporal with patience for some seconds, whoever asks."""

    def __init__(self, connect: Callable[[], Awaitable[Client]]) -> None:
        self._connect = connect

    async def look(self, overdue: Sequence[UUID], lately_told: Sequence[UUID], at: datetime) -> Look:
        """Look at those that are overdue, that Temporal reports, that were told or begun of late.

        Args:
            overdue: members of whom something should have been decided.
            lately_told: members whose workflow heard something last.
            at: now.
        """
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                client = await self._connect()
                reported, newest, counted = await asyncio.gather(
                    _ids(client, _REPORTED, missing_ok=True),
                    _ids(client, _RUNNING),
                    client.count_workflows(_RUNNING),
                )
                wanted = list(dict.fromkeys([*reported, *overdue, *lately_told, *newest]))[:LOOKED_AT_MOST]
                gate, late = asyncio.Semaphore(IN_FLIGHT), frozenset(overdue)
                seen, (works, works_left) = await asyncio.gather(
                    asyncio.gather(*(_look_at(client, gate, one, one in late) for one in wanted)),
                    _works(client, gate),
                )
        except AWAY:
            return Look(at, reachable=False, looked_at=0, running=0, troubled=())
        found = tuple(one for one in seen if one is not None)
        running = counted.count
        return Look(
            at,
            reachable=True,
            looked_at=len(wanted),
            running=running,
            troubled=found,
            works=works,
            members_left=len({*reported, *overdue}) >= LOOKED_AT_MOST or len(reported) >= LISTED,
            works_left=works_left,
        )

    async def member(self, member_id: UUID) -> Seen | None:
        """One member's workflow; None where Temporal does not answer."""
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                client = await self._connect()
                description = await _describe(client, member_id)
                if description is None:
                    return Seen("", "", None, 0, None, None)
                state = await _state(client, member_id) if _runs(description) else None
        except AWAY:
            return None
        trouble = _trouble_of(member_id, description) if _runs(description) else None
        if trouble is None and state is not None and state.trouble:
            trouble = Troubled(member_id, "resting", "", state.trouble, 1, state.rest_until)
        return Seen(
            status=description.status.name.lower() if description.status else "",
            run_id=description.run_id,
            started_at=description.start_time,
            events=description.history_length,
            trouble=trouble,
            state=state,
        )


async def _look_at(
    client: Client,
    gate: asyncio.Semaphore,
    member_id: UUID,
    is_overdue: bool,  # noqa: FBT001
) -> Troubled | None:
    async with gate:
        description = await _describe(client, member_id)
        if description is None or not _runs(description):
            return Troubled(member_id, "missing", "", "", 0, None) if is_overdue else None
        trouble = _trouble_of(member_id, description)
        if trouble is not None or not is_overdue:
            return trouble
        state = await _state(client, member_id)
        if state is not None and state.trouble:
            return Troubled(member_id, "resting", "", state.trouble, 1, state.rest_until)
        return Troubled(member_id, "late", "", "", 0, None)


async def _works(client: Client, gate: asyncio.Semaphore) -> tuple[tuple[TroubledWork, ...], bool]:
    """What is in trouble of releases, rehearsals, undo orders and bulk actions; whether some are left out."""

    async def look_at(workflow: str) -> TroubledWork | None:
        async with gate:
            description = await client.get_workflow_handle(workflow).describe()
        fault = _fault_of(description) if _runs(description) else None
        return TroubledWork(workflow, *fault) if fault else None

    running = [one.id async for one in client.list_workflows(_WORKS, limit=LISTED + 1)]
    seen = await asyncio.gather(*(look_at(one) for one in running[:LISTED]))
    return tuple(one for one in seen if one is not None), len(running) > LISTED


def _trouble_of(member_id: UUID, seen: WorkflowExecutionDescription) -> Troubled | None:
    fault = _fault_of(seen)
    return Troubled(member_id, *fault) if fault else None


def _fault_of(seen: WorkflowExecutionDescription) -> Fault | None:
    """Cause, step, error, attempts and next attempt of what fails."""
    failing = [one for one in seen.raw_description.pending_activities if one.attempt > 1]
    if failing:
        worst = max(failing, key=lambda one: one.attempt)
        failure = worst.last_failure
        error = failure.application_failure_info.type or failure.message[:60]
        return "failing", worst.activity_type.name, error, worst.attempt, _next_attempt(worst)
    task = seen.raw_description.pending_workflow_task
    if task.attempt > 1:
        return "stuck", "", "", task.attempt, None
    return None


def _next_attempt(one: PendingActivityInfo) -> datetime | None:
    if not one.HasField("next_attempt_schedule_time"):
        return None
    return one.next_attempt_schedule_time.ToDatetime(tzinfo=UTC)


def _runs(seen: WorkflowExecutionDescription) -> bool:
    return seen.status == WorkflowExecutionStatus.RUNNING


async def _describe(client: Client, member_id: UUID) -> WorkflowExecutionDescription | None:
    try:
        return await client.get_workflow_handle(workflow_id(member_id)).describe()
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return None


async def _state(client: Client, member_id: UUID) -> LifecycleState | None:
    handle = client.get_workflow_handle_for(MemberLifecycleWorkflow.run, workflow_id(member_id))
    try:
        async with asyncio.timeout(ASK_WITHIN.total_seconds()):
            return await handle.query(MemberLifecycleWorkflow.state)
    except AWAY:  # no worker, or one that cannot carry the workflow on
        return None


async def _ids(client: Client, query: str, *, missing_ok: bool = False) -> list[UUID]:
    try:
        found = [one.id async for one in client.list_workflows(query, limit=LISTED)]
    except RPCError as error:
        if missing_ok and error.status == RPCStatusCode.INVALID_ARGUMENT:  # an older server
            return []
        raise
    return list(_members(found))


def _members(ids: Iterable[str]) -> Iterable[UUID]:
    for one in ids:
        _, _, tail = one.partition("/")
        try:
            yield UUID(tail)
        except ValueError:
            continue
