"""What a version gave is taken back to the point, once, as the policy says."""

from datetime import timedelta

from small_chain import ACTOR, MONDAY, line
from undoing.world import DAY, Undoing, give_points

from regulars.entrypoints.explaining import prove_in
from regulars.lifecycle.service import advance
from regulars.purchases.attribution import attribute_purchase


async def test_an_undo_takes_back_what_the_version_gave_and_nothing_else(undoing: Undoing) -> None:
    chain = undoing.chain
    ann, bob = await chain.join("Ann"), await chain.join("Bob", store="west-1")
    await chain.buy(ann, line(1_000))
    before = await undoing.balances()
    await give_points(chain)
    await chain.buy(ann, line(2_000), occurred_at=MONDAY + DAY)
    await chain.buy(bob, line(3_000), occurred_at=MONDAY + DAY)
    plain = {"Ann": before["Ann"] + 20, "Bob": before["Bob"] + 30}
    assert await undoing.balances() == {"Ann": plain["Ann"] + 20, "Bob": plain["Bob"] + 30}
    undone = await undoing.do()
    assert undone.state == "finished"
    assert undone.preview is not None
    assert (undone.preview["points"], undone.preview["takes"], undone.preview["spent"]) == (50, 50, 0)
    assert (undone.points_taken, undone.members_done, undone.differences) == (50, 2, 0)
    assert await undoing.balances() == plain
    assert await undoing.verified()


async def test_an_entry_of_an_undo_names_what_it_takes_back(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    bought = await chain.buy(await chain.join(), line(2_000))
    await undoing.do()
    (row,) = await undoing.rows(
        "select o.cause_id, e.kind, p.pack_version, p.rule_id, p.amount from entry_reversal r "
        "join ledger_entry e on e.id = r.entry_id join ledger_entry o on o.id = r.original_id "
        "join posting p on p.entry_id = e.id"
    )
    assert dict(row) == {
        "cause_id": bought.purchase_id,
        "kind": "reverse",
        "pack_version": "gift/1",
        "rule_id": "base",
        "amount": 20,
    }


async def test_undoing_twice_changes_nothing(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    await chain.buy(await chain.join("Ann"), line(2_000))
    first = await undoing.do()
    balances = await undoing.balances()
    again = await undoing.do(policy="within_balance")
    assert (first.points_taken, again.state) == (20, "empty")
    assert await undoing.balances() == balances
    assert await undoing.verified()


async def test_two_orders_at_once_take_back_once(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    await chain.buy(await chain.join("Ann"), line(2_000))
    orders = [await undoing.order(), await undoing.order()]
    for order in orders:
        await undoing.approve(order)
    done = []
    for order in orders:
        while (stands := await undoing.step(order)).state != "finished":
            pass
        done.append((stands.points_taken, stands.differences))
    assert done == [(20, 0), (0, 1)]
    assert (await undoing.balances())["Ann"] == 20
    assert await undoing.verified()


async def test_spent_points_are_let_be(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, valid_days=5)
    ann = await chain.join("Ann")
    await chain.buy(ann, line(2_000))
    await chain.buy(ann, line(3_000), occurred_at=MONDAY + 8 * DAY)
    undone = await undoing.do()
    assert undone.preview is not None
    assert (undone.preview["points"], undone.preview["takes"], undone.preview["spent"]) == (50, 30, 20)
    assert (undone.points_taken, undone.differences) == (30, 0)
    assert (await undoing.balances())["Ann"] == 50
    assert await undoing.verified()


async def test_within_balance_takes_what_is_missing_from_other_lots(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, valid_days=5)
    ann = await chain.join("Ann")
    await chain.buy(ann, line(2_000))
    await chain.buy(ann, line(3_000), occurred_at=MONDAY + 8 * DAY)
    undone = await undoing.do(policy="within_balance")
    assert undone.points_taken == 50
    assert (await undoing.balances())["Ann"] == 30
    assert await undoing.verified()


async def test_within_balance_never_goes_below_zero(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, "short", valid_days=5)
    poor = await chain.join("Poor", tags=("staff",))
    await chain.buy(poor, line(2_000))
    undone = await undoing.do("short/1", "within_balance")
    given = undone.preview["points"] if undone.preview else 0
    assert undone.points_taken <= given
    assert (await undoing.balances())["Poor"] >= 0
    assert await undoing.verified()


async def test_only_the_chosen_places_and_times_are_undone(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    ann = await chain.join("Ann")
    west = {"store_id": chain.stores["west-1"], "terminal_id": chain.tills["west-1-t1"]}
    await chain.buy(ann, line(1_000), occurred_at=MONDAY)
    await chain.buy(ann, line(2_000), occurred_at=MONDAY + DAY)
    await chain.buy(ann, line(4_000), occurred_at=MONDAY + 2 * DAY)
    await chain.buy(ann, line(8_000), occurred_at=MONDAY + DAY, **west)
    undone = await undoing.do(
        place=chain.stores["east-1"], since=MONDAY + timedelta(hours=1), until=MONDAY + 2 * DAY
    )
    assert undone.preview is not None
    assert [store["store"] for store in undone.preview["by_store"]] == ["east-1"]
    assert undone.points_taken == 20
    assert await undoing.verified()


async def test_a_purchase_given_to_a_member_later_is_undone_too(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    bought = await chain.buy(None, line(2_000))
    ann = await chain.join("Ann")
    async with chain.database.begin() as session:
        await attribute_purchase(session, chain.desk, bought.purchase_id, ann, ACTOR, MONDAY + DAY)
    assert (await undoing.do()).points_taken == 20
    assert (await undoing.balances())["Ann"] == 20
    assert await undoing.verified()


async def test_what_becomes_spent_after_the_preview_is_told_as_a_difference(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, valid_days=20)
    await chain.buy(await chain.join("Ann"), line(2_000))
    order = await undoing.order()
    await undoing.approve(order)
    undoing.at = MONDAY + 30 * DAY
    await undoing.step(order)
    done = await undoing.step(order)
    assert (done.state, done.points_taken, done.differences) == ("finished", 0, 1)
    assert await undoing.verified()


async def test_after_an_undo_everything_explains_itself_as_before(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, valid_days=20)
    ann = await chain.join("Ann")
    await chain.buy(ann, line(2_000))
    await chain.buy(ann, line(3_000), occurred_at=MONDAY + 5 * DAY)
    await undoing.do(until=MONDAY + DAY)
    later = MONDAY + 60 * DAY
    async with chain.database.begin() as session:
        await advance(session, chain.desk.packs, chain.desk.places, [ann], later, later)
    proof = await prove_in(chain.database, None)
    assert (proof.purchases, proof.disagreeing) == (2, 0), proof
    assert await undoing.verified()


async def test_a_member_falls_due_when_what_is_left_expires(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, valid_days=20)
    ann = await chain.join("Ann")
    await chain.buy(ann, line(2_000))
    soonest = "select next_expiry_at, next_due_at from standing where member_id = :who"
    (before,) = await undoing.rows(soonest, who=ann)
    assert before["next_expiry_at"] == MONDAY + 20 * DAY
    sent = "select count(*) as rows from outbox"
    (told,) = await undoing.rows(sent)
    await undoing.do()
    (after,) = await undoing.rows(soonest, who=ann)
    assert after["next_expiry_at"] > before["next_expiry_at"]
    assert after["next_due_at"] > before["next_due_at"]
    assert (await undoing.rows(sent))[0]["rows"] == told["rows"] + 1
