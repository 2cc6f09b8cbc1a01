"""What late, simultaneous and extreme purchases must not do to money, time and receipts."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from small_chain import ACTOR, MONDAY, OPENED, PACKS, SmallChain, line
from sqlalchemy import text

from regulars.entrypoints.verifying import verify
from regulars.kernel.ids import new_id
from regulars.lifecycle import repository as standings
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.domain import Standing
from regulars.lifecycle.freezing import Order, freeze, unfreeze
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.desk import Recorded
from regulars.purchases.errors import PurchaseFailed
from regulars.rules import service as rules
from regulars.rules.text_edits import with_parameters
from regulars.security.scope import EVERYWHERE

DAY = timedelta(days=1)


async def pass_time(chain: SmallChain, member: UUID, to: datetime) -> None:
    async with chain.database.begin() as session:
        await lifecycle.advance(session, chain.desk.packs, chain.desk.places, [member], to, to)


async def standing_of(chain: SmallChain, member: UUID) -> Standing:
    async with chain.database.read() as session:
        return (await standings.peek(session, [member]))[member].standing


async def balance_of(chain: SmallChain, member: UUID) -> int:
    async with chain.database.read() as session:
        return (await standings.peek(session, [member]))[member].points_balance


async def shorten_validity(chain: SmallChain, days: int, live_from: datetime) -> None:
    pack = with_parameters((PACKS / "grocery-classic" / "pack.json").read_text(), {"valid_days": days})
    async with chain.database.begin() as session:
        await rules.publish(session, pack, place_id=chain.hq, live_from=live_from, actor=ACTOR, at=live_from)


async def agrees(chain: SmallChain) -> None:
    report = await verify(chain.database)
    assert report.ok, [found for result in report.results for found in result.differences]


async def test_points_expire_although_a_later_lot_expired_before_them(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(10_000))
    await shorten_validity(chain, 30, MONDAY + DAY)
    await pass_time(chain, member, MONDAY + 50 * DAY)
    await chain.buy(member, line(2_000), occurred_at=MONDAY + 2 * DAY)
    assert (await standing_of(chain, member)).next_expiry_at == MONDAY + 730 * DAY
    await pass_time(chain, member, MONDAY + 1_500 * DAY)
    assert await balance_of(chain, member) == 0
    await agrees(chain)


async def test_each_receipt_tells_the_balance_after_it_however_many_tills_serve_at_once(
    chain: SmallChain,
) -> None:
    member = await chain.join()
    baskets = [
        chain.basket(member, line(1_000), occurred_at=MONDAY + timedelta(minutes=i)) for i in range(12)
    ]
    answers = await asyncio.gather(*(chain.post(basket, at=MONDAY + DAY) for basket in baskets))
    told = sorted(_seq_and_balance(answer) for answer in answers)
    assert told == [(seq, 10 * seq) for seq in range(1, 13)]


def _seq_and_balance(answers: Sequence[object]) -> tuple[int, int]:
    (answer,) = answers
    assert isinstance(answer, Recorded)
    member = answer.receipt["member"]
    return member["seq"], member["points_balance"]


async def test_a_purchase_from_before_joining_can_be_claimed(chain: SmallChain) -> None:
    unowned = await chain.buy(None, line(5_000))
    member = await chain.join(at=MONDAY + DAY)
    async with chain.database.begin() as session:
        claimed = await attribute_purchase(
            session, chain.desk, unowned.purchase_id, member, ACTOR, MONDAY + DAY
        )
    assert (claimed.receipt["points"], claimed.receipt["member"]["stage"]) == (50, "active")
    standing = await standing_of(chain, member)
    assert (standing.stage_since, standing.next_revisit_at) == (MONDAY + DAY, MONDAY + 4 * DAY)
    await agrees(chain)


async def test_a_look_from_an_older_snapshot_never_takes_the_live_packs_back(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(None)
    async with chain.database.read() as old:
        await old.execute(text("select 1"))  # the snapshot begins here
        await shorten_validity(chain, 30, MONDAY - DAY)
        async with chain.database.begin() as session:
            await chain.desk.refresh(session)
        await chain.desk.refresh(old)
        bought = await chain.buy(member, line(1_000))
    assert "grocery-classic/2" in bought.evaluation["packs"]


async def test_what_was_bought_while_frozen_earns_nothing_however_late_it_comes(chain: SmallChain) -> None:
    member = await chain.join()
    before = chain.basket(member, line(5_000), occurred_at=MONDAY)
    during = chain.basket(member, line(5_000), occurred_at=MONDAY + 2 * DAY)
    unowned = await chain.buy(None, line(5_000), occurred_at=MONDAY + 2 * DAY)
    async with chain.database.begin() as session:
        order = Order(new_id(), member, "command", "tests", EVERYWHERE)
        await freeze(session, chain.desk.packs, chain.desk.places, order, "other", MONDAY + DAY)
    (sold_before,) = await chain.post(before, at=MONDAY + 2 * DAY)
    async with chain.database.begin() as session:
        order = Order(new_id(), member, "command", "tests", EVERYWHERE)
        await unfreeze(session, chain.desk.packs, chain.desk.places, order, MONDAY + 3 * DAY)
    (sold_during,) = await chain.post(during, at=MONDAY + 4 * DAY)
    async with chain.database.begin() as session:
        claimed = await attribute_purchase(
            session, chain.desk, unowned.purchase_id, member, ACTOR, MONDAY + 4 * DAY
        )
    assert isinstance(sold_before, Recorded)
    assert isinstance(sold_during, Recorded)
    earned = [sale.receipt["points"] for sale in (sold_before, sold_during, claimed)]
    assert earned == [50, 0, 0]
    assert sold_during.evaluation["reasons"] == ["frozen"]
    await agrees(chain)


async def test_a_late_move_up_takes_effect_at_the_latest_instant_told(chain: SmallChain) -> None:
    member = await chain.join()
    await pass_time(chain, member, OPENED + 500 * DAY)
    await chain.buy(member, line(100_000), occurred_at=OPENED + 60 * DAY)
    standing = await standing_of(chain, member)
    assert (standing.tier, standing.tier_since) == ("silver", OPENED + 500 * DAY)
    assert standing.next_due_at is not None
    assert standing.next_due_at > standing.advanced_to
    await agrees(chain)


async def test_points_that_came_too_late_to_live_expire_at_once_and_the_receipt_knows(
    chain: SmallChain,
) -> None:
    member = await chain.join()
    await chain.buy(member, line(1_000), occurred_at=MONDAY + 800 * DAY)
    late = await chain.buy(member, line(90_000), occurred_at=MONDAY)
    assert (late.receipt["points"], late.receipt["member"]["points_balance"]) == (900, 10)
    other = await chain.join("B")
    await pass_time(chain, other, MONDAY + 800 * DAY)
    newest = await chain.buy(other, line(10_000), occurred_at=MONDAY)
    assert newest.receipt["member"]["points_balance"] == await balance_of(chain, other) == 0
    await agrees(chain)


async def test_a_refuted_lapse_lets_the_revisits_go_on(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, occurred_at=MONDAY)
    await pass_time(chain, member, MONDAY + 100 * DAY)
    await chain.buy(member, occurred_at=MONDAY + 50 * DAY)
    standing = await standing_of(chain, member)
    assert standing.stage == "active"
    assert standing.next_revisit_at == MONDAY + (3 + 90 + 90) * DAY
    async with chain.database.read() as session:
        history = (await standings.events_of(session, [member]))[member]
    due = [event.effective_at for event in history if event.kind == "revisit_due"]
    assert due == [MONDAY + 3 * DAY, MONDAY + 93 * DAY]
    await agrees(chain)


async def test_a_silence_that_ends_at_its_very_end_is_told_in_the_right_order(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, occurred_at=MONDAY)
    await chain.buy(member, occurred_at=MONDAY + 70 * DAY)
    await chain.buy(member, occurred_at=MONDAY + 10 * DAY)
    await agrees(chain)


async def test_a_claimed_purchase_keeps_codes_that_look_like_durations(chain: SmallChain) -> None:
    member = await chain.join()
    unowned = await chain.buy(None, line(5_000, "1d", sku="60s"))
    async with chain.database.begin() as session:
        claimed = await attribute_purchase(session, chain.desk, unowned.purchase_id, member, ACTOR, MONDAY)
    assert claimed.receipt["points"] == 50
    assert claimed.receipt["flags"] == []


async def test_a_late_purchase_counts_only_the_visits_before_it(chain: SmallChain) -> None:
    member = await chain.join()
    for day in (0, 400, 410, 420):
        await chain.buy(member, occurred_at=MONDAY + day * DAY)
    late = await chain.buy(member, occurred_at=MONDAY + 405 * DAY)
    assert late.evaluation["facts"]["member"]["visits"] == 2
    assert (await standing_of(chain, member)).visits == 5


async def test_one_poisonous_basket_fails_alone(chain: SmallChain) -> None:
    member = await chain.join()
    poison = chain.basket(member, cashier="nul \x00 in a name")
    first, refused, last = await chain.post(chain.basket(member), poison, chain.basket(member))
    assert isinstance(first, Recorded)
    assert isinstance(refused, PurchaseFailed)
    assert isinstance(last, Recorded)
    assert (await standing_of(chain, member)).visits == 2
    await agrees(chain)
