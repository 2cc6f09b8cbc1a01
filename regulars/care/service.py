"""Use-cases of following up (回访): opened when due, listed for those who call, closed with an outcome."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.care import repository
from regulars.care.domain import NOTE_LENGTH_MAX, CareDue, CareTask, Outcome, TaskPage
from regulars.care.errors import NoteTooLong, OutcomeUnknown, TaskClosed, TaskUnknown
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.security.scope import Scope


async def open_tasks(session: AsyncSession, due: Sequence[CareDue], at: datetime) -> int:
    """Open a task for each follow-up that fell due and has none yet.

    Args:
        session: in a transaction.
        due: follow-ups by their lifecycle events; those that have a task, open or closed, are left alone.
        at: aware UTC, now.
    Returns: how many were opened.
    """
    return await repository.open_tasks(session, due, at) if due else 0


async def list_open(
    session: AsyncSession, scope: Scope, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> TaskPage:
    """Open follow-ups of members at home in the scope, soonest due first.

    Args:
        session: any.
        scope: where the asker may look.
        after: `next_after` of the page before.
        limit: tasks a page, 1 to 200.
    Returns: one page.
    """
    limit = max(1, min(limit, 200))
    tasks = await repository.open_page(session, scope, after, limit + 1)
    page = tuple(tasks[:limit])
    more = len(tasks) > limit
    return TaskPage(page, (page[-1].due_at, page[-1].id) if more else None)


async def tasks_of(session: AsyncSession, scope: Scope, member_id: UUID) -> list[CareTask]:
    """A member's follow-ups, open and closed, latest due first; none where the member is out of sight."""
    return await repository.tasks_of(session, scope, member_id)


async def close_task(
    session: AsyncSession, actor: Actor, task_id: UUID, outcome: str, note: str | None, at: datetime
) -> CareTask:
    """Say how a follow-up ended.

    Args:
        session: in a transaction.
        actor: admitted with `care_task.close`; closes only what lies in its scope.
        task_id: of the task.
        outcome: a value of `Outcome`.
        note: the operator's words, up to 1,000 characters; blank counts as none.
        at: aware UTC, now.
    Returns: the closed task. The same closing again by the same operator gives the same answer.
    Raises:
        TaskUnknown: no such task in sight.
        TaskClosed: closed before, by whom and when; nothing is changed.
        OutcomeUnknown, NoteTooLong: the field is wrong.
    """
    ending = _outcome(outcome)
    words = _words(note)
    task = await repository.find(session, actor.scope, task_id)
    if task is None:
        raise TaskUnknown
    operator_id = UUID(actor.id) if actor.kind == "operator" else None
    if not await repository.close(session, task_id, ending, words, operator_id, at):
        return await _closed_before(session, actor, task_id, ending, words, operator_id)
    await audit.record(
        session,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="care_task.close",
        subject_kind="care_task",
        subject_id=str(task_id),
        at=at,
        place_id=task.home_store_id,
        before={"status": "open"},
        after={"status": "closed", "outcome": ending.value},
    )
    return await _found(session, actor, task_id)


async def _closed_before(
    session: AsyncSession,
    actor: Actor,
    task_id: UUID,
    outcome: Outcome,
    note: str | None,
    operator_id: UUID | None,
) -> CareTask:
    task = await _found(session, actor, task_id)
    if (task.outcome, task.note, task.closed_by) == (outcome, note, operator_id):
        return task
    assert task.outcome is not None
    assert task.closed_at is not None
    raise TaskClosed(task.outcome.value, task.closed_at, task.closed_by)


async def _found(session: AsyncSession, actor: Actor, task_id: UUID) -> CareTask:
    task = await repository.find(session, actor.scope, task_id)
    if task is None:
        raise TaskUnknown
    return task


def _outcome(outcome: str) -> Outcome:
    try:
        return Outcome(outcome)
    except ValueError:
        raise OutcomeUnknown([each.value for each in Outcome]) from None


def _words(note: str | None) -> str | None:
    words = (note or "").strip()
    if len(words) > NOTE_LENGTH_MAX:
        raise NoteTooLong(NOTE_LENGTH_MAX)
    return words or None
