"""Why a follow-up cannot be closed."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from regulars.kernel.errors import RegularsError


class TaskUnknown(RegularsError):
    """No follow-up has this id, or it is out of sight for who asks."""

    code: ClassVar[str] = "task_unknown"

    def __init__(self) -> None:
        super().__init__("no such follow-up; open the list again", field="task_id")


class TaskClosed(RegularsError):
    """Somebody closed the follow-up before."""

    code: ClassVar[str] = "task_closed"

    def __init__(self, outcome: str, closed_at: datetime, closed_by: UUID | None) -> None:
        super().__init__(
            f"this follow-up was closed at {closed_at.isoformat()} as {outcome}; nothing was changed",
            field="task_id",
            outcome=outcome,
            closed_at=closed_at.isoformat(),
            closed_by=str(closed_by) if closed_by else None,
        )


class OutcomeUnknown(RegularsError):
    """The outcome is none of those that there are."""

    code: ClassVar[str] = "outcome_unknown"

    def __init__(self, allowed: list[str]) -> None:
        super().__init__(f"choose one of {', '.join(allowed)}", field="outcome", allowed=allowed)


class NoteTooLong(RegularsError):
    """The note is longer than a note may be."""

    code: ClassVar[str] = "note_too_long"

    def __init__(self, limit: int) -> None:
        super().__init__(f"shorten the note to {limit} characters", field="note", limit=limit)
