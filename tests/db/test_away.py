"""A database that is away is told from one that answered no."""

import asyncpg
import pytest
from sqlalchemy import text

from regulars.db.away import DATABASE_ERRORS, is_away
from regulars.db.raw import driver
from regulars.db.session import Database, make_engine

_KILL = text("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'regulars-cut'")


async def _ask(database: Database, statement: str) -> None:
    async with database.begin() as session:
        await (await driver(session)).execute(statement)


async def _cut(database: Database, other: Database, *, by_driver: bool) -> BaseException:
    """Cut a session's line, use it, and return what that raised."""

    async def use() -> None:
        async with other.begin() as session:
            raw = await driver(session)
            async with database.begin() as ours:
                await ours.execute(_KILL)
            await (raw.fetch("select 1") if by_driver else session.execute(text("select 1")))

    with pytest.raises(DATABASE_ERRORS) as caught:
        await use()
    return caught.value


@pytest.mark.parametrize("by_driver", [True, False], ids=["driver", "sqlalchemy"])
async def test_a_cut_line_counts_as_away(database: Database, database_url: str, *, by_driver: bool) -> None:
    other = Database(make_engine(database_url, application="regulars-cut", pool_size=1))
    try:
        assert is_away(await _cut(database, other, by_driver=by_driver))
    finally:
        await other.close()


async def test_nobody_listening_counts_as_away() -> None:
    nobody = Database(make_engine("postgresql://nobody@127.0.0.1:1/none", application="regulars-test"))
    with pytest.raises(DATABASE_ERRORS) as caught:
        await _ask(nobody, "select 1")
    await nobody.close()
    assert is_away(caught.value)


async def test_an_answer_that_says_no_does_not_count_as_away(database: Database) -> None:
    with pytest.raises(DATABASE_ERRORS) as caught:
        await _ask(database, "select nothing_like_this")
    assert isinstance(caught.value, asyncpg.UndefinedColumnError)
    assert not is_away(caught.value)


def test_a_driver_that_is_reading_the_server_s_last_word_counts_as_away() -> None:
    """Seen when a server was killed under load; which read it meets is chance, so it is said here by name."""
    error = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    assert isinstance(error, DATABASE_ERRORS)
    assert is_away(error)
