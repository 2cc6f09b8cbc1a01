"""Purchases on a real database: once each, read by the live packs, and counted for their members."""

import asyncio
from datetime import timedelta
from uuid import UUID

from small_chain import MONDAY, SmallChain, discounted_line, line, lines
from sqlalchemy import text

from regulars.entrypoints.verifying import verify
from regulars.purchases.desk import Recorded
from regulars.purchases.errors import IdempotencyMismatch, MemberUnknown


async def test_a_purchase_earns_by_the_live_packs_and_says_why(chain: SmallChain) -> None:
    member = await chain.join()
    bought = await chain.buy(member, *lines((1_050, "GROCERY"), (500, "PRODUCE"), (9_999, "FUEL")))
    receipt = bought.receipt
    assert receipt["points"] == 20  # (10.50 + 5.00 + 5.00 for produce on a weekday), floored once
    assert receipt["member"]["points_balance"] == 20
    assert receipt["member"]["seq"] == 1
    assert receipt["member"]["next_tier"] == {
        "tier": "silver",
        "threshold_minor": 100_000,
        "missing_minor": 100_000 - 11_549,
    }
    rules = {rule["rule"]: rule for rule in bought.evaluation["rules"]}
    assert rules["base"] == {"pack": "grocery-classic/1", "rule": "base", "applied": True, "gave": 15}
    assert rules["produce"]["gave"] == 5
    assert rules["spend-regular"] == {
        "pack": "grocery-classic/1",
        "rule": "spend-regular",
        "applied": False,
        "failed": 0,
    }
    assert (await verify(chain.database)).ok


async def test_a_discounted_line_earns_nothing(chain: SmallChain) -> None:
    member = await chain.join()
    bought = await chain.buy(member, discounted_line(1_000, 100), line(300, line=2))
    assert bought.receipt["points"] == 3


async def test_the_purchase_that_reaches_the_threshold_moves_the_member_up(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(99_999))
    bought = await chain.buy(member, line(1), occurred_at=MONDAY + timedelta(hours=1))
    assert (bought.receipt["member"]["tier_before"], bought.receipt["member"]["tier"]) == ("base", "silver")
    assert (await verify(chain.database)).ok


async def test_the_second_purchase_of_a_list_sees_the_first(chain: SmallChain) -> None:
    member = await chain.join()
    answers = await chain.post(
        chain.basket(member, line(100_000)),
        chain.basket(member, line(1_000), occurred_at=MONDAY + timedelta(hours=1)),
    )
    first, second = [answer for answer in answers if isinstance(answer, Recorded)]
    assert first.receipt["points"] == 1_000
    assert second.receipt["points"] == 12  # 10.00 × 1.25
    assert second.receipt["member"]["seq"] == 2


async def test_a_retry_gets_the_first_receipt_byte_for_byte(chain: SmallChain) -> None:
    member = await chain.join()
    basket = chain.basket(member, idempotency_key="k-1")
    (first,) = await chain.post(basket)
    (again,) = await chain.post(basket)
    assert isinstance(first, Recorded)
    assert isinstance(again, Recorded)
    assert again.replayed
    assert (again.purchase_id, again.receipt_text) == (first.purchase_id, first.receipt_text)
    assert (again.evaluation["rules"], again.evaluation) == (first.evaluation["rules"], first.evaluation)
    assert await _count(chain, "purchase") == 1


async def test_a_key_with_other_content_is_refused_and_changes_nothing(chain: SmallChain) -> None:
    member = await chain.join()
    basket = chain.basket(member, line(1_000), idempotency_key="k-1", receipt_no="7")
    await chain.post(basket)
    same_receipt = chain.basket(member, line(1_001), idempotency_key="k-2", receipt_no="7")
    same_key = chain.basket(member, line(1_000), idempotency_key="k-1", receipt_no="8")
    answers = await chain.post(same_receipt, same_key)
    fields = [answer.field for answer in answers if isinstance(answer, IdempotencyMismatch)]
    assert fields == ["receipt_no", "Idempotency-Key"]
    assert await _count(chain, "purchase") == 1


async def test_one_bad_basket_leaves_the_others_of_its_list_alone(chain: SmallChain) -> None:
    member = await chain.join()
    good, unknown = chain.basket(member), chain.basket(UUID(int=9))
    twice = [good, unknown, good]
    first, refused, again = await chain.post(*twice)
    assert isinstance(refused, MemberUnknown)
    assert isinstance(first, Recorded)
    assert isinstance(again, Recorded)
    assert first.purchase_id == again.purchase_id
    assert await _count(chain, "purchase") == 1


