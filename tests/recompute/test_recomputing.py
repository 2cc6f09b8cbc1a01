"""Members get what a failed rule kept from them: once, by whom and why is kept, and the books agree."""

import asyncio
from datetime import timedelta

import pytest
from budget_world import another_desk, counters, limit
from recompute_world import EVERYTHING, Killed, Recomputing, mended_pack
from rehearsal.world import Rehearsals, draft
from small_chain import ACTOR, MONDAY, line, open_small_chain
from unchecked_pack import publish_unchecked
from undoing.world import Undoing

from regulars.db.session import Database
from regulars.entrypoints.explaining import prove_in
from regulars.explanation.event_service import explain_event
from regulars.explanation.service import explain_purchase
from regulars.explanation.shelf import Shelf
from regulars.kernel.ids import new_id
from regulars.purchases.attribution import attribute_purchase
from regulars.recompute.domain import FailedRule
from regulars.recompute.errors import RecomputeReasonMissing, RecomputeVersionUnfit
from regulars.recompute.repository import Wanted
from regulars.recompute.running import said_reason
from regulars.security.scope import EVERYWHERE as WHOLE_CHAIN

DAY = timedelta(days=1)


@pytest.fixture
async def recomputing(database: Database) -> Recomputing:
    return Recomputing(await open_small_chain(database, packs=("classic-tiers",)))


async def test_members_get_once_what_a_mended_rule_gives(recomputing: Recomputing) -> None:
    await recomputing.begin()
    member, other = await recomputing.chain.join(), await recomputing.chain.join("Li Wei")
    bought = [await recomputing.fail(one, minor) for one, minor in ((member, 1_000), (other, 500))]
    assert [one.receipt["flags"] for one in bought] == [["recompute"]] * 2
    (first, _) = await recomputing.flagged()
    assert first.failed == (FailedRule("failing/1", "listed", "Thrown"),)
    assert [one.reckoned.state for one in (await recomputing.preview()).items] == ["failing"] * 2
    assert [one.reckoned.state for one in (await recomputing.batch()).items] == ["failing"] * 2
    await recomputing.mend()
    told = await recomputing.preview("failing/2")
    assert [(one.reckoned.state, one.reckoned.points) for one in told.items] == [("due", 10), ("due", 5)]
    assert await recomputing.balance(member) == 0
    done = await recomputing.batch("failing/2")
    assert [one.reckoned for one in done.items] == [one.reckoned for one in told.items]
    assert (await recomputing.batch("failing/2")).items == []
    assert await recomputing.flagged() == []
    assert (await recomputing.balance(member), await recomputing.balance(other)) == (10, 5)
    posted = await recomputing.rows(
        "select e.kind, p.pack_version, p.rule_id, p.amount from ledger_entry e "
        "join posting p on p.entry_id = e.id order by p.amount"
    )
    assert posted == [("correct", "failing/2", "listed", 5), ("correct", "failing/2", "listed", 10)]
    resolved = await recomputing.flagged(Wanted(("",), resolved=True))
    assert [(one.resolved.points, one.resolved.reason) for one in resolved if one.resolved] == [
        (10, "mended"),
        (5, "mended"),
    ]
    acts = await recomputing.rows("select reason from audit_entry where action = 'purchase.recomputed'")
    assert acts == [("mended",)] * 2
    assert await recomputing.verified()


async def test_a_mended_rule_may_ask_what_the_record_does_not_keep(recomputing: Recomputing) -> None:
    await recomputing.begin()
    member = await recomputing.chain.join()
    for days, minor in ((31, 500), (30, 42)):
        await recomputing.chain.buy(member, line(minor), occurred_at=MONDAY - days * DAY)
    await recomputing.fail(member)
    document = mended_pack()
    document["rules"][0]["then"]["earn"] |= {"amount": {"var": "member.spend_30d_minor"}, "per": 1}
    await publish_unchecked(recomputing.chain, document, version=2)
    (done,) = (await recomputing.batch("failing/2")).items
    assert (done.reckoned.state, done.reckoned.points) == ("due", 42)
    assert await recomputing.verified()


