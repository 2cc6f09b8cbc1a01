"""Limits, scopes, seasons, stacking and every form of discount: told, and recomputed to the unit."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
import pytest
from budget_world import EARN, limit, money, pack, publish, publish_points, publish_tenth, quote_of
from explanation.conftest import Claim, Explain
from small_chain import ACTOR, MONDAY, SmallChain, line, lines

from regulars.custom_fields.domain import CustomField
from regulars.custom_fields.service import define_field
from regulars.explanation.domain import PurchaseExplanation, RuleSaid
from regulars.explanation.shelf import Shelf
from regulars.explanation.sweep import sweep_purchases
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places

HOUR = timedelta(hours=1)


@pytest.fixture
def chain_packs() -> tuple[str, ...]:
    """A chain whose tiers are live; each test publishes what it is about."""
    return ("classic-tiers",)


def plain(code: str, kind: str, rule: str, then: dict[str, Any], **parts: Any) -> bytes:
    """A pack of one rule, without limits."""
    document = orjson.loads(pack(code, kind, rule, then, ())) | parts
    del document["limits"]
    return orjson.dumps(document)


def only(found: PurchaseExplanation, name: str) -> RuleSaid:
    return next(rule for one in found.packs for rule in one.rules if rule.rule == name)


async def all_agree(chain: SmallChain) -> bool:
    pages = [page async for page in sweep_purchases(chain.database.read, Shelf(), Places())]
    return not any(page.found for page in pages)


async def test_what_a_limit_left_is_told(chain: SmallChain, explain: Explain) -> None:
    await publish_points(chain, limit(100, per="member"))
    member = await chain.join()
    await chain.buy(member, line(7_000))
    cut = await explain((await chain.buy(member, line(7_000), occurred_at=MONDAY + HOUR)).purchase_id)
    none = await explain((await chain.buy(member, line(7_000), occurred_at=MONDAY + 2 * HOUR)).purchase_id)
    assert (cut.points, cut.agrees, none.points, none.agrees) == (30, True, 0, True)
    assert [step.en for step in only(cut, "base").steps][:2] == [
        "$70.00 ÷ $1.00 = 70 (line 1)",
        "a limit left 30 of 70",
    ]
    assert only(cut, "base").why.zh == "受限额“名称”约束。"
    assert only(none, "base").state == "withheld"
    assert "A limit left less than the rules give." in [said.en for said in none.summary]


async def test_discounts_within_limits_and_beyond_them_are_recomputed(
    chain: SmallChain, claim: Claim
) -> None:
    await publish_tenth(chain, money(1_500), money(3, "uses", of="uses", per="store"))
    await publish_points(chain, limit(60, per="store"))
    member = await chain.join()
    for number, who in enumerate((member, None, member, None)):
        offer = await quote_of(chain, chain.basket(who, line(6_000), occurred_at=MONDAY + number * HOUR))
        await chain.buy(who, *offer.lines, occurred_at=MONDAY + number * HOUR, quote_id=offer.id)
    unowned = await chain.buy(None, line(3_000), occurred_at=MONDAY + 5 * HOUR)
    await claim(unowned.purchase_id, member)
    assert await all_agree(chain)


async def test_a_claim_that_was_changed_is_found(chain: SmallChain, explain: Explain, tamper: Any) -> None:
    await publish_points(chain, limit(100, per="member"))
    bought = await chain.buy(await chain.join(), line(7_000))
    await tamper("update budget_use set amount = 71")
    (difference,) = (await explain(bought.purchase_id)).differences
    assert (difference.kind, difference.recomputed, difference.recorded) == ("claims", "70", "71")


FORMS: Mapping[str, tuple[dict[str, Any], list[str]]] = {
    "threshold": (
        {"threshold": {"every_minor": 5_000, "off_minor": 800}},
        [
            "lines 1, 2: $130.00 count",
            "$8.00 for each full $50.00: reached 2 times, $16.00 off; "
            "$20.00 more would take off another $8.00",
            "by line: line 1: $12.31, line 2: $3.69; in all $16.00",
        ],
    ),
    "amount": (
        {"amount_minor": 1_300},
        [
            "lines 1, 2: $130.00 count",
            "$13.00 off",
            "by line: line 1: $10.00, line 2: $3.00; in all $13.00",
        ],
    ),
    "more than there is": (
        {"amount_minor": 20_000},
        [
            "lines 1, 2: $130.00 count",
            "$200.00 off",
            "no more than is left of them: $130.00",
            "by line: line 1: $100.00, line 2: $30.00; in all $130.00",
        ],
    ),
    "free": (
        {"free_items": {"free": 1, "every": 2, "pick": "cheapest"}},
        [
            "lines 1, 2: $130.00 count",
            "1 of every 2 free: of 2 the cheapest 1 (line 2), worth $30.00",
            "by line: line 2: $30.00; in all $30.00",
        ],
    ),
    "nth": (
        {"nth_item": {"every": 1, "rate_bps": 5_000, "pick": "dearest", "times": 1}},
        [
            "lines 1, 2: $130.00 count",
            "one of every 1 (at most 1): of 2 the dearest 1 (line 1), $100.00 × 50% = $50.00",
            "by line: line 1: $50.00; in all $50.00",
        ],
    ),
    "price": (
        {"price_minor": 2_500},
        [
            "lines 1, 2: $130.00 count",
            "2 pieces at $25.00 each: $80.00 off",
            "by line: line 1: $75.00, line 2: $5.00; in all $80.00",
        ],
    ),
    "rounded": (
        {"rate_bps": 1_111, "rounding": {"mode": "half_up", "to_minor": 10}},
        [
            "lines 1, 2: $130.00 count",
            "$130.00 × 11.11% = $14.443",
            "rounded to the nearest to a multiple of $0.10: $14.40",
            "by line: line 1: $11.08, line 2: $3.32; in all $14.40",
        ],
    ),
}


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_of_discount_is_told_by_its_own_arithmetic(
    chain: SmallChain, explain: Explain, form: str
) -> None:
    discount, steps = FORMS[form]
    await publish(chain, plain("off", "discount", "off", {"discount": discount}))
    basket = chain.basket(None, *lines((10_000, "GROCERY"), (3_000, "MEAT")))
    offer = await quote_of(chain, basket)
    found = await explain((await chain.buy(None, *offer.lines, quote_id=offer.id)).purchase_id)
    assert found.agrees
    assert [step.en for step in only(found, "off").steps] == steps


async def test_points_of_many_kinds_are_told_and_recomputed(chain: SmallChain, explain: Explain) -> None:
    flat = {"earn": {"unit": "points", "points": 50, "pending_days": 14, "expires": {"at": "year_end"}}}
    await publish(chain, plain("welcome", "earning", "flat", flat))
    await publish(chain, plain("usual", "earning", "base", EARN))
    found = await explain((await chain.buy(await chain.join(), line(1_250))).purchase_id)
    assert found.agrees
    assert only(found, "flat").steps[0].en == "50 points, whatever was bought"
    assert "can be spent from 16 Mar 2026 11:00" in [step.en for step in only(found, "flat").steps]
    assert "valid until 1 Jan 2027 00:00" in [step.en for step in only(found, "flat").steps]


async def test_a_rule_elsewhere_or_at_another_time_says_so(chain: SmallChain, explain: Explain) -> None:

    given = {"at": "2026-03-07T10:00", "store": {"code": "west-1", "branch": "west", "above": ["west"]}}
    case = {"name": {"zh": "西区", "en": "west"}, "given": given, "expect": {"points": 0}}
    for code, rule, where in (
        ("west", "base", {"scope": {"places": ["west"]}}),
        ("weekend", "late", {"calendar": {"weekdays": [6, 7]}}),
    ):
        await publish(chain, plain(code, "earning", rule, EARN, cases=[case], **where))
    found = await explain((await chain.buy(await chain.join())).purchase_id)
    assert found.agrees
    assert only(found, "base").why.en == "It is not meant for this place, channel or tier."
    assert only(found, "late").why.zh == "不在适用时段内。"


async def test_the_chains_own_facts_are_told_by_their_names(chain: SmallChain, explain: Explain) -> None:
    vip = CustomField(new_id(), "member", "vip", "boolean", "贵宾", "important member", default=False)
    async with chain.database.begin() as session:
        await define_field(session, vip, ACTOR, MONDAY)
    own = orjson.loads(plain("own", "earning", "vip", EARN))
    own["rules"][0]["when"] = {"and": [{"var": "member.custom.vip"}]}
    bought = {"lines": [{"sales_minor": 1_000}]}
    words = own["cases"][0]["name"]
    own["cases"] = [
        {"name": words, "given": {"purchase": bought}, "expect": {"points": 0}},
        {
            "name": words,
            "given": {"purchase": bought, "member": {"custom": {"vip": True}}},
            "expect": {"points": 10},
        },
    ]
    await publish(chain, orjson.dumps(own))
    found = await explain((await chain.buy(await chain.join())).purchase_id)
    assert found.agrees
    (condition,) = only(found, "vip").conditions
    assert (condition.holds, condition.values[0].what.zh) == (False, "贵宾")
    assert ("member.custom.vip", False) in [(fact.path, fact.value) for fact in found.facts]
