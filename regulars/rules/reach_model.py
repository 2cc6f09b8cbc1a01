"""Where, when and for whom rules count, as a pack says it."""

from datetime import date, time
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from regulars.rules.parts import Code, Part

FactText = Annotated[str, StringConstraints(min_length=1, max_length=100)]
MIDNIGHT = "24:00"


def _day(text: str) -> str:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or text != found.isoformat():
        raise PydanticCustomError("date_expected", "a date such as 2026-12-01")
    return text


def _clock(text: str) -> str:
    if text == MIDNIGHT:
        return text
    try:
        found = time.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or text != found.isoformat("minutes"):
        raise PydanticCustomError("clock_expected", "a time of day such as 08:00")
    return text


Day = Annotated[str, AfterValidator(_day)]
Clock = Annotated[str, AfterValidator(_clock)]


class Chosen(Part):
    """A part that says nothing is a mistake."""

    @model_validator(mode="after")
    def _something(self) -> "Chosen":
        if not self.model_fields_set:
            raise PydanticCustomError("part_empty", "at least one of its fields")
        return self


class Reach(Chosen):
    """Where and for whom: all that is given must fit. A place stands for all that lies below it."""

    places: Annotated[list[FactText], Field(min_length=1, max_length=500)] | None = None
    channels: Annotated[list[FactText], Field(min_length=1, max_length=50)] | None = None
    tiers: Annotated[list[Code], Field(min_length=1, max_length=20)] | None = None


class Hours(Part):
    """From a minute of the day until just before another; over midnight where the second is earlier."""

    from_: Clock = Field(alias="from")
    until: Clock


class Season(Chosen):
    """When, on the store's own clock: all that is given must fit. Both ends of `from` and `until` are in."""

    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None
    weekdays: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)] | None = (
        None
    )
    days_of_month: (
        Annotated[list[Annotated[int, Field(ge=1, le=31)]], Field(min_length=1, max_length=31)] | None
    ) = None
    hours: Annotated[list[Hours], Field(min_length=1, max_length=24)] | None = None
    except_: Annotated[list[Day], Field(min_length=1, max_length=400)] | None = Field(
        default=None, alias="except"
    )
