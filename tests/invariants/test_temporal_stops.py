"""The same beside a real Temporal that starts late, is killed and comes back: workflows know what is so."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from uuid import UUID

from invariants.pack_texts import pack_text
from invariants.packs import Packs
from invariants.till import Item, Sale
from invariants.world import World
from member_world import until
from outbox.test_temporal_outage import StoppableTemporal, heard, own_temporal, running_parts, waiting
from small_chain import OPENED, STARTER_PACKS, SmallChain
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from regulars.kernel import clock
from regulars.settings import Settings

__all__ = ["own_temporal"]
DAY = timedelta(days=1)
MEMBERS = 6
DEPARTMENTS = ("GROCERY", "PRODUCE", "MEAT", "FUEL")
STORES = ("east-1", "east-2", "west-1")
_numbers = count(1)


def some_sale(world: World, late: timedelta = timedelta(0)) -> Sale:
    """Never the same twice."""
    number = next(_numbers)
    items = tuple(
        Item(n, DEPARTMENTS[(number + n) % 4], (number * 7_919 + n * 131) % 23_000, off_minor=0)
        for n in range(1, 2 + number % 3)
    )
    return Sale(world.now - late, STORES[number % 3], items)


async def half_a_year(world: World) -> None:
    """Weeks of sales in order and late, a new ladder, a freeze: nobody is there to be told."""
    for number in range(MEMBERS):
        await world.enrol(STORES[number % 3], timedelta(0), staff=number == 5)
    members = list(world.members)
    for week in range(26):
        world.now += 7 * DAY
        present = [m for n, m in enumerate(members) if (week * 3 + n * 5) % (n + 2) == 0]
        await world.sell([(m, some_sale(world)) for m in present])
        if week % 5 == 4:
            await world.sell([(members[week % MEMBERS], some_sale(world, late=30 * DAY))])
        if week == 9:
            await world.publish("classic-tiers", 2, "HQ", world.now + 3 * DAY)
        if week == 15:
            await world.freeze(members[1])
        if week == 20:
            await world.pass_time(members[:3])


async def all_know(world: World, client: Client) -> None:
    """Nothing waits, and each workflow has looked since."""

    async def settled() -> bool:
        if await waiting(world.chain):
            return False
        states = {member_id: await heard(client, member_id) for member_id in world.members}
        return all(
            state.stage is not None
            and not state.must_look
            and state.changes_heard == world.members[member_id].changes
            for member_id, state in states.items()
        )

    await until(settled, within_s=90)


async def workflows_agree(world: World, client: Client) -> None:
    for member_id, member in world.members.items():
        state = await heard(client, member_id)
        assert (state.tier, state.stage, state.frozen) == (member.tier, member.stage, member.frozen)
        assert state.last_seq == len(member.bought)


async def sell_now(world: World, members: Iterable[UUID]) -> None:
    world.now = clock.now()
    await world.sell([(member_id, some_sale(world)) for member_id in members])


async def test_workflows_and_model_agree_though_temporal_starts_late_and_is_killed(
    chain: SmallChain, database_url: str, own_temporal: StoppableTemporal
) -> None:
    packs = Packs()
    for code in STARTER_PACKS:
        packs.publish(code, pack_text(code, 0)[0], "HQ", OPENED)
    world = World(chain, clock.now() - 183 * DAY, packs)
    await half_a_year(world)
    settings = Settings(
        database_url=database_url, temporal_address=own_temporal.server.address, database_connections=5
    )
    await own_temporal.start()
    async with running_parts(settings):
        client = await Client.connect(own_temporal.server.address, data_converter=pydantic_data_converter)
        await all_know(world, client)
        await sell_now(world, world.members)
        await all_know(world, client)
        own_temporal.kill()
        await sell_now(world, list(world.members)[1:])
        world.now = clock.now()
        frozen, lifted, *_ = world.members
        await world.freeze(frozen)
        await world.freeze(lifted)
        await sell_now(world, (frozen, lifted))
        await own_temporal.start()
        await all_know(world, client)
        world.now = clock.now()
        await world.books_agree()
        await workflows_agree(world, client)
        await world.receipts_stand()
