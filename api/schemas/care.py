"""Follow-ups and freezes on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.base import In, Out
from regulars.care.domain import NOTE_LENGTH_MAX, CareTask, Outcome
from regulars.lifecycle.freezing import Freeze, FreezeReason

Note = Annotated[str | None, Field(max_length=NOTE_LENGTH_MAX, description="Your own words.")]


class ClosingIn(In):
    """How a follow-up ended."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"outcome": "reached", "note": "周末会再来，想了解新品"}]}
    )

    # Told as an enumeration, but taken as text: the service answers another word by its own code.
    outcome: Annotated[str, Field(json_schema_extra={"enum": [each.value for each in Outcome]})]
    note: Note = None


class CareTaskOut(Out):
    """A follow-up (回访), to be done or done."""

    id: UUID
    member_id: UUID
    kind: str
    due_at: datetime
    opened_at: datetime
    status: str
    outcome: str | None
    note: str | None
    closed_at: datetime | None
    closed_by: UUID | None

    @classmethod
    def of(cls, task: CareTask) -> Self:
        return cls(
            id=task.id,
            member_id=task.member_id,
            kind=task.kind,
            due_at=task.due_at,
            opened_at=task.opened_at,
            status="open" if task.is_open else "closed",
            outcome=task.outcome,
            note=task.note,
            closed_at=task.closed_at,
            closed_by=task.closed_by,
        )


class CareTaskPageOut(Out):
    """Open follow-ups, soonest due first."""

    items: list[CareTaskOut]
    next_after_due: Annotated[datetime | None, Field(description="Send both as `after_due` and")]
    next_after_id: Annotated[UUID | None, Field(description="`after_id` for the next page.")]


class FreezeIn(In):
    """Why a member is frozen."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "fraud_suspected", "note": "同一天十二笔退货"}]}
    )

    # As with `outcome` above.
    reason: Annotated[str, Field(json_schema_extra={"enum": [each.value for each in FreezeReason]})]
    note: Note = None


class UnfreezeIn(In):
    """Why a freeze is lifted."""

    note: Note = None


class FreezeOut(Out):
    """Whether a member is frozen, since when and why."""

    member_id: UUID
    frozen: bool
    frozen_at: datetime | None
    reason: str | None

    @classmethod
    def of(cls, freeze: Freeze) -> Self:
        return cls(
            member_id=freeze.member_id,
            frozen=freeze.frozen_at is not None,
            frozen_at=freeze.frozen_at,
            reason=freeze.reason,
        )
