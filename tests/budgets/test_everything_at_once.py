"""Quotes, purchases with and without them, replays and late ones in any order, by several processes."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from budget_world import (
    KEY,
    LIFE,
    TENTH_SOURCE,
    another_desk,
    limit,
    money,
    publish_points,
    publish_tenth,
)
from small_chain import MONDAY, SmallChain, line, open_small_chain

from regulars.budgets.tables import budget_counter
from regulars.db.session import Database, make_engine
from regulars.entrypoints.verifying import verify
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.domain import Basket, Discount
from regulars.purchases.group_commit import GroupCommit
from regulars.purchases.quoting import offer

POINTS, CENTS = 3_000, 20_000
PLACES = (("east-1", "east-1-t1"), ("east-1", "east-1-t2"), ("east-2", "east-2-t1"), ("west-1", "west-1-t1"))


@pytest.fixture
async def shop(database: Database) -> SmallChain:
    """A chain with limits of every kind."""
    made = await open_small_chain(database, packs=("classic-tiers",))
    await publish_points(
        made,
        limit(POINTS, "all", every="week"),
        limit(900, "store", per="store", when_reached="nothing"),
        limit(150, "member", per="member"),
        limit(5, "uses", of="uses", per="member", every="month", when_reached="nothing"),
    )
    await publish_tenth(
        made,
        money(CENTS, "all", every="week"),
        money(4_000, "store", per="store"),
        money(3, "uses", of="uses", per="member", when_reached="nothing"),
    )
    return made


@dataclass
class Process:
    """A web process with tills of its own."""

    database: Database
    desk: Desk
    group: GroupCommit


@dataclass
class Chance:
    """Numbers that look like chance and are the same each time."""

    state: int

    def below(self, many: int) -> int:
        self.state = (self.state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % (1 << 64)
        return (self.state >> 33) % many


class Storm:
    """What tills do, and what they were told."""

    def __init__(self, shop: SmallChain, processes: list[Process], seed: int) -> None:
        self.shop = shop
        self.processes = processes
        self.chance = Chance(seed)
        self.flags: list[list[str]] = []

    async def till(self, member: UUID | None) -> None:
        for _ in range(4):
            process = self.processes[self.chance.below(len(self.processes))]
            store, terminal = PLACES[self.chance.below(len(PLACES))]
            basket = self.shop.basket(
                member,
                line(1_000 + 100 * self.chance.below(60)),
                store_id=self.shop.stores[store],
                terminal_id=self.shop.tills[terminal],
                occurred_at=MONDAY + timedelta(hours=self.chance.below(3) * 9),
            )
            await (self.by_quote, self.by_heart, self.plainly, self.only_asking)[self.chance.below(4)](
                process, basket
            )

    async def by_quote(self, process: Process, basket: Basket) -> None:
        """Ask, charge what was promised, and send it twice."""
        found = await offer(process.database, process.desk, basket, KEY, LIFE, MONDAY)
        bought = self.again(basket, found.lines, quote_id=found.id)
        receipt = (await self.post(process, bought)).receipt
        other = self.processes[self.chance.below(len(self.processes))]
        assert (await self.post(other, bought)).receipt == receipt
        self.flags.append(receipt["flags"])  # another basket of the holder's may have been quicker

    async def by_heart(self, process: Process, basket: Basket) -> None:
        """Take a tenth off without having asked."""
        (sold,) = basket.lines
        off = sold.list_minor // 10
        discounts = (Discount(TENTH_SOURCE, "chain", off),)
        charged = line(
            sold.list_minor - off, list_minor=sold.list_minor, discount_minor=off, discounts=discounts
        )
        self.flags.append((await self.post(process, self.again(basket, (charged,)))).receipt["flags"])

    async def plainly(self, process: Process, basket: Basket) -> None:
        await self.post(process, basket)

    async def only_asking(self, process: Process, basket: Basket) -> None:
        for _ in range(2):
            await offer(process.database, process.desk, basket, KEY, LIFE, MONDAY)

    def again(self, basket: Basket, lines: tuple[Any, ...], **changes: Any) -> Basket:
        return self.shop.basket(
            basket.member_id,
            *lines,
            store_id=basket.store_id,
            terminal_id=basket.terminal_id,
            occurred_at=basket.occurred_at,
            **changes,
        )

    async def post(self, process: Process, basket: Basket) -> Recorded:
        answer = await process.group.post(basket)
        assert isinstance(answer, Recorded), answer
        return answer


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_limit_of_points_is_ever_exceeded_and_none_of_money_without_a_flag(
    shop: SmallChain, database_url: str, seed: int
) -> None:
    databases = [Database(make_engine(database_url, application="another", pool_size=4)) for _ in range(3)]
    desks = [another_desk() for _ in databases]
    processes = [
        Process(each, desk, GroupCommit(each, desk, _now))
        for each, desk in zip(databases, desks, strict=True)
    ]
    members = [await shop.join(f"Member {number}") for number in range(12)]
    storm = Storm(shop, processes, seed)
    try:
        await asyncio.gather(*(storm.till(member) for member in [*members, *members, None, None]))
    finally:
        for process in processes:
            await process.group.close()
            await process.database.close()
    async with shop.database.read() as session:
        counters = (await session.execute(budget_counter.select())).all()
    most = {
        ("double", "all"): POINTS,
        ("double", "store"): 900,
        ("double", "member"): 150,
        ("double", "uses"): 5,
    }
    given = [(row.used, most[row.pack_code, row.limit_code]) for row in counters if row.pack_code == "double"]
    assert all(used <= at_most for used, at_most in given)
    assert any(used == at_most for used, at_most in given)
    exceeded = [row for row in counters if row.limit_code == "all" and row.used > CENTS]
    flagged = [flags for flags in storm.flags if "over_budget" in flags]
    assert flagged or not exceeded
    assert (await verify(shop.database)).ok


def _now() -> datetime:
    return MONDAY
