"""What purchases earn stays within the packs' limits, exactly, whatever happens at once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from budget_world import another_desk, claims, counters, limit, publish_points, without_budget_tables
from small_chain import MONDAY, SmallChain, line, open_small_chain
from sqlalchemy import text

from regulars.db.session import Database, make_engine
from regulars.entrypoints.verifying import verify
from regulars.kernel.ids import new_id
from regulars.lifecycle.freezing import Order, freeze
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.domain import Basket
from regulars.purchases.errors import PurchaseFailed, PurchaseHeldUp
from regulars.purchases.group_commit import GroupCommit
from regulars.purchases.posting import post_purchases
from regulars.security.actor import Actor
from regulars.security.scope import EVERYWHERE


@pytest.fixture
async def shop(database: Database) -> SmallChain:
    """A chain whose tiers are live; each test publishes what it limits."""
    return await open_small_chain(database, packs=("classic-tiers",))


def points(recorded: object) -> int:
    assert isinstance(recorded, Recorded), recorded
    earned = recorded.receipt["points"]
    assert isinstance(earned, int)
    return earned


async def test_a_member_earns_no_more_a_day_than_the_limit_and_the_receipt_says_why(shop: SmallChain) -> None:
    await publish_points(shop, limit(100, per="member"))
    member, other = await shop.join(), await shop.join("Li Wei")
    assert points(await shop.buy(member, line(7_000))) == 70
    second = await shop.buy(member, line(7_000), occurred_at=MONDAY + timedelta(hours=1))
    assert points(second) == 30
    assert second.receipt["member"]["points_balance"] == 100
    assert second.evaluation["awards"] == [{"pack": "double/1", "rule": "base", "points": 30}]
    (told,) = [rule for rule in second.evaluation["rules"] if rule["pack"] == "double/1"]
    assert (told["applied"], told["gave"], told["note"]) == (True, 30, "limited:cap")
    assert second.evaluation["reasons"] == ["limited"]
    third = await shop.buy(member, line(7_000), occurred_at=MONDAY + timedelta(hours=2))
    assert points(third) == 0
    assert points(await shop.buy(other, line(7_000))) == 70
    assert points(await shop.buy(member, line(7_000), occurred_at=MONDAY + timedelta(days=1))) == 70
    assert (await verify(shop.database)).ok


async def test_a_day_begins_at_the_stores_midnight(shop: SmallChain) -> None:
    await publish_points(shop, limit(50, per="member"))
    member = await shop.join()
    before_midnight = datetime(2026, 7, 2, 3, 59, tzinfo=UTC)
    assert points(await shop.buy(member, line(5_000), occurred_at=before_midnight)) == 50
    assert points(await shop.buy(member, line(5_000), occurred_at=before_midnight)) == 0
    after = before_midnight + timedelta(minutes=1)
    assert points(await shop.buy(member, line(5_000), occurred_at=after)) == 50
    assert set(await counters(shop)) == {("cap", "2026-07-01"), ("cap", "2026-07-02")}


async def test_the_hour_that_comes_twice_belongs_to_one_day(shop: SmallChain) -> None:
    await publish_points(shop, limit(50, per="member"))
    member = await shop.join()
    for hour, earned in ((4, 50), (5, 0), (6, 0), (28, 0), (29, 50)):  # 00:00, 01:00, 01:00, 23:00, 00:00
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=hour)
        assert points(await shop.buy(member, line(5_000), occurred_at=at)) == earned


async def test_a_week_goes_on_over_the_turn_of_the_year_and_a_year_does_not(shop: SmallChain) -> None:
    await publish_points(shop, limit(60, "week", every="week"), limit(50, "year", every="year"))
    member = await shop.join()
    new_year = datetime(2026, 1, 1, 5, tzinfo=UTC)  # midnight in New York
    assert points(await shop.buy(member, line(5_000), occurred_at=new_year - timedelta(minutes=1))) == 50
    assert points(await shop.buy(member, line(5_000), occurred_at=new_year)) == 10
    assert points(await shop.buy(member, line(5_000), occurred_at=new_year + timedelta(days=4))) == 40


async def test_a_late_purchase_counts_for_the_day_on_which_it_happened(shop: SmallChain) -> None:
    await publish_points(shop, limit(50, per="member"))
    member = await shop.join()
    assert points(await shop.buy(member, line(3_000), occurred_at=MONDAY)) == 30
    tuesday = MONDAY + timedelta(days=1)
    assert points(await shop.buy(member, line(4_000), occurred_at=tuesday)) == 40
    late = shop.basket(member, line(9_000), occurred_at=MONDAY - timedelta(hours=1))
    (answer,) = await shop.post(late, at=tuesday + timedelta(hours=1))
    assert points(answer) == 20
    assert await counters(shop) == {("cap", "2026-03-02"): (50, 0), ("cap", "2026-03-03"): (40, 0)}


async def test_a_replay_claims_nothing_again(shop: SmallChain) -> None:
    await publish_points(shop, limit(50))
    basket = shop.basket(await shop.join(), line(3_000))
    for _ in range(3):
        (answer,) = await shop.post(basket)
        assert points(answer) == 30
    assert await claims(shop) == [("purchase", "cap", 30)]


async def test_a_list_that_is_retried_singly_claims_each_purchase_once(shop: SmallChain) -> None:
    await publish_points(shop, limit(100))
    member = await shop.join()
    good = [shop.basket(member, line(4_000)) for _ in range(3)]
    bad = shop.basket(member, line(4_000, tax_minor=1 << 70))
    answers = await shop.post(good[0], bad, *good[1:])
    assert isinstance(answers.pop(1), PurchaseFailed)
    assert [points(answer) for answer in answers] == [40, 40, 20]
    assert await claims(shop) == [("purchase", "cap", 40), ("purchase", "cap", 40), ("purchase", "cap", 20)]
    assert (await verify(shop.database)).ok


async def test_what_nobody_owned_is_claimed_once_it_is_given_to_a_member(shop: SmallChain) -> None:
    await publish_points(shop, limit(50), limit(40, "member", per="member"))
    bought = await shop.buy(None, line(6_000))
    assert await claims(shop) == []
    member = await shop.join()
    actor = Actor.command("tests")
    async with shop.database.begin() as session:
        given = await attribute_purchase(
            session, shop.desk, bought.purchase_id, member, actor, MONDAY + timedelta(days=2)
        )
    assert points(given) == 40
    assert await claims(shop) == [("attribution", "cap", 40), ("attribution", "member", 40)]
    assert (await verify(shop.database)).ok


async def test_a_purchase_without_a_member_uses_nothing_up(shop: SmallChain) -> None:
    await publish_points(shop, limit(1, of="uses", when_reached="nothing"))
    await shop.buy(None, line(6_000))
    assert await counters(shop) == {("cap", "2026-03-02"): (0, 0)}


async def test_a_frozen_member_uses_nothing_up(shop: SmallChain) -> None:
    await publish_points(shop, limit(1, of="uses", when_reached="nothing"))
    frozen, other = await shop.join("A"), await shop.join("B")
    async with shop.database.begin() as session:
        order = Order(new_id(), frozen, "command", "tests", EVERYWHERE)
        await freeze(session, shop.desk.packs, shop.desk.places, order, "other", MONDAY - timedelta(days=1))
    assert points(await shop.buy(frozen, line(6_000))) == 0
    assert points(await shop.buy(other, line(6_000))) == 60


async def test_a_limit_goes_on_counting_in_the_next_version_of_its_pack(shop: SmallChain) -> None:
    await publish_points(shop, limit(50, every="ever"))
    member = await shop.join()
    assert points(await shop.buy(member, line(5_000))) == 50
    tomorrow = MONDAY + timedelta(days=1)
    await publish_points(shop, limit(70, every="ever"), live_from=tomorrow)
    assert points(await shop.buy(member, line(5_000), occurred_at=tomorrow)) == 20


async def test_stores_have_budgets_of_their_own(shop: SmallChain) -> None:
    await publish_points(shop, limit(50, per="store"))
    member = await shop.join()
    assert points(await shop.buy(member, line(4_000))) == 40
    assert points(await shop.buy(member, line(4_000))) == 10
    elsewhere = {"terminal_id": shop.tills["east-2-t1"], "store_id": shop.stores["east-2"]}
    assert points(await shop.buy(member, line(4_000), **elsewhere)) == 40


async def test_a_chain_without_limits_asks_nothing_of_budgets(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(1_000))
    await without_budget_tables(chain)
    assert points(await chain.buy(member, line(1_000))) == 10


async def test_sixty_four_tills_at_once_never_exceed_a_budget_by_one_point(
    shop: SmallChain, database_url: str
) -> None:
    """Three processes on one budget of the pack and one of the store."""
    await publish_points(shop, limit(1_000), limit(997, "store", per="store"), limit(45, "m", per="member"))
    members = [await shop.join(f"Member {number}") for number in range(64)]
    databases = [Database(make_engine(database_url, application="another", pool_size=4)) for _ in range(3)]
    processes = [GroupCommit(database, another_desk(), lambda: MONDAY) for database in databases]
    try:
        answers = await asyncio.gather(
            *(
                processes[(number + time) % 3].post(shop.basket(member, line(1_700 + 100 * (number % 7))))
                for number, member in enumerate(members)
                for time in range(1 + number % 3)
            )
        )
    finally:
        for process in processes:
            await process.close()
        for database in databases:
            await database.close()
    assert sum(points(answer) for answer in answers) == 997
    found = await counters(shop)
    assert found["cap", "2026-03-02"] == found["store", "2026-03-02"] == (997, 0)
    assert (await verify(shop.database)).ok


async def _post(database: Database, desk: Desk, baskets: list[Basket]) -> list[object]:
    return list(await post_purchases(database, desk, baskets, MONDAY))


async def test_a_hundred_purchases_of_many_members_on_several_budgets_never_wait_for_each_other(
    shop: SmallChain,
) -> None:
    """Lists in opposite orders: counters are locked in one order, so nobody is the victim of a deadlock."""
    await publish_points(
        shop, limit(300, "a", per="member"), limit(9_000, "b"), limit(5_000, "c", per="store")
    )
    members = [await shop.join(f"Member {number}") for number in range(10)]
    stores = [("east-1", "east-1-t1"), ("east-2", "east-2-t1"), ("west-1", "west-1-t1")]

    def baskets(order: int) -> list[Basket]:
        return [
            shop.basket(
                member,
                line(2_000),
                store_id=shop.stores[stores[(order + at) % 3][0]],
                terminal_id=shop.tills[stores[(order + at) % 3][1]],
            )
            for at, member in enumerate(members[::order] if order % 2 else members)
        ]

    lists = [baskets(order) for order in (1, -1, 1, -1, 1)]
    answers = await asyncio.gather(*(_post(shop.database, another_desk(), some) for some in lists))
    assert sum(points(answer) for some in answers for answer in some) == 1_000
    assert (await verify(shop.database)).ok


async def test_tills_behind_a_budget_that_somebody_holds_for_long_are_told_soon_to_send_again(
    shop: SmallChain, database_url: str
) -> None:
    """They all need the one lock; each waiting its turn in vain would take minutes."""
    await publish_points(shop, limit(1_000))
    members = [await shop.join(f"Member {number}") for number in range(8)]
    await shop.buy(members[0], line(1_000))
    elsewhere = MONDAY + timedelta(days=1)
    baskets = [shop.basket(member, line(1_000)) for member in members]
    baskets.append(shop.basket(members[0], line(1_000), occurred_at=elsewhere))
    impatient = Database(make_engine(database_url, application="tills", pool_size=2, lock_wait_seconds=1))
    loop = asyncio.get_running_loop()
    try:
        async with shop.database.begin() as session:
            await session.execute(text("select from budget_counter for update"))
            began = loop.time()
            answers = await post_purchases(impatient, another_desk(), baskets, elsewhere)
            waited = loop.time() - began
    finally:
        await impatient.close()
    assert [type(answer) for answer in answers] == [PurchaseHeldUp] * 8 + [Recorded]
    assert waited < 8
    assert [points(answer) for answer in await shop.post(*baskets)] == [10] * 9
    assert (await verify(shop.database)).ok
