"""Purchases in which a rule failed, and recomputing them, on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.base import In, Out, Reasoned
from regulars.kernel.codes import CODE_LENGTH_MAX
from regulars.recompute.bounds import MOST, Bound
from regulars.recompute.domain import (
    REASON_MAX,
    Flagged,
    Reckoned,
    RecomputeCause,
    RecomputeState,
    Resolved,
)
from regulars.recompute.running import PURCHASES_TOGETHER
from regulars.recompute.service import Page, Previewed, PreviewPage
from regulars.rules.domain import Award

VERSIONS_MAX = 20
CODE_PATTERN = rf"^[A-Za-z0-9][A-Za-z0-9_-]{{0,{CODE_LENGTH_MAX - 1}}}$"
VersionName = Annotated[
    str, Field(pattern=rf"{CODE_PATTERN[:-1]}/[0-9]{{1,9}}$", examples=["grocery-classic/3"])
]


class RecomputeIn(In):
    """Which of the purchases in which a rule failed are meant, and by which versions they are read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"versions": ["grocery-classic/3"]}]})

    versions: Annotated[
        list[VersionName],
        Field(
            default_factory=list,
            max_length=VERSIONS_MAX,
            description="Mended versions, each read in the place of the one that was live; left out: the "
            "versions that were live then.",
        ),
    ]
    place: Annotated[
        str | None,
        Field(min_length=1, max_length=CODE_LENGTH_MAX, description="Bought there or below; else anywhere."),
    ] = None
    pack: Annotated[
        str | None, Field(pattern=CODE_PATTERN, description="Where a rule of this pack failed.")
    ] = None
    purchase_ids: Annotated[
        list[UUID] | None, Field(min_length=1, max_length=PURCHASES_TOGETHER, description="These alone.")
    ] = None
    after: Annotated[UUID | None, Field(description="`next_after` of the batch before.")] = None
    limit: Annotated[int, Field(ge=1, le=PURCHASES_TOGETHER, strict=True)] = PURCHASES_TOGETHER


