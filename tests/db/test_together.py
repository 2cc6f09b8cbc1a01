"""Writes, and questions, that are sent as one statement keep what each was given."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text

from regulars.db.session import Database
from regulars.db.together import Question, Write, ask_together, write_together

HUES = Write(("hues as (insert into hue select n from unnest($1::text[]) as n)",), (["red", "jade"],))
SIZES = Write(
    (
        "sizes as (insert into size select n, $2 from unnest($1::int[]) as n)",
        "more as (insert into size values ($3, $2))",
    ),
    ([3, 4], "small", 90),
    last="set_config('regulars.told', $2, true)",
)


@pytest.fixture
async def tables(database: Database) -> AsyncIterator[Database]:
    async with database.begin() as session:
        await session.execute(text("create table hue (name text primary key)"))
        await session.execute(text("create table size (cm int, word text)"))
    yield database
    async with database.begin() as session:
        await session.execute(text("drop table hue"))
        await session.execute(text("drop table size"))


async def test_each_write_gets_its_own_arguments_whatever_the_order(tables: Database) -> None:
    async with tables.begin() as session:
        await write_together(session, [HUES, SIZES])
        assert (await session.scalar(text("select current_setting('regulars.told')"))) == "small"
        await session.execute(text("delete from hue"))
        await write_together(session, [SIZES, HUES])
        hues = (await session.scalars(text("select name from hue order by name"))).all()
        sizes = (await session.execute(text("select cm, word from size order by cm"))).all()
    assert hues == ["jade", "red"]
    assert [tuple(row) for row in sizes] == [(cm, "small") for cm in (3, 3, 4, 4, 90, 90)]


async def test_one_that_fails_leaves_nothing_of_the_others(tables: Database) -> None:
    again = Write(HUES.parts, (["jade", "jade"],))
    async with tables.begin() as session:
        with pytest.raises(asyncpg.UniqueViolationError):
            await write_together(session, [SIZES, again])
        await session.rollback()
    async with tables.begin() as session:
        assert not await session.scalar(text("select count(*) from size"))
        await write_together(session, [])


async def test_each_question_gets_its_own_answers_whatever_the_order(database: Database) -> None:
    sums = Question(("$1::int + $2::int", "$1::int * $2::int"), (6, 7))
    word, nothing = Question(("upper($1)",), ("jade",)), Question(("(select null)", "1"))
    async with database.begin() as session:
        assert await ask_together(session, [sums, word, nothing]) == [(13, 42), ("JADE",), (None, 1)]
        assert await ask_together(session, [nothing, word, sums]) == [(None, 1), ("JADE",), (13, 42)]
