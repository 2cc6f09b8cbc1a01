"""Why a purchase gave what it gave, rule by rule, with its arithmetic and what was missing."""

from datetime import timedelta
from uuid import UUID

import pytest
from explanation.conftest import Claim, Explain, Tamper
from small_chain import MONDAY, SmallChain, line, lines
from unchecked_pack import FAILING_LINES, failing_pack, publish_unchecked

from regulars.explanation.domain import Language, PurchaseExplanation, RuleSaid
from regulars.explanation.errors import RecordUnreadable
from regulars.explanation.service import explain_purchase
from regulars.explanation.shelf import Shelf
from regulars.explanation.sweep import sweep_purchases
from regulars.kernel.ids import new_id
from regulars.lifecycle.freezing import Order, freeze
from regulars.organisation.places import Places
from regulars.purchases.errors import PurchaseUnknown
from regulars.purchases.quoting import quote
from regulars.security.scope import EVERYWHERE, NOWHERE

SATURDAY = MONDAY + timedelta(days=5)
HOUR = timedelta(hours=1)


def rule(found: PurchaseExplanation, name: str) -> RuleSaid:
    return next(one for pack in found.packs for one in pack.rules if one.rule == name)


def steps(found: PurchaseExplanation, name: str, language: Language) -> list[str]:
    return [step.of(language) for step in rule(found, name).steps]


async def test_points_are_told_from_the_amount_to_the_share_of_each_rule(
    chain: SmallChain, explain: Explain
) -> None:
    member = await chain.join()
    await chain.buy(member, line(110_050))
    basket = lines((1_234, "GROCERY"), (455, "PRODUCE"), (900, "FUEL"))
    found = await explain((await chain.buy(member, *basket, occurred_at=MONDAY + HOUR)).purchase_id)
    assert found.points == 26
    assert steps(found, "base", "en") == [
        "$16.89 ÷ $1.00 = 16.89 (lines 1, 2)",
        "rounded down: 16",
        "valid until 1 Mar 2028 11:00",
    ]
    assert steps(found, "produce", "zh") == [
        "US$4.55 ÷ US$1.00 = 4.55（第 2 行）",
        "累计 21.44，向下取整为 21 分；前面的规则已给 16 分，本条 5 分",
        "有效期至 2028年3月1日 11:00",
    ]
    assert steps(found, "spend-regular", "en") == [
        "21.44 × 1.25 = 26.8",
        "26.8 so far, rounded down 26; less 21 given by the rules before: 5",
        "valid until 1 Mar 2028 11:00",
    ]
    assert found.agrees
    assert found.local_time == "2026-03-02 11:00"


async def test_a_rule_that_did_not_apply_says_what_it_would_have_needed(
    chain: SmallChain, explain: Explain
) -> None:
    member = await chain.join()
    await chain.buy(member, line(98_750))
    found = await explain((await chain.buy(member, occurred_at=MONDAY + HOUR)).purchase_id)
    regular = rule(found, "spend-regular")
    assert regular.state == "failed"
    (condition,) = regular.conditions
    assert (condition.holds, condition.values[0].value) == (False, 98_750)
    assert condition.needed is not None
    assert condition.needed.zh == "需达到 US$1,000.00，差 US$12.50"
    assert condition.needed.en == "it takes $1,000.00: $12.50 short"
    assert regular.why.en.endswith("$12.50 short")


async def test_all_conditions_are_told_after_the_first_that_failed(
    chain: SmallChain, explain: Explain
) -> None:
    member = await chain.join()
    groceries = rule(await explain((await chain.buy(member)).purchase_id), "groceries")
    assert [condition.holds for condition in groceries.conditions] == [False, False]
    assert [condition.needed.en for condition in groceries.conditions if condition.needed] == [
        "it is Member",
        "it is Monday",
    ]
    assert groceries.why.en == "Not so: Member's tier is Silver or Gold; it is Member"


