"""What an explanation says: facts, conditions, arithmetic and differences, each in both languages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from regulars.rules.domain import LimitEvery, LimitOf, LimitPer

Language = Literal["zh", "en"]
Value = int | bool | str | list[int | str] | None
RuleState = Literal["applied", "idle", "open", "withheld", "failed", "error"]
"""`idle`: it holds and has nothing to give; `open`: what is known holds, the basket decides."""
DifferenceKind = Literal[
    "record",
    "pack_missing",
    "pack_content",
    "outcome",
    "reason",
    "points",
    "lots",
    "asked",
    "offered",
    "charged",
    "flag",
    "tier",
    "claims",
    "event",
    "reversal",
]


@dataclass(frozen=True, slots=True)
class Said:
    """The same sentence in both languages of the product."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """The sentence in one language."""
        return self.zh if language == "zh" else self.en

    @classmethod
    def joined(cls, parts: Sequence["Said"], zh: str = "；", en: str = "; ") -> Self:
        """Several sentences as one."""
        return cls(zh.join(part.zh for part in parts), en.join(part.en for part in parts))


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was read, by the path of the field catalogue.

    Attributes:
        value: as the rules read it.
        text: the same as people write it.
    """

    path: str
    name: Said
    value: Value
    text: Said


@dataclass(frozen=True, slots=True)
class ReadValue:
    """What one side of a comparison came to.

    Attributes:
        lines: numbers of the lines that it was computed from, where it was computed from lines.
    """

    what: Said
    value: Value
    text: Said
    lines: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition with what it came to.

    Attributes:
        holds: None where it could not be read, or depends on a basket that is not known.
        needed: what it lacks, or what there is instead, where it does not hold and this can be said.
        lines: the lines for which it holds, where it asks line by line.
        of_lines: the lines that it asked.
        parts: the conditions it is made of.
    """

    words: Said
    holds: bool | None
    values: tuple[ReadValue, ...] = ()
    needed: Said | None = None
    lines: tuple[int, ...] | None = None
    of_lines: tuple[int, ...] | None = None
    parts: tuple["Condition", ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class RuleSaid:
    """What became of one rule, and why.

    Attributes:
        gave: points, or minor units of a discount.
        conditions: all of them, those after the first failing one included.
        steps: the arithmetic, one step a sentence.
        remarks: what may still keep it from giving, where that depends on a basket that is not known.
        outranked_by: pack version and rule that counts instead of it; None where that is not why.
    """

    rule: str
    title: Said
    effect: Said
    state: RuleState
    why: Said
    gave: int
    conditions: tuple[Condition, ...] = ()
    steps: tuple[Said, ...] = ()
    remarks: tuple[Said, ...] = ()
    outranked_by: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PackSaid:
    """One pack version and its rules, in the order in which they act.

    Attributes:
        hash: of the version's text, whole.
    """

    pack: str
    title: Said
    kind: str
    hash: str
    rules: tuple[RuleSaid, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is not what recomputing gives.

    Attributes:
        subject: a rule ("grocery-classic/1#base"), a pack version, a line's discount, a flag.
        recomputed, recorded: both figures, as text.
    """

    kind: DifferenceKind
    subject: str
    recomputed: str
    recorded: str

    @property
    def words(self) -> Said:
        """The difference as a sentence."""
        what = _DIFFERENCES[self.kind]
        return Said(
            f"{what.zh}不一致（{self.subject}）：重新计算为 {self.recomputed}，账上为 {self.recorded}。",
            f"{what.en} of {self.subject} disagree: recomputed {self.recomputed}, on record {self.recorded}.",
        )


_DIFFERENCES: dict[DifferenceKind, Said] = {
    "record": Said("评估记录", "The evaluation records"),
    "pack_missing": Said("规则包版本", "The pack versions"),
    "pack_content": Said("规则包内容", "The contents"),
    "outcome": Said("规则结果", "The outcomes"),
    "reason": Said("原因", "The reasons"),
    "points": Said("积分", "The points"),
    "lots": Said("积分批次", "The lots"),
    "offered": Said("应享优惠", "The discounts offered"),
    "charged": Said("实收优惠", "The discounts charged"),
    "flag": Said("标记", "The flags"),
    "tier": Said("等级变动", "The tier moves"),
    "asked": Said("标签、阶段和消息", "What was done to the member"),
    "claims": Said("限额占用", "The claims on limits"),
    "event": Said("事件依据", "The grounds"),
    "reversal": Said("撤销单", "The undo orders"),
}


