"""What recomputing puts right beside points: tiers and dates, once, and only with a second person."""

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest
from recompute_world import Recomputing, pack_without_it, tiers_pack
from rehearsal.world import Rehearsals, draft
from small_chain import ACTOR, MONDAY, line, open_small_chain
from unchecked_pack import failing_pack, publish_unchecked
from undoing.world import Undoing, somebody

from regulars.adjustments.domain import Wish
from regulars.adjustments.service import request_adjustment
from regulars.db.session import Database
from regulars.entrypoints.explaining import prove_in
from regulars.explanation.event_service import explain_event
from regulars.explanation.service import explain_purchase
from regulars.explanation.shelf import Shelf
from regulars.kernel.ids import new_id
from regulars.outlays.following import follow
from regulars.recompute.bounds import Asked, Bound, approve_points_alone, get_bound, set_points_alone
from regulars.recompute.domain import POINTS_ALONE
from regulars.recompute.errors import (
    OwnBoundApproval,
    RecomputeBoundDiffers,
    RecomputeBoundInvalid,
    RecomputeReasonMissing,
)
from regulars.recompute.repository import Wanted
from regulars.rules.live import LivePacks
from regulars.security.actor import Actor
from regulars.security.domain import Role
from regulars.security.scope import EVERYWHERE as WHOLE_CHAIN

DAY = timedelta(days=1)
ALWAYS = {
    "id": "always",
    "order": 5,
    "title": {"zh": "基础", "en": "Basic"},
    "when": True,
    "then": {"earn": {"unit": "points", "amount": {"var": "purchase.sales_minor"}, "per": 100}},
}


def dated_pack(valid_days: int) -> dict[str, Any]:
    """Points of the rule that does not fail are valid for so long."""
    document = failing_pack()
    rule = orjson.loads(orjson.dumps(ALWAYS))
    rule["then"]["earn"]["valid_days"] = valid_days
    document["rules"].append(rule)
    return document


def mended(valid_days: int) -> dict[str, Any]:
    """The same, in which no rule fails."""
    document = dated_pack(valid_days)
    document["rules"][0]["then"]["earn"]["amount"] = {"var": "purchase.sales_minor"}
    return document


@pytest.fixture
async def tiered(database: Database) -> Recomputing:
    """Tiers of which a rule fails, and their mended version."""
    found = Recomputing(await open_small_chain(database, packs=()))
    await publish_unchecked(found.chain, tiers_pack(fails=True))
    async with database.read() as session:
        await found.places.refresh(session)
    return found


@pytest.fixture
async def dated(database: Database) -> Recomputing:
    """Points that were given for a year, of which one rule failed."""
    found = Recomputing(await open_small_chain(database, packs=("classic-tiers",)))
    await publish_unchecked(found.chain, dated_pack(365))
    async with database.read() as session:
        await found.places.refresh(session)
    return found


async def tier(recomputing: Recomputing) -> list[tuple[Any, ...]]:
    return await recomputing.rows("select tier from standing")


async def test_a_tier_that_a_failed_rule_kept_back_is_raised_once_by_two_people(tiered: Recomputing) -> None:
    chain = tiered.chain
    bought = await chain.buy(await chain.join(), line(120_000))
    assert bought.receipt["flags"] == ["recompute"]
    await publish_unchecked(chain, tiers_pack(fails=False), version=2)
    (told,) = (await tiered.preview("classic-tiers/2")).items
    assert (told.reckoned.state, told.reckoned.tier_from, told.reckoned.tier_to) == ("due", "base", "silver")
    (alone,) = (await tiered.batch("classic-tiers/2")).items
    assert (alone.reckoned.state, await tier(tiered)) == ("needs_second", [("base",)])
    (done,) = (await tiered.approved("classic-tiers/2")).items
    assert (done.reckoned.state, await tier(tiered)) == ("due", [("silver",)])
    assert (await tiered.approved("classic-tiers/2")).items == []
    events = "select id, tier_from, tier_to, pack_version, purchase_id from lifecycle_event where kind = '{}'"
    (event,) = await tiered.rows(events.format("tier_corrected"))
    assert event[1:] == ("base", "silver", "classic-tiers/2", bought.purchase_id)
    kept = "select tier_event_id, approved_by, entry_id from purchase_recompute"
    assert await tiered.rows(kept) == [(event[0], "operator:bo", None)]
    assert await tiered.rows("select changes >= 1 from outbox order by id desc limit 1") == [(True,)]
    async with chain.database.read() as session:
        found = await explain_event(session, Shelf(), tiered.places, event[0], WHOLE_CHAIN)
    assert any("recomput" in said.en and str(bought.purchase_id) in said.en for said in found.summary)
    assert (await prove_in(chain.database, None)).ok
    assert await tiered.verified()


