"""Importing real purchases: every figure to the unit, once only, and whatever stops it half way."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import psutil
import pytest
from cj_world import ImportedChain, independent, open_chain
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.entrypoints.complete_journey.founding import COMMAND, OtherCurrency
from regulars.entrypoints.complete_journey.importer import ImportRunning
from regulars.entrypoints.complete_journey.interrupts import DatabaseAway
from regulars.entrypoints.complete_journey.source import Slice
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.verifying import verify
from regulars.kernel.clock import now
from regulars.kernel.ids import new_id
from regulars.lifecycle.service import advance
from regulars.organisation import service as organisation
from regulars.organisation.domain import NewPlace
from regulars.organisation.places import Places
from regulars.outbox import service as outbox
from regulars.outbox.domain import BULK_LOAD_LOCK, Backlog
from regulars.rules.live import LivePacks

ONE_HOUSEHOLD_IN = 60
FEWER = Slice(0, to_day=120, parts=120)
HALF_A_YEAR = Slice(0, to_day=180, parts=20)


@pytest.fixture
def chain_packs() -> None:
    """The chain is this module's own."""


@pytest.fixture
async def chain(database_url: str) -> AsyncIterator[ImportedChain]:
    made = await open_chain(database_url)
    yield made
    await made.database.close()


async def test_every_total_agrees_with_sql_that_shares_nothing_with_us(imported: ImportedChain) -> None:
    expected = independent(one_household_in=ONE_HOUSEHOLD_IN, shift_weeks=imported.first.ground.shift_weeks)
    found = await imported.totals()
    assert found.members_by_tier == expected["members_by_tier"]
    assert min(found.members_by_tier.values()) > 0
    assert found.points_earned == expected["points_earned"]
    assert found.sales_minor == expected["sales_minor"]
    assert (found.purchases, found.members) == (expected["purchases"], expected["members"])
    assert found.last_purchase_at is not None
    assert found.last_purchase_at.isoformat().replace("+00:00", "Z") == expected["last_purchase_at"]


async def test_every_household_agrees_too(imported: ImportedChain) -> None:
    expected = independent(one_household_in=ONE_HOUSEHOLD_IN)["households"]
    assert await imported.households() == expected


async def test_the_books_prove_themselves_after_an_import(imported: ImportedChain) -> None:
    report = await verify(imported.database)
    assert [result.differences for result in report.results if result.differences] == []


async def test_a_second_import_changes_nothing(imported: ImportedChain) -> None:
    before = await imported.row_counts()
    again = await imported.load(Slice(0, parts=ONE_HOUSEHOLD_IN))
    assert (again.purchases, again.known) == (0, imported.first.purchases)
    assert await imported.row_counts() == before


async def test_history_opens_no_revisit_to_be_worked(imported: ImportedChain) -> None:
    async with imported.database.read() as session:
        due = await session.scalar(text("select count(*) from lifecycle_event where kind = 'revisit_due'"))
        worked = await session.scalar(
            text("select count(*) from lifecycle_event where kind = 'revisit_due' and worked")
        )
    assert int(due or 0) > 0
    assert worked == 0


async def test_the_chain_takes_over_the_currency_and_the_clock_of_the_data(imported: ImportedChain) -> None:
    async with imported.database.read() as session:
        chain = await organisation.get_chain(session)
        hq = await organisation.place_by_code(session, "HQ", COMMAND.scope)
        branches = await organisation.list_places(session, COMMAND.scope, "branch")
        stores = await organisation.list_places(session, COMMAND.scope, "store", limit=1_000)
    assert (chain.currency, chain.currency_exponent, hq.time_zone) == ("USD", 2, "America/New_York")
    assert (len(branches), len(stores)) == (4, 457)


async def test_only_the_packs_of_history_are_live_while_it_is_loaded(imported: ImportedChain) -> None:
    async with imported.database.read() as session:
        rows = await session.scalars(text("select distinct pack_code from pack_activation order by 1"))
    assert list(rows) == ["classic-tiers", "grocery-classic"]


async def test_an_import_in_two_parts_is_the_same_as_in_one(chain: ImportedChain) -> None:
    await chain.load(Slice(0, to_day=60, parts=120))
    await chain.load(FEWER)
    expected = independent(one_household_in=120, days=120)
    found = await chain.totals()
    assert (found.purchases, found.points_earned) == (expected["purchases"], expected["points_earned"])
    assert found.members_by_tier == expected["members_by_tier"]


async def test_history_that_comes_after_time_went_on_ends_in_the_same_standings(
    chain: ImportedChain, imported: ImportedChain
) -> None:
    """Somebody imports some days, lets the workflows decide until today, and imports the rest."""
    at = now()
    for to_day in (40, 200, 366):
        chain.first = await chain.load(Slice(0, to_day=to_day, parts=3 * ONE_HOUSEHOLD_IN))
        async with chain.database.begin() as session:
            await decide_until(session, chain, at)
    async with AsyncSession(imported.database.engine) as session:
        await decide_until(session, imported, at)
        expected = await standings(session)
        await session.rollback()
    async with chain.database.read() as session:
        found = await standings(session)
    assert len(found) > 10
    assert found == {household: expected[household] for household in found}
    report = await verify(chain.database)
    assert [result.differences for result in report.results if result.differences] == []


