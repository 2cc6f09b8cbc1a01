"""A quote promises what the purchase then gives, and changes nothing."""

from datetime import timedelta

import pytest
from small_chain import MONDAY, SmallChain, discounted_line, line, lines
from sqlalchemy import text

from regulars.purchases.desk import Recorded
from regulars.purchases.domain import Basket, Discount
from regulars.purchases.errors import MemberUnknown
from regulars.purchases.quoting import Quote, doubts, opened, quote

KEY = b"q" * 32
SATURDAY = MONDAY + timedelta(days=5)
LIFE = timedelta(minutes=15)


STATE = text(
    "select (select count(*) from purchase), (select count(*) from outbox), "
    "(select max(advanced_to) from standing)"
)


async def ask(chain: SmallChain, basket: Basket) -> Quote:
    async with chain.database.read() as session:
        return await quote(session, chain.desk, basket, KEY, LIFE, basket.occurred_at)


async def silver(chain: SmallChain) -> "tuple[object, ...]":
    member = await chain.join()
    await chain.buy(member, line(100_000))
    return (member,)


async def test_silver_saturday_takes_five_percent_off_grocery_and_the_purchase_agrees(
    chain: SmallChain,
) -> None:
    (member,) = await silver(chain)
    basket = chain.basket(member, *lines((10_000, "GROCERY"), (5_000, "MEAT")), occurred_at=SATURDAY)
    offer = await ask(chain, basket)
    assert [(line.sales_minor, line.discount_minor) for line in offer.lines] == [(9_500, 500), (5_000, 0)]
    assert offer.outcome["points"] == 62  # the discounted line earns nothing; 50.00 × 1.25
    bought = await chain.buy(
        member, *offer.lines, occurred_at=SATURDAY, receipt_no=basket.receipt_no, quote_id=offer.id
    )
    assert bought.receipt["points"] == offer.outcome["points"]
    assert bought.receipt["flags"] == []
    assert (
        bought.evaluation["charged"]
        == bought.evaluation["offered"]
        == [{"line": 1, "source": "pack:silver-saturday/1#groceries", "amount_minor": 500}]
    )


async def test_a_discount_of_ours_that_was_not_charged_is_flagged_and_told(chain: SmallChain) -> None:
    (member,) = await silver(chain)
    bought = await chain.buy(member, line(10_000), occurred_at=SATURDAY)
    assert bought.receipt["flags"] == ["discount_differs"]
    assert bought.evaluation["charged"] == []
    assert bought.evaluation["offered"][0]["amount_minor"] == 500


async def test_the_discount_stops_at_its_cap(chain: SmallChain) -> None:
    (member,) = await silver(chain)
    offer = await ask(
        chain, chain.basket(member, *lines((60_000, "GROCERY"), (30_000, "GROCERY")), occurred_at=SATURDAY)
    )
    assert sum(line.discount_minor for line in offer.lines) == 2_000


async def test_a_quote_writes_nothing(chain: SmallChain) -> None:
    (member,) = await silver(chain)
    async with chain.database.read() as session:
        before = (await session.execute(STATE)).one()
    await ask(chain, chain.basket(member, line(10_000), occurred_at=SATURDAY + timedelta(days=100)))
    async with chain.database.read() as session:
        after = (await session.execute(STATE)).one()
    assert before == after


async def test_a_quote_sees_what_time_has_decided_though_nobody_wrote_it(chain: SmallChain) -> None:
    (member,) = await silver(chain)
    offer = await ask(chain, chain.basket(member, line(10_000), occurred_at=SATURDAY + timedelta(weeks=110)))
    assert offer.evaluation["facts"]["member"]["tier"] == "base"
    assert offer.evaluation["facts"]["member"]["stage"] == "lapsed"


async def test_a_quote_by_a_slow_clock_still_sees_what_was_bought(chain: SmallChain) -> None:
    (member,) = await silver(chain)
    offer = await ask(chain, chain.basket(member, line(10_000), occurred_at=MONDAY - timedelta(minutes=3)))
    assert offer.evaluation["facts"]["member"]["spend_365d_minor"] == 100_000


async def test_a_quote_by_a_fast_clock_forgets_what_the_purchase_will_forget(chain: SmallChain) -> None:
    (member,) = await silver(chain)
    ours = MONDAY + timedelta(days=365) - timedelta(minutes=5)
    basket = chain.basket(member, line(10_000), occurred_at=ours + timedelta(minutes=10))
    async with chain.database.read() as session:
        offer = await quote(session, chain.desk, basket, KEY, LIFE, ours)
    (bought,) = await chain.post(basket)
    assert isinstance(bought, Recorded)
    facts = [told["facts"]["member"]["spend_365d_minor"] for told in (offer.evaluation, bought.evaluation)]
    assert facts == [0, 0]
    assert offer.outcome["points"] == bought.receipt["points"]


async def test_a_quote_for_nobody_known_is_refused(chain: SmallChain) -> None:
    with pytest.raises(MemberUnknown):
        await ask(chain, chain.basket(chain.hq))


async def test_a_promise_is_known_by_its_signature_and_its_basket(chain: SmallChain) -> None:
    (member,) = await silver(chain)
    basket = chain.basket(member, discounted_line(1_000, 100), occurred_at=SATURDAY)
    offer = await ask(chain, basket)
    promise = opened(offer.token, KEY)
    assert promise is not None
    assert promise.id == offer.id
    assert doubts(promise, chain.basket(member, *offer.lines, occurred_at=SATURDAY)) == ()
    other = chain.basket(member, line(999), occurred_at=SATURDAY + timedelta(hours=1))
    assert doubts(promise, other) == ("quote_expired", "quote_for_another_basket")
    assert opened(offer.token[:-2] + "AA", KEY) is None
    assert opened("nonsense", KEY) is None
    assert opened("", KEY) is None
    assert doubts(None, basket) == ("quote_invalid",)


async def test_a_discount_in_a_pack_s_name_that_others_pay_for_raises_no_sales_value(
    chain: SmallChain,
) -> None:
    member = await chain.join()
    voucher = Discount("pack:silver-saturday/1#groceries", "maker", 400)
    sold = line(1_000, discount_minor=400, discounts=(voucher,))
    found = await ask(chain, chain.basket(member, sold))
    assert found.lines == (sold,)
    recorded = await chain.buy(member, sold)
    assert (recorded.receipt["sales_minor"], recorded.evaluation["charged"]) == (1_000, [])
