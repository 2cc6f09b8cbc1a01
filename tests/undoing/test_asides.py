"""Undoing a version ends the tags that only it gave, puts stages back, and withdraws unread messages."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from care_pack import CARE, WORDS, sold
from hypothesis import given
from hypothesis import strategies as st
from small_chain import ACTOR, MONDAY, OPENED, SmallChain, line
from undoing.world import DAY, Undoing, give_points

from regulars.entrypoints.explaining import prove_in
from regulars.kernel.ids import new_id
from regulars.members.service import get_member
from regulars.members.tagging import TagChange
from regulars.messages.service import hand_out
from regulars.rules import service as rules
from regulars.security.scope import EVERYWHERE
from regulars.undoing import service
from regulars.undoing.domain import EffectKind, Reach
from regulars.undoing.tag_orders import NOT_HELD, Hold, Ordered, TagWord, standing, strike
from regulars.undoing.working import work_through


@pytest.fixture
async def caring(undoing: Undoing) -> Undoing:
    """The packs care and also are live: both give a tag, care ends it too, moves the stage and asks."""
    await publish(undoing.chain, CARE)
    give = {"tag": {"give": "coffee", "for_days": 20}}
    rule = {"id": "also", "order": 0, "title": WORDS, "when": sold("BEANS"), "then": give}
    numbers = {
        "code": "also",
        "rules": [rule],
        "cases": [{"name": WORDS, "given": {}, "expect": {"points": 0}}],
    }
    await publish(undoing.chain, {**CARE, **numbers, "kind": "earning", "priority": 90, "lifecycle": None})
    return undoing


async def publish(chain: SmallChain, document: dict[str, Any]) -> None:
    whole = {name: value for name, value in document.items() if value is not None}
    async with chain.database.begin() as session:
        await rules.publish(
            session, json.dumps(whole), place_id=chain.hq, live_from=OPENED, actor=ACTOR, at=OPENED
        )


async def buy(undoing: Undoing, member: UUID, sku: str, day: float) -> None:
    at = MONDAY + day * DAY
    await undoing.chain.post(undoing.chain.basket(member, line(5_000, sku=sku), occurred_at=at), at=at)


async def tags(undoing: Undoing, member: UUID) -> dict[str, datetime | None]:
    async with undoing.chain.database.read() as session:
        return dict((await get_member(session, member, EVERYWHERE)).rule_tags)


async def test_what_a_version_did_to_tags_and_which_messages_it_asked_for_are_listed(caring: Undoing) -> None:
    ann = await caring.chain.join("Ann")
    for day, sku in enumerate(("COFFEE", "COFFEE", "TEA")):
        await buy(caring, ann, sku, day)
    west = caring.chain.desk.places.store(caring.chain.stores["west-1"]).path
    kinds: tuple[EffectKind, ...] = ("tag", "message")
    found: dict[str, list[str]] = {}
    for kind in kinds:
        async with caring.chain.database.read() as session:
            reach = Reach("care/1", ("",), None, None)
            page = await service.list_effects(session, reach, kind)
            number = await service.count_effects(
                session, reach, "tag" if kind == "tag" else "message", most=9
            )
            elsewhere = await service.list_effects(session, replace(reach, place_paths=(west,)), kind)
            first = await service.list_effects(session, reach, kind, limit=1)
            rest = await service.list_effects(session, reach, kind, after=first.next_after)
        assert {one.member_id for one in page.effects} == {ann}
        assert (number, elsewhere.effects) == (len(page.effects), [])
        assert [*first.effects, *rest.effects] == list(page.effects)
        found[kind] = [f"{one.rule_id}: {one.what}" for one in page.effects]
    assert found == {
        "tag": ["end: ended coffee", "give: given coffee", "give: given coffee"],
        "message": ["thank: thanks", "thank: thanks"],
    }


async def test_a_tag_that_only_the_version_gave_ends_and_others_stay(caring: Undoing) -> None:
    ann, bob = await caring.chain.join("Ann", tags=("vip",)), await caring.chain.join("Bob")
    await buy(caring, ann, "COFFEE", 0)
    await buy(caring, bob, "COFFEE", 0)
    await buy(caring, bob, "BEANS", 1)
    order = await caring.order("care/1")
    assert order.preview is not None
    assert (order.preview["tags"], order.preview["tags_back"]) == ({"coffee": 1}, {"coffee": 1})
    assert (order.state, order.preview["members"], order.preview["entries"]) == ("in_review", 2, 0)
    undone = await caring.do("care/1")
    assert (undone.state, undone.tags_changed, undone.differences) == ("finished", 2, 0)
    assert (await tags(caring, ann), await tags(caring, bob)) == ({}, {"coffee": MONDAY + 21 * DAY})
    rows = await caring.rows("select given, pack_version, undo_id from member_tag where undo_id is not null")
    assert sorted((row["given"], row["pack_version"]) for row in rows) == [
        (False, "care/1"),
        (False, "care/1"),
        (True, "also/1"),
    ]
    assert (await caring.do("care/1")).state == "empty"
    assert await caring.verified()


async def test_what_the_version_ended_is_given_back_and_undoing_both_leaves_nothing(caring: Undoing) -> None:
    ann = await caring.chain.join("Ann")
    await buy(caring, ann, "BEANS", 0)
    await buy(caring, ann, "TEA", 1)
    assert await tags(caring, ann) == {}
    assert (await caring.do("care/1")).tags_changed == 1
    assert await tags(caring, ann) == {"coffee": MONDAY + 20 * DAY}
    assert (await caring.do("also/1")).tags_changed == 1
    assert await tags(caring, ann) == {}
    assert await caring.verified()


async def test_what_is_bought_after_an_undo_is_as_if_the_version_had_never_been(caring: Undoing) -> None:
    ann = await caring.chain.join("Ann")
    await buy(caring, ann, "COFFEE", 9)
    caring.at = MONDAY + 10 * DAY
    await caring.do("care/1")
    await buy(caring, ann, "BEANS", 9.5)
    assert await tags(caring, ann) == {"coffee": MONDAY + 29.5 * DAY}
    await buy(caring, ann, "BREAD", 9.6)
    assert await caring.verified()


async def test_a_stage_that_still_rests_on_the_version_is_put_back_and_time_goes_on(caring: Undoing) -> None:
    ann, bob, cid = [await caring.chain.join(name) for name in ("Ann", "Bob", "Cid")]
    for who in (ann, bob, cid):
        await buy(caring, who, "CANCELLING", 0)
    await buy(caring, bob, "BREAD", 1)
    order = await caring.order("care/1")
    assert order.preview is not None
    assert (order.preview["stages"], order.preview["stages_since"]) == ({"lapsed → active": 2}, 1)
    await caring.approve(order)
    await buy(caring, cid, "BREAD", 2)
    caring.at = MONDAY + 100 * DAY
    done = await caring.step(order)
    while done.state == "running":
        done = await caring.step(order)
    assert (done.stages_moved, done.differences) == (1, 1)
    rows = await caring.rows("select * from standing")
    stages = {row["member_id"]: row["stage"] for row in rows}
    assert stages[ann] == "at_risk"
    told = await caring.rows(
        "select kind, stage_to from lifecycle_event where member_id = :who order by event_no", who=ann
    )
    kinds = [(row["kind"], row["stage_to"]) for row in told]
    moved = kinds.index(("stage_moved", "lapsed"))
    assert kinds[moved + 1] == ("stage_corrected", "active")
    assert ("at_risk", "at_risk") in kinds[moved + 2 :]
    assert all(row["next_due_at"] is not None for row in rows)
    proof = await prove_in(caring.chain.database, None)
    assert proof.disagreeing == 0, proof
    assert await caring.verified()


async def test_messages_that_nobody_has_read_are_withdrawn_and_the_others_counted(caring: Undoing) -> None:
    ann = await caring.chain.join("Ann", tags=("coffee",))
    await buy(caring, ann, "BREAD", 0)
    assert len(await read(caring)) == 1
    await buy(caring, ann, "BREAD", 1)
    await buy(caring, ann, "BREAD", 2)
    order = await caring.order("care/1")
    assert order.preview is not None
    assert (order.preview["messages"], order.preview["messages_sent"]) == ({"thanks": 2}, 1)
    await caring.approve(order)
    assert len(await read(caring, after=1, limit=1)) == 1
    await caring.step(order)
    done = await caring.step(order)
    assert (done.state, done.messages_withdrawn, done.differences) == ("finished", 1, 1)
    assert len(await read(caring)) == 2
    assert len(await read(caring)) == 2


async def test_what_is_recorded_after_the_list_stays_points_and_tags_alike_and_is_told(
    caring: Undoing,
) -> None:
    ann, bob = await caring.chain.join("Ann"), await caring.chain.join("Bob")
    await give_points(caring.chain)
    await buy(caring, ann, "COFFEE", 2)
    orders = [await caring.order(version) for version in ("care/1", "gift/1")]
    for order in orders:
        await caring.approve(order)
    for who, day in ((ann, 1), (bob, 1)):
        bought = caring.chain.basket(who, line(5_000, sku="COFFEE"), occurred_at=MONDAY + day * DAY)
        await caring.chain.post(bought, at=caring.at)
    before = (await caring.balances())["Bob"]
    done = [await work_through(caring.means, order.id) for order in orders]
    assert [(one.came_after, one.tags_changed, one.points_taken) for one in done] == [(2, 1, 0), (2, 0, 50)]
    late = {"coffee": MONDAY + 31 * DAY}
    assert (await tags(caring, ann), await tags(caring, bob)) == (late, late)
    assert (await caring.balances())["Bob"] == before
    again = [await caring.do(version) for version in ("care/1", "gift/1")]
    assert [(one.came_after, one.tags_changed, one.points_taken) for one in again] == [(0, 2, 0), (0, 0, 100)]
    assert (await tags(caring, ann), await tags(caring, bob)) == ({}, {})
    assert await caring.verified()


async def read(undoing: Undoing, after: int = 0, limit: int = 50) -> list[Any]:
    async with undoing.chain.database.begin() as session:
        return list(await hand_out(session, EVERYWHERE, undoing.at, after=after, limit=limit))


BY = {"pack_version": "care/1", "rule_id": "give"}
STORE = new_id()


def wanted(given: bool, day: int, days: int | None, version: str, *, meant: bool = True) -> Ordered:
    at = MONDAY + day * DAY
    until = at + days * DAY if given and days else None
    return Ordered(new_id(), STORE, at, meant, (TagChange("coffee", given, at, until, version, "r"),))


def after(orders: list[Ordered], version: str = "v/1", day: int = 10) -> Hold:
    (one,) = strike(orders, version, MONDAY + day * DAY)
    return one.after


def test_a_giving_that_the_struck_one_made_needless_counts_again() -> None:
    orders = [wanted(True, 0, None, "v/1"), wanted(True, 1, 30, "w/1"), wanted(True, 2, 20, "w/1")]
    assert after(orders) == Hold(holds=True, until=MONDAY + 31 * DAY)
    assert after(orders, "w/1") == Hold(holds=True)


def test_a_tag_that_a_person_ended_stays_ended() -> None:
    at = MONDAY + 2 * DAY
    ending = TagChange("coffee", False, at, None, "", "")
    by_hand = Ordered(None, None, at, in_reach=False, changes=(ending,))
    orders = [wanted(True, 0, None, "v/1"), wanted(True, 1, 30, "w/1"), by_hand]
    assert strike(orders, "v/1", MONDAY + 3 * DAY) == []
    later = [*orders, wanted(True, 3, 30, "w/1")]
    assert after([*later, wanted(True, 4, None, "v/1")]) == Hold(holds=True, until=MONDAY + 33 * DAY)


orders = st.lists(
    st.tuples(
        st.booleans(), st.integers(0, 9), st.sampled_from([None, 3, 30]), st.sampled_from(["v/1", "w/1"])
    ),
    max_size=8,
)


@given(orders)
def test_what_rests_is_what_the_others_alone_would_have_made_and_both_struck_is_nothing(
    many: list[tuple[bool, int, int | None, str]],
) -> None:
    asked = [wanted(*one) for one in many]
    only = [one for one in asked if one.changes[0].pack_version == "w/1"]
    at = MONDAY + 10 * DAY
    first = strike(asked, "v/1", at)
    alone = strike(only, "w/1", at)
    for one in first:
        assert one.after == (alone[0].before if alone else one.after)
    gone = tuple(one.purchase_id for one in asked if one.changes[0].pack_version == "v/1" and one.purchase_id)
    left, _ = standing(asked, [TagWord("coffee", gone, "v/1", ())])
    assert all(one.after == NOT_HELD for one in strike(left, "w/1", at))
    assert strike(left, "v/1", at) == []