class RecomputeRunIn(RecomputeIn):
    """The same, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"versions": ["grocery-classic/3"], "reason": "the rule divided by nothing"}]
        }
    )

    reason: Annotated[str, Field(min_length=1, max_length=REASON_MAX, description="For the audit log.")]


class FailedRuleOut(Out):
    """A rule that gave nothing because it could not be evaluated."""

    pack: str
    rule: str
    error: str


class ResolvedOut(Out):
    """How a purchase was dealt with."""

    points: Annotated[int, Field(description="What the member got on top.")]
    redated: Annotated[int, Field(description="Points that were given again with other dates.")]
    tier_to: Annotated[str | None, Field(description="To which the member was raised.")]
    entry_id: Annotated[UUID | None, Field(description="The ledger entry, of kind `correct`.")]
    versions: list[str]
    reason: str
    by: str
    approved_by: Annotated[str | None, Field(description="The second person, where one was needed.")]
    at: datetime

    @classmethod
    def of(cls, one: Resolved) -> Self:
        return cls(
            points=one.points,
            redated=one.redated,
            tier_to=one.tier_to,
            entry_id=one.entry_id,
            versions=list(one.versions),
            reason=one.reason,
            by=one.actor,
            approved_by=one.approved_by,
            at=one.at,
        )


class FlaggedOut(Out):
    """A purchase in which a rule failed."""

    purchase_id: UUID
    cause: Annotated[
        RecomputeCause, Field(description="`attribution`: the reading that the member got later.")
    ]
    member_id: UUID | None
    store: str
    receipt_no: str
    occurred_at: datetime
    points: Annotated[int, Field(description="What it earned then.")]
    failed: list[FailedRuleOut]
    resolved: ResolvedOut | None

    @classmethod
    def of(cls, one: Flagged, store: str) -> Self:
        return cls(
            purchase_id=one.purchase_id,
            cause=one.cause,
            member_id=one.member_id,
            store=store,
            receipt_no=one.receipt_no,
            occurred_at=one.occurred_at,
            points=one.points,
            failed=[FailedRuleOut.model_validate(rule) for rule in one.failed],
            resolved=None if one.resolved is None else ResolvedOut.of(one.resolved),
        )


class FlaggedPageOut(Out):
    """Purchases in which a rule failed, the earliest first."""

    items: list[FlaggedOut]
    next_after: Annotated[UUID | None, Field(description="Send it as `after` for the next page.")]

    @classmethod
    def of(cls, page: Page, stores: dict[UUID, str]) -> Self:
        items = [FlaggedOut.of(one, stores[one.store_id]) for one in page.items]
        return cls(items=items, next_after=page.next_after)


class AddedOut(Out):
    """Points that a rule gives on top."""

    pack: str
    rule: str
    points: int
    available_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, one: Award) -> Self:
        return cls(
            pack=one.pack_version,
            rule=one.rule_id,
            points=one.points,
            available_at=one.available_at,
            expires_at=one.expires_at,
        )


class RecomputedOut(Out):
    """One purchase, and what recomputing it comes to."""

    purchase: FlaggedOut
    state: Annotated[
        RecomputeState,
        Field(
            description="`due`: points, dates or a tier are put right; `nothing`: nothing is missing; "
            "`no_member`: nobody is there to get any; `failing`: a rule fails again; `not_released`, "
            "`rolled_back`: the version may not be used for this store; `needs_second`: somebody else must "
            "approve it, order it as a bulk action; `differs`: more is due than was approved. The last five "
            "stay open."
        ),
    ]
    versions: list[str]
    points: int
    added: list[AddedOut]
    failed: list[FailedRuleOut]
    offered_minor: Annotated[int, Field(description="Discounts by this reading; what was charged stays.")]
    offered_before_minor: int
    tier: Annotated[str | None, Field(description="The highest tier whose rule applies by this reading.")]
    tier_from: Annotated[str | None, Field(description="The member's, where it is raised.")]
    tier_to: Annotated[str | None, Field(description="To which the member is raised; always by two people.")]
    redated: Annotated[
        int, Field(description="Points that are given again with other dates; always by two people.")
    ]
    dropped: Annotated[
        list[FailedRuleOut],
        Field(
            description="Rules that failed then and are gone from these versions, so that nobody reads them "
            "again; closing it takes two people."
        ),
    ]

    @classmethod
    def of(cls, one: Previewed, store: str) -> Self:
        found: Reckoned = one.reckoned
        return cls(
            purchase=FlaggedOut.of(one.flagged, store),
            state=found.state,
            versions=list(found.versions),
            points=found.points,
            added=[AddedOut.of(award) for award in found.awards],
            failed=[FailedRuleOut.model_validate(rule) for rule in found.failed],
            offered_minor=found.offered_minor,
            offered_before_minor=found.offered_before_minor,
            tier=found.tier,
            tier_from=found.tier_from,
            tier_to=found.tier_to,
            redated=found.redated,
            dropped=[FailedRuleOut.model_validate(rule) for rule in found.dropped],
        )


class RecomputedPageOut(Out):
    """What recomputing comes to, purchase by purchase."""

    items: list[RecomputedOut]
    next_after: Annotated[UUID | None, Field(description="Send it as `after` for the next batch.")]

    @classmethod
    def of(cls, page: PreviewPage, stores: dict[UUID, str]) -> Self:
        items = [RecomputedOut.of(one, stores[one.flagged.store_id]) for one in page.items]
        return cls(items=items, next_after=page.next_after)


class BoundAskedOut(Out):
    """A higher bound that another administrator of the whole chain must approve."""

    points_alone: int
    by: str
    at: datetime
    reason: str


class RecomputePolicyOut(Out):
    """What one person may do alone."""

    points_alone: Annotated[int, Field(description="Points that one person may give alone in 24 hours.")]
    asked: Annotated[
        BoundAskedOut | None, Field(description="What it shall be once somebody else has approved it.")
    ]

    @classmethod
    def of(cls, bound: Bound) -> Self:
        asked = bound.asked
        told = asked and BoundAskedOut(
            points_alone=asked.points, by=asked.by, at=asked.at, reason=asked.reason
        )
        return cls(points_alone=bound.points, asked=told)


class RecomputePolicyIn(Reasoned):
    """What one person may do alone from now on, and why; more than now is asked for."""

    points_alone: Annotated[
        int, Field(ge=0, le=MOST, strict=True, description="0: every point takes two people.")
    ]
    reason: Annotated[
        str, Field(min_length=1, max_length=REASON_MAX, description="Why, at least two characters.")
    ]


class RecomputeBoundApprovalIn(In):
    """What is approved, as it was seen."""

    points_alone: Annotated[int, Field(ge=0, le=MOST, strict=True, description="What is asked for.")]
