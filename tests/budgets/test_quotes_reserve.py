"""A quote reserves what its discounts need; what a till charged is the fact, reserved or not."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from budget_world import (
    KEY,
    LIFE,
    TENTH_SOURCE,
    another_desk,
    claims,
    counters,
    limit,
    money,
    offered,
    publish_points,
    publish_tenth,
    quote_of,
    reservations,
    without_budget_tables,
)
from small_chain import MONDAY, SmallChain, line, open_small_chain
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from regulars.budgets.counters import Occasion
from regulars.budgets.service import open_budget, write_budget
from regulars.db.session import Database, make_engine
from regulars.entrypoints.verifying import verify
from regulars.kernel.ids import new_id
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.desk import Recorded
from regulars.purchases.domain import Basket, Discount
from regulars.purchases.limits import DELIVERED_WITHIN
from regulars.purchases.posting import post_purchases
from regulars.purchases.quoting import Quote, offer, quote
from regulars.rules.domain import Evaluation, Limit, LineDiscount
from regulars.security.actor import Actor

DAY = "2026-03-02"
HELD = LIFE + DELIVERED_WITHIN
SECOND = timedelta(seconds=1)


@pytest.fixture
async def shop(database: Database) -> SmallChain:
    """A chain whose tiers are live; each test publishes what it limits."""
    return await open_small_chain(database, packs=("classic-tiers",))


def charged(shop: SmallChain, member: UUID | None, found: Quote, **changes: Any) -> Basket:
    """The basket of a quote as the till charges it."""
    return shop.basket(member, *found.lines, quote_id=found.id, **changes)


def off(basket: Basket) -> int:
    return sum(one.discount_minor for one in basket.lines)


async def taken(shop: SmallChain, member: UUID | None, minor: int, **changes: Any) -> Recorded:
    """Buy one line from which a till has taken that much in the pack's name, without a quote."""
    discounts = (Discount(TENTH_SOURCE, "chain", minor),)
    sold = line(10_000 - minor, list_minor=10_000, discount_minor=minor, discounts=discounts)
    return await shop.buy(member, sold, **changes)


async def test_what_one_quote_reserves_the_next_member_is_not_offered(shop: SmallChain) -> None:
    await publish_tenth(shop, money(1_500))
    first, second, third = [await shop.join(name) for name in ("A", "B", "C")]
    assert await offered(shop, first, 10_000) == 1_000
    assert await offered(shop, second, 10_000) == 500
    assert await offered(shop, third, 10_000) == 0
    assert await counters(shop) == {("cap", DAY): (0, 1_500)}
    assert (await verify(shop.database)).ok


async def test_the_purchase_consumes_the_reservation_of_its_quote(shop: SmallChain) -> None:
    await publish_tenth(shop, money(1_500))
    member = await shop.join()
    found = await quote_of(shop, shop.basket(member, line(10_000)))
    (bought,) = await shop.post(charged(shop, member, found))
    assert isinstance(bought, Recorded)
    assert bought.receipt["flags"] == []
    assert bought.receipt["points"] == found.outcome["points"]
    assert await counters(shop) == {("cap", DAY): (1_000, 0)}
    assert await claims(shop) == [("purchase", "cap", 1_000)]
    assert await reservations(shop) == []
    assert (await verify(shop.database)).ok


async def test_a_quote_that_was_cut_is_no_difference_though_more_is_left_when_it_is_bought(
    shop: SmallChain,
) -> None:
    await publish_tenth(shop, money(1_500))
    first, second = await shop.join("A"), await shop.join("B")
    await offered(shop, first, 10_000)  # nobody comes back for it
    later = MONDAY + LIFE - SECOND
    found = await quote_of(shop, shop.basket(second, line(10_000), occurred_at=later))
    basket = charged(shop, second, found, occurred_at=MONDAY + LIFE + SECOND)
    assert off(basket) == 500
    (bought,) = await shop.post(basket)
    assert isinstance(bought, Recorded)
    assert bought.receipt["flags"] == []
    assert bought.evaluation["offered"] == bought.evaluation["charged"]


async def test_a_reservation_ends_when_a_purchase_by_its_quote_would_come_too_late(
    shop: SmallChain,
) -> None:
    await publish_tenth(shop, money(1_000))
    first, second = await shop.join("A"), await shop.join("B")
    assert await offered(shop, first, 10_000) == 1_000
    assert await offered(shop, second, 10_000, occurred_at=MONDAY + HELD - SECOND) == 0
    assert await offered(shop, second, 10_000, occurred_at=MONDAY + HELD) == 1_000
    assert await reservations(shop) == [1_000]
    assert (await verify(shop.database)).ok


