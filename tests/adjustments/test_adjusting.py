"""Points are given and taken by hand: within a limit at once, beyond it by four eyes, never twice."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from adjustments.world import DAY, NOW, Adjusting
from small_chain import ACTOR, KEYS, MONDAY, line, open_small_chain
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.adjustments import service
from regulars.adjustments.domain import AdjustmentReason, Allowance
from regulars.adjustments.errors import (
    AdjustmentBeyondBalance,
    AdjustmentDiffers,
    AdjustmentFrozen,
    AdjustmentNeedsPerson,
    AdjustmentNoteMissing,
    AdjustmentNotReversible,
    AdjustmentPointsInvalid,
    AdjustmentReasonUnknown,
    AdjustmentStateWrong,
    OwnAdjustmentDecision,
    UnknownAdjustment,
)
from regulars.db.session import Database
from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_id
from regulars.ledger import service as ledger
from regulars.ledger.domain import reverse_entry
from regulars.lifecycle import freezing
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.enrolment import enrol
from regulars.members.domain import NewMember
from regulars.members.errors import UnknownMember
from regulars.members.service import MemberRules, get_member
from regulars.rules.live import LivePacks
from regulars.security import audit
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE


async def test_within_the_limit_points_are_given_at_once_and_expire(world: Adjusting) -> None:
    member = await world.chain.join()
    desk = world.person("service_desk", "east-1")
    given = await world.ask(member, 300, desk)
    assert (given.state, given.within_limit, given.decided_by) == ("posted", True, f"operator:{desk.id}")
    assert await world.figures(member) == (300, 0)
    places = world.chain.desk.places
    async with world.chain.database.begin() as session:
        (due,) = await lifecycle.advance(session, LivePacks(), places, [member], NOW, NOW)
        assert due.next_due_at is not None
        later = NOW + 365 * DAY
        await lifecycle.advance(session, LivePacks(), places, [member], later, later)
    assert await world.figures(member) == (0, 0)


async def test_a_request_that_comes_again_is_the_same_and_with_other_content_refused(
    world: Adjusting,
) -> None:
    member = await world.chain.join()
    desk, asked = world.person("store"), new_id()
    first = await world.ask(member, 50, desk, id=asked)
    assert await world.ask(member, 50, desk, id=asked) == first
    for points, other in ((51, desk), (50, world.person("store"))):
        with pytest.raises(AdjustmentDiffers):
            await world.ask(member, points, other, id=asked)
    assert await world.figures(member) == (50, 0)


async def test_at_once_the_same_request_posts_once_and_the_limit_holds(world: Adjusting) -> None:
    member = await world.chain.join()
    desk, asked = world.person("store"), new_id()
    same = await asyncio.gather(*(world.ask(member, 20, desk, id=asked) for _ in range(4)))
    assert {one.id for one in same} == {asked}
    others = await asyncio.gather(*(world.ask(member, 60, desk) for _ in range(5)))
    assert sorted(one.state for one in others) == ["posted"] * 3 + ["waiting"] * 2
    assert await world.figures(member) == (200, 0)


async def test_beyond_the_limit_somebody_else_decides(world: Adjusting) -> None:
    member = await world.chain.join()
    both = world.person("admin")
    asked = await world.ask(member, 2_001, both)
    assert asked.state == "waiting"
    assert await world.figures(member) == (0, 0)
    with pytest.raises(OwnAdjustmentDecision):
        await world.approve(asked, both)
    with pytest.raises(PermissionDenied):
        await world.approve(asked, world.person("service_desk"))
    with pytest.raises(UnknownAdjustment):
        await world.approve(asked, world.person("finance", "east-2"))
    finance = world.person("finance", "east")
    done = await asyncio.gather(*(world.approve(asked, finance) for _ in range(3)))
    assert {one.state for one in done} == {"posted"}
    assert await world.figures(member) == (2_001, 0)
    with pytest.raises(AdjustmentStateWrong):
        await world.approve(asked, world.person("approver"))


async def test_two_who_decide_at_once_are_not_both_right(world: Adjusting) -> None:
    member = await world.chain.join()
    asked = await world.ask(member, 900, world.person("store"))
    people = (world.person("finance"), world.person("approver"))
    done = await asyncio.gather(*(world.approve(asked, one) for one in people), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Adjustment", "AdjustmentStateWrong"]
    assert await world.figures(member) == (900, 0)


async def test_an_approval_does_not_use_up_the_days_limit_and_the_next_day_it_is_whole(
    world: Adjusting,
) -> None:
    member = await world.chain.join()
    desk = world.person("store")
    await world.ask(member, 150, desk)
    waiting = await world.ask(member, -60, desk)
    await world.approve(waiting, world.person("finance"))
    places = world.chain.desk.places
    store = world.chain.stores["east-1"]
    async with world.chain.database.read() as session:
        assert await service.read_allowance(session, places, store, desk, NOW) == Allowance(200, 150)
    assert (await world.ask(member, 60, desk)).state == "waiting"
    assert (await world.ask(member, 60, desk, at=NOW + DAY)).state == "posted"
    assert await world.figures(member) == (150, 0)


async def test_a_limit_is_that_of_the_role_at_the_members_store_and_the_chain_may_set_it(
    database: Database,
) -> None:
    chain = await open_small_chain(database, settings={"adjustment_points_a_day": {"service_desk": 40}})
    await chain.join()
    world = Adjusting(chain)
    member = chain.members["Chen Jing"]
    assert (await world.ask(member, 40, world.person("service_desk"))).state == "posted"
    assert (await world.ask(member, 41, world.person("service_desk"))).state == "waiting"
    assert (await world.ask(member, 1, world.person("store"))).state == "waiting"
    with pytest.raises(UnknownMember):
        await world.ask(member, 1, world.person("service_desk", "east-2"))


async def test_points_are_taken_from_what_expires_soonest_and_never_below_zero(world: Adjusting) -> None:
    member = await world.chain.join()
    desk = world.person("service_desk")
    await world.chain.buy(member, line(10_000), occurred_at=MONDAY)
    (owned, _) = await world.figures(member)
    await world.ask(member, 10, desk)
    with pytest.raises(AdjustmentBeyondBalance) as refused:
        await world.ask(member, -(owned + 11), desk)
    assert refused.value.details["available"] == owned + 10
    await world.ask(member, -(owned + 4), desk)
    assert await world.figures(member) == (6, 0)


async def test_an_adjustment_is_reversed_once_and_its_points_keep_their_dates(world: Adjusting) -> None:
    member = await world.chain.join()
    desk = world.person("service_desk")
    bought = await world.chain.buy(member, line(10_000), occurred_at=MONDAY)
    (owned, _) = await world.figures(member)
    taken = await world.ask(member, -owned, desk)
    back = await world.ask(member, None, desk, reverses=taken.id, reason="wrong_entry", note="wrong member")
    assert (back.points, back.state) == (owned, "posted")
    async with world.chain.database.read() as session:
        ends = await session.execute(
            text("select distinct expires_at from lot where account_id = :m"), {"m": member}
        )
        assert len(ends.all()) == 1
    assert bought.replayed is False
    for wrong in (taken.id, back.id, new_id()):
        with pytest.raises(AdjustmentNotReversible):
            await world.ask(member, None, desk, reverses=wrong)
    given = await world.ask(member, 30, desk, at=NOW + DAY)
    gone = await world.ask(member, None, desk, reverses=given.id, at=NOW + DAY)
    assert (gone.points, await world.figures(member)) == (-30, (owned, 0))


async def test_a_reversal_that_waits_keeps_others_from_asking_for_it(world: Adjusting) -> None:
    member = await world.chain.join()
    desk = world.person("store")
    given = await world.ask(member, 150, desk)
    waiting = await world.ask(member, None, desk, reverses=given.id)
    assert waiting.state == "waiting"
    with pytest.raises(AdjustmentNotReversible):
        await world.ask(member, None, desk, reverses=given.id)
    places = world.chain.desk.places
    finance = replace(world.person("finance"), scope=EVERYWHERE)
    async with world.chain.database.begin() as session:
        refused = await service.reject(session, places, waiting.id, "the member is right", finance, NOW)
    assert (refused.state, refused.words) == ("rejected", "the member is right")
    again = await world.ask(member, None, desk, reverses=given.id)
    async with world.chain.database.begin() as session:
        own = desk.admitted(Permission.ADJUSTMENT_REQUEST)
        assert (await service.withdraw(session, again.id, own, NOW)).state == "withdrawn"
        with pytest.raises(UnknownAdjustment):
            await service.withdraw(session, given.id, finance, NOW)
    assert await world.figures(member) == (150, 0)


async def test_what_is_given_pays_a_debt_first(world: Adjusting) -> None:
    member = await world.chain.join()
    async with world.chain.database.begin() as session:
        await owe(session, member, 70)
    await world.ask(member, 100, world.person("service_desk"))
    assert await world.figures(member) == (30, 0)


async def owe(session: AsyncSession, member: UUID, points: int) -> None:
    """A debt as an undo order leaves it."""
    order = new_id()
    entry = reverse_entry(new_id(), order, member, MONDAY, new_id(), (), (), [("gift/1", "base", points)])
    await ledger.post(session, [entry], MONDAY)


async def test_a_frozen_account_is_given_nothing_and_may_be_taken_from(world: Adjusting) -> None:
    member = await world.chain.join()
    desk = world.person("service_desk")
    await world.ask(member, 100, desk)
    order = freezing.Order(new_id(), member, "operator", desk.id, EVERYWHERE)
    async with world.chain.database.begin() as session:
        await freezing.freeze(session, LivePacks(), world.chain.desk.places, order, "fraud_suspected", NOW)
    with pytest.raises(AdjustmentFrozen):
        await world.ask(member, 1, desk)
    assert (await world.ask(member, -100, desk)).state == "posted"


async def test_what_makes_no_sense_is_refused_by_name(world: Adjusting) -> None:
    member = await world.chain.join()
    desk = world.person("store")
    cases: tuple[tuple[type[RegularsError], int | None, dict[str, object]], ...] = (
        (AdjustmentPointsInvalid, 0, {}),
        (AdjustmentPointsInvalid, 1_000_001, {}),
        (AdjustmentPointsInvalid, None, {}),
        (AdjustmentReasonUnknown, 1, {"reason": "because"}),
        (AdjustmentNoteMissing, 1, {"note": " x "}),
        (AdjustmentNoteMissing, 1, {"note": "x" * 201}),
        (AdjustmentNoteMissing, 1, {"note": "one\x00two"}),
    )
    for problem, points, wish in cases:
        with pytest.raises(problem):
            await world.ask(member, points, desk, **wish)
    with pytest.raises(AdjustmentNeedsPerson):
        await world.ask(member, 1, ACTOR)
    with pytest.raises(UnknownMember):
        await world.ask(new_id(), 1, desk)
    assert {reason.value for reason in AdjustmentReason} >= {"goodwill", "other"}


async def test_each_act_is_in_the_audit_log_and_the_database_itself_wants_four_eyes(world: Adjusting) -> None:
    member = await world.chain.join()
    asked = await world.ask(member, 900, world.person("store"))
    await world.approve(asked, world.person("finance"))
    async with world.chain.database.read() as session:
        lines = await audit.of_subject(session, "adjustment", str(asked.id))
    assert [(one.action, one.reason) for one in lines] == [
        ("adjustment.request", "for the wait"),
        ("adjustment.approve", "seen"),
    ]
    with pytest.raises(IntegrityError, match="four_eyes"):
        async with world.chain.database.begin() as session:
            await session.execute(text("update adjustment set decided_by = requested_by"))


async def test_adjustments_are_listed_by_key_where_the_member_is_at_home(world: Adjusting) -> None:
    member = await world.chain.join()
    desk = world.person("store")
    asked = [await world.ask(member, 1, desk, at=NOW + timedelta(minutes=i)) for i in range(5)]
    found: list[UUID] = []
    after = None
    async with world.chain.database.read() as session:
        while True:
            page = await service.list_adjustments(session, EVERYWHERE, after=after, limit=2)
            found += [one.id for one in page.adjustments]
            after = page.next_after
            if after is None:
                break
        elsewhere = world.person("store", "west-1").admitted(Permission.ADJUSTMENT_READ).scope
        assert (await service.list_adjustments(session, elsewhere, limit=9)).adjustments == []
    assert found == [one.id for one in reversed(asked)]


async def test_who_told_no_name_is_a_member_all_the_same(world: Adjusting) -> None:
    await world.chain.join()  # after which the places are known here
    new = NewMember(new_id(), None, world.chain.stores["east-1"], NOW, phone="+12125550199")
    rules = MemberRules.of(world.chain.desk.places.chain, KEYS)
    async with world.chain.database.begin() as session:
        written = await enrol(session, new, rules, world.chain.desk.places, ACTOR, NOW)
        assert (await get_member(session, written.id, EVERYWHERE)).name == ""
