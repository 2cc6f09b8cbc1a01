"""The actions of rules, as a pack writes them."""

from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from regulars.rules.consequences import MovedStage
from regulars.rules.parts import Code, Number, ParameterName, Part, Scope, Tree, Words
from regulars.rules.reach_model import Chosen

Form = Literal["rate_bps", "amount_minor", "price_minor", "free_items", "nth_item", "threshold"]
DISCOUNT_FORMS: tuple[Form, ...] = get_args(Form)
Pick = Literal["cheapest", "dearest"]
Period = Literal["month_end", "quarter_end", "year_end"]


class LineBase(Chosen):
    """Which value of a line counts: what it is sold for, unless `price` says its list price.

    `tax` counts it with or without the tax that the till told of it; without `tax` it counts as it is.
    """

    price: Literal["list", "sales"] = "sales"
    tax: Literal["included", "excluded"] | None = None


class DiscountBase(LineBase):
    """`after_discounts` counts only what the discounts before this one left of a line."""

    after_discounts: bool = False


class Rounding(Part):
    """To a multiple of `to_minor`: down, to the nearest (a half goes up), or up."""

    mode: Literal["floor", "half_up", "ceil"]
    to_minor: Literal[1, 5, 10, 50, 100]


class FreeItems(Part):
    """Of every full `every` units `free` are free: the cheapest of all units, or the dearest.

    At most `times` a purchase; one gift is 1 of every 1, 1 time.
    """

    free: Number
    every: Number
    pick: Pick
    times: Number | None = None


class NthItem(Part):
    """One of every `every` units gets `rate_bps` off: the cheapest of all units, or the dearest.

    At most `times` a purchase.
    """

    every: Number
    rate_bps: Number
    pick: Pick
    times: Number | None = None


class Threshold(Part):
    """`off_minor` for each full `every_minor` of the lines' value, at most `times`."""

    every_minor: Number
    off_minor: Number
    times: Number | None = None


class Expires(Part):
    """When points end, counted from when they can be spent.

    After days, or at the end of a month, a quarter or a year on the store's clock; `later` skips so many.
    """

    after_days: Number | None = None
    at: Period | None = None
    later: Annotated[int, Field(ge=0, le=120)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Expires":
        if (self.after_days is None) == (self.at is None) or (self.later is not None and self.at is None):
            raise PydanticCustomError("one_expiry_expected", "after_days, or at with later")
        return self


class Earn(Part):
    """Points: `amount` / `per` of them, rounded down once a purchase, with all else earned.

    Without `amount`, what counts is the value of the lines that `lines` selects, or of all; `base` says which
    value. `points` gives as many whatever was bought. `pending_days` keeps them from being spent so long.
    """

    unit: Literal["points"]
    amount: Tree = None
    per: Number | None = None
    points: Tree = None
    lines: Tree = None
    base: LineBase | None = None
    pending_days: Number | None = None
    valid_days: Number | None = None
    expires: Expires | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Earn":
        flat, computed = self.points is not None, self.amount is not None
        by_lines = self.lines is not None or self.base is not None
        if flat + computed + by_lines > 1 or flat == (self.per is not None):
            raise PydanticCustomError("one_earning_expected", "per with amount or lines, or points alone")
        if self.valid_days is not None and self.expires is not None:
            raise PydanticCustomError("one_expiry_expected", "valid_days or expires")
        return self


class Multiply(Part):
    """What the purchase earned, times `rate_bps` / 10000; in one group only the highest counts."""

    rate_bps: Number
    group: Code | None = None
    valid_days: Number | None = None


class Discount(Part):
    """Money off the lines that `lines` selects, or off all of them, in exactly one form.

    `rate_bps` off their value; `amount_minor` off them together; `price_minor` for each unit; `free_items`;
    `nth_item`; or `threshold`. At most `cap_minor` a purchase, and never more than a line is sold for. Units
    are whole pieces: a line whose quantity is no whole number has none. Rounded down to one minor unit
    unless `rounding` says otherwise. In one group only the rule that gives the most counts.
    """

    lines: Tree = None
    rate_bps: Number | None = None
    amount_minor: Tree = None
    price_minor: Tree = None
    free_items: FreeItems | None = None
    nth_item: NthItem | None = None
    threshold: Threshold | None = None
    base: DiscountBase | None = None
    rounding: Rounding | None = None
    cap_minor: Number | None = None
    group: Code | None = None

    @model_validator(mode="after")
    def _one_form(self) -> "Discount":
        if sum(getattr(self, form) is not None for form in DISCOUNT_FORMS) != 1:
            raise PydanticCustomError("one_form_expected", "exactly one form of discount")
        return self

    @property
    def form(self) -> Form:
        return next(form for form in DISCOUNT_FORMS if getattr(self, form) is not None)


class Reason(Part):
    """Why something is refused, as a code and in words."""

    code: Code
    words: Words


class Refuse(Part):
    """The purchase gets nothing of these scopes."""

    scopes: Annotated[list[Scope], Field(min_length=1, max_length=2)]
    reason: Reason


class SetTier(Part):
    """The member reaches this tier; the highest reached counts."""

    tier: Code


class Tag(Part):
    """The member gets a tag, for good or for so many days; or `end` takes away one that a rule gave.

    It takes effect with the purchase, whose own rules still see the member as before.
    """

    give: Code | None = None
    end: Code | None = None
    for_days: Number | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Tag":
        if (self.give is None) == (self.end is None) or (self.end is not None and self.for_days is not None):
            raise PydanticCustomError("one_tag_expected", "give with or without for_days, or end alone")
        return self


class MoveStage(Part):
    """The member is moved to this stage, however recent the purchase; the next purchase brings it back."""

    to: MovedStage


class Message(Part):
    """A message is asked for: the code of its text, and whole numbers by the names that the text uses."""

    template: Code
    values: Annotated[dict[ParameterName, Tree], Field(max_length=20)] | None = None


class Action(Part):
    """Exactly one action."""

    earn: Earn | None = None
    multiply: Multiply | None = None
    discount: Discount | None = None
    refuse: Refuse | None = None
    set_tier: SetTier | None = None
    move_stage: MoveStage | None = None
    tag: Tag | None = None
    message: Message | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "Action":
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1 or len(self.model_fields_set) != 1:
            raise PydanticCustomError("one_action_expected", "exactly one action")
        return self

    @property
    def name(self) -> str:
        return next(iter(self.model_fields_set))


class LongWords(Words):
    """A longer text in both languages."""

    zh: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    en: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
