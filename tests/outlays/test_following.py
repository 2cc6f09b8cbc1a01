"""What packs gave is added up once, exactly, whatever is booked beside and however late it commits."""

from datetime import date, datetime, timedelta

import pytest
from budget_world import TENTH_SOURCE, money, publish_tenth
from rehearsal.world import DAY
from small_chain import ACTOR, MONDAY, SmallChain, line
from sqlalchemy import text
from undoing.world import Undoing, give_points

from regulars.analytics.verification import CHECKS, differences
from regulars.outlays.following import USUAL, WRITTEN_BEFORE, Followed, Portion, follow
from regulars.outlays.service import Given, Outlay, outlay_of
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.domain import Discount
from regulars.security.scope import EVERYWHERE, Scope

TODAY = MONDAY.date() + timedelta(days=20)


async def bring(chain: SmallChain, at: datetime = MONDAY + 20 * DAY, portion: Portion = USUAL) -> Followed:
    async with chain.database.begin() as session:
        return await follow(session, at, portion)


async def outlay(chain: SmallChain, code: str, scope: Scope = EVERYWHERE, today: date = TODAY) -> Outlay:
    async with chain.database.read() as session:
        return await outlay_of(session, code, scope, today)


async def posted(chain: SmallChain) -> dict[tuple[str, int], tuple[int, int]]:
    """Pack and version → points given and taken, from the books."""
    query = (
        "select split_part(p.pack_version, '/', 1), split_part(p.pack_version, '/', 2)::int, "
        "coalesce(sum(p.amount) filter (where e.kind in ('earn', 'correct')), 0)::bigint, "
        "coalesce(sum(p.amount) filter (where e.kind = 'reverse'), 0)::bigint "
        "from posting p join ledger_entry e on e.id = p.entry_id "
        "where e.kind in ('earn', 'correct', 'reverse') group by 1, 2"
    )
    async with chain.database.read() as session:
        return {(row[0], row[1]): (row[2], row[3]) for row in await session.execute(text(query))}


async def added_up(chain: SmallChain) -> dict[tuple[str, int], tuple[int, int]]:
    query = (
        "select pack_code, version, sum(points_given)::bigint, sum(points_taken)::bigint "
        "from pack_outlay group by 1, 2 having sum(points_given) + sum(points_taken) > 0"
    )
    async with chain.database.read() as session:
        return {(row[0], row[1]): (row[2], row[3]) for row in await session.execute(text(query))}


async def unproven(chain: SmallChain) -> list[tuple[str, str]]:
    """(kept, recomputed) of what `regulars verify` finds wrong."""
    (check,) = (check for check in CHECKS if check.name == "outlays")
    async with chain.database.read() as session:
        return [(found.kept, found.recomputed) async for found in differences(session, check)]


@pytest.fixture
async def undoing(chain: SmallChain) -> Undoing:
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
    return Undoing(chain)


