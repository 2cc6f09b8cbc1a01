"""Which column answers for which fact of the catalogue: the only way from a rule's path into SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, true

from regulars.rules.catalogue import FieldType
from regulars.segments.tables import member_feature

_C: Final = member_feature.c
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US: Final = 86_400_000_000
AS_OF_US: Final = "as_of_us"
"""The parameter that every statement with features must be executed with."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A fact of members in SQL.

    Attributes:
        column: never null, and of the fact's own type; whole numbers are bigint.
    """

    type: FieldType
    column: ColumnElement[Any]


_enrolled_days: Final = func.greatest(
    0, (bindparam(AS_OF_US, type_=BigInteger) - _C.enrolled_us) // _DAY_US, type_=BigInteger
)

FEATURES: Final[Mapping[str, Feature]] = MappingProxyType(
    {
        "member.known": Feature("boolean", true()),
        "member.tier": Feature("text", _C.tier),
        "member.stage": Feature("text", _C.stage),
        "member.tags": Feature("text_list", _C.tags),
        "member.spend_365d_minor": Feature("integer", _C.spend_365d_minor),
        "member.visits_365d": Feature("integer", _C.visits_365d),
        "member.qualifying_spend_minor": Feature("integer", _C.spend_365d_minor),  # no purchase is at hand
        "member.visits": Feature("integer", _C.visits),
        "member.enrolled_days": Feature("integer", _enrolled_days),
        "member.frozen": Feature("boolean", _C.frozen),
    }
)


def microseconds(at: datetime) -> int:
    """An instant as `AS_OF_US` and `enrolled_us` have it: microseconds since 1970, exactly."""
    return (at - _EPOCH) // timedelta(microseconds=1)