async def test_a_quote_that_ended_holds_nothing_though_its_till_goes_on_quoting(shop: SmallChain) -> None:
    await publish_tenth(shop, money(1_500))
    member, later = await shop.join(), MONDAY + HELD - SECOND
    assert await offered(shop, None, 10_000) == 1_000  # walked away from
    assert await offered(shop, None, 1_000, occurred_at=later) == 100
    assert await offered(shop, member, 20_000, occurred_at=later) == 500
    assert await offered(shop, None, 1_000, occurred_at=MONDAY + HELD) == 100
    assert await reservations(shop) == [100, 500]
    assert await offered(shop, member, 20_000, occurred_at=MONDAY + HELD) == 1_400
    assert (await verify(shop.database)).ok


async def test_a_quote_that_is_bought_in_time_and_delivered_late_finds_its_reservation(
    shop: SmallChain,
) -> None:
    await publish_tenth(shop, money(1_000))
    first, second = await shop.join("A"), await shop.join("B")
    found = await quote_of(shop, shop.basket(first, line(10_000)))
    delivered = MONDAY + HELD - SECOND
    assert await offered(shop, second, 10_000, occurred_at=delivered) == 0
    basket = charged(shop, first, found, occurred_at=MONDAY + LIFE)
    (bought,) = await shop.post(basket, at=delivered)
    assert isinstance(bought, Recorded)
    assert bought.receipt["flags"] == []
    assert await counters(shop) == {("cap", DAY): (1_000, 0)}


async def test_a_quote_serves_one_purchase_and_the_next_is_read_anew(shop: SmallChain) -> None:
    await publish_tenth(shop, money(1_500))
    member = await shop.join()
    found = await quote_of(shop, shop.basket(member, line(10_000)))
    baskets = [charged(shop, member, found) for _ in range(3)]
    answers = [*await shop.post(*baskets[:2]), *await shop.post(baskets[2])]
    receipts = [one.receipt for one in answers if isinstance(one, Recorded)]
    anew = ["quote_used", "discount_differs", "over_budget"]
    assert [receipt["flags"] for receipt in receipts] == [[], anew, anew]
    again = await shop.post(*baskets)
    assert [(one.receipt, one.replayed) for one in again if isinstance(one, Recorded)] == [
        (receipt, True) for receipt in receipts
    ]
    assert (await verify(shop.database)).ok


async def test_a_doubtful_purchase_does_not_use_a_quote_up(shop: SmallChain) -> None:
    await publish_tenth(shop, money(1_000))
    member = await shop.join()
    found = await quote_of(shop, shop.basket(member, line(10_000)))
    other = shop.basket(member, line(500)).with_quote(found.id, ("quote_for_another_basket",))
    await shop.post(other)
    (bought,) = await shop.post(charged(shop, member, found))
    assert isinstance(bought, Recorded)
    assert bought.receipt["flags"] == []


async def test_of_many_receipts_for_one_quote_at_once_one_is_served(
    shop: SmallChain, database_url: str
) -> None:
    await publish_tenth(shop, money(50_000))
    found = await quote_of(shop, shop.basket(None, line(10_000)))
    databases = [Database(make_engine(database_url, application="another", pool_size=3)) for _ in range(2)]
    try:
        answers = await asyncio.gather(
            *(
                post_purchases(databases[at % 2], another_desk(), [charged(shop, None, found)], MONDAY)
                for at in range(6)
            )
        )
    finally:
        for each_database in databases:
            await each_database.close()
    flags = [answer.receipt["flags"] for (answer,) in answers if isinstance(answer, Recorded)]
    assert sorted(flags) == [[], *[["quote_used"]] * 5]
    assert (await verify(shop.database)).ok


async def test_one_members_quotes_share_a_reservation_and_the_first_that_is_bought_takes_it(
    shop: SmallChain,
) -> None:
    await publish_tenth(shop, money(1, of="uses", per="member", every="ever", when_reached="nothing"))
    member = await shop.join()
    quotes = [await quote_of(shop, shop.basket(member, line(1_000 * more))) for more in (1, 2, 3)]
    assert [sum(one.discount_minor for one in found.lines) for found in quotes] == [100, 200, 300]
    assert await reservations(shop) == [1]
    flags = []
    for found in (quotes[0], quotes[2]):
        (bought,) = await shop.post(charged(shop, member, found))
        assert isinstance(bought, Recorded)
        flags.append(bought.receipt["flags"])
    assert flags == [[], ["discount_differs", "over_budget"]]
    assert (await verify(shop.database)).ok


async def test_two_tills_without_a_member_hold_each_their_own(shop: SmallChain) -> None:
    await publish_tenth(shop, money(1_500))
    other = {"terminal_id": shop.tills["east-1-t2"]}
    assert await offered(shop, None, 10_000) == 1_000
    assert await offered(shop, None, 12_000) == 1_200
    assert await offered(shop, None, 10_000, **other) == 300


