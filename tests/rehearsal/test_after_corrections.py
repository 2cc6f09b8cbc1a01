"""Corrected tiers, debts and points given by hand are history too: what is live differs by nothing."""

from datetime import datetime
from uuid import UUID

import orjson
import pytest
from adjustments.test_adjusting import Adjusting
from budget_world import publish
from rehearsal.test_live_equals_history import assert_no_difference, replay_all
from rehearsal.world import DAY, Rehearsals, draft
from small_chain import ACTOR, MONDAY, OPENED, PACKS, SmallChain, line
from undoing.test_asides import buy, caring
from undoing.test_correcting import mend
from undoing.world import Undoing, give_points, mend_tiers

from regulars.lifecycle.service import advance
from regulars.lifecycle.tag_ending import end_tag
from regulars.purchases.attribution import attribute_purchase
from regulars.rehearsal.sums import Pair, Sums
from regulars.rules.service import create_version

__all__ = ["caring"]

TIERS = "classic-tiers/1"


@pytest.fixture
async def undoing(chain: SmallChain) -> Undoing:
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
    return Undoing(chain)


async def pass_time(chain: SmallChain, days: int) -> None:
    until = MONDAY + days * DAY
    async with chain.database.begin() as session:
        ids = list(chain.members.values())
        await advance(session, chain.desk.packs, chain.desk.places, ids, until, until)


async def by_hand(chain: SmallChain, member: UUID, points: int, at: datetime) -> None:
    adjusting = Adjusting(chain)
    given = await adjusting.ask(member, points, adjusting.person("admin"), at=at)
    assert given.state == "posted"


async def equal(undoing: Undoing) -> Sums:
    """What a rehearsal of all that is live says, which must be what the books say."""
    sums = await replay_all(undoing.chain.database)
    assert_no_difference(sums)
    assert sums.taken_back_points.before == sums.taken_back_points.after
    assert sums.open_points.before == sum((await undoing.balances()).values())
    assert await undoing.verified()
    return sums


@pytest.mark.parametrize("thresholds", [(150_000, 300_000), (50_000, 110_000)])
async def test_corrected_tiers_are_history(undoing: Undoing, thresholds: tuple[int, int]) -> None:
    chain = undoing.chain
    for name, sales in (("Ann", 120_000), ("Bob", 160_000), ("Cid", 310_000), ("Dan", 5_000)):
        await chain.buy(await chain.join(name), line(sales))
    await mend_tiers(chain, *thresholds)
    assert (await undoing.do(TIERS, to_version=2)).tiers_moved > 0
    await equal(undoing)
    for name, days, sales in (("Ann", 12, 45_000), ("Bob", 13, 90_000), ("Dan", 14, 8_000)):
        await chain.buy(chain.members[name], line(sales), occurred_at=MONDAY + days * DAY)
    late = chain.basket(chain.members["Cid"], line(990), occurred_at=MONDAY + 3 * DAY)
    await chain.post(late, at=MONDAY + 15 * DAY)
    await pass_time(chain, 800)
    await equal(undoing)


async def test_a_draft_of_tiers_decides_by_itself_what_was_corrected(undoing: Undoing) -> None:
    chain = undoing.chain
    await chain.buy(await chain.join("Ann"), line(120_000))
    document = orjson.loads((PACKS / "classic-tiers" / "pack.json").read_text())
    document["parameters"]["silver_spend_minor"]["value"] = 150_000
    document["cases"] = document["cases"][:1]
    async with chain.database.begin() as session:  # never live
        await create_version(session, orjson.dumps(document), actor=ACTOR, at=OPENED)
    assert (await undoing.do(TIERS, to_version=2)).tiers_moved == 1
    await equal(undoing)
    rehearsals = Rehearsals(chain, at=MONDAY + 40 * DAY)
    moved = {}
    for silver in (100_000, 150_000, 110_000):
        report = await rehearsals.report(draft("classic-tiers", silver_spend_minor=silver))
        moved[silver] = {move["kind"]: move["members"]["after"] for move in report["tier_moves"]}
    as_it_is = {"upgraded": 1, "tier_corrected": 1}
    never, alone = {"upgraded": 0, "tier_corrected": 0}, {"upgraded": 1, "tier_corrected": 0}
    assert moved == {100_000: as_it_is, 150_000: never, 110_000: alone}


async def test_debts_are_paid_by_whatever_comes_next(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, valid_days=5)
    for name in ("Ann", "Bob", "Cid", "Dan"):
        await chain.buy(await chain.join(name), line(2_000))
    await undoing.do(policy="debt")
    await undoing.do("grocery-classic/1", "debt")
    late = chain.basket(chain.members["Ann"], line(700), occurred_at=MONDAY - DAY)
    await chain.post(late, at=MONDAY + 11 * DAY)
    unnamed = await chain.buy(None, line(600), occurred_at=MONDAY + 11 * DAY)
    async with chain.database.begin() as session:
        await attribute_purchase(
            session, chain.desk, unnamed.purchase_id, chain.members["Bob"], ACTOR, MONDAY + 12 * DAY
        )
    await by_hand(chain, chain.members["Cid"], 15, MONDAY + 12 * DAY)
    for days, name in ((13, "Ann"), (14, "Bob"), (15, "Cid"), (16, "Dan")):
        await chain.buy(chain.members[name], line(3_300), occurred_at=MONDAY + days * DAY)
    await equal(undoing)
    await pass_time(chain, 600)
    await equal(undoing)


