"""Undoing while tills sell, by several workers at once, killed half way: nothing lost, nothing doubled."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from small_chain import MONDAY, SmallChain, line
from undoing.world import DAY, Undoing, give_points

from regulars.db.away import sqlstate
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.purchases.desk import Desk
from regulars.rules.live import LivePacks
from regulars.undoing.domain import Undo
from regulars.undoing.working import work_on


async def finish(undoing: Undoing, undo: Undo) -> Undo:
    """Work as a process of its own does: what another's lock refuses is tried again."""
    means = undoing.means
    while True:
        try:
            stands = await work_on(means, undo.id)
        except Exception as error:
            if sqlstate(error) not in ("40001", "40P01", "23505"):
                raise
            continue
        if stands.state == "finished":
            return stands


async def test_sales_during_an_undo_lose_nothing_and_workers_share_it(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    members = [await chain.join(f"M{number}") for number in range(6)]
    for member in members:
        await chain.buy(member, line(1_000))
    undo = await undoing.approve(await undoing.order())
    tills = replace(chain, desk=Desk(Places(), LivePacks(), new_id))

    async def sell(till: SmallChain) -> None:
        for number in range(3):
            for member in reversed(members):
                await till.buy(member, line(500), occurred_at=MONDAY + DAY + number * timedelta(minutes=1))

    await asyncio.gather(sell(tills), finish(undoing, undo), finish(undoing, undo))
    done = await undoing.step(undo)
    assert (done.points_taken, done.differences, done.members_done) == (60, 0, 6)
    assert set((await undoing.balances()).values()) == {10 + 3 * (5 + 5)}
    assert await undoing.verified()


async def test_debts_are_paid_to_the_point_while_two_orders_make_them_and_tills_sell(
    undoing: Undoing,
) -> None:
    chain = undoing.chain
    await give_points(chain, valid_days=5)
    members = [await chain.join(f"M{number}") for number in range(6)]
    for member in members:
        await chain.buy(member, line(1_000))
    orders = [
        await undoing.approve(await undoing.order(version, "debt", until=MONDAY + DAY))
        for version in ("gift/1", "grocery-classic/1")
    ]
    tills = replace(chain, desk=Desk(Places(), LivePacks(), new_id))

    async def sell(till: SmallChain) -> None:
        for number in range(3):
            for member in reversed(members):
                when = undoing.at + number * timedelta(minutes=1)
                await till.buy(member, line(400), occurred_at=when)

    await asyncio.gather(sell(tills), *(finish(undoing, order) for order in orders))
    done = [await undoing.step(order) for order in orders]
    assert [one.points_taken + one.points_owed for one in done] == [60, 60]
    earned, taken = 3 * (4 + 4), 10  # the gift's ten had expired and are taken from what else there is
    assert set((await undoing.balances()).values()) == {earned - taken}
    assert {row["owed"] for row in await undoing.rows("select owed from balance")} == {0}
    assert await undoing.verified()


@pytest.mark.parametrize("after_s", [0.01, 0.03])
async def test_a_correction_that_is_killed_gives_once(undoing: Undoing, after_s: float) -> None:
    chain = undoing.chain
    await give_points(chain)
    for number in range(4):
        await chain.buy(await chain.join(f"M{number}"), line(1_000))
    await give_points(chain, per=50)
    undo = await undoing.approve(await undoing.order(to_version=2))
    killed = asyncio.create_task(work_on(undoing.means, undo.id))
    await asyncio.sleep(after_s)
    killed.cancel()
    with suppress(asyncio.CancelledError):
        await killed
    done = await finish(undoing, undo)
    assert (done.points_given, done.differences, done.members_done) == (40, 0, 4)
    assert set((await undoing.balances()).values()) == {30}
    assert await undoing.verified()


@pytest.mark.parametrize("after_s", [0.002, 0.01, 0.02, 0.04])
async def test_a_batch_that_is_killed_is_done_once_by_the_next(undoing: Undoing, after_s: float) -> None:
    chain = undoing.chain
    await give_points(chain)
    for number in range(4):
        await chain.buy(await chain.join(f"M{number}"), line(1_000))
    undo = await undoing.approve(await undoing.order())
    killed = asyncio.create_task(work_on(undoing.means, undo.id))
    await asyncio.sleep(after_s)
    killed.cancel()
    with suppress(asyncio.CancelledError):
        await killed
    done = await finish(undoing, undo)
    assert (done.points_taken, done.differences, done.members_done) == (40, 0, 4)
    assert set((await undoing.balances()).values()) == {10}
    assert await undoing.verified()
