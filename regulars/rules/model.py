"""What a pack is made of: strict, closed shapes; the JSON Schema that we publish comes from them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from regulars.rules import catalogue
from regulars.rules.action_model import Action, LongWords
from regulars.rules.case_model import Case
from regulars.rules.domain import LimitEvery, LimitOf, LimitPer, PackKind
from regulars.rules.parts import (
    BPS,
    Code,
    Number,
    Order,
    ParameterName,
    ParameterRef,
    Part,
    Tree,
    Words,
)
from regulars.rules.reach_model import Reach, Season
from regulars.rules.stack_model import Stack

ParameterType = Literal["integer", "count", "money_minor", "days", "rate_bps", "percent"]

TYPE_BOUNDS: Final[Mapping[ParameterType, tuple[int, int]]] = {
    "integer": (-catalogue.MAX_SPEND_MINOR, catalogue.MAX_SPEND_MINOR),
    "count": (0, catalogue.MAX_COUNT),
    "money_minor": (0, catalogue.MAX_SPEND_MINOR),
    "days": (0, 36_500),
    "rate_bps": (0, 100 * BPS),
    "percent": (0, 100),
}
ACTIONS_OF: Final[Mapping[PackKind, tuple[str, ...]]] = {
    "eligibility": ("refuse", "tag", "message"),
    "discount": ("discount",),
    "earning": ("earn", "multiply", "tag", "message"),
    "tier": ("set_tier",),
    "lifecycle": ("move_stage", "tag", "message"),
}
TIMED: Final = ("stage", "revisit_after_days")
TOLD: Final = ("tagged", "untagged", "messages")
EXPECTED_OF: Final[Mapping[PackKind, tuple[str, ...]]] = {
    "eligibility": ("refused", *TOLD),
    "discount": ("discount_minor", "lines"),
    "earning": ("points", "awards", "available_at", "expires_at", *TOLD),
    "tier": ("tier", *TIMED),
    "lifecycle": (*TIMED, "moved_to", *TOLD),
}


class Parameter(Part):
    """A number that marketing changes without touching a condition."""

    type: ParameterType
    value: int
    minimum: int
    maximum: int
    unit: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    title: Words
    help: LongWords | None = None


class Rule(Part):
    """When all of its conditions hold, it acts.

    `order` says which rule comes first; where a rule stands in the file means nothing. `scope` and `calendar`
    narrow those of the pack; `group` is its place in the pack's `stacking`.
    """

    id: Code
    order: Order
    title: Words
    scope: Reach | None = None
    calendar: Season | None = None
    group: Code | None = None
    when: Tree
    then: Action

    @property
    def stacking_group(self) -> str | None:
        """The group that it stands in, whichever way it is written."""
        action = self.then.discount or self.then.multiply
        return self.group or (action.group if action else None)


class Tier(Part):
    """One step of the ladder."""

    code: Code
    rank: Annotated[int, Field(ge=0, le=99)]
    title: Words
    threshold: Number


class Lifecycle(Part):
    """What time does to a member. A tier pack says how long a tier year is; a lifecycle pack does not."""

    tier_year_days: Number | None = None
    at_risk_after_days: Number
    lapse_after_days: Number
    first_revisit_after_days: Number
    revisit_every_days: Number


class PackLimit(Part):
    """How much rules of this pack may give in a stretch of time, counted on the store's clock.

    `rules` names the rules that count; without it all do. Where the whole no longer fits, `partial` gives
    what is left and `nothing` gives nothing.
    """

    code: Code
    title: Words
    of: LimitOf
    per: LimitPer
    every: LimitEvery
    at_most: Number
    rules: Annotated[list[Code], Field(min_length=1, max_length=200)] | None = None
    when_reached: Literal["partial", "nothing"]


class Exclusion(Part):
    """Lines that the amounts and discounts of a pack do not see; conditions still see them."""

    title: Words
    lines: Tree


class Pack(Part):
    """Rules of one kind that are published together; a pack of kind lifecycle may have none.

    `priority` orders packs of one kind, the lowest first; equal ones follow their codes.
    """

    code: Code
    kind: PackKind
    priority: Order
    title: Words
    description: LongWords
    scope: Reach | None = None
    calendar: Season | None = None
    parameters: Annotated[dict[ParameterName, Parameter], Field(max_length=100)]
    tiers: Annotated[list[Tier], Field(min_length=1, max_length=20)] | None = None
    lifecycle: Lifecycle | None = None
    exclusions: Annotated[list[Exclusion], Field(min_length=1, max_length=20)] | None = None
    stacking: Stack | None = None
    limits: Annotated[list[PackLimit], Field(min_length=1, max_length=20)] | None = None
    rules: Annotated[list[Rule], Field(max_length=200)]
    cases: Annotated[list[Case], Field(max_length=200)]

    def value_of(self, number: int | ParameterRef) -> int:
        """A number, or the value of the parameter it names."""
        return self.parameters[number.param].value if isinstance(number, ParameterRef) else number

    def rules_in_order(self) -> list[Rule]:
        """The rules as they act, whatever their order in the file."""
        return sorted(self.rules, key=lambda rule: rule.order)


def conditions_of(when: object) -> list[object]:
    """The top-level conditions: all of them must hold."""
    if when is True:
        return []
    if isinstance(when, dict) and list(when) == ["and"] and isinstance(when["and"], list):
        return when["and"]
    return [when]


def json_schema() -> dict[str, Any]:
    """The shape of a pack, as JSON Schema (draft 2020-12)."""
    schema = Pack.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