@dataclass(frozen=True, slots=True)
class TakenBack:
    """One entry by which an undo order took points of a purchase back.

    Attributes:
        entry_id: of the books; may be asked about as an event is.
        points: that the member lost; `owed`: that could not be taken and the member owes.
        undo_id: the order; None, as all that follows, where no order is known.
        ordered_by, approved_by: their names; else kind and id.
        reason: the orderer's words.
        words: when, why and by whose word.
    """

    entry_id: UUID
    at: datetime
    points: int
    owed: int
    pack: str
    undo_id: UUID | None
    policy: str | None
    reason: str | None
    ordered_at: datetime | None
    ordered_by: str | None
    approved_at: datetime | None
    approved_by: str | None
    words: Said


@dataclass(frozen=True, slots=True)
class PurchaseExplanation:
    """Why a purchase gave what it gave, recomputed and compared with the books.

    Attributes:
        local_time: when it happened on the store's wall clock, "2026-03-02 10:00".
        attributed: the member was named only afterwards, and this is the reading that the member got.
        engine: that evaluated it then; `engine_now` recomputed it today.
        taken_back: what undo orders took of its points since, in order of time.
        differences: where recomputing gives another figure than the books; empty where all agrees.
    """

    purchase_id: UUID
    member_id: UUID | None
    receipt_no: str
    store: str
    occurred_at: datetime
    local_time: str
    attributed: bool
    points: int
    discount_minor: int
    flags: tuple[str, ...]
    engine: str
    engine_now: str
    summary: tuple[Said, ...]
    facts: tuple[Fact, ...]
    packs: tuple[PackSaid, ...]
    differences: tuple[Difference, ...]
    taken_back: tuple[TakenBack, ...] = ()

    @property
    def agrees(self) -> bool:
        return not self.differences


@dataclass(frozen=True, slots=True)
class EventExplanation:
    """Why a member's tier, stage or points changed, recomputed and compared.

    Attributes:
        event_id: of the lifecycle event, or of the entry by which points were taken back or adjusted.
        event_no: None where points were taken back or adjusted, which no lifecycle event tells.
        purchase_id: the purchase that decided it, or whose points were taken; None where time decided.
        summary: what happened and what decided it.
        packs: the tier rules with their conditions, where they decided it.
    """

    event_id: UUID
    member_id: UUID
    event_no: int | None
    kind: str
    effective_at: datetime
    local_time: str
    purchase_id: UUID | None
    pack: str | None
    summary: tuple[Said, ...]
    facts: tuple[Fact, ...]
    packs: tuple[PackSaid, ...]
    differences: tuple[Difference, ...]
    taken_back: TakenBack | None = None

    @property
    def agrees(self) -> bool:
        return not self.differences


@dataclass(frozen=True, slots=True)
class LimitLeft:
    """How much a limit still allows just now, as the till would decide.

    Attributes:
        pack: the version; `limit` its code there.
        rules: on which it bears.
        of, per, every, at_most, partial: as of `Limit`.
        left: points, minor units or uses; 0 as well where it counts by member and nobody is known.
    """

    pack: str
    limit: str
    title: Said
    rules: tuple[str, ...]
    of: LimitOf
    per: LimitPer
    every: LimitEvery
    at_most: int
    left: int
    partial: bool
    words: Said


@dataclass(frozen=True, slots=True)
class OfferExplanation:
    """What the live packs would give now, and why not more; nothing is written.

    Attributes:
        basket_known: without one, what depends on it stays open.
        limits: what they leave, those of the member first.
    """

    member_id: UUID | None
    store: str
    occurred_at: datetime
    local_time: str
    basket_known: bool
    points: int
    discount_minor: int
    summary: tuple[Said, ...]
    facts: tuple[Fact, ...]
    packs: tuple[PackSaid, ...]
    limits: tuple[LimitLeft, ...] = ()
