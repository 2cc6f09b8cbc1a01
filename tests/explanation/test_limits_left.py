"""What limits leave somebody, told before anything is bought, is what the till then decides."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from budget_world import (
    EARN,
    WORDS,
    limit,
    money,
    pack,
    publish,
    publish_points,
    publish_tenth,
    quote_of,
)
from small_chain import MONDAY, SmallChain, line

from regulars.explanation.domain import OfferExplanation, RuleSaid
from regulars.explanation.offers import explain_offers
from regulars.explanation.rivals import rivals_of
from regulars.explanation.shelf import Shelf
from regulars.kernel.ids import new_id
from regulars.rules.domain import PackVersion
from regulars.rules.evaluator import PackSet


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


def rules_of(document: bytes, *rules: dict[str, Any]) -> dict[str, Any]:
    """The document with these rules that always hold instead of its own."""
    always = [
        {"order": number, "title": {"zh": one["id"], "en": one["id"]}, "when": True, **one}
        for number, one in enumerate(rules, 1)
    ]
    found = orjson.loads(document)
    given = "discount_minor" if found["kind"] == "discount" else "points"
    case = {"name": WORDS, "given": {}, "expect": {given: 0}}
    return {**found, "rules": always, "cases": [case]}


def off(name: str, rate_bps: int, group: str) -> dict[str, Any]:
    return {"id": name, "then": {"discount": {"rate_bps": rate_bps, "group": group}}}


def times(name: str, rate_bps: int, group: str) -> dict[str, Any]:
    return {"id": name, "then": {"multiply": {"rate_bps": rate_bps, "group": group}}}


async def told(chain: SmallChain, member: UUID, name: str) -> dict[str, tuple[str, list[str]]]:
    found = next(each for each in (await offers(chain, member)).packs if each.pack == name)
    return {each.rule: (each.state, [said.zh for said in each.remarks]) for each in found.rules}


async def test_of_discounts_that_exclude_each_other_the_basket_decides(chain: SmallChain) -> None:
    spent = money(500, rules=["better"], per="member")
    rules = off("better", 2_000, "g"), off("other", 1_000, "g"), off("apart", 100, "h")
    document = rules_of(pack("save", "discount", "x", {"discount": {}}, [spent]), *rules)
    await publish(chain, orjson.dumps(document))
    member = await chain.join()
    assert await told(chain, member, "save/1") == {
        "better": ("open", ["与“other”不同享，按哪项计由所购商品决定。"]),
        "other": ("open", ["与“better”不同享，按哪项计由所购商品决定。"]),
        "apart": ("open", []),
    }
    offer = await quote_of(chain, chain.basket(member, line(10_000)))
    await chain.buy(member, *offer.lines, quote_id=offer.id)
    assert await told(chain, member, "save/1") == {
        "better": ("withheld", []),
        "other": ("open", ["与“better”不同享；本单若按“better”计，因其额度已用完，两项都不给。"]),
        "apart": ("open", []),
    }


async def test_what_a_used_up_multiplier_outranks_does_not_step_in(chain: SmallChain) -> None:
    rules = {"id": "base", "then": EARN}, times("double", 20_000, "g"), times("triple", 30_000, "g")
    spent = limit(100, rules=["triple"], per="member")
    document = rules_of(pack("more", "earning", "x", EARN, [spent]), *rules)
    await publish(chain, orjson.dumps(document))
    member = await chain.join()
    await chain.buy(member, line(10_000))
    found = next(each for each in (await offers(chain, member)).packs if each.pack == "more/1")
    double = next(each for each in found.rules if each.rule == "double")
    assert double.why.zh == (
        "与“triple”不同享，本单按“triple”计。“triple”受限额约束而减少或未给，但本规则不会因此补上。"
    )


def test_only_what_can_count_instead_is_a_rival() -> None:
    rules = times("double", 20_000, "g"), times("triple", 30_000, "g"), times("own", 11_000, "h")
    document = rules_of(pack("more", "earning", "x", EARN, [limit(1)]), *rules)

    def rivals(**parts: object) -> dict[str, set[str]]:
        version = PackVersion(new_id(), "more", 1, "earning", "hash", document | parts)
        return {key[1]: {name for _, name in over} for key, over in rivals_of(PackSet([version])).items()}

    assert rivals() == {"double": {"triple"}}
    by_order = {"group": "all", "pick": "first", "members": ["g", "h"]}
    assert rivals(stacking=by_order) == {"double": {"triple"}, "own": {"double", "triple"}}
