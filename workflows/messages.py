"""What the member's workflow is told, asked and carries over: ids, codes and times, nothing personal."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

TASK_QUEUE = "member"
WORKFLOW = "MemberLifecycleWorkflow"
MEMBER_CHANGED = "member_changed"
FREEZE = "freeze"
UNFREEZE = "unfreeze"
STATE = "state"

FREEZE_REASONS = frozenset({"fraud_suspected", "member_request", "data_dispute", "other"})


def workflow_id(member_id: UUID) -> str:
    """The one workflow of a member."""
    return f"member-lifecycle/{member_id}"


@dataclass(frozen=True, slots=True)
class MemberHint:
    """Something happened to the member; what, stands in the database.

    Attributes:
        seq: the member's last purchase when it happened.
        changes: how many transactions this stands for.
        events: lifecycle events they wrote.
        next_due_at: when time next decides something, as of `seq`.
    """

    seq: int
    changes: int
    events: int
    next_due_at: datetime | None


@dataclass(slots=True)
class LifecycleState:
    """All that a member's workflow knows; small, and carried over when it continues as new.

    Attributes:
        tier, stage, store: as last read, None before the first look.
        next_due_at: when time next decides something, as far as is known; None for never.
        shown_due_at: the same, as ops see it.
        last_seq: the highest purchase number heard of or read.
        must_look: a look is owed.
        rest_until: no look before then, unless one is owed.
        trouble: code of the error that the last look ended with, or None.
        signals_heard, changes_heard, looks, events_written, tasks_opened, runs: counted since the first
            start.
    """

    member_id: UUID
    tier: str | None = None
    stage: str | None = None
    store: str | None = None
    frozen: bool = False
    next_due_at: datetime | None = None
    shown_due_at: datetime | None = None
    last_seq: int = 0
    must_look: bool = True
    rest_until: datetime | None = None
    trouble: str | None = None
    signals_heard: int = 0
    changes_heard: int = 0
    looks: int = 0
    events_written: int = 0
    tasks_opened: int = 0
    runs: int = 1