async def test_a_discount_is_told_with_rate_cap_and_shares(chain: SmallChain, explain: Explain) -> None:
    member = await chain.join()
    await chain.buy(member, line(110_000))
    basket = chain.basket(member, *lines((30_000, "GROCERY"), (20_000, "GROCERY")), occurred_at=SATURDAY)
    async with chain.database.read() as session:
        offer = await quote(session, chain.desk, basket, b"k" * 32, HOUR, SATURDAY)
    bought = await chain.buy(member, *offer.lines, occurred_at=SATURDAY, quote_id=offer.id)
    found = await explain(bought.purchase_id)
    assert found.agrees
    assert found.discount_minor == 2_000
    assert steps(found, "groceries", "en") == [
        "lines 1, 2: $500.00 count",
        "$500.00 × 5% = $25.00",
        "at most $20.00 a purchase",
        "by line: line 1: $12.00, line 2: $8.00; in all $20.00",
    ]
    assert rule(found, "groceries").why.zh == "已达到每单优惠上限。"


async def test_a_discount_that_the_till_did_not_charge_is_said(chain: SmallChain, explain: Explain) -> None:
    member = await chain.join()
    await chain.buy(member, line(110_000))
    found = await explain((await chain.buy(member, line(10_000), occurred_at=SATURDAY)).purchase_id)
    assert found.agrees
    said = " ".join(sentence.en for sentence in found.summary)
    assert "The rules offered $5.00 off; the till charged $0.00 off." in said
    assert "other discounts than the rules offer" in said


async def test_whoever_earns_nothing_is_told_why(chain: SmallChain, explain: Explain) -> None:
    nobody = await explain((await chain.buy(None)).purchase_id)
    assert "没有出示会员身份，本单不积分。" in [said.zh for said in nobody.summary]
    assert rule(nobody, "base").why.en == "No member was named."
    staff = await chain.join("Staff", tags=["staff"])
    excluded = await explain((await chain.buy(staff)).purchase_id)
    assert rule(excluded, "staff").state == "applied"
    assert rule(excluded, "base").why.en == "Excluded by staff-excluded/1."
    cold = await chain.join("Cold")
    async with chain.database.begin() as session:
        order = Order(new_id(), cold, "command", "tests", EVERYWHERE)
        await freeze(session, chain.desk.packs, chain.desk.places, order, "other", MONDAY)
    frozen = await explain((await chain.buy(cold, occurred_at=MONDAY + HOUR)).purchase_id)
    assert rule(frozen, "base").why.en == "The account was frozen."
    assert nobody.agrees
    assert excluded.agrees
    assert frozen.agrees


async def test_late_and_attributed_purchases_are_explained_as_they_were_read(
    chain: SmallChain, explain: Explain, claim: Claim
) -> None:
    member = await chain.join()
    await chain.buy(member, line(99_000), occurred_at=SATURDAY)
    late = await explain((await chain.buy(member, line(5_000), occurred_at=MONDAY)).purchase_id)
    assert late.agrees
    assert "late" in late.flags
    assert "It moved the member up to Silver." in [said.en for said in late.summary]
    unowned = await chain.buy(None, line(5_000), occurred_at=MONDAY - HOUR)
    await claim(unowned.purchase_id, member)
    claimed = await explain(unowned.purchase_id)
    assert (claimed.attributed, claimed.points, claimed.agrees) == (True, 50, True)


async def test_nothing_is_told_out_of_sight(chain: SmallChain) -> None:
    bought = await chain.buy(await chain.join())
    async with chain.database.read() as session:
        for purchase_id, scope in ((bought.purchase_id, NOWHERE), (UUID(int=7), EVERYWHERE)):
            with pytest.raises(PurchaseUnknown):
                await explain_purchase(session, Shelf(), chain.desk.places, purchase_id, scope)


