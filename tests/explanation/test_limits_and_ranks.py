"""Limits cut last: what a rule would give decides what it outranks, and what others are computed on."""

from typing import Any

import orjson
import pytest
from budget_world import WORDS, money, pack, publish, quote_of
from explanation.conftest import Explain
from small_chain import SmallChain, line

from regulars.explanation.domain import PurchaseExplanation, RuleSaid


@pytest.fixture
def chain_packs() -> tuple[str, ...]:
    return ("classic-tiers",)


def discounts(limits: list[dict[str, Any]], **rules: dict[str, Any]) -> bytes:
    document = orjson.loads(pack("save", "discount", "x", {"discount": {}}, limits))
    document["rules"] = [
        {
            "id": name,
            "order": order,
            "title": {"zh": name, "en": name},
            "when": True,
            "then": {"discount": discount},
        }
        for order, (name, discount) in enumerate(rules.items(), 1)
    ]
    document["cases"] = [{"name": WORDS, "given": {}, "expect": {"discount_minor": 0}}]
    return orjson.dumps(document)


def rule(found: PurchaseExplanation, name: str) -> RuleSaid:
    return next(each for pack in found.packs for each in pack.rules if each.rule == name)


async def test_who_is_outranked_does_not_step_in_where_a_limit_leaves_the_better_nothing(
    chain: SmallChain, explain: Explain
) -> None:
    spent = money(500, rules=["better"], when_reached="nothing")
    better, other = {"amount_minor": 2_000, "group": "g"}, {"amount_minor": 1_000, "group": "g"}
    await publish(chain, discounts([spent], better=better, other=other))
    member = await chain.join()
    found = await quote_of(chain, chain.basket(member, line(10_000)))
    assert found.lines[0].discount_minor == 0
    told = await explain((await chain.buy(member, *found.lines, quote_id=found.id)).purchase_id)
    assert rule(told, "better").why.zh == "受限额“名称”约束。"
    assert rule(told, "other").why.en == (
        "It does not count together with “better”, which does count. "
        "A limit left “better” less or nothing; this rule does not step in for it."
    )
    assert told.agrees


async def test_a_discount_after_others_is_of_what_they_would_take_without_limits(
    chain: SmallChain, explain: Explain
) -> None:
    first = {"rate_bps": 2_000, "group": "a"}
    after = {"rate_bps": 1_000, "base": {"after_discounts": True}, "group": "b"}
    await publish(chain, discounts([money(500, rules=["first"])], first=first, after=after))
    member = await chain.join()
    found = await quote_of(chain, chain.basket(member, line(10_000)))
    offered = {one["source"].partition("#")[2]: one["amount_minor"] for one in found.evaluation["offered"]}
    assert offered == {"first": 500, "after": 800}
    bought = await chain.buy(member, *found.lines, quote_id=found.id)
    assert bought.receipt["flags"] == []
    assert (await explain(bought.purchase_id)).agrees
