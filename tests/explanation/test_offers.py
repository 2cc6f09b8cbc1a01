"""Why not more, today: what a member or a basket would get now, and what is missing."""

from dataclasses import replace
from datetime import timedelta

from small_chain import MONDAY, SmallChain, line, lines
from sqlalchemy import text

from regulars.explanation.domain import OfferExplanation, RuleSaid
from regulars.explanation.offers import explain_offers
from regulars.explanation.shelf import Shelf
from regulars.purchases.domain import Basket

SATURDAY = MONDAY + timedelta(days=5)
ROWS = text("select (select count(*) from purchase), (select count(*) from outbox), count(*) from posting")


async def asked(chain: SmallChain, basket: Basket) -> OfferExplanation:
    async with chain.database.read() as session:
        return await explain_offers(session, Shelf(), chain.desk, basket, basket.occurred_at)


def rule(found: OfferExplanation, name: str) -> RuleSaid:
    return next(one for pack in found.packs for one in pack.rules if one.rule == name)


async def test_without_a_basket_what_depends_on_it_stays_open(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(98_750))
    basket = chain.basket(member, occurred_at=SATURDAY)
    found = await asked(chain, replace(basket, lines=()))
    assert not found.basket_known
    assert rule(found, "base").state == "open"
    assert rule(found, "groceries").why.en.startswith("Not so: Member's tier is Silver or Gold")
    assert rule(found, "spend-regular").conditions[0].needed is not None
    assert "$12.50 more to reach Silver." in [said.en for said in found.summary]
    assert not [fact for fact in found.facts if fact.path.startswith("purchase.")]


async def test_a_basket_is_told_as_the_purchase_would_be(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(100_000))
    async with chain.database.read() as session:
        before = (await session.execute(ROWS)).one()
    basket = chain.basket(member, *lines((10_000, "GROCERY"), (5_000, "MEAT")), occurred_at=SATURDAY)
    found = await asked(chain, basket)
    assert (found.points, found.discount_minor) == (62, 500)
    assert [step.en for step in rule(found, "groceries").steps] == [
        "line 1: $100.00 count",
        "$100.00 × 5% = $5.00",
        "by line: line 1: $5.00; in all $5.00",
    ]
    assert "Bought now, it would earn 62 points and $5.00 off." in [said.en for said in found.summary]
    async with chain.database.read() as session:
        assert (await session.execute(ROWS)).one() == before


async def test_nobody_is_told_that_a_member_would_earn(chain: SmallChain) -> None:
    found = await asked(chain, chain.basket(None, line(5_000)))
    assert rule(found, "base").state == "withheld"
    assert rule(found, "base").why.zh == "没有出示会员身份。"
