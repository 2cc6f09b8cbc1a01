"""Days and instants on the wire: written out, for a bare number could be seconds, milliseconds or a year."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError


def _written_out(value: object) -> object:
    if isinstance(value, int | float) or (isinstance(value, str) and "-" not in value[1:]):
        raise PydanticCustomError("written_out", "write it out, e.g. 2026-11-20 or 2026-11-20T18:04:11-05:00")
    return value


Day = Annotated[date, BeforeValidator(_written_out)]
Instant = Annotated[AwareDatetime, BeforeValidator(_written_out)]
