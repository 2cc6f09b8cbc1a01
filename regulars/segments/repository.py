"""All SQL of asking: one statement a question, batches where the engine must decide."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    Row,
    ScalarSelect,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
    text,
    true,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.base import Ltree
from regulars.security.scope import Scope, within_place
from regulars.segments.domain import Condition, Fact, Question, SampleMember
from regulars.segments.features import AS_OF_US, Feature, microseconds, source_of
from regulars.segments.rows import Alike, MemberRow
from regulars.segments.tables import member_feature, member_feature_state

ROWS_AT_ONCE: Final = 5_000

_place = table("place", column("id", Uuid), column("path", Ltree))
_F: Final = member_feature.c
_STATE: Final = select(*member_feature_state.c).select_from(member_feature_state)
_KEY_LOW: Final = -(1 << 63)
_KEY_HIGH: Final = (1 << 63) - 1
_LOOKED_AT: Final = 20_000
"""So many members are looked at for a sample before all of them are."""
_KEY: Final = func.uuid_hash_extended(_F.member_id, bindparam("seed", type_=BigInteger), type_=BigInteger)
_NEAR: Final = _KEY.op("<=", return_type=Boolean())(bindparam("below", type_=BigInteger))


@dataclass(frozen=True, slots=True)
class FeatureState:
    """What instant the features are of."""

    as_of: datetime
    members: int
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
    return None if row is None else FeatureState(row.as_of, row.members, row.undecided_members)


async def limit_time(session: AsyncSession, seconds: int) -> None:
    """Let no statement of this transaction run longer."""
    await session.execute(text(f"set local statement_timeout = '{int(seconds)}s'"))


def statement_of(condition: ColumnElement[bool]) -> str:
    """The SQL condition for people to read, with parameters in place of values."""
    return str(condition.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all that its statements need.

    Attributes:
        features: of the facts that the condition reads, in the order of its paths.
        narrow: what whoever matches must fulfil, where the engine decides the rest.
    """

    scope: Scope
    condition: Condition
    features: tuple[Feature, ...]
    question: Question
    state: FeatureState
    narrow: tuple[ColumnElement[bool], ...] = ()

    @property
    def source(self) -> FromClause:
        return source_of(self.features)

    @property
    def facts(self) -> list[ColumnElement[Any]]:
        return [feature.column.label(f"fact{i}") for i, feature in enumerate(self.features)]

    @property
    def first_keys(self) -> int:
        """Below this lie the keys of about `_LOOKED_AT` members."""
        return key_of(_LOOKED_AT, self.state.members)

    @property
    def parameters(self) -> dict[str, object]:
        made: dict[str, object] = {
            **self.scope.parameters,
            AS_OF_US: microseconds(self.state.as_of),
            "seed": self.question.seed,
        }
        if self.question.sample:
            made["sample"] = self.question.sample
        if self.question.within is not None:
            made["within"] = self.question.within
        return made


def key_of(wanted: int, members: int) -> int:
    """Below this key lie about so many of so many members."""
    members = max(members, 1)
    return _KEY_LOW + (_KEY_HIGH - _KEY_LOW) * min(members, wanted) // members


async def count_in_sight(session: AsyncSession, asked: Asked) -> tuple[int, int]:
    """How many members are in sight, and how many of them the engine has to decide."""
    left = func.count().filter(and_(true(), *asked.narrow))
    seen = select(func.count(), left).select_from(asked.source).where(*_in_sight(asked.question))
    members, candidates = (await session.execute(seen, asked.parameters)).one()
    return members, candidates


async def count(session: AsyncSession, asked: Asked, sql: ColumnElement[bool]) -> Found:
    """Count and sample in one statement that reads every member once.

    The sample is those whose key is smallest. Where members are many, only a share of the keys is looked at
    on the way; where too few of these match, the sample alone is asked for again.

    Args:
        sql: the condition, compiled.
    """
    statement, parameters = _count(asked, sql), asked.parameters
    parameters["below"] = asked.first_keys
    row = (await session.execute(statement, parameters)).one()
    sample = row.sample or ()
    if len(sample) < min(asked.question.sample, row.matching):
        parameters["below"] = _KEY_HIGH
        sample = (await session.execute(statement, parameters)).one().sample
    shown = tuple(SampleMember(UUID(one[0]), _facts(asked.condition.paths, one[1:])) for one in sample)
    return Found(row.members, row.matching, shown)


