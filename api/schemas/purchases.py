"""What a till sends of a basket, and what it gets back."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from api.schemas.times import Day, Instant
from regulars.rules.catalogue import MAX_DISCOUNTS as DISCOUNTS_MAX
from regulars.rules.catalogue import MAX_LINE_MINOR as AMOUNT_MAX
from regulars.rules.catalogue import MAX_LINES as LINES_MAX
from regulars.rules.catalogue import MAX_PURCHASE_MINOR

Minor = Annotated[int, Field(ge=0, le=AMOUNT_MAX, strict=True)]
Tendered = Annotated[int, Field(ge=0, le=MAX_PURCHASE_MINOR, strict=True)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]


TenderType = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\s]+( [^\s]+)*$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DiscountIn(_Body):
    """Money off one line."""

    source: Word = Field(description="What caused it: member_price, coupon, or a source that a quote named.")
    funder: Literal["chain", "maker", "partner"] = "chain"
    amount_minor: Annotated[int, Field(gt=0, le=AMOUNT_MAX, strict=True)]


class LineIn(_Body):
    """A line item."""

    line: Annotated[int, Field(ge=1, le=100_000, strict=True)] = Field(
        description="Stable number of the line on its receipt."
    )
    sku: Word
    department: Annotated[str, StringConstraints(max_length=64)] = ""
    kind: Literal["goods", "labour", "material", "service"] = "goods"
    quantity_milli: Annotated[int, Field(ge=0, le=AMOUNT_MAX, strict=True)] = Field(
        default=1000, description="Thousandths of a piece, kilogram or litre."
    )
    list_minor: Minor = Field(description="Before any discount, for the whole line.")
    sales_minor: Minor | None = Field(
        default=None,
        description="What the chain receives: list_minor less the discounts it funds; may be left out.",
    )
    tax_minor: Minor | None = None
    tax_included: bool = True
    promotional: bool = False
    discounts: Annotated[list[DiscountIn], Field(max_length=DISCOUNTS_MAX)] = Field(default_factory=list)


class BasketIn(_Body):
    """A basket, for a quote or as it was bought."""

    member: Annotated[str, StringConstraints(min_length=1, max_length=120)] | None = Field(
        default=None, description="Member id, member number, external reference or phone; none for nobody."
    )
    occurred_at: Instant | None = Field(
        default=None, description="The till's clock, with its offset; for a quote it may be left out: now."
    )
    channel: Word = "store"
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=LINES_MAX)]


_LINES_EXAMPLE: list[JsonValue] = [
    {"line": 1, "sku": "1033142", "department": "GROCERY", "list_minor": 1299},
    {
        "line": 2,
        "sku": "9553335",
        "department": "PRODUCE",
        "list_minor": 450,
        "sales_minor": 400,
        "discounts": [{"source": "member_price", "amount_minor": 50}],
    },
]


class QuoteIn(BasketIn):
    """A basket that may be bought."""

    terminal: Word | None = Field(
        default=None, description="Code of a terminal; only for operators, whose key names none."
    )
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"member": "cj-1007", "lines": _LINES_EXAMPLE}]}
    )


class PurchaseIn(BasketIn):
    """A basket that was bought and paid."""

    receipt_no: Word = Field(description="The till's own number, unique within its business day.")
    business_day: Day | None = Field(
        default=None, description="The store's trading day; left out, it follows from occurred_at."
    )
    occurred_at: Instant
    cashier: Word | None = None
    tenders: Annotated[dict[TenderType, Tendered], Field(max_length=20)] = Field(
        default_factory=dict, description="How it was paid: type → minor units."
    )
    original_purchase_id: UUID | None = None
    quote: Annotated[str, StringConstraints(max_length=4_000)] | None = Field(
        default=None, description="The token of the quote that was charged."
    )
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "receipt_no": "000231",
                    "occurred_at": "2026-11-20T18:04:11-05:00",
                    "member": "cj-1007",
                    "cashier": "c-12",
                    "tenders": {"cash": 1699},
                    "lines": _LINES_EXAMPLE,
                }
            ]
        }
    )


class AttributionIn(_Body):
    """Whose purchase it was (补登积分)."""

    member: Annotated[str, StringConstraints(min_length=1, max_length=120)]


class DiscountOut(BaseModel):
    """Money off one line by one of our rules."""

    line: int
    source: str
    amount_minor: int


class ConditionOut(BaseModel):
    """The first condition of a rule that was not true."""

    index: int
    zh: str
    en: str


class WordsOut(BaseModel):
    """A sentence in both languages."""

    zh: str
    en: str


class RuleOut(BaseModel):
    """What became of one rule of one live pack."""

    pack: str
    rule: str
    title_zh: str
    title_en: str
    applied: bool
    gave: int = Field(description="What it contributed: points, or minor units for a discount.")
    failed_condition: ConditionOut | None
    error: str | None = Field(description="The engine's word where the rule could not be read.")
    note: str | None = Field(
        description="Why it gave less than it might: capped, limited, outranked, excluded, frozen."
    )
    note_words: WordsOut | None = Field(default=None, description="The same in words.")


class AwardOut(BaseModel):
    """Points by one rule."""

    pack: str
    rule: str
    points: int


class NextTierOut(BaseModel):
    """How far it is to the next tier."""

    tier: str
    threshold_minor: int
    missing_minor: int


class MemberOut(BaseModel):
    """Where the member stands after the purchase."""

    member_id: UUID
    seq: int
    points_balance: int = Field(description="All that is owned, pending points included.")
    pending_points: int = Field(default=0, description="What of it cannot be used yet.")
    points_owed: int = Field(default=0, description="A debt, which what is earned next pays.")
    tier: str
    tier_before: str
    stage: str
    reactivated: bool
    spend_365d_minor: int
    next_tier: NextTierOut | None


class OutcomeOut(BaseModel):
    """What the packs said."""

    sales_minor: int
    list_minor: int
    points: int
    points_expire_at: datetime | None
    points_pending: int = Field(default=0, description="What of the points cannot be used yet.")
    points_available_at: datetime | None = Field(
        default=None, description="When the first of those can be used."
    )
    points_repaid: int = Field(default=0, description="What of the points paid a debt at once.")
    flags: list[str] = Field(
        description="What a person should look at, e.g. discount_differs, over_budget, late."
    )
    member: MemberOut | None
    awards: list[AwardOut]
    offered: list[DiscountOut] = Field(description="Discounts that the live packs give.")
    charged: list[DiscountOut] = Field(description="Discounts that were taken off in the packs' name.")
    rules: list[RuleOut]
    reasons: list[str] = Field(
        description="Why less was given than might be: no_member, frozen, excluded, limited, nothing_left."
    )
    reason_words: list[WordsOut] = Field(description="The same in words.")


class ReceiptOut(OutcomeOut):
    """A purchase as it stands; the same for every retry."""

    purchase_id: UUID


class LineOut(BaseModel):
    """A line as it should be charged."""

    line: int
    sku: str
    list_minor: int
    sales_minor: int
    discounts: list[DiscountIn]


class QuoteOut(OutcomeOut):
    """What a basket would cost and earn now; nothing was written."""

    quote_id: UUID
    quote: str = Field(description="Send it back with the purchase.")
    expires_at: datetime
    lines: list[LineOut]
