"""Points that cannot be used yet are told apart, and mature without anybody's doing."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from budget_world import EARN, KEY, LIFE, limit, pack, publish
from small_chain import MONDAY, SmallChain, line, open_small_chain

from regulars.analytics.totals import read_member_totals
from regulars.db.session import Database
from regulars.entrypoints.verifying import verify
from regulars.lifecycle.service import advance
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.desk import Recorded
from regulars.purchases.quoting import quote
from regulars.security.actor import Actor

DAY = timedelta(days=1)


@pytest.fixture
async def shop(database: Database) -> SmallChain:
    """A chain whose tiers are live; each test says how long its points are pending."""
    return await open_small_chain(database, packs=("classic-tiers",))


async def pend(chain: SmallChain, days: int, **earn: Any) -> None:
    """Publish: one point a 1.00, to be used so many days later."""
    await publish(
        chain,
        pack(
            "double",
            "earning",
            "base",
            {"earn": EARN["earn"] | {"pending_days": days} | earn},
            [limit(10_000)],
        ),
    )


def told(recorded: object) -> tuple[int, int, int]:
    """(balance, pending of it, pending of this purchase)."""
    assert isinstance(recorded, Recorded), recorded
    member = recorded.receipt["member"]
    return member["points_balance"], member["pending_points"], recorded.receipt["points_pending"]


async def pending_at(chain: SmallChain, member: UUID, days: int) -> tuple[int, int]:
    """(balance, pending) as the member API shows them."""
    async with chain.database.read() as session:
        found = await read_member_totals(session, member, MONDAY + days * DAY)
    assert found is not None
    return found.balances["points"], found.pending_points


async def test_what_is_pending_is_part_of_the_balance_and_told_apart(shop: SmallChain) -> None:
    await pend(shop, 14)
    member = await shop.join()
    first = await shop.buy(member, line(1_000))
    assert told(first) == (10, 10, 10)
    assert first.receipt["points_available_at"] == (MONDAY + 14 * DAY).isoformat()
    second = await shop.buy(member, line(500), occurred_at=MONDAY + 7 * DAY)
    assert told(second) == (15, 15, 5)
    assert [await pending_at(shop, member, days) for days in (7, 13, 14, 20, 21)] == [
        (15, 15),
        (15, 15),
        (15, 5),
        (15, 5),
        (15, 0),
    ]
    assert (await verify(shop.database)).ok


async def test_points_mature_without_any_entry(shop: SmallChain) -> None:
    await pend(shop, 14)
    member = await shop.join()
    await shop.buy(member, line(1_000))
    third = await shop.buy(member, line(200), occurred_at=MONDAY + 14 * DAY)
    assert told(third) == (12, 2, 2)
    assert (await verify(shop.database)).ok


async def test_points_that_are_never_pending_are_told_so(chain: SmallChain) -> None:
    bought = await chain.buy(await chain.join(), line(1_000))
    assert told(bought) == (10, 0, 0)
    assert bought.receipt["points_available_at"] is None


async def test_purchases_of_one_list_see_each_others_pending_points(shop: SmallChain) -> None:
    await pend(shop, 14)
    member = await shop.join()
    answers = await shop.post(*(shop.basket(member, line(1_000)) for _ in range(3)))
    assert [told(answer) for answer in answers] == [(10, 10, 10), (20, 20, 10), (30, 30, 10)]


async def test_a_quote_tells_what_will_be_pending(shop: SmallChain) -> None:
    await pend(shop, 14)
    member = await shop.join()
    await shop.buy(member, line(1_000))
    basket = shop.basket(member, line(500), occurred_at=MONDAY + DAY)
    async with shop.database.read() as session:
        found = await quote(session, shop.desk, basket, KEY, LIFE, MONDAY + DAY)
    (bought,) = await shop.post(basket)
    assert isinstance(bought, Recorded)
    assert found.outcome == bought.receipt | {"flags": []}
    assert told(bought) == (15, 15, 5)


async def test_points_expire_by_their_own_date_whether_or_not_a_purchase_came(shop: SmallChain) -> None:
    await pend(shop, 14, valid_days=30)
    member = await shop.join()
    first = await shop.buy(member, line(1_000))
    assert first.receipt["points_expire_at"] == (MONDAY + 44 * DAY).isoformat()
    async with shop.database.begin() as session:
        when = MONDAY + 44 * DAY
        await advance(session, shop.desk.packs, shop.desk.places, [member], when, when)
    assert await pending_at(shop, member, 44) == (0, 0)
    assert (await verify(shop.database)).ok


async def test_a_late_purchase_whose_points_have_matured_since_has_none_pending(shop: SmallChain) -> None:
    await pend(shop, 14)
    member = await shop.join()
    await shop.buy(member, line(1_000), occurred_at=MONDAY + 30 * DAY)
    late = shop.basket(member, line(500), occurred_at=MONDAY)
    (answer,) = await shop.post(late, at=MONDAY + 31 * DAY)
    assert told(answer) == (15, 10, 5)
    assert (await verify(shop.database)).ok


async def test_points_given_later_are_pending_from_the_purchase_on(shop: SmallChain) -> None:
    await pend(shop, 14)
    bought = await shop.buy(None, line(1_000))
    member = await shop.join()
    async with shop.database.begin() as session:
        given = await attribute_purchase(
            session, shop.desk, bought.purchase_id, member, Actor.command("tests"), MONDAY + 2 * DAY
        )
    assert told(given)[:2] == (10, 10)
    assert [await pending_at(shop, member, days) for days in (13, 14)] == [(10, 10), (10, 0)]
