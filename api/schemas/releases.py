"""Releases on the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.base import In, Out, Reasoned
from regulars.releases.domain import (
    PLACES_MAX,
    WORDS_MAX,
    PlaceStage,
    Release,
    ReleaseState,
    Step,
    reminded_at,
    waiting_since,
)
from regulars.releases.policy import Approval, Rehearsal, ReleasePolicy
from regulars.security.audit import AuditLine

STEPS_MAX = 50
_PLACE = "0192d3a0-0000-7000-8000-000000000001"
Reason = Annotated[
    str, Field(min_length=1, max_length=WORDS_MAX, description="Why, at least two characters.")
]
Time = Annotated[
    str,
    Field(
        min_length=1,
        max_length=40,
        description="2026-12-01T08:00 by each store's own clock; with an offset everywhere at once.",
    ),
]
Number = Annotated[int, Field(ge=1, le=1 << 30, strict=True)]
PlaceIds = Annotated[list[UUID], Field(min_length=1, max_length=PLACES_MAX)]


class SubmitIn(Reasoned):
    """What is to be released where: a draft's newest revision, or a version that stands already."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "grocery-classic", "revision": 3, "place_ids": [_PLACE]}]}
    )

    code: Annotated[str, Field(min_length=1, max_length=40)]
    place_ids: PlaceIds
    revision: Annotated[
        Number | None,
        Field(
            description="Of the pack's draft, as you looked at it: refused where somebody saved since. Left "
            "out: the newest, whichever it is."
        ),
    ] = None
    version: Annotated[Number | None, Field(description="One that stands already, instead of the draft.")] = (
        None
    )
    reason: Annotated[str | None, Field(max_length=WORDS_MAX, description="For those who approve.")] = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.revision is not None and self.version is not None:
            raise PydanticCustomError(
                "revision_or_version", "give revision or version, not both", {"field": "version"}
            )
        return self


class ReasonIn(Reasoned):
    """Why something is stopped or sent back."""

    reason: Reason


class OptionalReasonIn(Reasoned):
    """Why, where something should be remembered."""

    reason: Annotated[str | None, Field(max_length=WORDS_MAX)] = None


class StepIn(In):
    """Places that begin together."""

    place_ids: PlaceIds
    starts: Annotated[Time | None, Field(description="Left out: now.")] = None
    ends: Annotated[Time | None, Field(description="Left out: for good.")] = None

    def step(self, at: datetime) -> Step:
        return Step(tuple(self.place_ids), self.starts or at.isoformat(), self.ends)


class ScheduleIn(In):
    """The plan of a release."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"steps": [{"place_ids": [_PLACE], "starts": "2026-12-01T08:00"}]}],
        }
    )

    steps: Annotated[list[StepIn], Field(min_length=1, max_length=STEPS_MAX)]


class HaltIn(ReasonIn):
    """Which step is held, and why."""

    step: Number


class ResumeIn(In):
    """Which step begins after all, and when."""

    step: Number
    starts: Annotated[Time | None, Field(description="Left out: now.")] = None


class PlacesIn(ReasonIn):
    """Where, and why; without places everywhere."""

    place_ids: PlaceIds | None = None


class RetireIn(PlacesIn):
    """Where it ends, when, and why."""

    ends: Annotated[Time | None, Field(description="Left out: now.")] = None


class ReleasePlaceOut(Out):
    """One place of a release's plan, with all below it that is not planned otherwise."""

    place_id: UUID
    step: int
    stage: PlaceStage
    starts: str
    ends: str | None
    starts_at: Annotated[datetime, Field(description="When the first store concerned begins.")]
    ends_at: Annotated[datetime | None, Field(description="When the last store concerned ends.")]


class ReleaseOut(Out):
    """A version on its way to some places."""

    id: UUID
    code: str
    version: int
    kind: str
    hash: str
    state: ReleaseState
    place_ids: list[UUID]
    authors: list[str]
    draft_revision: int | None
    reason: Annotated[str | None, Field(description="What was said when it was submitted.")]
    submitted_at: datetime
    submitted_by: str
    decided_at: datetime | None
    decided_by: str | None
    latest_reason: Annotated[str | None, Field(description="What was said with the latest decision.")]
    waiting_since: Annotated[datetime | None, Field(description="For approval; null: it does not.")]
    reminders: Annotated[int, Field(description="How often those who may approve were reminded.")]
    reminded_at: Annotated[datetime | None, Field(description="The latest of these.")]
    next_due_at: datetime | None
    places: list[ReleasePlaceOut]

    @classmethod
    def of(cls, release: Release, at: datetime) -> Self:
        places = [
            ReleasePlaceOut(
                place_id=place.place_id,
                step=place.step,
                stage=place.stage_at(at),
                starts=place.starts,
                ends=place.ends,
                starts_at=place.starts_at,
                ends_at=place.ends_at,
            )
            for place in release.places
        ]
        told = {
            "places": places,
            "reason": release.note,
            "latest_reason": release.words,
            "waiting_since": waiting_since(release),
            "reminded_at": reminded_at(release),
        }
        same = {name: getattr(release, name) for name in cls.model_fields if name not in told}
        return cls(**told, **same)


class ReleasePageOut(Out):
    """Releases, newest first."""

    items: list[ReleaseOut]
    next_before: UUID | None = None


class ReleaseActOut(Out):
    """One step of a release, as the audit log has it."""

    no: Annotated[int, Field(description="In the order of all acts; numbers have gaps.")]
    at: datetime
    actor_kind: str
    actor_id: str
    action: str
    place_id: UUID | None
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    reason: str | None

    @classmethod
    def of(cls, line: AuditLine) -> Self:
        return cls.model_validate(line)


class ReleaseActPageOut(Out):
    """The steps of a release, oldest first."""

    items: list[ReleaseActOut]
    next_after: Annotated[int | None, Field(description="Send it as `after` for the next page.")]


class PolicyBody(In):
    """What the chain demands before a version goes live."""

    approval: Approval
    rehearsal: Rehearsal

    def policy(self) -> ReleasePolicy:
        return ReleasePolicy(self.approval, self.rehearsal)

    @classmethod
    def of(cls, policy: ReleasePolicy) -> Self:
        return cls(approval=policy.approval, rehearsal=policy.rehearsal)
