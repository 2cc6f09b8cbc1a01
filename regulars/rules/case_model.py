"""What a case is made of: given facts, whose shape follows the field catalogue, and an expected result."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, cast

from pydantic import Field, StringConstraints, create_model
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from regulars.rules import catalogue
from regulars.rules.consequences import MovedStage
from regulars.rules.parts import ParameterName, Part, Scope, Words


def _given(name: str, fields: Mapping[str, catalogue.Field]) -> type[Part]:
    """A closed shape with every fact of a group, each of which may be left out."""
    return create_model(
        name,
        __base__=Part,
        **cast(
            dict[str, Any],
            {path: (_annotation(field) | None, None) for path, field in fields.items()},
        ),
    )


def _annotation(field: catalogue.Field) -> Any:  # noqa: ANN401 — a type made at run time
    if field.options and field.type == "text":
        return Literal[tuple(option.value for option in field.options)]
    match field.type:
        case "integer":
            return Annotated[int, Field(ge=field.low, le=field.high)]
        case "boolean":
            return bool
        case "text_list":
            return list[FactText]
        case "lines":
            return Annotated[list[GivenLine], Field(max_length=100)]
        case _:
            return FactText


FactText = Annotated[str, StringConstraints(max_length=100)]
Custom = Annotated[dict[str, bool | int | FactText], Field(max_length=100)]
"""The chain's own facts by their codes; the checker holds them to the chain's fields."""
_GivenLine = _given("_GivenLine", catalogue.LINE_FIELDS)


class GivenLine(_GivenLine):  # type: ignore[misc,valid-type]
    """The facts of a line, the chain's own of its product, and its tax as the till tells it."""

    tax_minor: Annotated[int, Field(ge=0, le=catalogue.MAX_LINE_MINOR)] | None = None
    tax_included: bool | None = None
    custom: Custom | None = None


_GivenMember = _given("_GivenMember", catalogue.fields_of("member"))
GivenPurchase = _given("GivenPurchase", catalogue.fields_of("purchase"))
_GivenStore = _given("_GivenStore", catalogue.fields_of("store"))
GivenCalendar = _given("GivenCalendar", catalogue.fields_of("calendar"))


class GivenMember(_GivenMember):  # type: ignore[misc,valid-type]
    """The facts of a member."""

    custom: Custom | None = None


class GivenStore(_GivenStore):  # type: ignore[misc,valid-type]
    """The facts of a store, and the codes of all places above it."""

    above: Annotated[list[FactText], Field(max_length=10)] | None = None
    custom: Custom | None = None


def _wall_time(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None or len(text) != len("2026-11-20T18:30"):
        raise PydanticCustomError("wall_time_expected", "a wall time such as 2026-11-20T18:30")
    return text


class Given(Part):
    """What the case sets; every other fact has its usual value.

    `at` is the store's wall clock, and gives all calendar facts that `calendar` does not. `silent_days` is
    how long the member has not bought, for what time decides.
    """

    at: Annotated[str, AfterValidator(_wall_time)] | None = None
    member: GivenMember | None = None
    purchase: GivenPurchase | None = None  # type: ignore[valid-type]
    store: GivenStore | None = None
    calendar: GivenCalendar | None = None  # type: ignore[valid-type]
    silent_days: Annotated[int, Field(ge=0, le=36_500)] | None = None


class Expect(Part):
    """What the pack must say of the given facts; what is left out is not looked at.

    `awards`, `failed` and `notes` name rules; `lines` names line numbers. A note says why a rule gave nothing
    though its conditions hold, such as "out_of_season". `available_at` and `expires_at` are wall times of the
    points that each rule gave. `stage` is what the silence leads to, `revisit_after_days` when the member is
    next called after a purchase, a first one where the member has no visits. `tagged` gives the days of each
    tag that is given, null for one without an end; `messages` the values of each rule's message; `moved_to`
    is the stage to which rules move the member.
    """

    points: int | None = None
    awards: dict[str, int] | None = None
    discount_minor: int | None = None
    lines: dict[str, int] | None = None
    refused: list[Scope] | None = None
    tier: str | None = None
    applied: list[str] | None = None
    failed: dict[str, int] | None = None
    notes: dict[str, str] | None = None
    available_at: dict[str, str] | None = None
    expires_at: dict[str, str] | None = None
    stage: Literal["active", "at_risk", "lapsed"] | None = None
    revisit_after_days: int | None = None
    tagged: dict[str, int | None] | None = None
    untagged: list[str] | None = None
    messages: dict[str, dict[str, int]] | None = None
    moved_to: MovedStage | None = None


class Case(Part):
    """Given facts, expected result.

    `parameters` are the values that the case is decided with, whatever the pack's parameters are set to:
    such a case stays as it is when somebody changes them.
    """

    name: Words
    parameters: Annotated[dict[ParameterName, int], Field(min_length=1, max_length=100)] | None = None
    given: Given
    expect: Expect
