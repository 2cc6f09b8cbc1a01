"""Bulk actions: the list is frozen and exact, a reason is given, many freezes need two, each item once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from bulk_actions.world import Bulk, NoHands, somebody
from recompute_world import Recomputing, pack_without_it
from small_chain import MONDAY, line
from sqlalchemy import text
from unchecked_pack import publish_unchecked

from regulars.bulk_actions import service
from regulars.bulk_actions.domain import FREEZES_ALONE, BulkAction, Filter, needs_second_person
from regulars.bulk_actions.errors import (
    BulkFilterEmpty,
    BulkListDiffers,
    BulkNothingMatches,
    BulkReasonMissing,
    BulkStateWrong,
    OwnBulkApproval,
    UnknownBulkAction,
)
from regulars.bulk_actions.listing import Wish
from regulars.explanation.shelf import Shelf
from regulars.kernel.ids import new_id
from regulars.purchases.errors import IdempotencyMismatch
from regulars.recompute.domain import POINTS_ALONE
from regulars.security.domain import Role
from regulars.security.errors import PermissionDenied


async def join(bulk: Bulk, count: int, store: str = "east-1") -> list[UUID]:
    return [await bulk.chain.join(f"M{store}{number}", store=store) for number in range(count)]


def test_whatever_ends_workflows_and_freezing_many_need_a_second_person() -> None:
    assert needs_second_person("restart", 1)
    assert needs_second_person("freeze", FREEZES_ALONE + 1)
    assert needs_second_person("unfreeze", FREEZES_ALONE + 1)
    assert not needs_second_person("freeze", FREEZES_ALONE)
    assert not needs_second_person("retry", 1_000)


async def test_a_list_is_frozen_and_each_on_it_is_dealt_with_once(bulk: Bulk) -> None:
    members = await join(bulk, 3)
    action = await bulk.draw_up("retry", Filter(member_ids=tuple(members)))
    assert (action.state, action.items, action.more, action.reason) == ("draft", 3, False, None)
    assert (await bulk.step(action)).state == "draft"
    approved = await bulk.submit(action)
    assert approved.state == "approved"
    assert await bulk.submit(action) == approved
    await join(bulk, 1, "east-2")
    done = await bulk.finish(approved)
    assert (done.state, done.changed, done.unchanged, done.refused) == ("finished", 3, 0, 0)
    assert isinstance(bulk.hands, NoHands)
    assert sorted(bulk.hands.asked) == sorted(members)
    told = [result.outcome for result in await bulk.results(done) if result is not None]
    assert told == ["told"] * 3
    acts = await bulk.rows("select action from audit_entry where subject_kind = 'bulk_action' order by id")
    assert [act for (act,) in acts] == ["bulk_action.draw_up", "bulk_action.submit", "bulk_action.finish"]


async def test_what_broke_off_goes_on_where_it_stopped(bulk: Bulk) -> None:
    members = await join(bulk, 5)
    action = await bulk.submit(await bulk.draw_up("retry", Filter(stage="joined")))
    assert (await bulk.step(action)).done == 2
    bulk.hands = NoHands(breaks=1)
    with pytest.raises(ConnectionError):
        await bulk.step(action)
    done = await bulk.finish(action)
    assert (done.changed, len(bulk.hands.asked)) == (5, 3)
    assert set(bulk.hands.asked) < set(members)


async def test_two_workers_at_once_count_each_item_once(bulk: Bulk) -> None:
    await join(bulk, 4)
    action = await bulk.submit(await bulk.draw_up("tell", Filter(stage="joined")))
    await bulk.rows("select 1")
    waiting = await bulk.rows("select count(*) from outbox")
    await asyncio.gather(bulk.finish(action), bulk.finish(action))
    done = await bulk.step(action)
    assert (done.state, done.changed) == ("finished", 4)
    assert await bulk.rows("select count(*) from outbox") == [(waiting[0][0] + 4,)]


async def test_freezing_many_waits_for_somebody_else(bulk: Bulk) -> None:
    members = await join(bulk, FREEZES_ALONE + 1)
    action = await bulk.draw_up("freeze", Filter(member_ids=tuple(members)), freeze_reason="fraud_suspected")
    waiting = await bulk.submit(action)
    assert waiting.state == "in_review"
    assert (await bulk.step(waiting)).state == "in_review"
    with pytest.raises(OwnBulkApproval):
        await bulk.approve(waiting, bulk.orderer)
    async with bulk.chain.database.begin() as session:
        with pytest.raises(BulkListDiffers):
            await service.approve(
                session, bulk.chain.desk.places, action.id, "0" * 64, bulk.approver, bulk.at
            )
    approved = await bulk.approve(waiting)
    assert await bulk.approve(waiting) == approved
    assert (await bulk.finish(approved)).changed == len(members)
    frozen = await bulk.rows("select count(*) from standing where frozen_reason = 'fraud_suspected'")
    assert frozen == [(len(members),)]
    lifted = await bulk.submit(await bulk.draw_up("unfreeze", Filter(member_ids=tuple(members[:2]))))
    assert (await bulk.finish(lifted)).changed == 2
    again = await bulk.submit(await bulk.draw_up("unfreeze", Filter(member_ids=tuple(members[:3]))))
    done = await bulk.finish(again)
    assert (done.changed, done.unchanged) == (1, 2)


async def test_purchases_in_which_a_rule_failed_are_given_what_the_preview_says(bulk: Bulk) -> None:
    recomputing = Recomputing(bulk.chain)
    await recomputing.begin()
    mine = await bulk.chain.join("Mine")
    other = await bulk.chain.join("Other")
    await recomputing.fail(mine, 1_000)
    await recomputing.fail(other, 2_000)
    await recomputing.mend()
    action = await bulk.draw_up(
        "recompute", Filter(member_ids=(mine,), pack="failing"), versions=("failing/2",)
    )
    assert (action.items, action.points) == (1, 10)
    before = await recomputing.balance(mine)
    done = await bulk.finish(await bulk.submit(action))
    assert (done.changed, done.points_given) == (1, 10)
    assert await recomputing.balance(mine) == before + 10
    rest = await bulk.draw_up("recompute", versions=("failing/2",))
    assert (rest.items, rest.points) == (1, 20)
    assert (await bulk.finish(await bulk.submit(rest))).points_given == 20
    with pytest.raises(BulkNothingMatches):
        await bulk.draw_up("recompute")
    assert await recomputing.verified()


async def test_more_points_than_one_person_gives_alone_wait_for_somebody_else(bulk: Bulk) -> None:
    recomputing = Recomputing(bulk.chain)
    await recomputing.begin()
    members = [await bulk.chain.join(f"M{number}") for number in range(3)]
    for member in members:
        await recomputing.fail(member, 100 * POINTS_ALONE // 2)
    await recomputing.mend()
    first = await bulk.draw_up("recompute", Filter(member_ids=(members[0],)), versions=("failing/2",))
    assert not first.needs_second
    assert (await bulk.finish(await bulk.submit(first))).points_given == POINTS_ALONE // 2
    rest = await bulk.draw_up("recompute", versions=("failing/2",))
    assert (rest.points, rest.needs_second) == (POINTS_ALONE, False)
    waiting = await bulk.submit(rest)  # by itself it would do; together with the first it is too much
    assert (waiting.state, waiting.needs_second) == ("in_review", True)
    with pytest.raises(OwnBulkApproval):
        await bulk.approve(waiting, bulk.orderer)
    assert (await bulk.finish(await bulk.approve(waiting))).points_given == POINTS_ALONE
    approved = await bulk.rows("select count(*) from purchase_recompute where approved_by is not null")
    assert approved == [(2,)]
    assert await recomputing.verified()


async def test_what_is_closed_though_the_rule_that_failed_is_gone_waits_for_somebody_else(bulk: Bulk) -> None:
    recomputing = Recomputing(bulk.chain)
    await recomputing.begin()
    await recomputing.fail(await bulk.chain.join())
    await publish_unchecked(bulk.chain, pack_without_it(), version=2)
    rest = await bulk.draw_up("recompute", versions=("failing/2",))
    assert (rest.points, rest.dropped, rest.needs_second, rest.bound) == (0, 1, True, POINTS_ALONE)
    waiting = await bulk.submit(rest)
    assert waiting.state == "in_review"
    done = await bulk.finish(await bulk.approve(waiting))
    assert (done.unchanged, done.refused) == (1, 0)
    rows = await bulk.rows("select outcome->>'dropped', approved_by is not null from purchase_recompute")
    assert rows == [('["failing/1#listed"]', True)]
    assert await recomputing.verified()


async def test_what_became_more_than_the_list_says_stays_open(bulk: Bulk) -> None:
    recomputing = Recomputing(bulk.chain)
    await recomputing.begin()
    member = await bulk.chain.join()
    await recomputing.fail(member)
    await recomputing.mend()
    action = await bulk.submit(await bulk.draw_up("recompute", versions=("failing/2",)))
    before = await recomputing.balance(member)
    await spoil(bulk, "update bulk_action_item set points = points - 1")
    done = await bulk.finish(action)
    assert [(one.outcome, one.detail) for one in await bulk.results(done) if one] == [("refused", "differs")]
    assert await recomputing.balance(member) == before
    assert len(await recomputing.flagged()) == 1


async def spoil(bulk: Bulk, statement: str) -> None:
    """Change what must never be changed."""
    async with bulk.chain.database.begin() as session:
        await session.execute(text("set local session_replication_role = replica"))
        await session.execute(text(statement))


async def test_one_that_cannot_be_read_keeps_none_of_the_others_back(bulk: Bulk) -> None:
    recomputing = Recomputing(bulk.chain)
    await recomputing.begin()
    bought = [await recomputing.fail(await bulk.chain.join(f"M{number}")) for number in range(2)]
    await recomputing.mend()
    action = await bulk.submit(await bulk.draw_up("recompute", versions=("failing/2",)))
    spoilt = "update purchase set evaluation = evaluation #- '{{facts,store}}' where id = '{}'"
    await spoil(bulk, spoilt.format(bought[1].purchase_id))
    done = await bulk.finish(action)
    assert (done.changed, done.refused) == (1, 1)
    assert [one.detail for one in await bulk.results(done) if one] == ["", "record_unreadable"]
    acts = "select subject_id from audit_entry where action = 'purchase.recomputed'"
    assert await bulk.rows(acts) == [(str(bought[0].purchase_id),)]


async def test_the_same_id_with_another_wish_is_refused(bulk: Bulk) -> None:
    members = await join(bulk, 2)
    action_id = new_id()

    async def draw_up(member: UUID) -> BulkAction:
        wish = Wish("tell", bulk.chain.hq, Filter(member_ids=(member,)))
        async with bulk.chain.database.begin() as session:
            places = bulk.chain.desk.places
            return await service.draw_up(session, places, Shelf(), action_id, wish, bulk.orderer, bulk.at)

    first, same = await asyncio.gather(draw_up(members[0]), draw_up(members[0]))
    assert first == same
    with pytest.raises(IdempotencyMismatch):
        await draw_up(members[1])


async def test_those_whose_due_date_has_passed_are_found(bulk: Bulk) -> None:
    (early, _) = await join(bulk, 2)
    await bulk.chain.buy(early, line(1_000), occurred_at=MONDAY - timedelta(days=300))
    action = await bulk.draw_up("tell", Filter(overdue=True))
    assert action.items == 1
    (item, _), *_ = [(item, result) for item, result in await _items(bulk, action.id)]
    assert item.member_id == early


async def _items(bulk: Bulk, action_id: UUID) -> list[tuple[service.Item, service.Result | None]]:
    async with bulk.chain.database.read() as session:
        return await service.list_items(session, action_id, bulk.orderer.scope)


async def test_nobody_reaches_beyond_the_own_places(bulk: Bulk) -> None:
    members = await join(bulk, 2) + await join(bulk, 1, "west-1")
    east = somebody(bulk.chain, Role.OPS, at=bulk.chain.stores["east-1"])
    wanted = Filter(member_ids=tuple(members))
    with pytest.raises(PermissionDenied):
        await bulk.draw_up("retry", wanted, east)
    mine = await bulk.draw_up("retry", wanted, east, place=bulk.chain.stores["east-1"])
    assert mine.items == 2
    west = somebody(bulk.chain, Role.OPS, at=bulk.chain.stores["west-1"])
    async with bulk.chain.database.read() as session:
        with pytest.raises(UnknownBulkAction):
            await service.get_action(session, mine.id, west.scope)
    marketer = somebody(bulk.chain, Role.MARKETING)
    with pytest.raises(PermissionDenied):
        await bulk.draw_up("retry", wanted, marketer)


async def test_everybody_nobody_and_no_reason_are_refused(bulk: Bulk) -> None:
    (member,) = await join(bulk, 1)
    with pytest.raises(BulkFilterEmpty):
        await bulk.draw_up("retry")
    with pytest.raises(BulkNothingMatches):
        await bulk.draw_up("retry", Filter(stage="lapsed"))
    action = await bulk.draw_up("retry", Filter(member_ids=(member,)))
    async with bulk.chain.database.begin() as session:
        places, who = bulk.chain.desk.places, bulk.orderer
        with pytest.raises(BulkReasonMissing):
            await service.submit(session, places, action.id, action.content_hash, " x ", who, bulk.at)
        cancelled = await service.cancel(session, places, action.id, "not now", who, bulk.at)
        assert cancelled.state == "cancelled"
        with pytest.raises(BulkStateWrong):
            await service.submit(session, places, action.id, action.content_hash, "now", who, bulk.at)
    assert (await bulk.step(action)).done == 0
