"""What pack versions did, and undo orders, on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.base import Out, Reasoned
from api.schemas.times import Instant
from regulars.kernel.codes import CODE_LENGTH_MAX
from regulars.undoing.asides import Aside, AsideKind
from regulars.undoing.domain import (
    WORDS_MAX,
    Effect,
    EffectKind,
    Item,
    Policy,
    Result,
    Undo,
    UndoState,
)

Reason = Annotated[
    str, Field(min_length=1, max_length=WORDS_MAX, description="Why, at least two characters.")
]
PlaceCode = Annotated[str, Field(min_length=1, max_length=CODE_LENGTH_MAX)]


class UndoIn(Reasoned):
    """Which version's awards are to be taken back, where, of which time, and by which policy."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"code": "grocery-classic", "version": 2, "place": "HQ", "policy": "let_be"}]
        }
    )

    code: Annotated[str, Field(min_length=1, max_length=CODE_LENGTH_MAX)]
    version: Annotated[int, Field(ge=1, le=1 << 30, strict=True)]
    to_version: Annotated[
        int | None,
        Field(
            ge=1,
            le=1 << 30,
            strict=True,
            description="The version that should have decided instead: what it gives less is taken back, "
            "what it gives more is given. Left out: none; all that the version gave is taken back.",
        ),
    ] = None
    place: Annotated[PlaceCode, Field(description="What was bought there and below.")]
    policy: Annotated[
        Policy,
        Field(
            description="What becomes of points that are spent: `let_be` leaves them; `within_balance` takes "
            "them from the member's other points, never below zero; `debt` does so, and what is missing "
            "even then is owed: what the member earns next pays it."
        ),
    ]
    since: Annotated[Instant | None, Field(description="Left out: from the first purchase on.")] = None
    until: Annotated[Instant | None, Field(description="Left out: up to now.")] = None
    reason: Annotated[str | None, Field(max_length=WORDS_MAX, description="For those who approve.")] = None


class UndoApprovalIn(Reasoned):
    """What the approver has seen."""

    content_hash: Annotated[str, Field(min_length=64, max_length=64, description="As the order has it.")]
    reason: Annotated[str | None, Field(max_length=WORDS_MAX)] = None


class UndoReasonIn(Reasoned):
    """Why an undo is refused or given up."""

    reason: Reason


class EffectOut(Out):
    """One thing that a version did."""

    kind: EffectKind
    at: datetime
    id: Annotated[
        UUID, Field(description="Ledger entry, purchase, event, change of a tag, request of a message.")
    ]
    rule: str
    member_id: UUID | None
    store: str
    amount: Annotated[int, Field(description="Points of an award, minor units of a discount.")]
    what: Annotated[
        str,
        Field(
            description="The move with its tier or stage; why it was refused; `given` or `ended` and the "
            "tag; the code of the message."
        ),
    ]

    @classmethod
    def of(cls, one: Effect, store: str) -> Self:
        return cls(
            kind=one.kind,
            at=one.at,
            id=one.id,
            rule=one.rule_id,
            member_id=one.member_id,
            store=store,
            amount=one.amount,
            what=one.what,
        )


class EffectPageOut(Out):
    """Effects of one kind, the latest first."""

    items: list[EffectOut]
    next_after_at: Annotated[datetime | None, Field(description="Send all three as `after_at`,")]
    next_after_id: Annotated[UUID | None, Field(description="`after_id` and")]
    next_after_rule: Annotated[str | None, Field(description="`after_rule` for the next page.")]
    looked_back_to: Annotated[
        datetime | None,
        Field(description="Looking stopped here (time of recording) with the page not full: go on."),
    ]


class StoreSumOut(Out):
    """What an order means for one store."""

    store: str
    members: int
    entries: int
    points: int
    taken_before: int
    takes: int
    spent: int
    owes: int = 0
    gives: int = 0


