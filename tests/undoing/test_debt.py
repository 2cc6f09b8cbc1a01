"""What cannot be taken back is owed, and is paid by whatever is earned next."""

from datetime import timedelta
from uuid import UUID

import pytest
from budget_world import KEY, LIFE
from small_chain import ACTOR, MONDAY, line
from sqlalchemy import text
from undoing.world import DAY, Undoing, give_points

from regulars.analytics.totals import read_member_totals
from regulars.entrypoints.explaining import prove_in
from regulars.lifecycle.service import advance
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.desk import Recorded
from regulars.purchases.quoting import offer

NEXT = MONDAY + 11 * DAY


@pytest.fixture
async def ann(undoing: Undoing) -> UUID:
    """A member who owes 20 points, and owns none."""
    chain = undoing.chain
    await give_points(chain, valid_days=5)
    member_id = await chain.join("Ann")
    await chain.buy(member_id, line(2_000))
    first = await undoing.do(policy="debt")
    assert (first.points_taken, first.points_owed) == (20, 0)
    undone = await undoing.do("grocery-classic/1", "debt")
    assert undone.preview is not None
    assert (undone.preview["takes"], undone.preview["owes"]) == (0, 20)
    assert (undone.points_taken, undone.points_owed, undone.differences) == (0, 20, 0)
    assert await stands(undoing, member_id) == (0, 20)
    return member_id


async def stands(undoing: Undoing, member_id: UUID) -> tuple[int, int]:
    """(points, owed)."""
    assert await undoing.verified()
    async with undoing.chain.database.read() as session:
        found = await read_member_totals(session, member_id, undoing.at)
    assert found is not None
    return found.balances["points"], found.points_owed


def told(bought: Recorded) -> tuple[int, int, int, int]:
    """Of a receipt: points earned, what of them paid the debt, what is owed and owned then."""
    member = bought.receipt["member"]
    return (
        bought.receipt["points"],
        bought.receipt.get("points_repaid", 0),
        member.get("points_owed", 0),
        member["points_balance"],
    )


async def test_the_sweep_compares_what_was_taken_back_and_what_paid_a_debt(
    undoing: Undoing, ann: UUID
) -> None:
    database = undoing.chain.database
    await undoing.chain.buy(ann, line(500), occurred_at=NEXT)
    proof = await prove_in(database, None)
    assert (proof.ok, proof.entries) == (True, 3)  # points taken, points owed, and a payment
    repaid = "(select id from ledger_entry where kind = 'repay')"
    tampering = (
        "update pack_undo_result set taken = taken - 1 where taken > 0",
        f"update lot_consumption set amount = amount + 1 where entry_id = {repaid}",
    )
    for number, change in enumerate(tampering, 1):
        async with database.begin() as session:
            await session.execute(text("set local session_replication_role = replica"))
            await session.execute(text(change))
        assert (await prove_in(database, NEXT - 30 * DAY)).disagreeing == number


async def test_what_is_earned_next_pays_the_debt_first(undoing: Undoing, ann: UUID) -> None:
    chain = undoing.chain
    assert told(await chain.buy(ann, line(500), occurred_at=NEXT)) == (10, 10, 10, 0)
    assert await stands(undoing, ann) == (0, 10)
    assert told(await chain.buy(ann, line(1_000), occurred_at=NEXT + DAY)) == (20, 10, 0, 10)
    assert await stands(undoing, ann) == (10, 0)
    after = await chain.buy(ann, line(1_000), occurred_at=NEXT + DAY)
    assert "points_repaid" not in after.receipt
    assert told(after) == (20, 0, 0, 30)
    proof = await prove_in(chain.database, None)
    assert (proof.purchases, proof.disagreeing) == (4, 0), proof


async def test_what_is_left_of_a_correction_that_pays_a_debt_expires_in_time(
    undoing: Undoing, ann: UUID
) -> None:
    chain = undoing.chain
    await chain.buy(ann, line(400), occurred_at=NEXT)
    assert await stands(undoing, ann) == (0, 12)
    undoing.at = NEXT + DAY
    assert (await undoing.do(to_version=1)).points_given == 20
    assert await stands(undoing, ann) == (8, 0)
    (standing,) = await undoing.rows("select next_expiry_at from standing")
    assert standing["next_expiry_at"] == undoing.at + 5 * DAY


async def test_purchases_of_one_list_pay_one_after_the_other(undoing: Undoing, ann: UUID) -> None:
    chain = undoing.chain
    baskets = [
        chain.basket(ann, line(700), occurred_at=NEXT + number * timedelta(minutes=1)) for number in range(3)
    ]
    recorded = [one for one in await chain.post(*baskets) if isinstance(one, Recorded)]
    assert [told(one) for one in recorded] == [(14, 14, 6, 0), (14, 6, 0, 8), (14, 0, 0, 22)]
    assert [one.receipt_text for one in await chain.post(*baskets) if isinstance(one, Recorded)] == [
        one.receipt_text for one in recorded
    ]
    assert await stands(undoing, ann) == (22, 0)


