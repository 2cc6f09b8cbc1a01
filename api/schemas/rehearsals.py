"""Rehearsals on the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.base import In, Out
from api.schemas.packs import PackText
from api.schemas.times import Instant
from regulars.kernel.codes import CODE_LENGTH_MAX
from regulars.rehearsal.domain import RankedMember, Rehearsal, State

PACKS_MOST = 20


class VersionIn(In):
    """A version that stands."""

    code: Annotated[str, Field(max_length=CODE_LENGTH_MAX)]
    version: Annotated[int, Field(ge=1, le=1 << 30)]


class RehearsalIn(In):
    """What is to be rehearsed: packs as text, versions that stand, or both; one of each pack."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"versions": [{"code": "grocery-classic", "version": 2}], "place": "HQ"}]
        }
    )

    packs: Annotated[list[PackText], Field(max_length=PACKS_MOST)] = Field(default_factory=list)
    versions: Annotated[list[VersionIn], Field(max_length=PACKS_MOST)] = Field(default_factory=list)
    place: Annotated[
        str,
        Field(max_length=CODE_LENGTH_MAX, description="Where they would have been live, with all below."),
    ]
    since: Annotated[
        Instant | None, Field(description="From when on; left out: from the first purchase on.")
    ] = None
    until: Annotated[Instant | None, Field(description="Left out: up to now.")] = None


class RehearsalOut(Out):
    """A rehearsal, and how far it is."""

    id: UUID
    place: str
    packs: tuple[str, ...]
    content_hashes: tuple[str, ...]
    since: datetime | None
    until: datetime
    state: State
    cancel_asked: bool
    purchases_done: int
    purchases_in_all: int | None
    failed_with: str | None
    ordered_at: datetime
    ordered_by: str
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, one: Rehearsal, place: str) -> Self:
        return cls(
            id=one.id,
            place=place,
            packs=one.pack_names,
            content_hashes=one.pack_hashes,
            since=one.since,
            until=one.until,
            state=one.state,
            cancel_asked=one.cancel_asked,
            purchases_done=one.purchases_done,
            purchases_in_all=one.purchases_in_all,
            failed_with=one.failed_with,
            ordered_at=one.ordered_at,
            ordered_by=one.ordered_by,
            started_at=one.started_at,
            ended_at=one.ended_at,
        )


class RehearsalPageOut(Out):
    """Rehearsals, the latest first."""

    items: list[RehearsalOut]
    next_after_at: Annotated[datetime | None, Field(description="Send both as `after_at` and")]
    next_after_id: Annotated[UUID | None, Field(description="`after_id` for the next page.")]


class ChangeOut(Out):
    """A figure as it was and as it would have been."""

    before: int
    after: int
    difference: int


class PackToldOut(Out):
    """A draft that was rehearsed."""

    name: str
    hash: str
    published: bool


class RowOut(Out):
    """Purchases of one kind."""

    key: str
    purchases: int
    points: ChangeOut
    discount_minor: ChangeOut


class RuleRowOut(Out):
    """What one rule gave, and would have given."""

    pack: str
    rule: str
    points: ChangeOut
    discount_minor: ChangeOut


class CategoryRowOut(Out):
    """What changes for a department; points are shared by the lines' sales value."""

    department: str
    purchases: int
    points_difference: int
    discount_minor: ChangeOut


class MoveRowOut(Out):
    """Moves from one tier or stage to another."""

    kind: str
    from_code: str | None
    to_code: str | None
    members: ChangeOut


class HoldRowOut(Out):
    """How many members hold a tier, or are in a stage, at the end."""

    code: str
    members: ChangeOut


class AskedRowOut(Out):
    """How often rules asked for a message, or gave a tag."""

    code: str
    times: ChangeOut


class LimitRowOut(Out):
    """A limit of a draft: how much was given under it, and when it was first used up."""

    limit: str
    given: int
    withheld: int
    counts_used_up: int
    first_used_up_on: str | None


class RuleAmountOut(Out):
    """What one rule gave a purchase."""

    pack: str
    rule: str
    amount: int


class SampleOut(Out):
    """One purchase of a member, rule by rule: points, and money off in minor units."""

    purchase_id: UUID
    occurred_at: datetime
    points_before: int
    points_after: int
    discount_before_minor: int
    discount_after_minor: int
    rules_before: list[RuleAmountOut]
    rules_after: list[RuleAmountOut]
    discounts_before: tuple[RuleAmountOut, ...] = ()
    discounts_after: tuple[RuleAmountOut, ...] = ()


class MemberChangeOut(Out):
    """A member for whom the drafts would make a difference."""

    member_id: UUID
    points_before: int
    points_after: int
    points_difference: int
    discount_before_minor: int
    discount_after_minor: int
    discount_difference_minor: int
    tier_before: str
    tier_after: str
    samples: list[SampleOut]


class WorkOut(Out):
    """Where the time of all processes together went, in milliseconds."""

    reading: int
    replaying: int


class SidesOut(Out):
    """How many members, by what the difference is of."""

    points: int
    discount_minor: int


_NOT_IN_EVERY_REPORT: Final[Mapping[str, Any]] = {
    "limits": [],
    "messages": [],
    "tags": [],
    "taken_back_points": {"before": 0, "after": 0, "difference": 0},
    "owed_points": {"before": 0, "after": 0, "difference": 0},
}


class ReportOut(Out):
    """What a rehearsal found: every figure before, after and as difference."""

    version: int
    packs: list[PackToldOut]
    place_code: str
    since: datetime | None
    until: datetime
    assumptions: dict[str, str]
    purchases: int
    members: int
    points: ChangeOut
    expired_points: ChangeOut
    taken_back_points: ChangeOut
    liability_points: ChangeOut
    owed_points: ChangeOut
    discount_minor: ChangeOut
    differing_purchases: int
    differing_members: int
    winners: SidesOut
    losers: SidesOut
    tier_moves: list[MoveRowOut]
    stage_moves: list[MoveRowOut]
    tiers: list[HoldRowOut]
    stages: list[HoldRowOut]
    messages: list[AskedRowOut]
    tags: list[AskedRowOut]
    limits: list[LimitRowOut]
    by_rule: list[RuleRowOut]
    by_tier: list[RowOut]
    by_store: list[RowOut]
    by_category: list[CategoryRowOut]
    by_decile: list[RowOut]
    by_day: list[RowOut]
    work_ms: WorkOut
    top: dict[str, list[MemberChangeOut]]

    @classmethod
    def of(cls, report: Mapping[str, Any]) -> Self:
        return cls.model_validate({**_NOT_IN_EVERY_REPORT, **report})


class RankedMemberOut(Out):
    """A member, in the order of the differences."""

    rank: int
    change: MemberChangeOut

    @classmethod
    def of(cls, one: RankedMember) -> Self:
        return cls(rank=one.rank, change=MemberChangeOut.model_validate(one.change))


class RankedMemberPageOut(Out):
    """Members with the greatest differences."""

    items: list[RankedMemberOut]
    next_after_rank: Annotated[int | None, Field(description="Send as `after_rank` for the next page.")]
