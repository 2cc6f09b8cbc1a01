"""Tiers that a wrong version decided are decided anew by another, once, and nobody else's."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from budget_world import publish
from hypothesis import given
from hypothesis import strategies as st
from rehearsal.test_live_equals_history import assert_no_difference, replay_all
from small_chain import MONDAY, PACKS, line
from undoing.world import DAY, LONG_AFTER, Undoing, mend_tiers

from regulars.entrypoints.explaining import prove_in
from regulars.lifecycle.service import advance
from regulars.rules.domain import ANONYMOUS, LifecyclePlan, MemberFacts, TierBand, TierMove
from regulars.undoing.tiers import TierWord, decide, run_of

TIERS = "classic-tiers/1"


async def tiers(undoing: Undoing) -> dict[str, str]:
    rows = await undoing.rows("select member_id, tier from standing")
    found = {row["member_id"]: row["tier"] for row in rows}
    return {name: found[member_id] for name, member_id in undoing.chain.members.items()}


async def test_who_was_moved_up_too_soon_goes_back_and_others_stay(undoing: Undoing) -> None:
    chain = undoing.chain
    for name, sales in (("Ann", 120_000), ("Bob", 160_000), ("Cid", 310_000), ("Dan", 5_000)):
        await chain.buy(await chain.join(name), line(sales))
    await mend_tiers(chain, 150_000)
    undone = await undoing.do(TIERS, to_version=2)
    assert undone.preview is not None
    assert (undone.preview["tiers"], undone.preview["moved_since"]) == ({"silver → base": 1}, 0)
    assert (undone.state, undone.tiers_moved, undone.differences) == ("finished", 1, 0)
    assert await tiers(undoing) == {"Ann": "base", "Bob": "silver", "Cid": "gold", "Dan": "base"}
    (event,) = await undoing.rows("select * from lifecycle_event where kind = 'tier_corrected'")
    assert (event["tier_from"], event["tier_to"], event["pack_version"]) == (
        "silver",
        "base",
        "classic-tiers/2",
    )
    assert event["reason"] == {"corrects": TIERS, "undo": str(undone.id)}
    (told,) = await undoing.rows(
        "select changes from outbox where member_id = :who order by id desc limit 1", who=chain.members["Ann"]
    )
    assert told["changes"] >= 1
    assert (await undoing.do(TIERS, to_version=2)).state == "empty"
    assert await undoing.verified()


async def test_what_members_did_lately_counts_though_no_record_says_it(undoing: Undoing) -> None:
    chain = undoing.chain
    await chain.buy(await chain.join("Once"), line(120_000))
    thrice = await chain.join("Thrice")
    for days in (60, 30, 0):
        await chain.buy(thrice, line(40_000), occurred_at=MONDAY - days * DAY)
    document = orjson.loads((PACKS / "classic-tiers" / "pack.json").read_text())
    for rule in document["rules"]:
        rule["when"]["and"].append({">=": [{"var": "member.visits_90d"}, 2]})
    document["cases"] = document["cases"][:1]
    document["cases"][0]["given"]["member"]["visits_90d"] = 2
    await publish(chain, orjson.dumps(document), live_from=LONG_AFTER)
    assert (await undoing.do(TIERS, to_version=2)).tiers_moved == 1
    assert await tiers(undoing) == {"Once": "base", "Thrice": "silver"}
    assert await undoing.verified()


async def test_what_is_reached_by_now_counts(undoing: Undoing) -> None:
    chain = undoing.chain
    ann = await chain.join("Ann")
    await chain.buy(ann, line(120_000))
    await chain.buy(ann, line(40_000), occurred_at=MONDAY + DAY)
    await mend_tiers(chain, 150_000)
    assert (await undoing.do(TIERS, to_version=2)).state == "empty"
    assert await tiers(undoing) == {"Ann": "silver"}


async def test_who_should_have_moved_up_does(undoing: Undoing) -> None:
    chain = undoing.chain
    ann = await chain.join("Ann")
    await chain.buy(ann, line(150_000))
    await mend_tiers(chain, 50_000, 140_000)
    undone = await undoing.do(TIERS, to_version=2)
    assert (undone.tiers_moved, await tiers(undoing)) == (1, {"Ann": "gold"})
    (stands,) = await undoing.rows("select tier_since, tier_year_ends_at, next_due_at from standing")
    assert stands["tier_since"] == undoing.at
    assert (stands["tier_year_ends_at"] - undoing.at).days == 365
    assert await undoing.verified()


async def test_a_tier_that_rests_on_a_later_decision_stays(undoing: Undoing) -> None:
    chain = undoing.chain
    ann = await chain.join("Ann")
    await chain.buy(ann, line(120_000))
    await mend_tiers(chain, 150_000, 200_000, live_from=MONDAY + DAY)
    await chain.buy(ann, line(100_000), occurred_at=MONDAY + 2 * DAY)
    order = await undoing.order(TIERS, to_version=2)
    assert order.preview is not None
    assert (order.state, order.preview["moved_since"]) == ("empty", 1)
    assert await tiers(undoing) == {"Ann": "gold"}


async def test_who_moved_on_after_the_preview_is_left_alone_and_told(undoing: Undoing) -> None:
    chain = undoing.chain
    ann = await chain.join("Ann")
    await chain.buy(ann, line(120_000))
    await mend_tiers(chain, 150_000)
    order = await undoing.approve(await undoing.order(TIERS, to_version=2))
    await chain.buy(ann, line(60_000), occurred_at=undoing.at)
    await undoing.step(order)
    done = await undoing.step(order)
    assert (done.state, done.tiers_moved, done.differences) == ("finished", 0, 1)
    assert await tiers(undoing) == {"Ann": "silver"}
    assert await undoing.verified()


async def test_after_a_correction_time_goes_on_and_all_explains_itself(undoing: Undoing) -> None:
    chain = undoing.chain
    ann = await chain.join("Ann")
    await chain.buy(ann, line(120_000))
    await mend_tiers(chain, 110_000, 115_000)
    await undoing.do(TIERS, to_version=2)
    assert await tiers(undoing) == {"Ann": "gold"}
    later = undoing.at + 400 * DAY
    async with chain.database.begin() as session:
        await advance(session, chain.desk.packs, chain.desk.places, [ann], later, later)
    assert await tiers(undoing) == {"Ann": "silver"}
    proof = await prove_in(chain.database, None)
    assert (proof.purchases, proof.disagreeing) == (1, 0), proof
    assert await undoing.verified()


@pytest.mark.parametrize("second_too", [False, True])
async def test_a_purchase_from_before_the_correction_that_comes_after_it_raises_from_there(
    undoing: Undoing, second_too: bool
) -> None:
    chain = undoing.chain
    undoing.at = MONDAY + DAY  # before anything falls due: time is decided no further than the purchase
    ann = await chain.join("Ann")
    await chain.buy(ann, line(120_000))
    await mend_tiers(chain, 150_000)
    assert (await undoing.do(TIERS, to_version=2)).tiers_moved == 1
    minute_before = undoing.at - timedelta(minutes=1)
    for number in range(1 + second_too):
        late = chain.basket(ann, line(100_000), occurred_at=minute_before + timedelta(seconds=number))
        await chain.post(late, at=undoing.at + timedelta(minutes=1 + number))
    raised = await undoing.rows(
        "select tier_to, effective_at from lifecycle_event where kind = 'upgraded' order by event_no desc"
    )
    assert (raised[0]["tier_to"], raised[0]["effective_at"]) == (
        "gold" if second_too else "silver",
        undoing.at,
    )
    assert await tiers(undoing) == {"Ann": raised[0]["tier_to"]}
    assert_no_difference(await replay_all(chain.database))
    proof = await prove_in(chain.database, None)
    assert proof.disagreeing == 0, proof
    assert await undoing.verified()


PLAN = LifecyclePlan(
    "t/2",
    (TierBand("base", 0, 0, "", ""), TierBand("silver", 1, 100, "", ""), TierBand("gold", 2, 300, "", "")),
    365, 60, 90, 3, 90,
)  # fmt: skip


def reached(facts: MemberFacts) -> TierMove | None:
    """What the ladder gives for a spend."""
    band = max(
        (b for b in PLAN.bands if b.threshold_minor <= facts.qualifying_spend_minor), key=lambda b: b.rank
    )
    return TierMove(band.code, band.rank, "t/2", band.code) if band.rank else None


def word(kind: str, tier_from: str, tier_to: str, spend: int, version: str = "t/1", day: int = 0) -> TierWord:
    who = facts(spend) if kind == "upgraded" else None
    return TierWord(UUID(int=1), UUID(int=2), kind, MONDAY + day * DAY, tier_from, tier_to, version, None,
                    UUID(int=3), spend, who)  # fmt: skip


def facts(spend: int) -> MemberFacts:

    return replace(ANONYMOUS, known=True, qualifying_spend_minor=spend)


def test_a_move_up_is_judged_by_its_purchase_and_a_review_by_its_spend() -> None:
    up = word("upgraded", "base", "gold", 200)
    assert decide([up], PLAN, reached, facts(0)).tier == "silver"
    assert decide([up, word("kept", "gold", "gold", 90)], PLAN, reached, facts(0)).tier == "base"
    assert decide([up, word("kept", "gold", "gold", 150)], PLAN, reached, facts(0)).tier == "silver"
    assert decide([word("downgraded", "gold", "silver", 400)], PLAN, reached, facts(0)).tier == "gold"
    assert decide([word("downgraded", "gold", "silver", 10)], PLAN, reached, facts(500)).tier == "gold"


def test_only_the_last_words_of_the_version_are_meant() -> None:
    words = [word("upgraded", "base", "silver", 1, "t/0", 1), word("upgraded", "silver", "gold", 1, day=2)]
    assert [one.tier_to for one in run_of(words, "t/1", None)] == ["gold"]
    assert run_of(words, "t/0", None) == ()
    assert run_of(words, "t/1", MONDAY + 3 * DAY) == ()


@given(st.lists(st.integers(0, 500), min_size=1, max_size=4), st.integers(0, 500))
def test_moves_up_alone_never_end_below_what_any_of_them_or_now_reaches(spends: list[int], now: int) -> None:
    decided = decide([word("upgraded", "base", "silver", one) for one in spends], PLAN, reached, facts(now))
    best = reached(facts(max(*spends, now)))
    assert decided.tier == (best.tier if best else "base")
