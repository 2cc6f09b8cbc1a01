"""What following up with a member (回访) is, and how it can end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

NOTE_LENGTH_MAX = 1_000


class Outcome(StrEnum):
    """How a follow-up ended."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    WRONG_NUMBER = "wrong_number"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class CareDue:
    """A follow-up that fell due: the lifecycle event that says so, and since when."""

    event_id: UUID
    member_id: UUID
    due_at: datetime
    kind: str = "revisit"


@dataclass(frozen=True, slots=True)
class CareTask:
    """A follow-up to be done, or how it was done.

    Attributes:
        id: the id of the event that made it due, so that one event has one task.
        home_store_id: the member's, whose operators work it.
        note: the operator's own words.
        closed_by: operator id; None while open, and where a command closed it.
    """

    id: UUID
    member_id: UUID
    home_store_id: UUID
    kind: str
    due_at: datetime
    opened_at: datetime
    outcome: Outcome | None
    note: str | None
    closed_at: datetime | None
    closed_by: UUID | None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Some open tasks, soonest due first, and where the next page begins."""

    tasks: tuple[CareTask, ...]
    next_after: tuple[datetime, UUID] | None