class PreviewOut(Out):
    """What an order will do as things stood when it was prepared, and what is only listed."""

    members: int
    entries: int
    points: Annotated[int, Field(description="That the version gave.")]
    taken_before: Annotated[int, Field(description="Of it by earlier undo orders.")]
    takes: Annotated[int, Field(description="That this order takes back.")]
    spent: Annotated[int, Field(description="That no points are there for under its policy.")]
    owes: Annotated[int, Field(description="Of these under `debt`: what members will owe.")] = 0
    gives: Annotated[int, Field(description="That the other version gives more.")] = 0
    failing: Annotated[int, Field(description="Purchases left out: a rule failed, then or now.")] = 0
    limited: Annotated[int, Field(description="Purchases that lack points on which a limit bears,")] = 0
    withheld: Annotated[int, Field(description="and those points, which are not given.")] = 0
    tiers: Annotated[
        dict[str, int],
        Field(description="Moves of tier, as 'gold → silver', counted.", default_factory=dict),
    ]
    moved_since: Annotated[
        int, Field(description="Members whose tier rests on a later decision; left as it is.")
    ] = 0
    tags: Annotated[
        dict[str, int], Field(description="Tags that end: of how many members.", default_factory=dict)
    ]
    tags_back: Annotated[
        dict[str, int],
        Field(description="Tags that the version ended, or that end with another's.", default_factory=dict),
    ]
    tags_given: Annotated[
        dict[str, int], Field(description="Tags that the other version gives.", default_factory=dict)
    ]
    tags_redated: Annotated[
        dict[str, int],
        Field(description="Tags that end at another time by the other version.", default_factory=dict),
    ]
    tags_staying: Annotated[
        int, Field(description="Tags that stay as they are: others have decided them as well.")
    ] = 0
    stages: Annotated[
        dict[str, int],
        Field(
            description="Stages put back or decided anew, as 'lapsed → active', counted.",
            default_factory=dict,
        ),
    ]
    stages_since: Annotated[
        int, Field(description="Moves of stage that stay: something later has decided it.")
    ] = 0
    silences: Annotated[
        int, Field(description="Of `stages`: those to which the version's days of silence had led.")
    ] = 0
    silences_live: Annotated[
        int,
        Field(description="Stages that stay: the version's days of silence still count. Roll it back first."),
    ] = 0
    messages: Annotated[
        dict[str, int], Field(description="Messages to withdraw, by their text.", default_factory=dict)
    ]
    messages_sent: Annotated[int, Field(description="Handed to who sends them: cannot be undone.")] = 0
    messages_missed: Annotated[
        int, Field(description="That only the other version asks for: nothing is sent late.")
    ] = 0
    by_store: list[StoreSumOut]
    discounts: int
    discount_minor: int
    moves: dict[str, int]
    refusals: int


class UndoOut(Out):
    """An undo order, and how far it is."""

    id: UUID
    pack: str
    to: Annotated[str | None, Field(description="The version that should have decided instead.")]
    place: str
    since: datetime | None
    until: datetime
    policy: Policy
    reason: Annotated[str | None, Field(description="What was said when it was ordered.")]
    state: UndoState
    content_hash: str | None
    preview: PreviewOut | None
    members_in_all: int
    members_done: int
    points_taken: int
    points_owed: Annotated[int, Field(description="What could not be taken, and members owe.")]
    points_given: Annotated[int, Field(description="What the other version gives more.")]
    tiers_moved: int
    tags_changed: int
    stages_moved: int
    messages_withdrawn: int
    differences: Annotated[
        int, Field(description="Entries of which something else was taken than previewed.")
    ]
    listed_at: Annotated[
        datetime | None, Field(description="When the list was made; what was recorded later is not on it.")
    ]
    came_after: Annotated[
        int,
        Field(
            description="Purchases of the version that were recorded after the list was made (of tiers: "
            "moves); known once it is finished. Another order deals with them."
        ),
    ]
    ordered_at: datetime
    ordered_by: str
    decided_at: datetime | None
    decided_by: str | None
    latest_reason: Annotated[str | None, Field(description="What was said with the latest decision.")]
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, one: Undo, place: str) -> Self:
        return cls(
            id=one.id,
            pack=one.version_name,
            to=one.to_name,
            place=place,
            since=one.since,
            until=one.until,
            policy=one.policy,
            reason=one.note,
            state=one.state,
            content_hash=one.content_hash,
            preview=None if one.preview is None else PreviewOut.model_validate(one.preview),
            members_in_all=one.members_in_all,
            members_done=one.members_done,
            points_taken=one.points_taken,
            points_owed=one.points_owed,
            points_given=one.points_given,
            tiers_moved=one.tiers_moved,
            tags_changed=one.tags_changed,
            stages_moved=one.stages_moved,
            messages_withdrawn=one.messages_withdrawn,
            differences=one.differences,
            listed_at=one.listed_at,
            came_after=one.came_after,
            ordered_at=one.ordered_at,
            ordered_by=one.ordered_by,
            decided_at=one.decided_at,
            decided_by=one.decided_by,
            latest_reason=one.words,
            started_at=one.started_at,
            ended_at=one.ended_at,
        )


