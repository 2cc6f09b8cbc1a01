"""Bulk actions on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from api.schemas.base import In, Out, Reasoned
from regulars.bulk_actions.domain import (
    LONGEST,
    WORDS_MAX,
    BulkAction,
    BulkKind,
    BulkState,
    Filter,
    Item,
    Outcome,
    Result,
)
from regulars.kernel.codes import CODE_LENGTH_MAX

CodeText = Annotated[str, Field(min_length=1, max_length=CODE_LENGTH_MAX)]
Hash = Annotated[str, Field(min_length=64, max_length=64, description="As the action has it.")]
Reason = Annotated[
    str, Field(min_length=1, max_length=WORDS_MAX, description="Why, at least two characters.")
]


class BulkActionIn(In):
    """What to do, and to whom: all that is given must hold. The list that matches is then frozen."""

    kind: Annotated[
        BulkKind,
        Field(
            description="`retry`: what hangs or fails is tried at once; `tell`: the workflow is told to look "
            "at the member anew; `restart`: it is ended and begun anew; `freeze` and `unfreeze` the "
            "account; `recompute`: purchases in which a rule failed get what they should have given."
        ),
    ]
    place: Annotated[CodeText, Field(description="Members, or purchases, there and below.")]
    member_ids: Annotated[list[UUID] | None, Field(min_length=1, max_length=max(LONGEST.values()))] = None
    stage: Literal["joined", "active", "at_risk", "lapsed"] | None = None
    tier: CodeText | None = None
    overdue: Annotated[bool, Field(description="Only those of whom something is overdue.")] = False
    unheard: Annotated[bool, Field(description="Only those of whom Temporal refused a message.")] = False
    pack: Annotated[CodeText | None, Field(description="`recompute`: of which a rule failed.")] = None
    freeze_reason: Annotated[CodeText | None, Field(description="`freeze`: its code.")] = None
    versions: Annotated[
        list[Annotated[str, Field(max_length=CODE_LENGTH_MAX + 12)]],
        Field(
            max_length=20,
            default_factory=list,
            description="`recompute`: mended versions, each in the place of its pack's.",
        ),
    ]

    @property
    def wanted(self) -> Filter:
        members = None if self.member_ids is None else tuple(dict.fromkeys(self.member_ids))
        return Filter(members, self.stage, self.tier, self.overdue, self.unheard, self.pack)


class BulkSubmitIn(Reasoned):
    """Which list was looked at, and why it is to be done."""

    content_hash: Hash
    reason: Reason


class BulkApprovalIn(In):
    """Which list the second person has looked at."""

    content_hash: Hash


class BulkReasonIn(Reasoned):
    """Why a bulk action is refused or stopped."""

    reason: Reason


class BulkActionOut(Out):
    """A bulk action, and how far it is."""

    id: UUID
    kind: BulkKind
    place: str
    filter: dict[str, object]
    versions: list[str]
    freeze_reason: str | None
    state: BulkState
    content_hash: Annotated[str, Field(description="Of kind, place and list, with what each on it gets.")]
    items: int
    more: Annotated[bool, Field(description="More matched than one list takes.")]
    points: Annotated[int, Field(description="`recompute`: what the list was reckoned to give.")]
    tiers: Annotated[int, Field(description="`recompute`: members whom it raises to a higher tier.")]
    redated: Annotated[int, Field(description="`recompute`: points that get other dates.")]
    missed_minor: Annotated[
        int,
        Field(description="`recompute`: discounts that were not offered; what the till charged stays."),
    ]
    dropped: Annotated[
        int,
        Field(
            description="`recompute`: purchases that are closed though a rule that failed is gone from the "
            "versions they are read by."
        ),
    ]
    points_alone: Annotated[
        int | None,
        Field(description="`recompute`: what one person might give alone when the list was made."),
    ]
    needs_second: Annotated[bool, Field(description="Somebody else must approve it.")]
    changed: int
    unchanged: int
    refused: int
    points_given: int
    ordered_at: datetime
    ordered_by: str
    reason: str | None
    decided_at: datetime | None
    decided_by: str | None
    latest_reason: Annotated[str | None, Field(description="What was said when it was refused or stopped.")]
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, one: BulkAction, place: str) -> Self:
        return cls(
            id=one.id,
            kind=one.kind,
            place=place,
            filter=dict(one.wanted),
            versions=list(one.versions),
            freeze_reason=one.freeze_reason,
            state=one.state,
            content_hash=one.content_hash,
            items=one.items,
            more=one.more,
            points=one.points,
            tiers=one.tiers,
            redated=one.redated,
            missed_minor=one.missed_minor,
            dropped=one.dropped,
            points_alone=one.points_alone,
            needs_second=one.needs_second,
            changed=one.changed,
            unchanged=one.unchanged,
            refused=one.refused,
            points_given=one.points_given,
            ordered_at=one.ordered_at,
            ordered_by=one.ordered_by,
            reason=one.reason,
            decided_at=one.decided_at,
            decided_by=one.decided_by,
            latest_reason=one.words,
            started_at=one.started_at,
            ended_at=one.ended_at,
        )


class BulkActionPageOut(Out):
    """Bulk actions, the latest first."""

    items: list[BulkActionOut]
    next_after_at: Annotated[datetime | None, Field(description="Send both as `after_at` and")]
    next_after_id: Annotated[UUID | None, Field(description="`after_id` for the next page.")]


class BulkItemOut(Out):
    """One entry of the list, and what became of it."""

    no: int
    subject_id: Annotated[UUID, Field(description="The member, or the purchase that is recomputed.")]
    member_id: UUID | None
    store: str
    points: int
    redated: Annotated[int, Field(description="Points that get other dates.")]
    missed_minor: Annotated[int, Field(description="Discounts that were not offered; they stay as charged.")]
    tier_to: Annotated[str | None, Field(description="To which the member is raised.")]
    outcome: Outcome | None
    detail: Annotated[str | None, Field(description="Code of the error where it was refused.")]
    points_given: int | None
    done_at: datetime | None

    @classmethod
    def of(cls, item: Item, result: Result | None, store: str) -> Self:
        return cls(
            no=item.no,
            subject_id=item.subject_id,
            member_id=item.member_id,
            store=store,
            points=item.points,
            redated=item.redated,
            missed_minor=item.missed_minor,
            tier_to=item.tier_to,
            outcome=result.outcome if result else None,
            detail=result.detail or None if result else None,
            points_given=result.points if result else None,
            done_at=result.done_at if result else None,
        )


class BulkItemPageOut(Out):
    """Entries in the order of the list."""

    items: list[BulkItemOut]
    next_after: Annotated[int | None, Field(description="Send as `after` for the next page.")]