async def test_a_discount_that_is_counted_by_member_needs_one(shop: SmallChain) -> None:
    await publish_tenth(shop, money(1_500, per="member"))
    found = await quote_of(shop, shop.basket(None, line(10_000)))
    (told,) = [rule for rule in found.evaluation["rules"] if rule["rule"] == "off"]
    assert (told["applied"], told["note"], found.lines[0].discount_minor) == (False, "no_member", 0)


async def test_what_a_till_took_off_is_the_fact_and_is_flagged_where_nothing_was_left(
    shop: SmallChain,
) -> None:
    await publish_tenth(shop, money(1_500))
    member = await shop.join()
    assert (await taken(shop, member, 1_000)).receipt["flags"] == []
    second = await taken(shop, member, 1_000)
    assert second.receipt["flags"] == ["discount_differs", "over_budget"]
    assert second.evaluation["offered"] == [{"line": 1, "source": TENTH_SOURCE, "amount_minor": 500}]
    assert await counters(shop) == {("cap", DAY): (2_000, 0)}
    assert await offered(shop, member, 10_000) == 0
    assert (await verify(shop.database)).ok


async def test_a_discount_nobody_charged_takes_nothing(shop: SmallChain) -> None:
    await publish_tenth(shop, money(1_500))
    bought = await shop.buy(await shop.join(), line(10_000))
    assert bought.receipt["flags"] == ["discount_differs"]
    assert await claims(shop) == []


async def test_a_quote_for_another_basket_gives_no_claim_to_its_reservation(shop: SmallChain) -> None:
    await publish_tenth(shop, money(1_000))
    member = await shop.join()
    found = await quote_of(shop, shop.basket(member, line(10_000)))
    doubtful = charged(shop, member, found).with_quote(found.id, ("quote_for_another_basket",))
    (bought,) = await shop.post(doubtful)
    assert isinstance(bought, Recorded)
    assert bought.receipt["flags"] == ["quote_for_another_basket"]
    assert await counters(shop) == {("cap", DAY): (1_000, 1_000)}  # it ends with the quote


async def test_a_purchase_that_nobody_owned_counts_by_store_at_once_and_by_member_later(
    shop: SmallChain,
) -> None:
    await publish_tenth(shop, money(5_000, "store", per="store"), money(5_000, "member", per="member"))
    bought = await taken(shop, None, 1_000)
    assert await claims(shop) == [("purchase", "store", 1_000)]
    member, actor = await shop.join(), Actor.command("tests")
    async with shop.database.begin() as session:
        await attribute_purchase(
            session, shop.desk, bought.purchase_id, member, actor, MONDAY + timedelta(days=1)
        )
    assert sorted(await claims(shop)) == [("attribution", "member", 1_000), ("purchase", "store", 1_000)]
    assert (await verify(shop.database)).ok


async def test_a_look_shows_what_is_left_and_reserves_nothing(shop: SmallChain) -> None:
    await publish_tenth(shop, money(1_500))
    member = await shop.join()
    await taken(shop, member, 1_000)
    async with shop.database.read() as session:
        found = await quote(session, shop.desk, shop.basket(member, line(10_000)), KEY, LIFE, MONDAY)
    assert found.lines[0].discount_minor == 500
    assert await reservations(shop) == []


async def test_quotes_of_a_chain_without_limits_ask_nothing_of_budgets(chain: SmallChain) -> None:
    member = await chain.join()
    await without_budget_tables(chain)
    assert await offered(chain, member, 1_000) == 0


async def test_thirty_quotes_at_once_reserve_exactly_what_there_is(
    shop: SmallChain, database_url: str
) -> None:
    await publish_tenth(shop, money(10_050), money(9_990, "store", per="store"))
    members = [await shop.join(f"Member {number}") for number in range(30)]
    databases = [Database(make_engine(database_url, application="another", pool_size=4)) for _ in range(3)]
    try:
        found = await asyncio.gather(
            *(
                offer(databases[at % 3], another_desk(), shop.basket(member, line(5_000)), KEY, LIFE, MONDAY)
                for at, member in enumerate(members)
            )
        )
        promised = [sum(one.discount_minor for one in each.lines) for each in found]
        assert sorted(promised) == [0] * 10 + [490] + [500] * 19
        bought = await asyncio.gather(
            *(shop.post(charged(shop, member, each)) for member, each in zip(members, found, strict=True))
        )
    finally:
        for each_database in databases:
            await each_database.close()
    assert [answer.receipt["flags"] for (answer,) in bought if isinstance(answer, Recorded)] == [[]] * 30
    assert await counters(shop) == {("cap", DAY): (9_990, 0), ("store", DAY): (9_990, 0)}
    assert (await verify(shop.database)).ok