class UndoPageOut(Out):
    """Undo orders, the latest first."""

    items: list[UndoOut]
    next_after_at: Annotated[datetime | None, Field(description="Send both as `after_at` and")]
    next_after_id: Annotated[UUID | None, Field(description="`after_id` for the next page.")]


class UndoResultOut(Out):
    """What became of an entry."""

    due: int
    taken: int
    owed: int
    given: int
    moved: Annotated[bool, Field(description="A tier, tag, stage or message was changed.")]
    reversal_id: Annotated[
        UUID | None, Field(description="The ledger entry, the event, the change of the tag, or the message.")
    ]
    done_at: datetime

    @classmethod
    def of(cls, one: Result) -> Self:
        return cls(
            due=one.due,
            taken=one.taken,
            owed=one.owed,
            given=one.given,
            moved=one.moved,
            reversal_id=one.reversal_id,
            done_at=one.done_at,
        )


class UndoAsideOut(Out):
    """A tag that ends or is given, a stage that is put right, or a message that is withdrawn."""

    kind: AsideKind
    what: Annotated[str, Field(description="The tag, or the code of the message's text.")]
    before: Annotated[
        str | None,
        Field(description="The stage; of a tag when it ends, empty for never; null: it is not held."),
    ]
    after: Annotated[str | None, Field(description="The same once the order is carried out.")]
    changes: bool

    @classmethod
    def of(cls, one: Aside) -> Self:
        return cls(kind=one.kind, what=one.what, before=one.before, after=one.after, changes=one.changes)


class UndoItemOut(Out):
    """One entry on the list of an order."""

    entry_id: UUID
    member_id: UUID
    purchase_id: Annotated[
        UUID | None, Field(description="None where time alone had decided a tier or a stage.")
    ]
    store: str
    occurred_at: datetime
    points: int
    due: int
    takes: int
    gives: int
    tier_from: Annotated[str | None, Field(description="Of a tier that is decided anew; else null.")]
    tier_to: str | None
    aside: Annotated[UndoAsideOut | None, Field(description="A tag, stage or message instead of points.")]
    rules: dict[str, int]
    result: UndoResultOut | None

    @classmethod
    def of(cls, item: Item, result: Result | None, store: str) -> Self:
        rules: dict[str, int] = {}
        for rule_id, points in item.rules:
            rules[rule_id] = rules.get(rule_id, 0) + points
        return cls(
            entry_id=item.entry_id,
            member_id=item.member_id,
            purchase_id=item.purchase_id,
            store=store,
            occurred_at=item.occurred_at,
            points=item.points,
            due=item.due,
            takes=item.takes,
            gives=item.to_give,
            tier_from=item.tier_from,
            tier_to=item.tier_to,
            aside=None if item.aside is None else UndoAsideOut.of(item.aside),
            rules=rules,
            result=None if result is None else UndoResultOut.of(result),
        )


class UndoItemPageOut(Out):
    """Entries by member."""

    items: list[UndoItemOut]
    next_after_member: Annotated[UUID | None, Field(description="Send both as `after_member` and")]
    next_after_entry: Annotated[UUID | None, Field(description="`after_entry` for the next page.")]