async def test_an_import_that_is_interrupted_goes_on_where_it_stopped(chain: ImportedChain) -> None:
    running = asyncio.create_task(chain.load(HALF_A_YEAR, loaders=2))
    await some_purchases(chain)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert loaders_alive() == []
    assert (await backlog(chain)).waiting == 0
    await goes_on(chain)
    assert (await backlog(chain)).held == 0


async def test_workflows_hear_of_an_import_that_nobody_finishes_an_hour_later(chain: ImportedChain) -> None:
    running = asyncio.create_task(chain.load(HALF_A_YEAR, loaders=1))
    await some_purchases(chain)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await backlog(chain)).waiting == 0
    async with chain.database.begin() as session:
        await session.execute(text("update bulk_load set begun_at = begun_at - interval '61 minutes'"))
    assert (await backlog(chain)).held == 0
    assert (await backlog(chain)).waiting > 0


async def test_an_import_whose_loader_is_killed_says_so_and_goes_on_next_time(chain: ImportedChain) -> None:
    running = asyncio.create_task(chain.load(HALF_A_YEAR, loaders=2))
    await some_purchases(chain)
    os.kill(loaders_alive()[0], signal.SIGKILL)
    with pytest.raises(StackProblem, match="run the import again"):
        await running
    await goes_on(chain)


async def test_an_import_whose_database_goes_away_says_so_and_goes_on_next_time(chain: ImportedChain) -> None:
    running = asyncio.create_task(chain.load(HALF_A_YEAR, loaders=2))
    await some_purchases(chain)
    async with chain.database.begin() as session:
        await session.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and application_name like 'regulars-import%'"
            )
        )
    with pytest.raises(DatabaseAway):
        await running
    await goes_on(chain)


async def test_two_imports_at_once_are_one_too_many(chain: ImportedChain) -> None:
    other = await asyncpg.connect(chain.url)
    try:
        await other.execute("select pg_advisory_lock($1)", BULK_LOAD_LOCK)
        with pytest.raises(ImportRunning):
            await chain.load(FEWER)
    finally:
        await other.close()


async def test_workflows_hear_of_an_import_when_it_has_ended(chain: ImportedChain) -> None:
    held: list[int] = []
    running = asyncio.create_task(chain.load(HALF_A_YEAR, loaders=1))
    while not running.done():
        found = await backlog(chain)
        if not running.done():
            assert found.waiting == 0
            held.append(found.held)
        await asyncio.sleep(0.05)
    after = await backlog(chain)
    assert max(held) > 0
    assert after.held == 0
    assert after.waiting > max(held) / 2


async def test_a_chain_that_has_begun_in_another_currency_is_left_alone(chain: ImportedChain) -> None:
    async with chain.database.begin() as session:
        store = NewPlace(new_id(), "HQ", "store", "S1", "一店")
        await organisation.open_places(session, [store], COMMAND, now())
    with pytest.raises(OtherCurrency, match="CNY"):
        await chain.load(FEWER)
    assert (await chain.row_counts())["place"] == 2


async def test_the_shift_is_chosen_once(chain: ImportedChain) -> None:
    async with chain.database.begin() as session:
        await organisation.change_settings(session, {"complete_journey_shift_weeks": 400}, COMMAND, now())
    done = await chain.load(Slice(0, to_day=3, parts=120))
    assert done.ground.shift_weeks == 400
    expected = independent(one_household_in=120, days=3, shift_weeks=400)["last_purchase_at"]
    found = (await chain.totals()).last_purchase_at
    assert found is not None
    assert found.isoformat().replace("+00:00", "Z") == expected


async def decide_until(session: AsyncSession, chain: ImportedChain, at: datetime) -> None:
    """What the workflows of all members would have done by then."""
    places = Places()
    await places.refresh(session)
    await advance(session, LivePacks(), places, list(chain.first.ground.members.values()), at, at)


async def standings(session: AsyncSession) -> dict[str, tuple[object, ...]]:
    """Where each household stands, by its reference."""
    rows = await session.execute(
        text(
            "select r.reference, s.tier, s.stage, s.visits, s.spend_minor, s.points_earned, "
            "s.spend_365d_minor, s.last_purchase_at "
            "from standing s join member_reference r using (member_id)"
        )
    )
    return {row.reference: tuple(row)[1:] for row in rows}


async def backlog(chain: ImportedChain) -> Backlog:
    """What the workflows have still to hear."""
    async with chain.database.read() as session:
        return await outbox.measure_backlog(session)


async def some_purchases(chain: ImportedChain) -> None:
    """Wait until an import has committed something."""
    while (await chain.row_counts())["purchase"] == 0:  # noqa: ASYNC110 — another process commits
        await asyncio.sleep(0.02)


async def goes_on(chain: ImportedChain) -> None:
    """The next import does the rest, and every figure is right."""
    before = (await chain.row_counts())["purchase"]
    rest = await chain.load(HALF_A_YEAR)
    assert before > 0
    assert rest.purchases > 0
    assert rest.known >= before
    expected = independent(one_household_in=HALF_A_YEAR.parts, days=HALF_A_YEAR.to_day)
    found = await chain.totals()
    assert (found.purchases, found.points_earned, found.sales_minor) == (
        expected["purchases"],
        expected["points_earned"],
        expected["sales_minor"],
    )
    assert found.members_by_tier == expected["members_by_tier"]


def loaders_alive() -> list[int]:
    """Process numbers of the loaders that we started."""
    return [
        child.pid
        for child in psutil.Process().children()
        if "spawn_main" in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE
    ]