async def test_each_entry_is_added_up_once_and_what_is_taken_back_beside_it(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    assert (await outlay(chain, "gift")).as_of is None
    ann = await chain.join("Ann")
    await chain.buy(ann, line(2_000))
    assert await bring(chain) == "up_to_date"
    unnamed = await chain.buy(None, line(3_000), occurred_at=MONDAY + DAY)
    async with chain.database.begin() as session:
        await attribute_purchase(session, chain.desk, unnamed.purchase_id, ann, ACTOR, MONDAY + 2 * DAY)
    await bring(chain)
    await bring(chain)
    assert await added_up(chain) == await posted(chain)
    undoing.at = MONDAY + 5 * DAY
    await undoing.do(until=MONDAY + timedelta(hours=1))
    await chain.buy(ann, line(700), occurred_at=MONDAY + 6 * DAY)
    assert await unproven(chain) == []  # what came since is not in it yet
    await bring(chain)
    assert await unproven(chain) == []
    assert await added_up(chain) == await posted(chain)
    found = await outlay(chain, "gift")
    assert found.as_of == MONDAY + 20 * DAY
    assert found.total == Given(20 + 30 + 7, 20, 0)
    days = {day: (given.points, given.points_taken) for day, given in found.days}
    first = MONDAY.date()
    assert days[first] == (20, 0)
    assert days[first + timedelta(days=1)] == (30, 0)
    assert days[first + timedelta(days=5)] == (0, 20)
    assert len(days) == 21
    assert (await outlay(chain, "gift", today=first + timedelta(days=95))).total == Given(7, 0, 0)


async def test_money_is_told_as_tills_took_it_off_and_only_of_stores_in_sight(chain: SmallChain) -> None:
    await publish_tenth(chain, money(1_000_000))
    member = await chain.join()
    off = line(900, discount_minor=100, list_minor=1_000, discounts=(Discount(TENTH_SOURCE, "chain", 100),))
    await chain.buy(member, off)
    west = {"store_id": chain.stores["west-1"], "terminal_id": chain.tills["west-1-t1"]}
    await chain.buy(None, off, occurred_at=MONDAY + DAY, **west)
    await bring(chain)
    assert await unproven(chain) == []
    found = await outlay(chain, "tenth")
    assert found.total == Given(0, 0, 200)
    assert {store for store, _ in found.stores} == {chain.stores["east-1"], chain.stores["west-1"]}
    path = chain.desk.places.get(chain.stores["west-1"]).path
    assert (await outlay(chain, "tenth", Scope((path,)))).total == Given(0, 0, 100)
    assert (await outlay(chain, "tenth", Scope(()))).is_empty
    async with chain.database.begin() as session:
        await session.execute(text("update pack_outlay set day = day - 1 where discount_minor > 0"))
        await session.execute(text("update pack_outlay set points_given = points_given + 1"))
    found_wrong = sorted(await unproven(chain))
    assert found_wrong[:2] == [("None", "[[0, 0, 100]]")] * 2
    assert [kept for kept, _ in found_wrong[2:]] == ["[[0, 0, 100]]"] * 2 + ["[[1, 0, 0]]"] * 2


async def test_what_commits_late_is_added_up_then_and_what_lies_beside_it_not_twice(
    chain: SmallChain,
) -> None:
    ann, bob = await chain.join("Ann"), await chain.join("Bob")
    await bring(chain)
    async with chain.database.begin() as slow:
        await slow.execute(text("select pg_current_xact_id()"))  # open before, and still open beside
        await chain.buy(ann, line(2_000))
        await bring(chain)
        await chain.buy(bob, line(1_000))
        await bring(chain)
        assert (await added_up(chain)) == {}
        assert await unproven(chain) == []
    await bring(chain)
    assert await unproven(chain) == []
    assert await added_up(chain) == await posted(chain)
    assert (await outlay(chain, "grocery-classic")).total == Given(30, 0, 0)


async def test_all_is_added_up_anew_where_the_database_came_from_elsewhere(chain: SmallChain) -> None:
    await chain.buy(await chain.join(), line(2_000))
    await bring(chain)
    async with chain.database.begin() as session:
        await session.execute(text("update pack_outlay set points_given = 7"))
        await session.execute(text("update pack_outlay_state set seen_xid = 5"))  # by another transaction
    assert await unproven(chain) == []  # it says nothing of this one
    await bring(chain)
    assert await added_up(chain) == await posted(chain)


async def test_a_clock_that_ran_ahead_for_a_while_costs_nothing(chain: SmallChain) -> None:
    member = await chain.join()
    ahead = MONDAY + 400 * DAY
    await chain.buy(member, line(2_000), occurred_at=ahead)
    async with chain.database.begin() as session:
        await follow(session, ahead)
    await bring(chain, MONDAY)
    await chain.buy(member, line(1_000))
    await bring(chain, MONDAY + DAY)
    assert await added_up(chain) == await posted(chain)


async def test_one_process_adds_up_at_a_time(chain: SmallChain) -> None:
    await chain.buy(await chain.join(), line(2_000))
    async with chain.database.begin() as first:
        assert await follow(first, MONDAY + 20 * DAY) == "up_to_date"
        assert await bring(chain) == "elsewhere"
    assert await bring(chain) == "up_to_date"
    assert await added_up(chain) == await posted(chain)


async def test_the_first_time_is_cut_off_between_steps_and_nothing_is_missing_or_twice(
    undoing: Undoing,
) -> None:
    chain, little = undoing.chain, Portion(rows=2, transactions=1)
    await give_points(chain)
    ann = await chain.join("Ann")
    for day in range(5):
        await chain.buy(ann, line(1_000 * (day + 1)), occurred_at=MONDAY + day * DAY)
    undoing.at = MONDAY + 6 * DAY
    await undoing.do(until=MONDAY + timedelta(hours=1))
    steps = 0
    while await bring(chain, portion=little) == "going_on":
        steps += 1
        assert await unproven(chain) == []
        with pytest.raises(Cut):
            await cut_off(chain, little)
        await chain.buy(ann, line(100 * steps), occurred_at=MONDAY + 7 * DAY)
        if steps == 1:
            told = await outlay(chain, "gift")
            assert told.back_to is not None
            assert told.total.points < 150
        if steps == 9:
            little = USUAL
    assert steps == 9
    assert (await outlay(chain, "gift")).back_to is None
    assert await bring(chain) == "up_to_date"
    assert await unproven(chain) == []
    assert await added_up(chain) == await posted(chain)


class Cut(Exception):
    """The process ends before the transaction does."""


async def cut_off(chain: SmallChain, portion: Portion) -> None:
    async with chain.database.begin() as session:
        await follow(session, MONDAY + 20 * DAY, portion)
        raise Cut


async def test_transactions_whose_numbers_seem_to_be_of_the_future_are_of_long_ago(
    chain: SmallChain,
) -> None:
    ages = (11, 10, 0, -5, 3_000_000_000)
    aged = ", ".join(f"(({2**32 - age} + now.number) % {2**32})" for age in ages)
    asked = (
        "with now as (select pg_current_xact_id()::text::bigint as number) "
        f"select {WRITTEN_BEFORE.format('x', 10)} from "
        f"(select v.number::text::xid as xmin from now cross join lateral (values {aged}) v (number)) x"
    )
    async with chain.database.begin() as session:
        assert list(await session.scalars(text(asked))) == [True, False, False, False, True]