async def test_a_purchase_pays_once_and_the_payment_names_it(undoing: Undoing, ann: UUID) -> None:
    bought = await undoing.chain.buy(ann, line(700), occurred_at=NEXT)
    (paid,) = await undoing.rows(
        "select e.cause_id, e.effective_at, p.from_account_id, a.code, p.amount, p.rule_id "
        "from ledger_entry e join posting p on p.entry_id = e.id join account a on a.id = p.to_account_id "
        "where e.kind = 'repay'"
    )
    assert dict(paid) == {
        "cause_id": bought.purchase_id,
        "effective_at": NEXT,
        "from_account_id": ann,
        "code": "points_owed",
        "amount": 14,
        "rule_id": "repayment",
    }


async def test_what_a_payment_leaves_of_a_lot_expires_on_its_day(undoing: Undoing, ann: UUID) -> None:
    chain = undoing.chain
    await chain.buy(ann, line(1_500), occurred_at=NEXT)  # 15 that last five days pay, and 5 of the others
    assert await stands(undoing, ann) == (10, 0)
    later = NEXT + 6 * DAY
    async with chain.database.begin() as session:
        await advance(session, chain.desk.packs, chain.desk.places, [ann], later, later)
    assert await stands(undoing, ann) == (10, 0)


async def test_points_that_cannot_be_used_yet_pay_too(undoing: Undoing, ann: UUID) -> None:
    chain = undoing.chain
    await give_points(chain, "waits", pending_days=14)
    bought = await chain.buy(ann, line(800), occurred_at=NEXT)  # 8 of each kind
    assert told(bought) == (24, 20, 0, 4)
    assert bought.receipt["member"]["pending_points"] == 0
    assert await stands(undoing, ann) == (4, 0)


@pytest.mark.parametrize("at", [MONDAY - DAY, MONDAY + 2 * DAY])
async def test_a_late_purchase_pays_too(undoing: Undoing, ann: UUID, at: object) -> None:
    chain = undoing.chain
    late = chain.basket(ann, line(3_000), occurred_at=at)
    (bought,) = await chain.post(late, at=NEXT)
    assert isinstance(bought, Recorded)
    assert bought.receipt["points_repaid"] == 20
    assert (await stands(undoing, ann))[1] == 0


async def test_a_purchase_given_to_the_debtor_later_pays_too(undoing: Undoing, ann: UUID) -> None:
    chain = undoing.chain
    bought = await chain.buy(None, line(2_500), occurred_at=NEXT)
    async with chain.database.begin() as session:
        given = await attribute_purchase(session, chain.desk, bought.purchase_id, ann, ACTOR, NEXT + DAY)
    assert told(given) == (50, 20, 0, 30)
    undoing.at = NEXT + DAY
    assert await stands(undoing, ann) == (30, 0)


async def test_a_quote_tells_what_the_purchase_will_pay(undoing: Undoing, ann: UUID) -> None:
    chain = undoing.chain
    basket = chain.basket(ann, line(700), occurred_at=NEXT)
    quoted = await offer(chain.database, chain.desk, basket, KEY, LIFE, NEXT)
    (bought,) = await chain.post(basket)
    assert isinstance(bought, Recorded)
    assert quoted.outcome["points_repaid"] == bought.receipt["points_repaid"] == 14
    assert quoted.outcome["member"]["points_owed"] == bought.receipt["member"]["points_owed"] == 6
    assert quoted.outcome["member"]["points_balance"] == bought.receipt["member"]["points_balance"] == 0


async def test_what_a_debt_stands_for_is_not_due_again(undoing: Undoing, ann: UUID) -> None:
    await undoing.chain.buy(ann, line(5_000), occurred_at=NEXT)
    undoing.at = NEXT + DAY
    assert (await undoing.do(policy="debt", until=NEXT)).state == "empty"
    assert (await undoing.do("grocery-classic/1", "within_balance", until=NEXT)).state == "empty"
    assert await stands(undoing, ann) == (80, 0)


async def test_what_an_order_let_be_can_be_owed_by_another(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, valid_days=5)
    ann = await chain.join("Ann")
    await chain.buy(ann, line(2_000))
    let_be = await undoing.do(policy="let_be")
    assert (let_be.points_taken, let_be.points_owed) == (0, 0)
    await undoing.do("grocery-classic/1")
    owing = await undoing.do(policy="debt")
    assert (owing.points_taken, owing.points_owed) == (0, 20)
    assert await stands(undoing, ann) == (0, 20)
