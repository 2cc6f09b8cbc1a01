"""What goes into the rules and what comes out of them: facts in, actions out, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final, Literal, NamedTuple, TypedDict
from uuid import UUID

from regulars.custom_fields.domain import ProductFacts
from regulars.rules.consequences import Consequence

PackKind = Literal["eligibility", "discount", "earning", "tier", "lifecycle"]
LineKind = Literal["goods", "labour", "material", "service"]
BASE_TIER = "base"
"""Where every member begins."""
LimitOf = Literal["points", "money_minor", "uses"]
LimitPer = Literal["member", "store", "pack"]
LimitEvery = Literal["day", "week", "month", "year", "ever"]
ENGINE = "datalogic-py/5.9.0"


class RecentFacts(TypedDict):
    """What a member has done lately, before a purchase: told only to packs that ask for any of it.

    Attributes:
        days_since_visit: whole 24 hours since the last purchase; without any, since enrolment.
    """

    spend_30d_minor: int
    visits_30d: int
    spend_90d_minor: int
    visits_90d: int
    days_since_visit: int


RECENT_FACTS: Final = tuple(RecentFacts.__annotations__)
"""Their names, as in `MemberFacts` and in the catalogue."""


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """A member as the rules see it at one instant; without a member, `ANONYMOUS`.

    Attributes:
        spend_30d_minor … days_since_visit: `RecentFacts`; None where no live pack asks for any of them.
        custom: JSON object of the chain's own facts, every one of them; "" where the chain has none.
    """

    known: bool
    tier: str
    stage: str
    tags: tuple[str, ...]
    spend_365d_minor: int  # purchases before this one
    visits_365d: int
    qualifying_spend_minor: int  # the same window, this purchase included; what tiers count
    visits: int
    enrolled_days: int
    frozen: bool
    custom: str = ""
    spend_30d_minor: int | None = None
    visits_30d: int | None = None
    spend_90d_minor: int | None = None
    visits_90d: int | None = None
    days_since_visit: int | None = None


ANONYMOUS = MemberFacts(
    known=False,
    tier="",
    stage="",
    tags=(),
    spend_365d_minor=0,
    visits_365d=0,
    qualifying_spend_minor=0,
    visits=0,
    enrolled_days=0,
    frozen=False,
    spend_30d_minor=0,
    visits_30d=0,
    spend_90d_minor=0,
    visits_90d=0,
    days_since_visit=0,
)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """Where the purchase happens.

    Attributes:
        above: codes of all places above it, the nearest first.
        zone: of its clock; None where the instant of the purchase is told on it already.
        custom: as of a member.
    """

    code: str
    branch: str
    above: tuple[str, ...] = ()
    zone: tzinfo | None = None
    custom: str = ""


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """The instant on the store's own wall clock; numbers only, for the engine reads dates into text."""

    date: int  # 20261122
    weekday: int  # ISO: Monday 1 … Sunday 7
    hour: int
    minute: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class PurchaseFacts:
    """The basket, with its lines already as JSON text: built once, stored and read by the rules alike."""

    sales_minor: int
    list_minor: int
    channel: str
    lines_json: bytes  # a JSON array of objects with the line fields of the catalogue
    products: ProductFacts | None = None  # the chain's own of each line; None where no rule reads any


class Award(NamedTuple):
    """Points that one rule gave."""

    points: int
    pack_version: str  # "grocery-classic/1"
    rule_id: str
    expires_at: datetime | None
    available_at: datetime


class LineDiscount(NamedTuple):
    """Money off one line by one rule."""

    line: int
    amount_minor: int
    pack_version: str
    rule_id: str


class RuleOutcome(NamedTuple):
    """What became of one rule.

    Attributes:
        failed: index of the first top-level condition that was not true, or None.
        error: the engine's tag where the rule could not be evaluated; it then gave nothing.
        gave: what it contributed in the rule's own unit (points, minor units), for the receipt.
        note: where it did not apply though its conditions hold: "no_member", "frozen",
            "excluded:<pack version>", "outranked:<rule id>", of another pack
            "outranked:<pack version>#<rule id>"; where it does not count here, now or for this member,
            whatever its conditions: "out_of_scope", "out_of_season"; where it did: "capped", or the code
            of the reason why it refuses.
    """

    pack_version: str
    rule_id: str
    applied: bool
    failed: int | None = None
    error: str | None = None
    gave: int = 0
    note: str | None = None


@dataclass(frozen=True, slots=True)
class TierMove:
    """The highest tier whose rule applies."""

    tier: str
    rank: int
    pack_version: str
    rule_id: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that the live packs say of one purchase."""

    awards: tuple[Award, ...]
    discounts: tuple[LineDiscount, ...]
    tier: TierMove | None
    outcomes: tuple[RuleOutcome, ...]
    reasons: tuple[str, ...]  # codes why nothing was given: "frozen", "no_member", "excluded"
    asked: tuple[Consequence, ...] = ()  # what rules want done to the member besides, in their order

    @property
    def points(self) -> int:
        return sum(award.points for award in self.awards)


@dataclass(frozen=True, slots=True)
class TierBand:
    """One step of the ladder, for progress bars and for stepping down."""

    code: str
    rank: int
    threshold_minor: int
    title_zh: str
    title_en: str


@dataclass(frozen=True, slots=True)
class LifecyclePlan:
    """The numbers that time needs: the live tier pack's, and those of the live lifecycle pack.

    Attributes:
        pack_version: whose the ladder and the tier year are.
        days_from: whose the days of silence and revisits are, where another pack says them.
    """

    pack_version: str
    bands: tuple[TierBand, ...]  # by rank, the lowest has threshold 0
    tier_year_days: int
    at_risk_after_days: int
    lapse_after_days: int
    first_revisit_after_days: int
    revisit_every_days: int
    days_from: str | None = None

    @property
    def days_version(self) -> str:
        """The pack version that silence and revisits follow."""
        return self.days_from or self.pack_version


@dataclass(frozen=True, slots=True)
class Limit:
    """How much some rules of a pack may give in a stretch of time.

    Attributes:
        pack_code: the pack's; a new version goes on counting where the last one stopped.
        of: what is counted; "uses" are purchases in which one of the rules gave something.
        per: whose count it is: each member's, each store's, or the pack's own.
        every: calendar stretch on the store's clock; weeks begin on Monday.
        at_most: points, minor units or uses.
        rule_ids: the rules that count, sorted; never empty.
        partial: whether what is left may be given where the whole no longer fits; else nothing is.
    """

    pack_code: str
    code: str
    of: LimitOf
    per: LimitPer
    every: LimitEvery
    at_most: int
    rule_ids: tuple[str, ...]
    partial: bool


@dataclass(frozen=True, slots=True)
class PackVersion:
    """One immutable version of a pack."""

    id: UUID
    code: str
    version: int
    kind: PackKind
    hash: str
    document: Mapping[str, object]

    @property
    def name(self) -> str:
        return f"{self.code}/{self.version}"
