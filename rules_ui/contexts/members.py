"""The member list, the member page, and one purchase explained."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from rules_ui.contexts.base import Choice, FieldTrouble, PlacePick, Tier, View

RuleMood = Literal["yes", "no", "idle", "bad"]


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One member of the list."""

    href: str
    number: str
    name: str
    phone: str
    tier: Tier
    stage: str
    frozen: bool
    store: str
    points: int
    spend: str
    last_purchase_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberResults(View):
    """The list itself, which the filters replace.

    Attributes:
        next_href: the next page, or None on the last.
        narrowed: a filter or search is set.
    """

    template: ClassVar[str] = "member_results.html"
    members: tuple[MemberLine, ...]
    next_href: str | None
    first_href: str | None
    narrowed: bool


@dataclass(frozen=True, slots=True)
class MemberListPage(View):
    """Look for members."""

    template: ClassVar[str] = "member_list.html"
    words: str
    tiers: tuple[Choice, ...]
    stages: tuple[Choice, ...]
    results: MemberResults
    may_enrol: bool


@dataclass(frozen=True, slots=True)
class EnrolPage(View):
    """Take somebody in as a member."""

    template: ClassVar[str] = "enrol.html"
    name: str
    phone: str
    birthday: str
    stores: PlacePick
    problems: tuple[FieldTrouble, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is to the next tier; `percent` is whole, 0 to 100."""

    next_title: str
    percent: int
    reached: str
    threshold: str
    missing: str


@dataclass(frozen=True, slots=True)
class Task:
    """A follow-up that is open."""

    id: UUID
    title: str
    due_at: datetime
    overdue: bool


@dataclass(frozen=True, slots=True)
class DoneTask:
    """A follow-up that is closed."""

    title: str
    outcome: str
    note: str
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One line of a member's story, in the reader's words.

    Attributes:
        why: what decided it, or "".
        purchase_href: where a purchase is explained; None for events.
        points: earned; below zero where an undo order took them.
        taken_back: what undo orders took of a purchase's points since.
    """

    at: datetime
    what: str
    why: str
    icon: str
    mark: str
    purchase_href: str | None = None
    store: str = ""
    sales: str = ""
    points: int = 0
    taken_back: int = 0
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoryStretch(View):
    """A stretch of the story, and where it goes on."""

    template: ClassVar[str] = "member_story.html"
    lines: tuple[StoryLine, ...]
    older_href: str | None


@dataclass(frozen=True, slots=True)
class CarePanel(View):
    """The follow-ups, which closing one replaces."""

    template: ClassVar[str] = "member_care.html"
    member_id: UUID
    tasks: tuple[Task, ...]
    done: tuple[DoneTask, ...]
    outcomes: tuple[Choice, ...]
    may_close: bool
    next_revisit_at: datetime | None
    trouble: str | None


@dataclass(frozen=True, slots=True)
class RuleTag:
    """A tag that rules gave, and how long it lasts, in words."""

    tag: str
    until: str


@dataclass(frozen=True, slots=True)
class MemberPage(View):
    """One member, whole.

    Attributes:
        tags: all of them; `rule_tags` those that only rules gave.
    """

    template: ClassVar[str] = "member.html"
    member_id: UUID
    number: str
    name: str
    phone: str
    tags: tuple[str, ...]
    rule_tags: tuple[RuleTag, ...]
    may_end_tags: bool
    references: tuple[str, ...]
    home_store: str
    zone_name: str
    enrolled_at: datetime
    tier: Tier
    tier_since: datetime
    tier_year_ends_at: datetime | None
    stage: str
    stage_since: datetime
    progress: Progress | None
    points: int
    points_owed: int
    points_earned: int
    expiring_points: int
    expiring_at: datetime | None
    visits: int
    visits_365d: int
    spend: str
    spend_365d: str
    last_purchase_at: datetime | None
    frozen_at: datetime | None
    frozen_reason: str
    may_freeze: bool
    order_id: UUID
    freeze_reasons: tuple[str, ...]
    workflow_href: str | None
    care: CarePanel
    own_values: tuple[tuple[str, str], ...]
    story: StoryStretch


@dataclass(frozen=True, slots=True)
class ExplainedRule:
    """What became of one rule, in the reader's words.

    Attributes:
        why: what it gives where it applied, else the first condition that failed or what held it back.
        steps: the arithmetic of what it gave.
        gave: what it contributed, e.g. "+12 points", or "".
    """

    mood: RuleMood
    title: str
    why: str
    steps: tuple[str, ...]
    gave: str


@dataclass(frozen=True, slots=True)
class ExplainedPack:
    """The rules of one pack version on one purchase."""

    title: str
    name: str
    href: str
    rules: tuple[ExplainedRule, ...]


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One line of a basket as it was rung up."""

    number: int
    sku: str
    department: str
    quantity: str
    list_price: str
    discount: str
    sales: str


@dataclass(frozen=True, slots=True)
class Explanation(View):
    """Why a purchase gave what it gave."""

    template: ClassVar[str] = "explanation.html"
    reasons: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    packs: tuple[ExplainedPack, ...]
    lines: tuple[BasketLine, ...]
    more_lines: int
    page_href: str


@dataclass(frozen=True, slots=True)
class PurchasePage(View):
    """One purchase on a page of its own.

    Attributes:
        member_href: None where it has no member whom the reader may see.
        member_name: the member, or why none is named.
    """

    template: ClassVar[str] = "purchase.html"
    receipt_no: str
    store: str
    at: datetime
    recorded_at: datetime
    sales: str
    points: int
    member_href: str | None
    member_name: str
    flags: tuple[str, ...]
    explanation: Explanation