async def test_a_process_killed_between_quote_and_purchase_gives_its_reservation_back_in_time(
    shop: SmallChain, database_url: str
) -> None:
    await publish_tenth(shop, money(1_000))
    first, second = await shop.join("A"), await shop.join("B")
    gone = Database(make_engine(database_url, application="gone", pool_size=1))
    found = await quote_of(shop, shop.basket(first, line(10_000)), database=gone)
    await _kill(database_url, "gone")
    assert await offered(shop, second, 10_000) == 0
    (bought,) = await shop.post(charged(shop, first, found))  # the till asks another process
    assert isinstance(bought, Recorded)
    assert bought.receipt["flags"] == []
    await gone.close()


async def test_a_quote_killed_before_its_commit_reserves_nothing_and_holds_nobody_up(
    shop: SmallChain, database_url: str
) -> None:
    await publish_tenth(shop, money(1_000))
    member = await shop.join()
    gone = Database(make_engine(database_url, application="gone", pool_size=1))
    one = Limit("tenth", "cap", "money_minor", "pack", "day", 1_000, ("off",), partial=True)
    occasion = Occasion(None, shop.stores["east-1"], MONDAY, holder=shop.tills["east-1-t2"])
    found = Evaluation((), (LineDiscount(1, 900, "tenth/1", "off"),), None, (), ())
    waiting: list[asyncio.Task[int]] = []

    async def reserve_and_be_killed() -> None:
        async with gone.begin() as session:
            budget = await open_budget(session, [([one], occasion)], MONDAY)
            budget.meter.hold(
                occasion, new_id(), budget.meter.cut(found, [one], occasion).discounted, MONDAY + LIFE
            )
            await write_budget(session, budget, MONDAY)
            waiting.append(asyncio.create_task(offered(shop, member, 10_000)))
            await _kill(database_url, "gone")
            await session.execute(text("select 1"))

    with pytest.raises(DBAPIError):
        await reserve_and_be_killed()
    assert await waiting[0] == 1_000
    assert await reservations(shop) == [1_000]
    await gone.close()


async def _kill(database_url: str, application: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        killed = await connection.fetch(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1", application
        )
        assert killed
    finally:
        await connection.close()


async def test_points_and_money_of_one_purchase_are_each_within_their_limit(shop: SmallChain) -> None:
    await publish_tenth(shop, money(700))
    await publish_points(shop, limit(60, per="member"))
    member = await shop.join()
    found = await quote_of(shop, shop.basket(member, line(10_000)))
    assert (found.lines[0].discount_minor, found.outcome["points"]) == (700, 60)
    (bought,) = await shop.post(charged(shop, member, found))
    assert isinstance(bought, Recorded)
    assert (bought.receipt["points"], bought.receipt["flags"]) == (60, [])
    assert bought.evaluation["reasons"] == ["limited"]


async def test_quotes_clear_away_what_others_left_behind_on_past_days(shop: SmallChain) -> None:
    await publish_tenth(shop, money(5_000), money(100, "member", per="member"))
    for name in "ABC":
        await offered(shop, await shop.join(name), 1_000)
    assert await reservations(shop) == [100] * 6
    tomorrow = MONDAY + timedelta(days=1)
    await offered(shop, await shop.join("D"), 500, occurred_at=tomorrow)
    assert await reservations(shop) == [50, 50]
    assert (await verify(shop.database)).ok


async def test_what_ended_on_a_counter_that_somebody_holds_is_left_to_them(shop: SmallChain) -> None:
    await publish_tenth(shop, money(5_000))
    await offered(shop, await shop.join("A"), 1_000)
    tomorrow = MONDAY + timedelta(days=1)
    member = await shop.join("B")
    async with shop.database.begin() as session:
        await session.execute(text("select from budget_counter for update"))
        await offered(shop, member, 500, occurred_at=tomorrow)
        assert await reservations(shop) == [50, 100]
    await offered(shop, member, 500, occurred_at=tomorrow)
    assert await reservations(shop) == [50]
    assert (await verify(shop.database)).ok


async def test_a_quote_that_is_bought_after_midnight_counts_for_the_new_day(shop: SmallChain) -> None:
    await publish_tenth(shop, money(1_000))
    member = await shop.join()
    evening = MONDAY.replace(hour=4, minute=55) + timedelta(days=1)  # 23:55 in New York
    found = await quote_of(shop, shop.basket(member, line(10_000), occurred_at=evening))
    (bought,) = await shop.post(charged(shop, member, found, occurred_at=evening + timedelta(minutes=10)))
    assert isinstance(bought, Recorded)
    assert bought.receipt["flags"] == []
    assert await counters(shop) == {("cap", DAY): (0, 1_000), ("cap", "2026-03-03"): (1_000, 0)}
