"""Adjustments by hand on the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.base import In, Out
from regulars.adjustments.domain import POINTS_MAX, WORDS_MAX, AdjustmentReason, AdjustmentState


class AdjustmentIn(In):
    """Points to be given or taken, or an adjustment to be reversed whole."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"points": 120, "reason": "missed_points", "note": "收银机断网，漏记一单"}]
        }
    )

    points: Annotated[
        int | None,
        Field(
            ge=-POINTS_MAX,
            le=POINTS_MAX,
            strict=True,
            description="Given, or below zero taken; left out where an adjustment is reversed.",
        ),
    ] = None
    # Told as an enumeration, but taken as text: the service answers another word by its own code.
    reason: Annotated[str, Field(json_schema_extra={"enum": [each.value for each in AdjustmentReason]})]
    note: Annotated[str, Field(max_length=WORDS_MAX, description="Why, in your own words.")]
    reverses: Annotated[UUID | None, Field(description="The adjustment that is taken back.")] = None


class AdjustmentApprovalIn(In):
    """What the approver wants remembered."""

    note: Annotated[str | None, Field(max_length=WORDS_MAX)] = None


class AdjustmentRefusalIn(In):
    """Why an adjustment is refused."""

    note: Annotated[str, Field(max_length=WORDS_MAX, description="Why, for who asked.")]


class AdjustmentOut(Out):
    """An adjustment, and what became of it."""

    id: UUID
    member_id: UUID
    points: int
    reason: str
    note: str
    reverses: UUID | None
    state: AdjustmentState
    within_limit: Annotated[bool, Field(description="Posted at once, by the asker's own right.")]
    on_day: Annotated[date, Field(description="For whose limit it counts.")]
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    words: str | None


class AdjustmentPageOut(Out):
    """Adjustments, the latest first."""

    items: list[AdjustmentOut]
    next_after_at: Annotated[datetime | None, Field(description="Send both as `after_at` and")]
    next_after_id: Annotated[UUID | None, Field(description="`after_id` for the next page.")]


class AllowanceOut(Out):
    """What you may still adjust alone today for this member, given and taken added up."""

    limit: int
    used: int
    left: int
