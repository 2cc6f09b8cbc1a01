"""What a draft gives beside what is live, on a sample basket or on a real receipt."""

from dataclasses import dataclass
from typing import ClassVar

from rules_ui.contexts.base import Choice, FieldTrouble, PlacePick, View
from rules_ui.contexts.members import RuleMood


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One line of the sample basket, as typed."""

    number: int
    department: str
    amount: str


@dataclass(frozen=True, slots=True)
class TriedCondition:
    """One condition with whether it holds.

    Attributes:
        now: what was read, such as "silver", where nothing is needed.
        needed: what it is and would have taken, where it does not hold.
    """

    holds: bool | None
    words: str
    now: str
    needed: str


@dataclass(frozen=True, slots=True)
class TriedRule:
    """One rule on the purchase."""

    mood: RuleMood
    title: str
    why: str
    gave: str
    conditions: tuple[TriedCondition, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TriedPack:
    """One version of the pack on the purchase; no rules where none is live."""

    title: str
    rules: tuple[TriedRule, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with the draft and as it is live; `differs` where they are not the same.

    Attributes:
        till: what the till gave; "" of a sample.
    """

    name: str
    draft: str
    live: str
    differs: bool
    till: str


@dataclass(frozen=True, slots=True)
class FoundReceiptLine:
    """One of several receipts of a number."""

    href: str
    words: str


@dataclass(frozen=True, slots=True)
class NewCase:
    """What a case of this purchase would say.

    Attributes:
        given: as JSON, sent back when it is kept.
        expected: in words.
        name_zh, name_en: what the case is called.
    """

    based_on: int
    given: str
    expected: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class PreviewResult(View):
    """What came of it; `message` instead of figures where nothing could be tried.

    Attributes:
        what: whose purchase it is, in a sentence.
        receipts: where a number stands on several receipts, to choose from.
        beside: how a receipt's draft compares with what the till gave, and why, in sentences.
        case: None where it cannot be kept as a case.
    """

    template: ClassVar[str] = "preview_result.html"
    code: str
    message: str
    what: str
    receipts: tuple[FoundReceiptLine, ...]
    figures: tuple[Figure, ...]
    beside: tuple[str, ...]
    draft: TriedPack | None
    live: TriedPack | None
    facts: tuple[tuple[str, str], ...]
    case: NewCase | None


@dataclass(frozen=True, slots=True)
class PreviewForm(View):
    """What is asked to try a draft.

    Attributes:
        source: "sample" or "receipt".
        departments: that the draft's own cases name, to choose from.
        troubles: what could not be read, by field.
    """

    template: ClassVar[str] = "preview_form.html"
    code: str
    source: str
    stores: PlacePick
    tiers: tuple[Choice, ...]
    at: str
    spend: str
    sign: str
    lines: tuple[SampleLine, ...]
    departments: tuple[str, ...]
    receipt_no: str
    receipt_day: str
    troubles: tuple[FieldTrouble, ...]
    result: PreviewResult


@dataclass(frozen=True, slots=True)
class PreviewPage(View):
    """The panel on a page of its own."""

    template: ClassVar[str] = "preview.html"
    code: str
    title: str
    form: PreviewForm
