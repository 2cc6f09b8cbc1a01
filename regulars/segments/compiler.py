"""Turns a checked condition into SQL that decides every member as the engine does, or says what it cannot.

Every part becomes an expression that is never null: columns are not, literals are not, and the checker lets
nothing through that divides by zero. So SQL's third truth value cannot arise. Whole numbers are bigint on
both sides; the checker has proved that they stay below 2^52, where the engine is exact as well.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    not_,
    or_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from regulars.rules.findings import at
from regulars.segments.domain import path_of
from regulars.segments.features import FEATURES, Feature

TermType = Literal["boolean", "integer", "text", "texts", "integers"]
Operand = ColumnElement[Any]
_OF_FIELD: Final[Mapping[str, TermType]] = {
    "boolean": "boolean",
    "integer": "integer",
    "text": "text",
    "text_list": "texts",
}


class NotInSql(Exception):
    """This part of the condition has no exact counterpart in SQL.

    Attributes:
        pointer: JSON Pointer into the condition.
        part: the operator or fact.
    """

    def __init__(self, pointer: str, part: str) -> None:
        super().__init__(f"{pointer or '/'}: {part}")
        self.pointer = pointer
        self.part = part


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the condition in SQL."""

    type: TermType
    sql: Operand


def condition(tree: object, features: Mapping[str, Feature] = FEATURES) -> ColumnElement[bool]:
    """The condition as SQL over `member_feature`.

    Args:
        tree: a condition that the checker took.
        features: what the chain's members can be asked about.
    Returns: an expression that is true or false for every row; values are bind parameters.
    Raises: NotInSql: some part must be left to the engine.
    Source: ADR-0016.
    """
    return _typed(_term(tree, "", features), "boolean", "", "when").sql


def narrowing(tree: object, features: Mapping[str, Feature] = FEATURES) -> tuple[ColumnElement[bool], ...]:
    """What SQL can say of a condition that it cannot decide whole: whoever fails any of it does not match.

    Args:
        tree: a condition that the checker took.
        features: what the chain's members can be asked about.
    Returns: those of the parts that must all hold which have an exact counterpart in SQL; maybe none.
    """
    if isinstance(tree, dict) and list(tree) == ["and"] and isinstance(tree["and"], list):
        return tuple(part for each in tree["and"] for part in narrowing(each, features))
    try:
        return (condition(tree, features),)
    except NotInSql:
        return ()


def _term(tree: object, pointer: str, features: Mapping[str, Feature]) -> Term:
    if isinstance(tree, dict) and len(tree) == 1:
        return _operation(*next(iter(tree.items())), pointer, features)
    if isinstance(tree, str):
        return Term("text", bindparam(None, tree, Text))
    if type(tree) is int:
        return Term("integer", bindparam(None, tree, BigInteger))
    if isinstance(tree, list) and tree:
        if all(isinstance(member, str) for member in tree):
            return Term("texts", bindparam(None, tree, ARRAY(Text)))
        if all(type(member) is int for member in tree):
            return Term("integers", bindparam(None, tree, ARRAY(BigInteger)))
    raise NotInSql(pointer, "value")


def _operation(operator: str, operands: object, pointer: str, features: Mapping[str, Feature]) -> Term:
    here = at(pointer, operator)
    path = path_of({operator: operands})
    if path is not None:
        feature = features.get(path)
        if feature is None:
            raise NotInSql(here, path)
        return Term(_OF_FIELD[feature.type], feature.column)
    make = _OPERATORS.get(operator)
    if make is None:
        raise NotInSql(pointer, operator)
    each = operands if isinstance(operands, list) else [operands]
    return make(Parts(operator, each, here, features, isinstance(operands, list)))


@dataclass(frozen=True, slots=True)
class Parts:
    """An operator with what it is given."""

    operator: str
    operands: Sequence[object]
    pointer: str
    features: Mapping[str, Feature]
    listed: bool

    def at(self, index: int) -> str:
        return at(self.pointer, index) if self.listed else self.pointer

    def term(self, index: int) -> Term:
        return _term(self.operands[index], self.at(index), self.features)

    def all(self, expected: TermType, low: int, high: int | None = None) -> list[Operand]:
        """The operands in SQL, where they are as many as the operator takes and all of one type."""
        if not low <= len(self.operands) <= (high or len(self.operands)):
            raise self.refused()
        return [
            _typed(self.term(index), expected, self.at(index), self.operator).sql
            for index in range(len(self.operands))
        ]

    def refused(self) -> NotInSql:
        return NotInSql(self.pointer, self.operator)


def _typed(term: Term, expected: TermType, pointer: str, part: str) -> Term:
    if term.type != expected:
        raise NotInSql(pointer, part)
    return term