async def test_batches_go_on_where_a_killed_run_stopped_and_two_at_once_double_nothing(
    recomputing: Recomputing,
) -> None:
    await recomputing.begin()
    members = [await recomputing.chain.join(f"Member {number}") for number in range(6)]
    for member in members:
        await recomputing.fail(member)
    await recomputing.mend()
    stopped = await recomputing.batch("failing/2", limit=2)
    assert (len(stopped.items), stopped.next_after is None) == (2, False)
    with pytest.raises(Killed):
        await recomputing.batch("failing/2", killed=True)
    assert len(await recomputing.flagged()) == 4
    await asyncio.gather(*(recomputing.batch("failing/2", limit=limit) for limit in (3, 4, 2)))
    while (await recomputing.batch("failing/2", limit=3)).items:
        pass
    assert [await recomputing.balance(member) for member in members] == [10] * 6
    assert await recomputing.rows("select count(*) from ledger_entry where kind = 'correct'") == [(6,)]
    assert await recomputing.verified()


async def test_what_is_added_stays_within_the_limits_of_the_day_it_was_bought(
    recomputing: Recomputing,
) -> None:
    limits = {"limits": [limit(14, per="member")]}
    await recomputing.begin(**limits)
    member = await recomputing.chain.join()
    await recomputing.fail(member)
    await recomputing.fail(member, occurred_at=MONDAY + timedelta(hours=1))
    await recomputing.mend(**limits)
    done = await recomputing.batch("failing/2")
    assert [one.reckoned.points for one in done.items] == [10, 4]
    assert await counters(recomputing.chain) == {("cap", "2026-03-02"): (14, 0)}
    assert await recomputing.verified()


async def test_points_are_dated_by_the_purchase_and_pay_a_debt_first(recomputing: Recomputing) -> None:
    await recomputing.begin()
    member = await recomputing.chain.join()
    await recomputing.fail(member)
    await recomputing.mend()
    async with recomputing.chain.database.begin() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            f"insert into balance (account_id, unit, amount, owed) values ('{member}', 'points', 0, 4)"
        )
    await recomputing.batch("failing/2")
    assert await recomputing.balance(member) == 6
    assert await recomputing.rows("select amount, available_at, expires_at from lot") == [
        (10, MONDAY, MONDAY + 365 * DAY)
    ]
    standing = "select next_expiry_at, next_due_at <= next_expiry_at from standing"
    assert await recomputing.rows(standing) == [(MONDAY + 365 * DAY, True)]


async def test_a_purchase_without_a_member_is_settled_and_may_fail_again_when_somebody_claims_it(
    recomputing: Recomputing,
) -> None:
    await recomputing.begin()
    bought = await recomputing.fail(None)
    (told,) = (await recomputing.preview()).items
    assert told.reckoned.state == "failing"
    member = await recomputing.chain.join()
    desk = another_desk()
    async with recomputing.chain.database.begin() as session:
        await desk.places.refresh(session)
        await attribute_purchase(session, desk, bought.purchase_id, member, ACTOR, MONDAY + DAY)
    (flagged,) = await recomputing.flagged()
    assert (flagged.cause, flagged.member_id) == ("attribution", member)
    nobody = await recomputing.fail(None)
    await recomputing.mend()
    done = {one.flagged.purchase_id: one.reckoned for one in (await recomputing.batch("failing/2")).items}
    assert done[bought.purchase_id].points == 10
    assert done[nobody.purchase_id].state == "no_member"
    assert await recomputing.flagged() == []
    assert await recomputing.verified()