async def test_points_by_hand_expire_and_are_taken_as_in_history(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, valid_days=40)
    for name in ("Ann", "Bob", "Cid"):
        await chain.buy(await chain.join(name), line(2_000))
    await by_hand(chain, chain.members["Ann"], 100, MONDAY + DAY)
    await by_hand(chain, chain.members["Bob"], -15, MONDAY + DAY)
    await by_hand(chain, chain.members["Cid"], 30, MONDAY + DAY)
    await by_hand(chain, chain.members["Cid"], -60, MONDAY + 2 * DAY)
    await equal(undoing)
    await undoing.do(policy="within_balance")
    await equal(undoing)
    await chain.buy(chain.members["Cid"], line(5_000), occurred_at=MONDAY + 20 * DAY)
    await pass_time(chain, 900)
    sums = await equal(undoing)
    assert sums.expired_points.before > 100


async def test_a_correction_that_takes_of_several_packs_is_history(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    await chain.buy(await chain.join("Staff", tags=("staff",)), line(2_000))
    document = orjson.loads((PACKS / "staff-excluded" / "pack.json").read_text())
    text = orjson.dumps(document).replace(b'"staff"', b'"director"')
    await publish(chain, text, live_from=MONDAY + 300 * DAY)
    assert (await undoing.do("staff-excluded/1", to_version=2)).points_given == 40
    await equal(undoing)
    assert (await undoing.do("staff-excluded/1", "within_balance", to_version=1)).points_taken == 40
    await chain.buy(chain.members["Staff"], line(2_000), occurred_at=MONDAY + 20 * DAY)
    await pass_time(chain, 500)
    await equal(undoing)


async def test_corrections_to_and_fro_with_debts_are_history(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, valid_days=8)
    for name in ("Ann", "Bob"):
        await chain.buy(await chain.join(name), line(2_000))
        await chain.buy(chain.members[name], line(1_500), occurred_at=MONDAY + 5 * DAY)
    await mend(chain, per=50)
    await undoing.do(to_version=2, until=MONDAY + DAY)
    await undoing.do(to_version=2, policy="debt")
    await by_hand(chain, chain.members["Bob"], -60, MONDAY + 11 * DAY)
    undoing.at = MONDAY + 12 * DAY
    await undoing.do(to_version=1, policy="debt")
    await equal(undoing)
    undoing.at = MONDAY + 13 * DAY
    await undoing.do(policy="debt")
    await chain.buy(chain.members["Ann"], line(2_000), occurred_at=MONDAY + 14 * DAY)
    undoing.at = MONDAY + 15 * DAY
    await undoing.do(to_version=2, policy="debt")
    await chain.buy(chain.members["Bob"], line(9_000), occurred_at=MONDAY + 16 * DAY)
    await equal(undoing)
    await pass_time(chain, 900)
    await equal(undoing)


async def test_tags_that_were_ended_and_stages_that_were_put_back_are_history(caring: Undoing) -> None:
    chain = caring.chain
    ann, bob, cid = [await chain.join(name) for name in ("Ann", "Bob", "Cid")]
    await buy(caring, ann, "COFFEE", 0)
    await buy(caring, ann, "BREAD", 1)
    await buy(caring, bob, "BEANS", 0)
    await buy(caring, bob, "TEA", 1)
    await buy(caring, cid, "CANCELLING", 0)
    done = await caring.do("care/1")
    assert (done.tags_changed, done.stages_moved) == (2, 1)
    for who in (ann, bob, cid):
        await buy(caring, who, "BREAD", 12)
    await pass_time(chain, 300)
    sums = await equal(caring)
    assert sums.messages["thanks"].before == 3  # Ann's before the undo, and Bob's with TEA and after it
    for pair in (*sums.messages.values(), *sums.tags.values()):
        assert pair.before == pair.after


async def test_a_tag_is_ended_behind_the_purchase_that_was_quicker_whatever_their_hours_say(
    caring: Undoing,
) -> None:
    """The one who ended it waited for the lock; another till waited and rang up in the same second."""
    chain = caring.chain
    ann = await chain.join("Ann")
    slow, hour = MONDAY + 5 * DAY, DAY / 24
    first = chain.basket(ann, line(5_000, sku="COFFEE"), occurred_at=slow)
    await chain.post(first, at=slow + 2 * hour)
    async with chain.database.begin() as session:
        assert await end_tag(session, ann, "coffee", ACTOR, slow + hour)
    same_second = chain.basket(ann, line(1_000, sku="BREAD"), occurred_at=slow)
    await chain.post(same_second, at=slow + hour)
    await buy(caring, ann, "BREAD", 6)
    asked = await caring.rows("select count(*) as n from message_request where template = 'thanks'")
    sums = await equal(caring)
    assert sums.messages.get("thanks", Pair()).before == asked[0]["n"]
    for pair in (*sums.messages.values(), *sums.tags.values()):
        assert pair.before == pair.after