async def test_who_reached_the_tier_meanwhile_stays_where_the_next_purchase_led(tiered: Recomputing) -> None:
    chain = tiered.chain
    member = await chain.join()
    await chain.buy(member, line(120_000))
    await chain.buy(member, line(1_000), occurred_at=MONDAY + DAY)
    assert await tier(tiered) == [("silver",)]
    await publish_unchecked(chain, tiers_pack(fails=False), version=2)
    (told,) = (await tiered.batch("classic-tiers/2")).items
    assert (told.reckoned.state, told.reckoned.tier, told.reckoned.tier_to) == ("nothing", "silver", None)
    assert await tiered.verified()


async def test_two_purchases_of_one_list_raise_a_member_step_by_step(tiered: Recomputing) -> None:
    chain = tiered.chain
    member = await chain.join()
    await chain.buy(member, line(120_000))
    await chain.buy(member, line(200_000), occurred_at=MONDAY - DAY)  # late: nothing was bought before
    await publish_unchecked(chain, tiers_pack(fails=False), version=2)
    done = await tiered.approved("classic-tiers/2")
    assert [one.reckoned.tier_to for one in done.items] == ["silver", "gold"]
    assert await tier(tiered) == [("gold",)]
    assert await tiered.verified()


async def test_a_review_that_falls_due_in_that_moment_is_followed_too(database: Database) -> None:
    found = Recomputing(await open_small_chain(database, packs=()), at=MONDAY + 731 * DAY)
    document = tiers_pack(fails=False)
    for rule in document["rules"]:
        wrong = {"!==": [{"/": [1, {"-": [{"var": "member.spend_365d_minor"}, 120_000]}]}, 0]}
        rule["when"]["and"].append(wrong)
    await publish_unchecked(found.chain, document)
    async with database.read() as session:
        await found.places.refresh(session)
    member = await found.chain.join()
    for day, minor in ((0, 110_000), (200, 120_000), (500, 1_000)):
        await found.chain.buy(member, line(minor), occurred_at=MONDAY + day * DAY)
    await publish_unchecked(found.chain, tiers_pack(fails=False), version=2)
    assert await tier(found) == [("silver",)]
    (told,) = (await found.approved("classic-tiers/2")).items
    assert (told.reckoned.state, told.reckoned.tier, told.reckoned.tier_to) == ("nothing", "silver", None)
    assert await tier(found) == [("base",)]
    assert await found.verified()


async def test_points_get_the_dates_they_should_have_had_as_far_as_they_are_left(dated: Recomputing) -> None:
    chain = dated.chain
    member = await chain.join()
    bought = await dated.fail(member)
    assert await dated.balance(member) == 10
    await spend(dated, member, 4)
    await publish_unchecked(chain, mended(730), version=2)
    (told,) = (await dated.preview("failing/2")).items
    assert (told.reckoned.points, told.reckoned.redated) == (10, 6)
    (alone,) = (await dated.batch("failing/2")).items
    assert alone.reckoned.state == "needs_second"
    await dated.approved("failing/2")
    assert await dated.balance(member) == 16
    lots = await dated.rows(
        "select l.amount - coalesce(sum(c.amount), 0), l.expires_at from lot l "
        "left join lot_consumption c on c.lot_id = l.id group by l.id order by 2, 1"
    )
    assert lots == [(0, MONDAY + 365 * DAY), (10, MONDAY + 365 * DAY), (6, MONDAY + 730 * DAY)]
    (moved,) = await dated.rows("select reversal_id, entry_id, points, redated from purchase_recompute")
    assert moved[2:] == (10, 6)
    async with chain.database.read() as session:
        story = await explain_purchase(session, Shelf(), dated.places, bought.purchase_id, WHOLE_CHAIN)
        event = await explain_event(session, Shelf(), dated.places, moved[0], WHOLE_CHAIN)
    assert story.taken_back == ()
    (told,) = [said for said in story.summary if "10 points were given on top; 6 points got" in said.en]
    assert "补发 10 分，6 分改有效期，由 command:tests 提出，operator:bo 批准，原因：mended。" in told.zh
    assert (event.differences, event.purchase_id) == ((), bought.purchase_id)
    assert any("other dates" in said.en for said in event.summary)
    assert (await prove_in(chain.database, None)).ok
    assert await dated.verified()
    undoing = Undoing(chain, at=dated.at + DAY)
    undone = await undoing.do("failing/2")
    assert (undone.points_taken, await dated.balance(member)) == (10, 6)  # what the first gave stays
    assert ((await undoing.do("failing/1")).points_taken, await dated.balance(member)) == (6, 0)
    assert await dated.verified()


