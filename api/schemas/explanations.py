"""Explanations on the wire: both languages in every sentence."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from api.schemas.base import Out
from api.schemas.purchases import LineIn, QuoteIn
from regulars.explanation.domain import DifferenceKind, RuleState
from regulars.rules.catalogue import MAX_LINES
from regulars.rules.domain import LimitEvery, LimitOf, LimitPer


class OffersIn(QuoteIn):
    """Somebody who may buy, and maybe what."""

    lines: Annotated[list[LineIn], Field(max_length=MAX_LINES)] = Field(
        default_factory=list, description="Without lines, what depends on the basket stays open."
    )


class SaidOut(Out):
    """The same sentence in both languages."""

    zh: str
    en: str


class FactOut(Out):
    """One thing that was read, by its path in the field catalogue."""

    path: str
    name: SaidOut
    value: JsonValue
    text: SaidOut


class ReadValueOut(Out):
    """What one side of a comparison came to."""

    what: SaidOut
    value: JsonValue
    text: SaidOut
    lines: list[int] | None = Field(description="Lines that it was computed from; null: not from lines.")


class ConditionOut(Out):
    """One condition with what it came to."""

    words: SaidOut
    holds: bool | None = Field(description="null: it could not be read, or depends on a basket.")
    values: list[ReadValueOut]
    needed: SaidOut | None = Field(description="What it would have taken, where it does not hold.")
    lines: list[int] | None = Field(description="Lines for which it holds, where it asks line by line.")
    of_lines: list[int] | None = Field(description="Lines that it asked.")
    parts: list["ConditionOut"]
    error: str | None


class RuleExplainedOut(Out):
    """What became of one rule, and why."""

    rule: str
    title: SaidOut
    effect: SaidOut
    state: RuleState
    why: SaidOut
    gave: int = Field(description="Points, or minor units of a discount.")
    conditions: list[ConditionOut]
    steps: list[SaidOut] = Field(description="The arithmetic, one step a sentence.")
    remarks: list[SaidOut] = Field(
        description="Without a basket: what may still keep the rule from giving, a sentence each."
    )


class PackExplainedOut(Out):
    """One pack version and its rules, in the order in which they act."""

    pack: str
    title: SaidOut
    kind: str
    hash: str
    rules: list[RuleExplainedOut]


class DifferenceOut(Out):
    """One figure that is not what recomputing gives."""

    kind: DifferenceKind
    subject: str
    recomputed: str
    recorded: str
    words: SaidOut


class TakenBackOut(Out):
    """One entry by which an undo order took points of a purchase back."""

    entry_id: UUID = Field(description="May be asked about as an event of the member.")
    at: datetime
    points: int = Field(description="That the member lost.")
    owed: int = Field(description="That could not be taken and the member owes.")
    pack: str
    undo_id: UUID | None
    policy: str | None
    reason: str | None
    ordered_at: datetime | None
    ordered_by: str | None
    approved_at: datetime | None
    approved_by: str | None
    words: SaidOut


class PurchaseExplanationOut(Out):
    """Why a purchase gave what it gave, recomputed and compared with the books."""

    purchase_id: UUID
    member_id: UUID | None
    receipt_no: str
    store: str
    occurred_at: datetime
    local_time: str = Field(description="On the store's wall clock.")
    attributed: bool = Field(description="The member was named only afterwards.")
    points: int
    discount_minor: int
    flags: list[str]
    engine: str = Field(description="That evaluated it then.")
    engine_now: str = Field(description="That recomputed it now.")
    agrees: bool = Field(description="Recomputing gives exactly what is on the books.")
    summary: list[SaidOut]
    facts: list[FactOut]
    packs: list[PackExplainedOut]
    differences: list[DifferenceOut]
    taken_back: list[TakenBackOut] = Field(description="What undo orders took of its points since.")


class EventExplanationOut(Out):
    """Why a member's tier, stage or points changed, worked out again and compared."""

    event_id: UUID
    member_id: UUID
    event_no: int | None = Field(description="null: points were taken back by an order, or adjusted by hand.")
    kind: str
    effective_at: datetime
    local_time: str = Field(description="On the home store's wall clock.")
    purchase_id: UUID | None = Field(description="The purchase that decided it; null where time did.")
    pack: str | None
    agrees: bool
    summary: list[SaidOut]
    facts: list[FactOut]
    packs: list[PackExplainedOut]
    differences: list[DifferenceOut]
    taken_back: TakenBackOut | None = Field(description="Of `points_taken_back`: when, why and by whom.")


class EventOut(Out):
    """One lifecycle event; or points of the member that an undo order took back or people adjusted."""

    event_id: UUID
    event_no: int | None = Field(description="null: `points_taken_back` and `points_adjusted`.")
    kind: str
    effective_at: datetime
    recorded_at: datetime
    tier_from: str | None
    tier_to: str | None
    stage_from: str | None
    stage_to: str | None
    purchase_id: UUID | None
    pack: str | None
    rule: str | None
    points: int | None = Field(
        description="Of `points_taken_back`: all that the order took; of `points_adjusted`: given by hand, "
        "below zero taken."
    )
    undo_id: UUID | None = Field(description="Of `points_taken_back`: the order.")
    adjustment_id: UUID | None = Field(description="Of `points_adjusted`: ask for it to read who and why.")


class EventPageOut(Out):
    """Some of a member's events, the newest written first."""

    items: list[EventOut]
    next_before: int | None = Field(description="Ask again with this as `before`; null: there are no more.")


class LimitLeftOut(Out):
    """How much a limit still allows just now, as the till would decide."""

    pack: str
    limit: str
    title: SaidOut
    rules: list[str] = Field(description="On which it bears.")
    of: LimitOf
    per: LimitPer
    every: LimitEvery
    at_most: int
    left: int = Field(description="Points, minor units or uses.")
    partial: bool = Field(description="Where the whole no longer fits, what is left is given; else nothing.")
    words: SaidOut


class OfferExplanationOut(Out):
    """What the live packs would give now, and why not more; nothing is written."""

    member_id: UUID | None
    store: str
    occurred_at: datetime
    local_time: str
    basket_known: bool
    points: int
    discount_minor: int
    summary: list[SaidOut]
    facts: list[FactOut]
    packs: list[PackExplainedOut]
    limits: list[LimitLeftOut]
