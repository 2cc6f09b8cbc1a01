"""Which column answers for which fact of the catalogue: the only way from a rule's path into SQL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, array
from sqlalchemy.types import TypeEngine

from regulars.rules.catalogue import Catalogue, Field, FieldType
from regulars.segments.tables import member_feature

_C: Final = member_feature.c
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US: Final = 86_400_000_000
AS_OF_US: Final = "as_of_us"
"""The parameter that every statement with features must be executed with."""

_field = table("custom_field", column("id", Uuid), column("subject", Text), column("code", Text))
_OWN_TYPES: Final[Mapping[FieldType, TypeEngine[Any]]] = {
    "boolean": Boolean(),
    "integer": BigInteger(),
    "text": Text(),
}


@dataclass(frozen=True, slots=True)
class OwnValue:
    """The rows of one of the chain's own fields: at most one a member."""

    rows: FromClause
    of_member: ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Feature:
    """A fact of members in SQL.

    Attributes:
        column: never null, and of the fact's own type; whole numbers are bigint.
        own: what has to be joined where the fact is the chain's own.
    """

    type: FieldType
    column: ColumnElement[Any]
    own: OwnValue | None = None


def _days_since(us: ColumnElement[int]) -> ColumnElement[int]:
    passed = bindparam(AS_OF_US, type_=BigInteger) - us
    return func.greatest(0, passed // _DAY_US, type_=BigInteger)


FEATURES: Final[Mapping[str, Feature]] = MappingProxyType(
    {
        "member.known": Feature("boolean", true()),
        "member.tier": Feature("text", _C.tier),
        "member.stage": Feature("text", _C.stage),
        "member.tags": Feature("text_list", _C.tags),
        "member.spend_365d_minor": Feature("integer", _C.spend_365d_minor),
        "member.visits_365d": Feature("integer", _C.visits_365d),
        "member.spend_30d_minor": Feature("integer", _C.spend_30d_minor),
        "member.visits_30d": Feature("integer", _C.visits_30d),
        "member.spend_90d_minor": Feature("integer", _C.spend_90d_minor),
        "member.visits_90d": Feature("integer", _C.visits_90d),
        "member.days_since_visit": Feature("integer", _days_since(_C.last_visit_us)),
        "member.qualifying_spend_minor": Feature("integer", _C.spend_365d_minor),  # no purchase is at hand
        "member.visits": Feature("integer", _C.visits),
        "member.enrolled_days": Feature("integer", _days_since(_C.enrolled_us)),
        "member.frozen": Feature("boolean", _C.frozen),
    }
)
"""The facts that every chain's members have."""


def features_of(catalogue: Catalogue) -> Mapping[str, Feature]:
    """What the members of one chain can be asked about: the facts of all chains, and its own fields.

    Args:
        catalogue: the chain's.
    """
    own = {field.path: _own_feature(code, field) for code, field in catalogue.member.items()}
    return MappingProxyType(dict(FEATURES) | own)


def source_of(features: Iterable[Feature]) -> FromClause:
    """The relation that has the columns of these features, one row a member."""
    source: FromClause = member_feature
    for feature in features:
        if feature.own is not None:
            source = source.outerjoin(feature.own.rows, feature.own.of_member)
    return source


def _own_feature(code: str, field: Field) -> Feature:
    """Where no value is set, rules read the field's default; so does SQL."""
    rows = table(
        "custom_value", column("member_id", Uuid), column("field_id", Uuid), column("value", JSONB)
    ).alias(f"own_{code}")
    kind = _OWN_TYPES[field.type]
    whole = cast(array([]), ARRAY(Text))
    set_value = cast(rows.c.value.op("#>>", return_type=Text())(whole), kind)
    wanted = select(_field.c.id).where(_field.c.subject == "member", _field.c.code == code).scalar_subquery()
    of_member = and_(rows.c.member_id == _C.member_id, rows.c.field_id == wanted)
    return Feature(
        field.type,
        func.coalesce(set_value, literal(field.default, kind), type_=kind),
        OwnValue(rows, of_member),
    )


def microseconds(at: datetime) -> int:
    """An instant as `AS_OF_US` and `enrolled_us` have it: microseconds since 1970, exactly."""
    return (at - _EPOCH) // timedelta(microseconds=1)