async def test_points_of_two_packs_are_dated_anew_together_and_undone_with_whoever_gave_them(
    dated: Recomputing,
) -> None:
    chain = dated.chain
    other = dated_pack(100) | {"code": "other"}
    other |= {"rules": other["rules"][1:], "cases": []}
    await publish_unchecked(chain, other)
    member = await chain.join()
    await dated.fail(member)
    await publish_unchecked(chain, mended(730), version=2)
    other["rules"][0]["then"]["earn"]["valid_days"] = 200
    await publish_unchecked(chain, other, version=2)
    (done,) = (await dated.approved("failing/2", "other/2")).items
    assert (done.reckoned.points, done.reckoned.redated) == (10, 20)
    assert (await prove_in(chain.database, None)).ok
    async with chain.database.begin() as session:
        await follow(session, dated.at)
    outlays = "select version, sum(points_given)::int, sum(points_taken)::int from pack_outlay group by 1"
    assert sorted(await dated.rows(outlays)) == [(1, 20, 0), (2, 10, 0)]
    undoing = Undoing(chain, at=dated.at + DAY)
    for version in ("other/1", "failing/1", "failing/2"):
        assert (await undoing.do(version)).points_taken == 10
    assert await dated.verified()


async def test_a_rehearsal_of_what_is_live_differs_by_nothing_after_dates_were_put_right(
    dated: Recomputing,
) -> None:
    chain = dated.chain
    member = await chain.join()
    await dated.fail(member)
    await publish_unchecked(chain, mended(20), version=2)
    await dated.approved("failing/2")
    assert await dated.rows("select next_expiry_at from standing") == [(MONDAY + 20 * DAY,)]
    await chain.buy(member, line(500), occurred_at=MONDAY + 40 * DAY)
    assert await dated.balance(member) == 10 + 10
    report = await Rehearsals(chain, at=MONDAY + 50 * DAY).report(draft("classic-tiers"))
    assert report["liability_points"] == {"before": 20, "after": 20, "difference": 0}
    assert report["taken_back_points"]["difference"] == 0
    assert await dated.verified()