TAMPERING = {
    "points": "update posting set amount = amount + 1",
    "lots": "update lot set expires_at = expires_at + interval '1 day'",
    "outcome": """update purchase set evaluation = jsonb_set(evaluation, '{rules,1,applied}', 'true')""",
    "reason": """update purchase set evaluation = jsonb_set(evaluation, '{reasons}', '["frozen"]')""",
    "offered": """update purchase set evaluation = jsonb_set(evaluation, '{offered}',
        '[{"line": 1, "source": "pack:x/1#y", "amount_minor": 5}]')""",
    "charged": """update purchase set evaluation = jsonb_set(evaluation, '{charged}',
        '[{"line": 1, "source": "pack:x/1#y", "amount_minor": 5}]')""",
    "flag": "update purchase set flags = '{recompute}'",
    "tier": "update lifecycle_event set tier_to = 'gold' where kind = 'upgraded'",
    "pack_content": "update pack_version set document = document || ' '",
    "pack_missing": "update pack_version set version = 9 where code = 'grocery-classic'",
}


@pytest.mark.parametrize("kind", TAMPERING)
async def test_a_figure_that_was_changed_is_named_with_both_figures(
    chain: SmallChain, explain: Explain, tamper: Tamper, kind: str
) -> None:
    bought = await chain.buy(await chain.join(), line(110_000))
    assert (await explain(bought.purchase_id)).agrees
    await tamper(TAMPERING[kind])
    found = await explain(bought.purchase_id)
    (first, *_) = [difference for difference in found.differences if difference.kind == kind]
    assert first.recomputed != first.recorded
    assert first.recomputed in first.words.zh
    assert first.recorded in first.words.en
    assert found.summary[-1].en.startswith("ATTENTION")


async def test_another_engine_is_said_and_does_not_hide_a_difference(
    chain: SmallChain, explain: Explain, tamper: Tamper
) -> None:
    bought = await chain.buy(await chain.join(), line(110_000))
    await tamper("update purchase set evaluation = jsonb_set(evaluation, '{engine}', '\"older/1\"')")
    found = await explain(bought.purchase_id)
    assert found.agrees
    assert any("evaluated by older/1 then" in said.en for said in found.summary)
    await tamper("update posting set amount = amount - 1")
    assert not (await explain(bought.purchase_id)).agrees


async def test_what_is_outranked_is_told_by_what_outranks_it(chain: SmallChain, explain: Explain) -> None:
    member = await chain.join()
    await chain.buy(member, line(310_000))
    found = await explain((await chain.buy(member, line(5_000), occurred_at=MONDAY + HOUR)).purchase_id)
    assert rule(found, "spend-regular").state == "withheld"
    assert rule(found, "spend-regular").why.zh == "与“忠实会员 1.5 倍”不同享，本单按“忠实会员 1.5 倍”计。"
    assert steps(found, "spend-loyal", "en")[0] == "50 × 1.5 = 75"
    assert found.agrees


async def test_a_rule_that_failed_is_told_with_the_engines_word(chain: SmallChain, explain: Explain) -> None:
    await publish_unchecked(chain, failing_pack())
    basket = tuple(line(200, line=number) for number in range(1, FAILING_LINES + 1))
    found = await explain((await chain.buy(await chain.join(), *basket)).purchase_id)
    assert rule(found, "listed").state == "error"
    assert "Thrown" in rule(found, "listed").why.zh
    assert "A rule failed: to be recomputed." in [said.en for said in found.summary]
    assert (found.points, found.agrees) == (6, True)


async def test_a_record_that_is_none_is_said_and_stops_no_sweep(
    chain: SmallChain, explain: Explain, tamper: Tamper
) -> None:
    bought = await chain.buy(await chain.join())
    await tamper("update purchase set evaluation = evaluation - 'facts'")
    with pytest.raises(RecordUnreadable, match="facts"):
        await explain(bought.purchase_id)
    pages = [page async for page in sweep_purchases(chain.database.read, Shelf(), Places())]
    assert [one.kind for page in pages for found in page.found for one in found.differences] == ["record"]
