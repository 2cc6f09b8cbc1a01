"""A discount is told as it was offered, not by what is left of the lines it was taken off."""

from typing import Any

import orjson
import pytest
from budget_world import TENTH_SOURCE, money, pack, publish, publish_tenth, quote_of
from explanation.conftest import Claim, Explain
from small_chain import SmallChain, line

from regulars.purchases.desk import Recorded
from regulars.purchases.domain import Discount

FROM_A_HUNDRED = {">=": [{"var": "purchase.sales_minor"}, 10_000]}
TWENTY_OFF = {"discount": {"threshold": {"every_minor": 10_000, "off_minor": 2_000}}}


@pytest.fixture
def chain_packs() -> tuple[str, ...]:
    """A chain whose tiers are live; each test publishes its discount."""
    return ("classic-tiers",)


def told(rules: list[dict[str, Any]], rule: str) -> dict[str, Any]:
    return next(one for one in rules if one["rule"] == rule)


async def test_what_a_threshold_took_off_is_told_though_less_is_left(
    chain: SmallChain, explain: Explain
) -> None:
    document = orjson.loads(pack("full", "discount", "off", TWENTY_OFF, [money(100_000)]))
    document["rules"][0]["when"] = {"and": [FROM_A_HUNDRED]}
    document["cases"][0]["expect"] = {"discount_minor": 0}
    await publish(chain, orjson.dumps(document))
    member = await chain.join()
    found = await quote_of(chain, chain.basket(member, line(10_000)))
    bought = await chain.buy(member, *found.lines, quote_id=found.id)
    expected = {"pack": "full/1", "rule": "off", "applied": True, "gave": 2_000}
    assert bought.receipt["sales_minor"] == 8_000
    assert told(found.evaluation["rules"], "off") == expected
    assert told(bought.evaluation["rules"], "off") == expected
    assert (await explain(bought.purchase_id)).agrees


async def test_a_discount_that_a_limit_cut_is_told_by_what_it_gave(
    chain: SmallChain, explain: Explain
) -> None:
    await publish_tenth(chain, money(700))
    member = await chain.join()
    found = await quote_of(chain, chain.basket(member, line(10_000)))
    bought = await chain.buy(member, *found.lines, quote_id=found.id)
    cut = told(bought.evaluation["rules"], "off")
    assert (cut["gave"], cut["note"], bought.evaluation["reasons"]) == (700, "limited:cap", ["limited"])
    assert (await explain(bought.purchase_id)).agrees


async def test_what_a_purchase_took_of_a_budget_is_no_difference_when_it_is_given_to_a_member(
    chain: SmallChain, explain: Explain, claim: Claim
) -> None:
    await publish_tenth(chain, money(1_000))
    off = Discount(TENTH_SOURCE, "chain", 1_000)
    sold = line(9_000, list_minor=10_000, discount_minor=1_000, discounts=(off,))
    bought = await chain.buy(None, sold)
    claimed = await claim(bought.purchase_id, await chain.join())
    assert isinstance(claimed, Recorded)
    assert (bought.receipt["flags"], claimed.receipt["flags"]) == ([], [])
    assert claimed.evaluation["reasons"] == []
    assert (await explain(bought.purchase_id)).agrees


async def test_a_discount_that_one_of_another_pack_outranks_is_told_the_other_s_name(
    chain: SmallChain, explain: Explain
) -> None:
    for code, rate in (("less", 500), ("more", 1_000)):
        then = {"discount": {"rate_bps": rate, "group": "sale"}}
        document = orjson.loads(pack(code, "discount", "off", then, [money(100_000)]))
        document["rules"][0]["title"] = {"zh": f"优惠 {code}", "en": f"Offer {code}"}
        await publish(chain, orjson.dumps(document))
    found = await explain((await chain.buy(await chain.join(), line(10_000))).purchase_id)
    (less,) = next(one.rules for one in found.packs if one.pack == "less/1")
    assert less.why.zh == "与“优惠 more”不同享，本单按“优惠 more”计。"
    assert less.why.en == "It does not count together with “Offer more”, which does count."
    assert found.agrees
