"""Transactions that the driver begins and ends promise the same as SQLAlchemy's, on connections that stay."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.away import is_away
from regulars.db.lanes import NotCommitted
from regulars.db.raw import driver
from regulars.db.session import Database


@pytest.fixture
async def notes(database: Database) -> Database:
    async with database.begin() as session:
        await session.execute(text("create table note (said text unique)"))
    return database


async def note(session: AsyncSession, said: str) -> None:
    await (await driver(session)).execute("insert into note values ($1)", said)


async def noted(database: Database) -> list[str]:
    async with database.read() as session:
        return list((await session.execute(text("select said from note order by said"))).scalars())


async def backend_of(session: AsyncSession) -> int:
    found = await (await driver(session)).fetchval("select pg_backend_pid()")
    assert isinstance(found, int)
    return found


async def test_what_is_done_through_session_and_driver_is_one_transaction(notes: Database) -> None:
    async with notes.begin_directly() as session:
        await note(session, "by the driver")
        await session.execute(text("insert into note values ('by the session')"))
        assert await noted(notes) == []
    assert await noted(notes) == ["by the driver", "by the session"]


async def test_an_error_takes_everything_back_and_keeps_the_connection(notes: Database) -> None:
    async def twice() -> None:
        async with notes.begin_directly() as session:
            await session.execute(text("insert into note values ('second')"))
            await note(session, "first")

    async with notes.begin_directly() as session:
        await note(session, "first")
        before = await backend_of(session)
    with pytest.raises(asyncpg.UniqueViolationError):
        await twice()
    async with notes.begin_directly() as session:
        assert await backend_of(session) == before
    assert await noted(notes) == ["first"]


async def test_who_is_cancelled_leaves_nothing_behind(notes: Database) -> None:
    async def slow() -> None:
        async with notes.begin_directly() as session:
            await note(session, "never")
            await (await driver(session)).execute("select pg_sleep(60)")

    doing = asyncio.create_task(slow())
    await asyncio.sleep(0.5)
    doing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing
    async with notes.begin_directly() as session:
        await note(session, "after")
    assert await noted(notes) == ["after"]


async def end_backend(database: Database, backend: int) -> None:
    async with database.begin() as session:
        await session.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": backend})


async def living(database: Database, backends: Sequence[int]) -> int:
    async with database.read() as session:
        found = text("select count(*) from pg_stat_activity where pid = any(:backends)")
        return int((await session.execute(found, {"backends": backends})).scalar_one())


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced(notes: Database) -> None:
    async with notes.begin_directly() as session:
        lost = await backend_of(session)
    await end_backend(notes, lost)
    await asyncio.sleep(0.2)  # hear of it
    async with notes.begin_directly() as session:
        assert await backend_of(session) != lost
        await note(session, "by another")
    assert await noted(notes) == ["by another"]


async def test_a_connection_lost_within_a_transaction_takes_nothing_with_it(notes: Database) -> None:
    async def cut() -> None:
        async with notes.begin_directly() as session:
            await note(session, "lost")
            await end_backend(notes, await backend_of(session))
            await note(session, "never")

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as raised:
        await cut()
    assert is_away(raised.value)
    async with notes.begin_directly() as session:
        await note(session, "found again")
    assert await noted(notes) == ["found again"]


async def test_many_at_once_each_have_a_connection_and_two_stay(notes: Database) -> None:
    together = asyncio.Barrier(5)

    async def one(number: int) -> int:
        async with notes.begin_directly() as session:
            await together.wait()
            await note(session, str(number))
            return await backend_of(session)

    backends = await asyncio.gather(*map(one, range(5)))
    assert len(set(backends)) == 5
    assert await noted(notes) == ["0", "1", "2", "3", "4"]
    for _ in range(100):  # the server takes leave of the others when it gets to it
        if await living(notes, backends) == 2:
            break
        await asyncio.sleep(0.05)
    assert await living(notes, backends) == 2


async def test_more_at_once_than_the_server_can_take_wait_their_turn(notes: Database) -> None:
    async def said(number: int) -> None:
        async with notes.begin_directly() as session:
            await note(session, f"{number:02}")
            await asyncio.sleep(0.01)

    await asyncio.gather(*(said(number) for number in range(80)))
    assert await noted(notes) == [f"{number:02}" for number in range(80)]


async def test_a_transaction_that_the_server_did_not_commit_is_no_success(notes: Database) -> None:
    async def swallow() -> None:
        async with notes.begin_directly() as session:
            await note(session, "lost")
            with suppress(asyncpg.PostgresError):
                await (await driver(session)).execute("select 1 / 0")

    with pytest.raises(NotCommitted):
        await swallow()
    assert await noted(notes) == []


async def test_a_statement_is_planned_once_and_not_for_each_batch(notes: Database) -> None:
    known = "select count(*) from note where said = any($1::text[])"
    for said in ([], ["a"], ["a", "b"]):
        async with notes.begin_directly() as session:
            await (await driver(session)).fetchval(known, said)
            made = "select generic_plans, custom_plans from pg_prepared_statements where statement = $1"
            plans = await (await driver(session)).fetchrow(made, known)
    assert plans is not None
    assert tuple(plans) == (3, 0)


async def test_what_goes_wrong_while_rolling_back_hides_nothing(
    notes: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> str:
        raise AttributeError("a transport that is no more")

    async def fail() -> None:
        async with notes.begin_directly() as session:
            await note(session, "lost")
            monkeypatch.setattr(asyncpg.Connection, "execute", broken)
            raise ZeroDivisionError

    async with notes.begin_directly() as session:
        backend = await backend_of(session)
    with pytest.raises(ZeroDivisionError):
        await fail()
    monkeypatch.undo()
    async with notes.begin_directly() as session:
        assert await backend_of(session) != backend
    assert await noted(notes) == []