async def test_two_tills_that_post_one_key_at_once_make_one_purchase(chain: SmallChain) -> None:
    member = await chain.join()
    for basket in (chain.basket(member, idempotency_key="a"), chain.basket(None, idempotency_key="b")):
        answers = await asyncio.gather(*(chain.post(basket) for _ in range(8)))
        ids = {answer.purchase_id for (answer,) in answers if isinstance(answer, Recorded)}
        assert len(ids) == 1
    assert await _count(chain, "purchase") == 2
    assert (await verify(chain.database)).ok


async def test_concurrent_purchases_of_one_member_are_numbered_without_gaps(chain: SmallChain) -> None:
    member = await chain.join()
    baskets = [
        chain.basket(member, line(1_000 + i), occurred_at=MONDAY + timedelta(minutes=i)) for i in range(20)
    ]
    answers = await asyncio.gather(*(chain.post(basket, at=MONDAY + timedelta(days=1)) for basket in baskets))
    numbers = sorted(a.receipt["member"]["seq"] for (a,) in answers if isinstance(a, Recorded))
    assert numbers == list(range(1, 21))
    assert (await verify(chain.database)).ok


async def test_a_purchase_without_a_member_is_kept_whole_and_earns_nothing(chain: SmallChain) -> None:
    bought = await chain.buy(None, line(5_000))
    assert bought.receipt["points"] == 0
    assert bought.receipt["member"] is None
    assert bought.evaluation["reasons"] == ["no_member"]


async def test_a_late_purchase_reads_what_had_happened_before_it(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(60_000), occurred_at=MONDAY)
    await chain.buy(member, line(60_000), occurred_at=MONDAY + timedelta(days=2))
    late = await chain.buy(member, line(10_000), occurred_at=MONDAY + timedelta(days=1))
    assert late.receipt["points"] == 100  # the member was not yet over 1,000.00 on that day
    assert "late" in late.receipt["flags"]
    assert late.evaluation["facts"]["member"]["spend_365d_minor"] == 60_000
    assert late.receipt["member"]["spend_365d_minor"] == 130_000
    assert (await verify(chain.database)).ok


async def test_a_late_purchase_ends_a_silence_that_was_none(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(1_000), occurred_at=MONDAY)
    await chain.buy(member, line(1_000), occurred_at=MONDAY + timedelta(days=75))
    late = await chain.buy(member, line(1_000), occurred_at=MONDAY + timedelta(days=50))
    assert late.receipt["member"]["stage"] == "active"
    async with chain.database.read() as session:
        rows = await session.execute(
            text(
                "select kind, stage_to from lifecycle_event where member_id = :m and stage_to is not null "
                "order by effective_at, event_no"
            ),
            {"m": member},
        )
        story = [tuple(row) for row in rows]
    assert ("at_risk", "at_risk") in story
    assert ("silence_corrected", "active") in story
    assert (await verify(chain.database)).ok


async def test_a_till_that_comes_back_after_a_year_changes_only_what_it_should(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(100_000), occurred_at=MONDAY + timedelta(days=500))
    late = await chain.buy(member, line(2_000), occurred_at=MONDAY)
    assert late.receipt["points"] == 20
    assert late.receipt["member"]["spend_365d_minor"] == 100_000
    assert late.receipt["member"]["tier"] == "silver"
    assert (await verify(chain.database)).ok


async def test_staff_earn_nothing_and_the_receipt_says_so(chain: SmallChain) -> None:
    member = await chain.join(tags=["staff"])
    bought = await chain.buy(member, line(5_000))
    assert bought.receipt["points"] == 0
    assert "excluded" in bought.evaluation["reasons"]


async def test_the_wide_window_forgets_what_is_older_than_a_year(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(100_000), occurred_at=MONDAY)
    bought = await chain.buy(member, line(1_000), occurred_at=MONDAY + timedelta(days=365, seconds=1))
    assert bought.evaluation["facts"]["member"]["spend_365d_minor"] == 0
    assert (await verify(chain.database)).ok


async def test_five_hundred_lines_are_fine(chain: SmallChain) -> None:
    member = await chain.join()
    bought = await chain.buy(member, *lines(*[(100, "GROCERY")] * 500))
    assert bought.receipt["points"] == 500


async def _count(chain: SmallChain, table: str) -> int:
    async with chain.database.read() as session:
        return int((await session.execute(text(f"select count(*) from {table}"))).scalar_one())
