"""A rehearsal knows what was taken back: of what is live it still differs from history by nothing."""

from datetime import timedelta

import orjson
import pytest
from budget_world import EARN, pack
from recompute_world import Recomputing
from rehearsal.test_live_equals_history import assert_no_difference, replay_all
from rehearsal.world import DAY, Rehearsals, draft
from small_chain import MONDAY, SmallChain, line
from undoing.world import Undoing, give_points

from regulars.lifecycle.service import advance
from regulars.undoing.domain import Policy


def gift(**earn: int) -> str:
    """The same pack, or with other numbers."""
    changed = {"valid_days": 30, "per": 50} | earn
    document = orjson.loads(pack("gift", "earning", "base", {"earn": EARN["earn"] | changed}, []))
    del document["limits"]
    return orjson.dumps(document).decode()


@pytest.fixture
async def undoing(chain: SmallChain) -> Undoing:
    """Three members buy while a gift is live that expires after 30 days; it is undone; they buy on."""
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
    await give_points(chain, valid_days=30, per=50)
    undoing = Undoing(chain, at=MONDAY + 35 * DAY)
    for name, days in (("Ann", (0, 20)), ("Bob", (34,)), ("Cy", (0,))):
        member = await chain.join(name)
        for day in days:
            await chain.buy(member, line(2_050), occurred_at=MONDAY + day * DAY)
    return undoing


async def buy_on(undoing: Undoing) -> None:
    """More is bought, one of it before what was undone and recorded late, and time goes by."""
    chain = undoing.chain
    await chain.buy(chain.members["Ann"], line(1_050), occurred_at=MONDAY + 36 * DAY)
    await chain.buy(chain.members["Cy"], line(5_050), occurred_at=MONDAY + 36 * DAY)
    late = chain.basket(chain.members["Bob"], line(990), occurred_at=MONDAY + 33 * DAY)
    await chain.post(late, at=MONDAY + 37 * DAY)
    until = MONDAY + 400 * DAY
    async with chain.database.begin() as session:
        ids = list(chain.members.values())
        await advance(session, chain.desk.packs, chain.desk.places, ids, until, until)


@pytest.mark.parametrize("policy", ["let_be", "within_balance", "debt"])
async def test_what_is_live_gives_what_stands_after_an_undo(undoing: Undoing, policy: Policy) -> None:
    done = await undoing.do(policy=policy)
    assert done.points_taken > 0
    await buy_on(undoing)
    sums = await replay_all(undoing.chain.database)
    assert_no_difference(sums)
    (paid,) = await undoing.rows(
        "select coalesce(sum(amount), 0) as points from posting p "
        "join ledger_entry e on e.id = p.entry_id where e.kind = 'repay'"
    )
    assert sums.taken_back_points.before == done.points_taken + paid["points"]
    assert sums.taken_back_points.after == sums.taken_back_points.before
    assert (paid["points"] > 0) == (policy == "debt")
    held = sum((await undoing.balances()).values())
    assert sums.open_points.before == held
    assert await undoing.verified()


async def test_two_undos_of_the_same_version_are_both_replayed(undoing: Undoing) -> None:
    first = await undoing.do(until=MONDAY + 10 * DAY, policy="within_balance")
    second = await undoing.do(policy="within_balance")
    assert first.points_taken > 0
    assert second.points_taken > 0
    await buy_on(undoing)
    sums = await replay_all(undoing.chain.database)
    assert_no_difference(sums)
    assert sums.taken_back_points.before == first.points_taken + second.points_taken


async def test_a_report_tells_what_was_taken_back_and_what_a_draft_would_leave(undoing: Undoing) -> None:
    done = await undoing.do()
    rehearsals = Rehearsals(undoing.chain, at=MONDAY + 40 * DAY)
    same = await rehearsals.report(gift())
    for figure in ("points", "expired_points", "taken_back_points", "liability_points"):
        assert same[figure]["difference"] == 0, figure
    assert same["taken_back_points"]["before"] == done.points_taken
    assert same["liability_points"]["before"] == sum((await undoing.balances()).values())
    assert done.points_taken == 2 * 41
    half = await rehearsals.report(gift(per=100))
    assert half["taken_back_points"]["after"] == 2 * 20
    more = await rehearsals.report(gift(valid_days=365))
    assert more["taken_back_points"]["difference"] == 0


async def test_what_a_draft_leaves_unpaid_is_owed_and_whoever_owes_has_nothing_open(
    undoing: Undoing,
) -> None:
    chain = undoing.chain
    await undoing.do(policy="debt")
    (owed,) = await undoing.rows("select sum(owed)::bigint as points from balance where owed > 0")
    await chain.buy(chain.members["Cy"], line(5_050), occurred_at=MONDAY + 36 * DAY)
    (still,) = await undoing.rows("select sum(owed)::bigint as points from balance where owed > 0")
    rehearsals = Rehearsals(chain, at=MONDAY + 40 * DAY)
    same = await rehearsals.report(gift())
    assert owed["points"] > still["points"] > 0
    assert same["owed_points"] == {"before": still["points"], "after": still["points"], "difference": 0}
    less = await rehearsals.report(draft("grocery-classic", minor_per_point=2_000))
    held = await undoing.balances()
    assert less["owed_points"]["before"] == still["points"] < less["owed_points"]["after"]
    assert less["liability_points"]["before"] == sum(held.values())
    earned, expired, taken = (
        less[figure]["after"] for figure in ("points", "expired_points", "taken_back_points")
    )
    assert less["liability_points"]["after"] == earned - expired - taken


async def test_what_is_taken_back_after_the_span_is_still_open_in_it(undoing: Undoing) -> None:
    await undoing.do()
    rehearsals = Rehearsals(undoing.chain, at=MONDAY + 40 * DAY)
    before = await rehearsals.report(gift(), until=undoing.at - timedelta(seconds=1))
    after = await rehearsals.report(gift(), until=undoing.at + timedelta(seconds=1))
    assert before["taken_back_points"] == {"before": 0, "after": 0, "difference": 0}
    taken = after["taken_back_points"]["before"]
    assert before["liability_points"]["before"] - after["liability_points"]["before"] == taken > 0


async def test_what_a_correction_gave_is_part_of_history_too(chain: SmallChain) -> None:
    recomputing = Recomputing(chain)
    await recomputing.begin()
    bought = await recomputing.fail(await chain.join("Ann"))
    await recomputing.mend()
    await recomputing.batch("failing/2")
    sums = await replay_all(chain.database)
    assert_no_difference(sums)
    held = await recomputing.balance(chain.members["Ann"])
    assert sums.open_points.before == held == bought.receipt["points"] + 10
    until = MONDAY + 1_500 * DAY
    async with chain.database.begin() as session:
        await advance(
            session, chain.desk.packs, chain.desk.places, list(chain.members.values()), until, until
        )
    gone = await replay_all(chain.database)
    assert_no_difference(gone)
    assert (gone.expired_points.before, gone.open_points.before) == (held, 0)
