"""What limits leave somebody, told before anything is bought, is what the till then decides."""

from datetime import timedelta
from uuid import UUID

import pytest
from budget_world import limit, money, publish_points, publish_tenth, quote_of
from small_chain import MONDAY, SmallChain, line

from regulars.explanation.domain import OfferExplanation, RuleSaid
from regulars.explanation.offers import explain_offers
from regulars.explanation.shelf import Shelf


@pytest.fixture
def chain_packs() -> tuple[str, ...]:
    return ("classic-tiers",)


async def offers(chain: SmallChain, member: UUID | None) -> OfferExplanation:
    basket = chain.basket(member, lines=())
    async with chain.database.read() as session:
        return await explain_offers(session, Shelf(), chain.desk, basket, basket.occurred_at)


def left(found: OfferExplanation) -> dict[str, int]:
    return {one.limit: one.left for one in found.limits}


def rule(found: OfferExplanation, name: str) -> RuleSaid:
    giving = [pack for pack in found.packs if pack.kind == "earning"]
    return next(each for pack in giving for each in pack.rules if each.rule == name)


async def test_what_is_left_of_each_limit_is_what_the_till_gives_next(chain: SmallChain) -> None:
    await publish_points(chain, limit(500, "a-day", per="member"), limit(10_000, "all", every="ever"))
    await publish_tenth(
        chain,
        money(2_000, "store", per="store", every="week", when_reached="nothing"),
        limit(2, "twice", of="uses", per="member", every="month"),
    )
    first, second = await chain.join(), await chain.join()
    await chain.buy(first, line(20_000))
    found = await offers(chain, first)
    assert left(found) == {"a-day": 300, "all": 9_800, "store": 2_000, "twice": 2}
    assert [(one.limit, one.words.zh, one.words.en) for one in found.limits] == [
        ("a-day", "该会员今日还剩 300 分。", "300 points left for this member today."),
        ("twice", "该会员本月还剩 2 次。", "2 times left for this member this month."),
        ("all", "本活动累计还剩 9,800 分。", "9,800 points left for the whole campaign in all."),
        (
            "store",
            "本店本周还剩 US$20.00，超出则整笔不给。",
            "$20.00 left for this store this week; given only where the whole fits.",
        ),
    ]
    held = await quote_of(chain, chain.basket(second, line(15_000)))
    assert left(await offers(chain, first))["store"] == 500, "another's open quote holds the rest"
    assert left(await offers(chain, second))["store"] == 2_000, "one's own quote takes nothing from oneself"
    bought = await chain.buy(second, *held.lines, quote_id=held.id)
    assert (bought.receipt["points"], left(await offers(chain, second))["twice"]) == (135, 1)
    assert (await chain.buy(first, line(100_000))).receipt["points"] == 300


async def test_what_is_used_up_is_no_offer_any_more_until_the_next_day(chain: SmallChain) -> None:
    await publish_points(chain, limit(100, "a-day", per="member"))
    member = await chain.join()
    assert rule(await offers(chain, member), "base").state == "open"
    await chain.buy(member, line(50_000))
    told = rule(await offers(chain, member), "base")
    assert (told.state, told.why.zh) == ("withheld", "该会员今日的额度已用完。")
    assert told.why.en == "What this member could get today is used up."
    async with chain.database.read() as session:
        tomorrow = chain.basket(member, lines=(), occurred_at=MONDAY + timedelta(days=1))
        later = await explain_offers(session, Shelf(), chain.desk, tomorrow, tomorrow.occurred_at)
    assert (rule(later, "base").state, left(later)) == ("open", {"a-day": 100})
    nobody = await offers(chain, None)
    assert (left(nobody), nobody.limits[0].words.zh) == ({"a-day": 0}, "没有出示会员身份。")