def _and(parts: Parts) -> Term:
    return Term("boolean", and_(*parts.all("boolean", 1)))


def _or(parts: Parts) -> Term:
    return Term("boolean", or_(*parts.all("boolean", 1)))


def _not(parts: Parts) -> Term:
    return Term("boolean", not_(parts.all("boolean", 1, 1)[0]))


def _equal(parts: Parts) -> Term:
    if len(parts.operands) != 2:
        raise parts.refused()
    left, right = parts.term(0), parts.term(1)
    if left.type != right.type or left.type not in ("boolean", "integer", "text"):
        raise parts.refused()
    same = _compared("=", left.sql, right.sql)
    return Term("boolean", same if parts.operator == "===" else not_(same))


def _ordered(parts: Parts) -> Term:
    each = parts.all("integer", 2, 3)
    pairs = itertools.pairwise(each)
    return Term("boolean", and_(*[_compared(parts.operator, left, right) for left, right in pairs]))


def _compared(operator: str, left: Operand, right: Operand) -> ColumnElement[bool]:
    # Spelled out: Python's own operators turn comparisons with constants into other forms.
    spelled: ColumnElement[bool] = (
        left.self_group().op(operator, precedence=5, return_type=Boolean())(right.self_group()).self_group()
    )
    return spelled


def _in(parts: Parts) -> Term:
    if len(parts.operands) != 2:
        raise parts.refused()
    needle, stack = parts.term(0), parts.term(1)
    if (needle.type, stack.type) not in (("text", "texts"), ("integer", "integers")):
        raise parts.refused()
    return Term("boolean", needle.sql == any_(stack.sql))


def _if(parts: Parts) -> Term:
    count = len(parts.operands)
    if count < 3 or count % 2 == 0:
        raise parts.refused()
    conditions = [_typed(parts.term(i), "boolean", parts.at(i), "if").sql for i in range(0, count - 1, 2)]
    results = [parts.term(i) for i in [*range(1, count - 1, 2), count - 1]]
    kind = results[0].type
    if kind not in ("boolean", "integer", "text") or any(result.type != kind for result in results):
        raise parts.refused()
    branches = zip(conditions, [result.sql for result in results[:-1]], strict=True)
    return Term(kind, case(*branches, else_=results[-1].sql))


def _plus(parts: Parts) -> Term:
    total, *rest = parts.all("integer", 2)
    for one in rest:
        total = total + one
    return Term("integer", total)


def _minus(parts: Parts) -> Term:
    left, right = parts.all("integer", 2, 2)
    return Term("integer", left - right)


def _times(parts: Parts) -> Term:
    total, *rest = parts.all("integer", 2)
    for one in rest:
        total = total * one
    return Term("integer", total)


def _extreme(parts: Parts) -> Term:
    each = parts.all("integer", 2)
    made = func.least if parts.operator == "min" else func.greatest
    return Term("integer", made(*each, type_=BigInteger))


def _absolute(parts: Parts) -> Term:
    return Term("integer", func.abs(parts.all("integer", 1, 1)[0], type_=BigInteger))


def _rounded(parts: Parts) -> Term:
    inner = parts.operands[0] if len(parts.operands) == 1 else None
    if not isinstance(inner, dict) or list(inner) != ["/"] or not isinstance(inner["/"], list):
        raise parts.refused()
    # The checker lets through no divisor below 1 and no dividend below 0.
    division = Parts("/", inner["/"], at(parts.at(0), "/"), parts.features, listed=True)
    dividend, divisor = division.all("integer", 2, 2)
    if parts.operator == "ceil":
        dividend = dividend + divisor - 1
    return Term("integer", dividend // divisor)


def _remainder(parts: Parts) -> Term:
    left, right = parts.all("integer", 2, 2)
    return Term("integer", left % right)


def _length(parts: Parts) -> Term:
    term = parts.term(0)
    if len(parts.operands) != 1 or term.type not in ("texts", "integers"):
        raise parts.refused()
    return Term("integer", cast(func.cardinality(term.sql), BigInteger))


_OPERATORS: Final[Mapping[str, Callable[[Parts], Term]]] = {
    "and": _and,
    "or": _or,
    "!": _not,
    **dict.fromkeys(("===", "!=="), _equal),
    **dict.fromkeys(("<", "<=", ">", ">="), _ordered),
    "in": _in,
    "if": _if,
    "+": _plus,
    "-": _minus,
    "*": _times,
    **dict.fromkeys(("min", "max"), _extreme),
    "abs": _absolute,
    **dict.fromkeys(("floor", "ceil"), _rounded),
    "%": _remainder,
    "length": _length,
}