def _count(asked: Asked, sql: ColumnElement[bool]) -> Select[Any]:
    figures = [func.count().label("members"), func.count().filter(sql).label("matching")]
    seen = select(*figures).select_from(asked.source).where(*_in_sight(asked.question))
    if not asked.question.sample:
        return seen.add_columns(literal_column("null").label("sample"))
    near = func.array_agg(_F.member_id).filter(sql, _NEAR)
    counted = seen.add_columns(near.label("near")).cte("counted")
    return select(counted.c.members, counted.c.matching, _shown(asked, counted.c.near).label("sample"))


def _shown(asked: Asked, near: ColumnElement[Any]) -> ScalarSelect[Any]:
    """The facts of the members with the smallest keys, in order of the keys, as JSON."""
    ranked = (
        select(_F.member_id, _KEY.label("key"), *asked.facts)
        .select_from(asked.source)
        .where(_F.member_id == any_(near))
        .order_by(_KEY, _F.member_id)
        .limit(bindparam("sample", type_=Integer))
        .subquery("ranked")
    )
    facts = [ranked.c[f"fact{i}"] for i in range(len(asked.features))]
    in_order = aggregate_order_by(
        func.jsonb_build_array(ranked.c.member_id, *facts), ranked.c.key, ranked.c.member_id
    )
    return select(func.jsonb_agg(in_order, type_=JSONB)).select_from(ranked).scalar_subquery()


async def combinations(session: AsyncSession, asked: Asked) -> AsyncIterator[list[Alike]]:
    """Every combination of the facts that the condition reads, and how many have it who may match."""
    sight = _in_sight(asked.question)
    members = select(*asked.facts).select_from(asked.source).where(*sight, *asked.narrow).subquery()
    statement = select(func.count().label("members"), *members.c).select_from(members).group_by(*members.c)
    async for rows in _streamed(session, statement, asked.parameters):
        yield [Alike(_facts(asked.condition.paths, row[1:]), row[0]) for row in rows]


async def in_order_of_key(
    session: AsyncSession, asked: Asked, below: int | None = None
) -> AsyncGenerator[list[MemberRow], None]:
    """The members who may match, as a sample takes them; only those with keys up to `below`, where given."""
    statement = (
        select(_F.member_id, *asked.facts)
        .select_from(asked.source)
        .where(*_in_sight(asked.question), *asked.narrow)
        .order_by(_KEY, _F.member_id)
    )
    if below is not None:
        statement = statement.where(_NEAR)
    async for rows in _streamed(session, statement, {**asked.parameters, "below": below}):
        yield [MemberRow(row[0], _facts(asked.condition.paths, row[1:])) for row in rows]


async def _streamed(
    session: AsyncSession, statement: Select[Any], parameters: Mapping[str, object]
) -> AsyncIterator[Sequence[Row[Any]]]:
    result = await session.stream(statement, parameters)
    try:
        async for rows in result.partitions(ROWS_AT_ONCE):
            yield rows
    finally:
        await result.close()


def _in_sight(question: Question) -> list[ColumnElement[bool]]:
    """Members at home within the scope and, for a saved segment, within its place."""
    sight: list[ColumnElement[bool]] = [within_place(_F.home_store_id)]
    if question.within is not None:
        inside = _place.c.path.op("<@")(cast(bindparam("within", type_=Text), Ltree))
        sight.append(_F.home_store_id.in_(select(_place.c.id).where(inside)))
    return sight


def _facts(paths: Sequence[str], values: Sequence[Any]) -> dict[str, Fact]:
    plain = (tuple(value) if isinstance(value, list) else value for value in values)
    return dict(zip(paths, plain, strict=True))
