"""SQL decides every member as the engine does: a hundred thousand decisions, or millions by `make fuzz`."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segments.conditions import adversaries, conditions
from sqlalchemy import insert, select

from regulars.db.session import Database, make_engine
from regulars.rules.engine import compile_rule, run
from regulars.segments.checking import check_condition
from regulars.segments.compiler import condition
from regulars.segments.domain import Condition, Fact
from regulars.segments.errors import SegmentNotGreen
from regulars.segments.features import AS_OF_US, FEATURES, microseconds
from regulars.segments.rows import document, engine_text
from regulars.segments.tables import member_feature

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
MEMBERS = 420
pytestmark = pytest.mark.timeout(60 + 2 * EXAMPLES)
AS_OF = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENROLLED_DAYS = (0, 1, 2, 364, 365, 366, 3_000)
ALMOST_A_DAY = timedelta(days=1) - timedelta(microseconds=1)
EXPECTED_FINDINGS = {"number_may_overflow", "dividend_may_be_negative", "option_unknown"}


@dataclass
class Crowd:
    """The adversaries in a database, and as documents for the engine."""

    runner: asyncio.Runner
    database: Database
    members: Sequence[Mapping[str, Fact]]
    documents: Sequence[str]

    def by_sql(self, asked: Sequence[Condition]) -> list[tuple[bool, ...]]:
        """One statement for all conditions: each member's answers."""
        columns = [condition(one.tree).label(f"c{i}") for i, one in enumerate(asked)]
        statement = select(*columns).select_from(member_feature).order_by(member_feature.c.member_id)

        async def ask() -> list[tuple[bool, ...]]:
            async with self.database.read() as session:
                rows = await session.execute(statement, {AS_OF_US: microseconds(AS_OF)})
                return [tuple(row) for row in rows]

        return self.runner.run(ask())

    def by_engine(self, asked: Sequence[Condition]) -> list[tuple[bool, ...]]:
        rules = [compile_rule(engine_text(one.tree)) for one in asked]
        return [tuple(_truth(result) for result in run(rules, one)) for one in self.documents]


def _truth(result: object) -> bool:
    assert result in ("true", "false"), result
    return result == "true"


@pytest.fixture
def crowd(database_url: str) -> Iterator[Crowd]:
    made = adversaries(MEMBERS, ENROLLED_DAYS)
    members: list[Mapping[str, Fact]] = [_facts(one) for one in made]
    with asyncio.Runner() as runner:
        database = Database(make_engine(database_url, application="regulars-test", pool_size=1))

        async def settle() -> None:
            async with database.begin() as session:
                await session.execute(insert(member_feature), [_row(i, one) for i, one in enumerate(made)])

        runner.run(settle())
        yield Crowd(runner, database, members, [document(one) for one in members])
        runner.run(database.close())


def _facts(made: Mapping[str, Any]) -> Mapping[str, Fact]:
    values = {
        **made,
        "known": True,
        "qualifying_spend_minor": made["spend_365d_minor"],
        "tags": tuple(made["tags"]),
    }
    assert {f"member.{name}" for name in values} == set(FEATURES)
    return {path: values[path.removeprefix("member.")] for path in FEATURES}


def _row(number: int, made: Mapping[str, Any]) -> dict[str, Any]:
    part = ALMOST_A_DAY if number % 2 else timedelta(0)
    enrolled_at = AS_OF - timedelta(days=made["enrolled_days"]) - part
    last_at = AS_OF - timedelta(days=made["days_since_visit"]) - part
    row = {name: value for name, value in made.items() if not name.endswith(("_days", "_visit"))}
    home = UUID(int=number % 3)
    return {
        **row,
        "member_id": UUID(int=number),
        "home_store_id": home,
        "enrolled_us": microseconds(enrolled_at),
        "last_visit_us": microseconds(last_at),
    }


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(trees=st.lists(conditions(), min_size=10, max_size=10))
def test_sql_decides_every_member_as_the_engine_does(crowd: Crowd, trees: list[Any]) -> None:
    asked = [one for one in map(taken, trees) if one is not None]
    if not asked:
        return
    sql, engine = crowd.by_sql(asked), crowd.by_engine(asked)
    different = [
        (asked[c].tree, crowd.members[m], answers[c])
        for m, answers in enumerate(sql)
        for c in range(len(asked))
        if answers[c] is not engine[m][c]
    ]
    assert different[:3] == []
    assert len(sql) == MEMBERS


def taken(tree: Any) -> Condition | None:
    """The condition, where checker and compiler take it."""
    try:
        checked = check_condition(tree)
    except SegmentNotGreen as refused:
        unexpected = {found.code for found in refused.findings} - EXPECTED_FINDINGS
        if unexpected:
            raise
        return None
    condition(checked.tree)  # everything that the strategies write, SQL can decide
    return checked
