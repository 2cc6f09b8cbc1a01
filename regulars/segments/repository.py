"""All SQL of asking: one statement a question, batches where the engine must decide."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
    text,
    tuple_,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.base import Ltree
from regulars.security.scope import Scope, within_place
from regulars.segments.domain import Condition, Fact, Question, SampleMember
from regulars.segments.features import AS_OF_US, FEATURES, microseconds
from regulars.segments.rows import MemberRow
from regulars.segments.tables import member_feature, member_feature_state

ROWS_AT_ONCE: Final = 5_000

_place = table("place", column("id", Uuid), column("path", Ltree))
_F: Final = member_feature.c
_STATE: Final = select(member_feature_state.c.as_of, member_feature_state.c.undecided_members).select_from(
    member_feature_state
)
_KEY: Final = func.uuid_hash_extended(_F.member_id, bindparam("seed", type_=BigInteger), type_=BigInteger)


@dataclass(frozen=True, slots=True)
class FeatureState:
    """What instant the features are of."""

    as_of: datetime
    undecided_members: int


@dataclass(frozen=True, slots=True)
class Found:
    """What one statement counted."""

    members: int
    matching: int
    sample: tuple[SampleMember, ...]


async def state(session: AsyncSession) -> FeatureState | None:
    """What instant the features are of; None before they were ever gathered."""
    row = (await session.execute(_STATE)).first()
    return None if row is None else FeatureState(row.as_of, row.undecided_members)


async def limit_time(session: AsyncSession, seconds: int) -> None:
    """Let no statement of this transaction run longer."""
    await session.execute(text(f"set local statement_timeout = '{int(seconds)}s'"))


def statement_of(condition: ColumnElement[bool]) -> str:
    """The SQL condition for people to read, with parameters in place of values."""
    return str(condition.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


async def count(
    session: AsyncSession,
    scope: Scope,
    condition: Condition,
    sql: ColumnElement[bool],
    question: Question,
    as_of: datetime,
) -> Found:
    """Count and sample in one statement.

    Args:
        condition: for the facts that the sample shows.
        sql: the same condition, compiled.
        as_of: what instant the features are of.
    """
    parameters = _parameters(scope, question, as_of)
    row = (await session.execute(_count(sql, condition, question), parameters)).one()
    sample = tuple(
        SampleMember(UUID(str(shown[0])), _facts(condition.paths, shown[1:])) for shown in row.sample or ()
    )
    return Found(row.members, row.matching, sample)


def _count(sql: ColumnElement[bool], condition: Condition, question: Question) -> Select[Any]:
    sight = _in_sight(question)
    counted = (
        select(func.count().label("members"), func.count().filter(sql).label("matching"))
        .select_from(member_feature)
        .where(*sight)
        .cte("counted")
    )
    if not question.sample:
        return select(counted.c.members, counted.c.matching, literal_column("null").label("sample"))
    ranked = (
        select(_F.member_id, _KEY.label("key"))
        .where(*sight, sql)
        .order_by(literal_column("key"), _F.member_id)
        .limit(bindparam("sample", type_=Integer))
        .cte("ranked")
    )
    shown = (
        select(
            func.jsonb_agg(
                postgresql.aggregate_order_by(
                    func.jsonb_build_array(_F.member_id, *[FEATURES[p].column for p in condition.paths]),
                    ranked.c.key,
                    ranked.c.member_id,
                )
            )
        )
        .select_from(ranked.join(member_feature, _F.member_id == ranked.c.member_id))
        .scalar_subquery()
    )
    return select(counted.c.members, counted.c.matching, shown.label("sample"))


async def batches(
    session: AsyncSession, scope: Scope, condition: Condition, question: Question, as_of: datetime
) -> AsyncIterator[list[MemberRow]]:
    """All members in sight, with the facts that the condition reads, in bounded batches."""
    columns = [FEATURES[path].column.label(f"fact{i}") for i, path in enumerate(condition.paths)]
    statement = (
        select(_F.member_id, _KEY.label("key"), *columns)
        .where(*_in_sight(question), tuple_(_F.member_id) > tuple_(bindparam("after", type_=Uuid)))
        .order_by(_F.member_id)
        .limit(ROWS_AT_ONCE)
    )
    parameters = _parameters(scope, question, as_of)
    after = UUID(int=0)
    while True:
        rows = (await session.execute(statement, {**parameters, "after": after})).all()
        if rows:
            yield [MemberRow(row[0], row[1], _facts(condition.paths, row[2:])) for row in rows]
            after = rows[-1][0]
        if len(rows) < ROWS_AT_ONCE:
            return


def _in_sight(question: Question) -> list[ColumnElement[bool]]:
    """Members at home within the scope and, for a saved segment, within its place."""
    sight: list[ColumnElement[bool]] = [within_place(_F.home_store_id)]
    if question.within is not None:
        inside = _place.c.path.op("<@")(cast(bindparam("within", type_=Text), Ltree))
        sight.append(_F.home_store_id.in_(select(_place.c.id).where(inside)))
    return sight


def _parameters(scope: Scope, question: Question, as_of: datetime) -> dict[str, object]:
    made: dict[str, object] = {**scope.parameters, AS_OF_US: microseconds(as_of), "seed": question.seed}
    if question.sample:
        made["sample"] = question.sample
    if question.within is not None:
        made["within"] = question.within
    return made


def _facts(paths: Sequence[str], values: Sequence[Any]) -> dict[str, Fact]:
    plain = (tuple(value) if isinstance(value, list) else value for value in values)
    return dict(zip(paths, plain, strict=True))