async def test_what_one_person_gives_alone_is_bounded_by_the_day(dated: Recomputing) -> None:
    chain = dated.chain
    member = await chain.join()
    for _ in range(3):
        await dated.fail(member, (POINTS_ALONE // 2) * 100 - 10_000)
    await publish_unchecked(chain, mended(365), version=2)
    told = await dated.batch("failing/2", limit=1)
    assert [one.reckoned.state for one in told.items] == ["due"]
    told = await dated.batch("failing/2")
    assert sorted(one.reckoned.state for one in told.items) == ["due", "needs_second"]
    dated.at += DAY - timedelta(minutes=1)
    assert [one.reckoned.state for one in (await dated.batch("failing/2")).items] == ["needs_second"]
    dated.at += timedelta(minutes=2)
    assert [one.reckoned.state for one in (await dated.batch("failing/2")).items] == ["due"]


async def test_how_much_one_person_gives_alone_is_the_chains_choice(dated: Recomputing) -> None:
    chain = dated.chain
    for points in (60, 50):
        await dated.fail(await chain.join(f"M{points}"), 100 * points)
    await publish_unchecked(chain, mended(365), version=2)
    async with chain.database.begin() as session:
        assert await set_points_alone(session, 100, ACTOR, dated.at, "a small chain") == Bound(100, None)
        with pytest.raises(RecomputeBoundInvalid):
            await set_points_alone(session, -1, ACTOR, dated.at, "a small chain")
        with pytest.raises(RecomputeReasonMissing):
            await set_points_alone(session, 200, ACTOR, dated.at, " ")
    told = await dated.batch("failing/2")
    assert [one.reckoned.state for one in told.items] == ["due", "needs_second"]
    said = (
        "select before->>'recompute_points_alone', after->>'recompute_points_alone', reason from audit_entry"
    )
    rows = await dated.rows(f"{said} where action = 'chain.change_settings'")
    assert rows == [(None, "100", "a small chain")]


async def test_what_lost_the_rule_that_failed_is_closed_by_two_people_only(dated: Recomputing) -> None:
    await dated.fail(await dated.chain.join())
    await publish_unchecked(dated.chain, pack_without_it(), version=2)
    (told,) = (await dated.preview("failing/2")).items
    assert (told.reckoned.state, told.reckoned.points) == ("nothing", 0)
    assert [(one.pack, one.rule) for one in told.reckoned.dropped] == [("failing/1", "listed")]
    assert [one.reckoned.state for one in (await dated.batch("failing/2")).items] == ["needs_second"]
    assert [one.reckoned.state for one in (await dated.approved("failing/2")).items] == ["differs"]
    assert len(await dated.flagged()) == 1
    assert await dated.verified()


async def test_one_person_twice_at_once_gives_no_more_than_one_may(dated: Recomputing) -> None:
    chain = dated.chain
    bought = [
        await dated.fail(await chain.join(f"M{number}"), 100 * (POINTS_ALONE - 500)) for number in (1, 2)
    ]
    await publish_unchecked(chain, mended(365), version=2)
    each = [Wanted(("",), purchase_ids=(one.purchase_id,)) for one in bought]
    told = await asyncio.gather(*(dated.batch("failing/2", wanted=wanted) for wanted in each))
    assert sorted(page.items[0].reckoned.state for page in told) == ["due", "needs_second"]


async def spend(recomputing: Recomputing, member: Any, points: int) -> None:
    """Points are taken by hand from what expires soonest."""
    chain = recomputing.chain
    wish = Wish(new_id(), member, -points, "goods_returned", "spent")
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
        who = somebody(chain, Role.SERVICE_DESK)
        await request_adjustment(session, LivePacks(), chain.desk.places, wish, who, recomputing.at)


async def test_a_rehearsal_of_what_is_live_differs_by_nothing_after_a_tier_was_raised(
    tiered: Recomputing,
) -> None:
    chain = tiered.chain
    await chain.publish("grocery-classic")
    member = await chain.join()
    await chain.buy(member, line(120_000))
    await publish_unchecked(chain, tiers_pack(fails=False), version=2)
    await tiered.approved("classic-tiers/2")
    await chain.buy(member, line(5_000), occurred_at=tiered.at + DAY)
    report = await Rehearsals(chain, at=tiered.at + 3 * DAY).report(draft("grocery-classic"))
    assert report["points"]["difference"] == 0
    assert report["liability_points"]["difference"] == 0


async def test_who_asks_to_give_more_alone_does_not_approve_it(dated: Recomputing) -> None:
    anna, bo = Actor.command("anna"), Actor.command("bo")
    async with dated.chain.database.begin() as session:
        await set_points_alone(session, 5_000, anna, dated.at, "a sale")
        asked = await set_points_alone(session, 9_000, anna, dated.at, "a great sale")
        assert asked == Bound(POINTS_ALONE, Asked(9_000, "command:anna", dated.at, "a great sale"))
        assert await get_bound(session) == asked
        with pytest.raises(OwnBoundApproval):
            await approve_points_alone(session, 9_000, anna, dated.at)
        with pytest.raises(RecomputeBoundDiffers):  # as it was seen before
            await approve_points_alone(session, 5_000, bo, dated.at)
        assert await approve_points_alone(session, 9_000, bo, dated.at) == Bound(9_000, None)
        with pytest.raises(RecomputeBoundDiffers):  # twice
            await approve_points_alone(session, 9_000, bo, dated.at)
        for points in (9_000, 8_000):  # as it is, and less
            await set_points_alone(session, 10_000, anna, dated.at, "more")
            assert await set_points_alone(session, points, bo, dated.at, "no") == Bound(points, None)
    told = await dated.rows(
        "select action, actor_id, (before->>'recompute_points_alone')::int, "
        "(after->>'recompute_points_alone')::int, reason from audit_entry "
        "where subject_kind = 'chain' and after ? 'recompute_points_alone' order by id"
    )
    asks, turns, sets = "chain.ask_for_setting", "chain.turn_setting_down", "chain.change_settings"
    assert told == [
        (asks, "anna", POINTS_ALONE, 5_000, "a sale"),
        (asks, "anna", POINTS_ALONE, 9_000, "a great sale"),
        (sets, "bo", None, 9_000, "a great sale"),
        (asks, "anna", 9_000, 10_000, "more"),
        (turns, "bo", 10_000, 9_000, "no"),
        (asks, "anna", 9_000, 10_000, "more"),
        (turns, "bo", 10_000, 9_000, "no"),
        (sets, "bo", 9_000, 8_000, "no"),
    ]
