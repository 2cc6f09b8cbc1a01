"""Whatever tills, people, packs and time do, in whatever order: chain and model tell the same story.

A few steady examples here; many, and always others, by
`HYPOTHESIS_PROFILE=long .venv/bin/pytest tests/invariants`.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any, ClassVar

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from invariants.pack_texts import VARIANTS, pack_text
from invariants.packs import Packs
from invariants.till import Item, Sale
from invariants.world import World
from small_chain import MONDAY, OPENED, STARTER_PACKS, SmallChain, open_small_chain

from regulars.db.session import Database, make_engine
from regulars.entrypoints.stack import postgres
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.purchases.desk import Desk
from regulars.rules.live import LivePacks

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": False,
}
PROFILE = (
    settings(max_examples=400, stateful_step_count=50, **COMMON)
    if LONG
    else settings(max_examples=25, stateful_step_count=25, derandomize=True, **COMMON)
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_numbers = count(1)


@dataclass
class Workshop:
    """Where worlds come from: a chain founded once, and a copy of its database for each example."""

    cluster: postgres.Cluster
    template: str
    chain: SmallChain
    loop: asyncio.AbstractEventLoop

    async def open(self) -> World:
        name = f"invariants_{next(_numbers)}"
        admin = await asyncpg.connect(self.cluster.url("postgres"))
        await admin.execute(f'create database "{name}" template "{self.template}" strategy file_copy')
        await admin.close()
        database = Database(make_engine(self.cluster.url(name), application="regulars-test"))
        found = self.chain
        desk = Desk(Places(), LivePacks(), new_id)
        packs = Packs()
        for code in STARTER_PACKS:
            packs.publish(code, pack_text(code, 0)[0], "HQ", OPENED)
        return World(SmallChain(database, found.hq, found.stores, found.tills, desk), MONDAY, packs)

    async def close(self, world: World) -> None:
        await world.chain.database.close()
        name = world.chain.database.engine.url.database
        admin = await asyncpg.connect(self.cluster.url("postgres"))
        await admin.execute(f'drop database "{name}" with (force)')
        await admin.close()


@pytest.fixture(scope="module")
def workshop(cluster: postgres.Cluster, template: str, request: pytest.FixtureRequest) -> Iterator[Workshop]:
    loop = asyncio.new_event_loop()
    name = f"template_of_{request.module.__name__.rpartition('.')[2]}"  # other modules use this too

    async def found() -> SmallChain:
        admin = await asyncpg.connect(cluster.url("postgres"))
        await admin.execute(f'create database "{name}" template "{template}" strategy file_copy')
        await admin.close()
        database = Database(make_engine(cluster.url(name), application="regulars-test"))
        chain = await open_small_chain(database)
        await database.close()
        return chain

    chain = loop.run_until_complete(found())
    yield Workshop(cluster, name, chain, loop)
    loop.close()


STORES = st.sampled_from(["east-1", "east-1", "east-2", "west-1"])
WHO = st.integers(0, 2)
AGO = st.sampled_from(
    [
        *[timedelta(0)] * 6,
        -10 * timedelta(minutes=1),
        HOUR,
        *(n * DAY for n in (1, 4, 15, 29, 40, 61, 88, 150, 364, 370)),
    ]
)
PRICES = st.sampled_from([0, 1, 19, 99, 150, 1_999, 9_990, 20_000, 40_020, 60_000, 100_000, 200_001])
ITEMS = st.lists(
    st.tuples(
        st.sampled_from(["GROCERY", "GROCERY", "PRODUCE", "FUEL", "MEAT"]),
        PRICES,
        st.sampled_from([0, 0, 0, 1, 50]),
    ),
    min_size=1,
    max_size=4,
).map(lambda lines: tuple(Item(n, d, price, min(off, price)) for n, (d, price, off) in enumerate(lines, 1)))
SALES = st.tuples(WHO, AGO, STORES, ITEMS)
PLACES = st.sampled_from(["HQ", "HQ", "east-1"])
FROM = st.sampled_from([timedelta(0), timedelta(0), -3 * DAY, -40 * DAY, 2 * DAY, 45 * DAY])
PACKS = [(code, variant) for code, variants in VARIANTS.items() for variant in range(len(variants))]


class Chain(RuleBasedStateMachine):
    """Everything that may happen to a chain."""

    workshop: ClassVar[Workshop]

    def __init__(self) -> None:
        super().__init__()
        self.world = self.run(self.workshop.open())

    def run(self, act: Any) -> Any:
        return self.workshop.loop.run_until_complete(act)

    def member(self, who: int) -> Any:
        ids = list(self.world.members)
        return ids[who % len(ids)]

    def meant(self, sale: tuple[int, timedelta, str, tuple[Item, ...]]) -> tuple[Any, Sale]:
        who, ago, store, items = sale
        return self.member(who), Sale(self.world.now - ago, store, items)

    def tick(self) -> None:
        self.world.now += timedelta(seconds=1)

    @initialize(staff=st.booleans())
    def first_member(self, staff: bool) -> None:
        self.run(self.world.enrol("east-1", timedelta(0), staff=staff))

    @rule(
        store=STORES,
        ago=st.sampled_from([timedelta(0), timedelta(0), 30 * DAY, 400 * DAY]),
        staff=st.sampled_from([False, False, False, True]),
    )
    def enrol(self, store: str, ago: timedelta, staff: bool) -> None:
        self.tick()
        self.run(self.world.enrol(store, ago, staff=staff))

    @rule(sale=SALES)
    def sell(self, sale: Any) -> None:
        self.tick()
        self.run(self.world.sell([self.meant(sale)]))

    @rule(sales=st.lists(SALES, min_size=2, max_size=5))
    def sell_a_list(self, sales: Any) -> None:
        self.tick()
        self.run(self.world.sell([self.meant(sale) for sale in sales]))

    @rule(sales=st.lists(SALES, min_size=2, max_size=6))
    def import_a_list(self, sales: Any) -> None:
        self.tick()
        self.run(self.world.sell([self.meant(sale) for sale in sales], bulk=True))

    @rule(sales=st.lists(SALES, min_size=2, max_size=4))
    def sell_at_once(self, sales: Any) -> None:
        self.tick()
        self.run(self.world.sell_at_once([self.meant(sale) for sale in sales]))

    @rule(sale=SALES)
    def quote_then_sell(self, sale: Any) -> None:
        self.tick()
        member, meant = self.meant(sale)
        self.run(self.world.quote_then_sell(member, meant))

    @rule(sale=SALES)
    def sell_to_nobody(self, sale: Any) -> None:
        self.tick()
        self.run(self.world.sell([(None, self.meant(sale)[1])]))

    @precondition(lambda self: self.world.written)
    @rule(which=st.integers(0, 60))
    def replay(self, which: int) -> None:
        self.run(self.world.replay(self.world.written[which % len(self.world.written)]))

    @precondition(lambda self: any(one.owner is None for one in self.world.written))
    @rule(who=WHO, which=st.integers(0, 60), unowned=st.sampled_from([True, True, True, False]))
    def claim(self, who: int, which: int, unowned: bool) -> None:
        self.tick()
        found = [one for one in self.world.written if one.owner is None or not unowned]
        self.run(self.world.claim(found[which % len(found)], self.member(who)))

    @rule(pack=st.sampled_from(PACKS), place=PLACES, ahead=FROM)
    def publish(self, pack: tuple[str, int], place: str, ahead: timedelta) -> None:
        self.tick()
        self.run(self.world.publish(*pack, place, self.world.now + ahead))

    @rule(code=st.sampled_from(sorted(VARIANTS)), which=st.integers(0, 3), place=PLACES, ahead=FROM)
    def roll_back(self, code: str, which: int, place: str, ahead: timedelta) -> None:
        self.tick()
        versions = [*range(1, len(self.world.packs.versions[code]) + 1), None]
        version = versions[which % len(versions)]
        self.run(self.world.roll_back(code, version, place, self.world.now + ahead))

    @rule(who=WHO)
    def freeze_or_lift(self, who: int) -> None:
        self.tick()
        self.run(self.world.freeze(self.member(who)))

    @rule(
        span=st.sampled_from(
            [HOUR, DAY, 2 * DAY, 5 * DAY, 12 * DAY, 31 * DAY, 61 * DAY, 95 * DAY, 366 * DAY]
        ),
        noticed=st.sampled_from(["all", "all", "first", "nobody"]),
    )
    def time_passes(self, span: timedelta, noticed: str) -> None:
        self.world.now += span
        ids = list(self.world.members)
        self.run(self.world.pass_time({"all": ids, "first": ids[:1], "nobody": []}[noticed]))

    @rule()
    def temporal_stops_or_starts(self) -> None:
        self.world.door.closed = not self.world.door.closed

    @precondition(lambda self: not self.world.door.closed)
    @rule()
    def relay(self) -> None:
        self.run(self.world.relay.run_round())

    @invariant()
    def standings_agree(self) -> None:
        self.run(self.world.standings_agree())

    def teardown(self) -> None:
        try:
            if sys.exception() is None:
                self.run(self.world.all_agrees())
        finally:
            self.run(self.workshop.close(self.world))


@pytest.mark.timeout(0 if LONG else 300)
def test_the_chain_and_the_model_tell_the_same_story(workshop: Workshop) -> None:
    Chain.workshop = workshop
    run_state_machine_as_test(Chain, settings=PROFILE)