async def test_a_version_must_have_been_released_for_the_store_and_not_be_rolled_back(
    recomputing: Recomputing,
) -> None:
    await recomputing.begin()
    await recomputing.fail(await recomputing.chain.join())
    for unfit in ("failing/9", "failing", "nothing/1", "failing/x"):
        with pytest.raises(RecomputeVersionUnfit):
            await recomputing.preview(unfit)
    await recomputing.mend()
    with pytest.raises(RecomputeVersionUnfit):
        await recomputing.preview("failing/1", "failing/2")
    async with recomputing.chain.database.begin() as session:
        connection = await session.connection()
        version = "(select id from pack_version where version = 2 and code = 'failing')"
        west = recomputing.chain.stores["east-1"]
        await connection.exec_driver_sql(
            "insert into pack_activation (pack_code, version_id, place_id, live_from, recorded_at, "
            f"recorded_by, rolled_back_id) values ('failing', null, '{west}', now(), now(), 'x', {version})"
        )
    (told,) = (await recomputing.preview("failing/2")).items
    assert (told.reckoned.state, told.reckoned.points) == ("rolled_back", 0)
    await recomputing.batch("failing/2")
    assert len(await recomputing.flagged()) == 1


async def test_lists_are_by_place_and_pack(recomputing: Recomputing) -> None:
    await recomputing.begin()
    await recomputing.fail(await recomputing.chain.join())
    here = recomputing.places.get(recomputing.chain.stores["east-1"]).path
    other = recomputing.places.get(recomputing.chain.stores["west-1"]).path
    assert len(await recomputing.flagged(Wanted((here,), pack="failing"))) == 1
    assert await recomputing.flagged(Wanted((other,))) == []
    assert await recomputing.flagged(Wanted((here,), pack="another")) == []
    assert await recomputing.flagged(Wanted((here,), purchase_ids=(new_id(),))) == []
    assert (await recomputing.batch("failing/1", wanted=Wanted((other,)))).items == []
    assert len(await recomputing.flagged(EVERYTHING)) == 1


def test_a_reason_is_said() -> None:
    assert said_reason("  修好 ") == "修好"
    for reason in ("", " x ", "x" * 501):
        with pytest.raises(RecomputeReasonMissing):
            said_reason(reason)


async def test_what_recomputing_gave_is_undone_with_the_version_that_gave_it(
    recomputing: Recomputing,
) -> None:
    chain = recomputing.chain
    await recomputing.begin()
    member = await chain.join()
    failed = await recomputing.fail(member)
    await recomputing.mend()
    await recomputing.batch("failing/2")
    await chain.buy(member, line(500), occurred_at=recomputing.at)
    assert await recomputing.balance(member) == 15
    undoing = Undoing(chain, at=recomputing.at + DAY)
    undone = await undoing.do("failing/2")
    assert (undone.state, undone.points_taken, undone.differences) == ("finished", 15, 0)
    assert await recomputing.balance(member) == 0
    assert (await undoing.do("failing/2")).state == "empty"
    async with chain.database.read() as session:
        found = await explain_purchase(session, Shelf(), chain.desk.places, failed.purchase_id, WHOLE_CHAIN)
        (taken,) = found.taken_back
        event = await explain_event(session, Shelf(), chain.desk.places, taken.entry_id, WHOLE_CHAIN)
    assert (taken.points, event.purchase_id, event.differences) == (10, failed.purchase_id, ())
    report = await Rehearsals(chain, at=recomputing.at + 3 * DAY).report(draft("classic-tiers"))
    assert report["taken_back_points"] == {"before": 15, "after": 15, "difference": 0}
    assert report["liability_points"] == {"before": 0, "after": 0, "difference": 0}
    assert (await prove_in(chain.database, None)).ok
    assert await recomputing.verified()


async def test_an_order_that_corrects_a_version_leaves_failed_purchases_to_recomputing(
    recomputing: Recomputing,
) -> None:
    await recomputing.begin()
    first, second = await recomputing.chain.join(), await recomputing.chain.join("Li Wei")
    early = await recomputing.fail(first)
    await recomputing.fail(second)
    await recomputing.mend()
    await recomputing.batch("failing/2", wanted=Wanted(("",), purchase_ids=(early.purchase_id,)))
    undoing = Undoing(recomputing.chain, at=recomputing.at)
    assert (await undoing.do("failing/1", to_version=2)).state == "empty"
    (told,) = (await recomputing.batch("failing/2")).items
    assert told.reckoned.points == 10
    assert [await recomputing.balance(member) for member in (first, second)] == [10, 10]
    assert await recomputing.verified()
