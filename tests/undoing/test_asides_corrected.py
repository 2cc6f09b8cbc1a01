"""Another version instead: tags, stages and messages become what it would have made of them, where honest."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from care_pack import CARE, WORDS, sold
from hypothesis import given
from hypothesis import strategies as st
from rehearsal.test_live_equals_history import assert_no_difference, replay_all
from small_chain import ACTOR, MONDAY, OPENED, line
from undoing.world import DAY, LONG_AFTER, Undoing

from regulars.entrypoints.explaining import prove_in
from regulars.explanation.event_service import explain_event
from regulars.explanation.shelf import Shelf
from regulars.members.service import get_member
from regulars.members.tagging import TagChange, Tagging, held_until
from regulars.messages.service import hand_out
from regulars.rules import service as rules
from regulars.security.scope import EVERYWHERE
from regulars.undoing.tag_orders import Hold, Ordered, TagWord, instead, retold, standing
from regulars.undoing.working import work_through

COFFEE = {"tag": {"give": "coffee", "for_days": 30}}
THANKS = {"message": {"template": "thanks", "values": {"spent": {"var": "purchase.sales_minor"}}}}


def other(**then: Any) -> dict[str, Any]:
    """The pack with other rules: id → (when, then); None leaves one out."""
    document: dict[str, Any] = deepcopy(CARE)
    kept = {rule["id"]: (rule["when"], rule["then"]) for rule in document["rules"]} | then
    document["rules"] = [
        {"id": name, "order": order, "title": WORDS, "when": rule[0], "then": rule[1]}
        for order, (name, rule) in enumerate(kept.items())
        if rule is not None
    ]
    document["cases"] = [{"name": WORDS, "given": {}, "expect": {"moved_to": None}}]
    return document


async def publish(undoing: Undoing, document: dict[str, Any], live_from: datetime) -> None:
    chain = undoing.chain
    async with chain.database.begin() as session:
        text = orjson.dumps(document)
        await rules.publish(session, text, place_id=chain.hq, live_from=live_from, actor=ACTOR, at=OPENED)


@pytest.fixture
async def caring(undoing: Undoing) -> Undoing:
    """The pack care is live in its first version."""
    await publish(undoing, CARE, OPENED)
    return undoing


async def buy(undoing: Undoing, member: UUID, sku: str, day: float) -> None:
    at = MONDAY + day * DAY
    await undoing.chain.post(undoing.chain.basket(member, line(5_000, sku=sku), occurred_at=at), at=at)


async def tags(undoing: Undoing, member: UUID) -> dict[str, datetime | None]:
    async with undoing.chain.database.read() as session:
        return dict((await get_member(session, member, EVERYWHERE)).rule_tags)


async def stage(undoing: Undoing, member: UUID) -> str:
    (row,) = await undoing.rows("select stage from standing where member_id = :who", who=member)
    return str(row["stage"])


def seen(preview: Mapping[str, Any] | None, *names: str) -> dict[str, Any]:
    assert preview is not None
    return {name: preview[name] for name in names if preview.get(name)}


ASIDES = ("tags", "tags_back", "tags_given", "tags_redated", "tags_staying", "stages", "stages_since")
SENT = ("messages", "messages_sent", "messages_missed")


async def test_tags_become_those_of_the_other_version_and_it_can_be_put_back(caring: Undoing) -> None:
    ann, bob, cid, dan = [await caring.chain.join(name) for name in ("Ann", "Bob", "Cid", "Dan")]
    for who, sku in ((ann, "COFFEE"), (bob, "BREAD"), (cid, "BEANS"), (dan, "COFFEE")):
        await buy(caring, who, sku, 0)
    await buy(caring, dan, "BREAD", 1)
    await publish(caring, other(give=(sold("BREAD"), COFFEE)), LONG_AFTER)
    done = await caring.do("care/1", to_version=2)
    told = seen(done.preview, *ASIDES)
    assert told == {"tags": {"coffee": 1}, "tags_given": {"coffee": 1}, "tags_redated": {"coffee": 1}}
    assert (done.tags_changed, done.differences, done.members_done) == (3, 0, 3)
    assert (await tags(caring, ann), await tags(caring, cid)) == ({}, {})
    assert await tags(caring, bob) == {"coffee": MONDAY + 30 * DAY}
    assert await tags(caring, dan) == {"coffee": MONDAY + 31 * DAY}
    assert (await caring.do("care/1", to_version=2)).state == "empty"
    assert await caring.verified()
    back = await caring.do("care/1", to_version=1)
    assert (back.tags_changed, back.differences) == (3, 0)
    assert (await tags(caring, ann), await tags(caring, bob)) == ({"coffee": MONDAY + 30 * DAY}, {})
    assert await tags(caring, dan) == {"coffee": MONDAY + 30 * DAY}
    assert await caring.verified()


async def test_what_both_versions_do_stays_and_undoing_the_other_takes_what_it_gave(caring: Undoing) -> None:
    ann, bob = await caring.chain.join("Ann"), await caring.chain.join("Bob")
    await buy(caring, ann, "COFFEE", 0)
    await buy(caring, bob, "BREAD", 0)
    both = {"or": [sold("BREAD"), sold("COFFEE")]}
    await publish(caring, other(give=({"and": [both]}, COFFEE)), LONG_AFTER)
    done = await caring.do("care/1", to_version=2)
    assert (seen(done.preview, *ASIDES), done.members_in_all) == ({"tags_given": {"coffee": 1}}, 1)
    assert (await caring.do("care/2")).tags_changed == 1
    assert (await tags(caring, bob), set(await tags(caring, ann))) == ({}, {"coffee"})
    assert (await caring.do("care/1")).tags_changed == 1
    assert await tags(caring, ann) == {}
    assert await caring.verified()


async def test_what_is_recorded_after_the_list_is_not_decided_anew_and_is_told(caring: Undoing) -> None:
    ann, bob = await caring.chain.join("Ann"), await caring.chain.join("Bob")
    await buy(caring, ann, "COFFEE", 2)
    await publish(caring, other(give=(sold("BREAD"), COFFEE)), LONG_AFTER)
    listed = await caring.order("care/1", to_version=2)
    await caring.approve(listed)
    for who in (ann, bob):
        bought = caring.chain.basket(who, line(5_000, sku="BREAD"), occurred_at=MONDAY + DAY)
        await caring.chain.post(bought, at=caring.at)
    done = await work_through(caring.means, listed.id)
    assert (done.came_after, done.tags_changed, done.differences) == (2, 1, 0)
    assert (await tags(caring, ann), await tags(caring, bob)) == ({}, {})
    again = await caring.do("care/1", to_version=2)
    assert (again.came_after, again.tags_changed) == (0, 2)
    late = {"coffee": MONDAY + 31 * DAY}
    assert (await tags(caring, ann), await tags(caring, bob)) == (late, late)
    assert await caring.verified()


async def test_stages_become_what_the_other_version_makes_of_the_last_purchase(caring: Undoing) -> None:
    names = ("Ann", "Bob", "Cid", "Dan", "Eve")
    ann, bob, cid, dan, eve = [await caring.chain.join(name) for name in names]
    skus = ("CANCELLING", "CLOSING", "BREAD", "CLOSING", "BREAD")
    for who, sku in zip((ann, bob, cid, dan, eve), skus, strict=True):
        await buy(caring, who, sku, 0)
    await buy(caring, dan, "MILK", 1)
    await buy(caring, eve, "MILK", 1)
    to_risk, to_lapse = {"move_stage": {"to": "at_risk"}}, {"move_stage": {"to": "lapsed"}}
    instead = other(cancel=(sold("CANCELLING"), to_risk), close=(sold("BREAD"), to_lapse))
    await publish(caring, instead, LONG_AFTER)
    done = await caring.do("care/1", to_version=2)
    assert seen(done.preview, *ASIDES) == {
        "stages": {"lapsed → at_risk": 1, "at_risk → active": 1, "active → lapsed": 1},
        "stages_since": 2,
    }
    assert (done.stages_moved, done.differences) == (3, 0)
    assert [await stage(caring, who) for who in (ann, bob, cid, dan, eve)] == [
        *("at_risk", "active", "lapsed", "active", "active")
    ]
    (event,) = await caring.rows(
        "select id, pack_version, rule_id, reason->>'corrects' as corrects from lifecycle_event "
        "where kind = 'stage_corrected' and member_id = :who",
        who=cid,
    )
    assert tuple(event.values())[1:] == ("care/2", "close", "care/1")
    async with caring.chain.database.read() as session:
        told = await explain_event(session, Shelf(), caring.chain.desk.places, event["id"], EVERYWHERE)
    assert "decided anew by the pack care/2" in " ".join(said.en for said in told.summary)
    assert told.differences == ()
    assert (await caring.do("care/1", to_version=2)).state == "empty"
    assert (await prove_in(caring.chain.database, None)).ok
    back = await caring.do("care/1", to_version=1)
    assert (back.stages_moved, back.differences) == (3, 0)
    assert [await stage(caring, who) for who in (ann, bob, cid)] == ["lapsed", "at_risk", "active"]
    assert await caring.verified()


async def test_a_stage_that_the_other_version_moved_is_put_back_with_it(caring: Undoing) -> None:
    ann = await caring.chain.join("Ann")
    await buy(caring, ann, "BREAD", 0)
    await publish(caring, other(close=(sold("BREAD"), {"move_stage": {"to": "lapsed"}})), LONG_AFTER)
    order = await caring.order("care/1", to_version=2)
    await caring.approve(order)
    await buy(caring, ann, "MILK", 5)
    left = await caring.step(order)
    assert (left.stages_moved, left.differences) == (0, 1)
    assert await stage(caring, ann) == "active"
    await buy(caring, ann, "BREAD", 6)
    assert (await caring.do("care/1", to_version=2)).stages_moved == 1
    assert await stage(caring, ann) == "lapsed"
    (row,) = await caring.rows("select next_revisit_at from standing")
    assert row["next_revisit_at"] is None
    assert (await caring.do("care/2")).stages_moved == 1
    assert await stage(caring, ann) == "active"
    assert await caring.verified()


async def test_a_rehearsal_of_what_is_live_is_history_after_tags_and_stages_were_decided_anew(
    caring: Undoing,
) -> None:
    names = ("Ann", "Bob", "Cid", "Dan")
    ann, bob, cid, dan = [await caring.chain.join(name) for name in names]
    for who, sku in ((ann, "COFFEE"), (bob, "BREAD"), (cid, "CANCELLING"), (dan, "MILK")):
        await buy(caring, who, sku, 0)
    to_lapse = {"move_stage": {"to": "lapsed"}}
    rules_of = {"give": (sold("BREAD"), COFFEE), "close": (sold("MILK"), to_lapse), "cancel": None}
    await publish(caring, other(**rules_of), LONG_AFTER)
    done = await caring.do("care/1", to_version=2)
    assert (done.tags_changed, done.stages_moved, done.differences) == (2, 2, 0)
    for who in (ann, bob, cid, dan):
        await buy(caring, who, "RICE", 12)
    sums = await replay_all(caring.chain.database)
    assert_no_difference(sums)
    assert sums.messages["thanks"].before == sums.messages["thanks"].after == 1
    assert (await prove_in(caring.chain.database, None)).ok
    assert await caring.verified()


async def test_unread_messages_are_withdrawn_and_none_is_sent_late(caring: Undoing) -> None:
    ann, bob = await caring.chain.join("Ann", tags=("coffee",)), await caring.chain.join("Bob")
    await buy(caring, ann, "BREAD", 0)
    async with caring.chain.database.begin() as session:
        assert len(await hand_out(session, EVERYWHERE, caring.at, after=0, limit=9)) == 1
    await buy(caring, ann, "MILK", 1)
    await buy(caring, ann, "RICE", 2)
    await buy(caring, bob, "MILK", 2)
    await publish(caring, other(thank=(sold("MILK"), THANKS)), LONG_AFTER)
    done = await caring.do("care/1", to_version=2)
    told = {"messages": {"thanks": 1}, "messages_sent": 1, "messages_missed": 1}
    assert seen(done.preview, *SENT) == told
    assert (done.messages_withdrawn, done.differences) == (1, 0)
    rows = await caring.rows("select r.no from message_request r order by no")
    assert len(rows) == 3
    again = await caring.order("care/1", to_version=1)
    assert (again.state, seen(again.preview, *SENT)) == ("empty", {"messages_missed": 1})


async def test_who_is_no_longer_refused_gets_the_tags_of_other_packs(caring: Undoing) -> None:
    give = {"rules": [{"id": "r", "order": 0, "title": WORDS, "when": sold("BREAD"), "then": COFFEE}]}
    numbers = {"code": "club", "kind": "earning", "priority": 90}
    cases = [{"name": WORDS, "given": {}, "expect": {"points": 0}}]
    earning = {**CARE, **numbers, **give, "cases": cases}
    del earning["lifecycle"]
    await publish(caring, earning, OPENED)
    staff = await caring.chain.join("Staff", tags=("staff",))
    await buy(caring, staff, "BREAD", 0)
    assert await tags(caring, staff) == {}
    stored = (await stored_of(caring, "staff-excluded")).replace(b'"staff"', b'"director"')
    await publish(caring, orjson.loads(stored), LONG_AFTER)
    done = await caring.do("staff-excluded/1", to_version=2)
    assert (done.tags_changed, done.differences) == (1, 0)
    assert await tags(caring, staff) == {"coffee": MONDAY + 30 * DAY}
    assert (await caring.do("club/1")).tags_changed == 1
    again = await caring.order("staff-excluded/1", to_version=2)
    assert seen(again.preview, *ASIDES) == {}
    assert await caring.verified()


def order(no: int, *wanted: TagChange) -> Ordered:
    at = MONDAY + no * DAY
    return Ordered(UUID(int=no + 1), UUID(int=99), at, True, tuple(wanted))


def change(no: int, given: bool, days: int | None, version: str) -> TagChange:
    at = MONDAY + no * DAY
    until = at + days * DAY if given and days else None
    return TagChange("coffee", given, at, until, version, "r")


WANTS = st.one_of(st.none(), st.tuples(st.booleans(), st.sampled_from([None, 3, 30])))


@given(st.lists(st.tuples(WANTS, WANTS, WANTS), max_size=6))
def test_tags_hold_as_had_the_other_version_asked_and_back_again(many: list[tuple[Any, Any, Any]]) -> None:
    """For each purchase: what the version, the other version, and another pack want of the tag."""
    of = {"p/1": 0, "p/2": 1, "w/1": 2}

    def asked(no: int, *versions: str) -> list[TagChange]:
        wants = [(version, many[no][of[version]]) for version in versions]
        return [change(no, *want, version) for version, want in wants if want is not None]

    at = MONDAY + 20 * DAY
    first = [order(no, *asked(no, "p/1", "w/1")) for no in range(len(many))]
    second = [order(no, *asked(no, "p/2", "w/1")) for no in range(len(many))]
    now: list[Ordered] = first
    words: list[TagWord] = []
    for version, meant in (("p/2", second), ("p/1", first)):
        wanted = [
            replace(one, changes=instead(one, asked(no, version, "w/1"), (), "p"))
            for no, one in enumerate(now)
        ]
        found = retold(now, wanted, at)
        assert {one.tag: one.after for one in found} in ({}, {"coffee": hold_of(meant, at)})
        assert found or hold_of(now, at) == hold_of(meant, at)
        words += [TagWord(one.tag, ids_of(one.causes), None, one.gives) for one in found]
        now, gone = standing(first, words)
        assert (hold_of(now, at), gone) == (hold_of(meant, at), set())


def ids_of(orders: Sequence[Ordered]) -> tuple[UUID, ...]:
    return tuple(one.purchase_id for one in orders if one.purchase_id is not None)


def hold_of(orders: Sequence[Ordered], at: datetime) -> Hold:
    tagging = Tagging()
    for one in orders:
        for each in one.changes:
            tagging.note(each)
    held = held_until(tagging.changes, at)
    return Hold("coffee" in held, held.get("coffee"))


async def stored_of(undoing: Undoing, code: str) -> bytes:
    async with undoing.chain.database.read() as session:
        return orjson.dumps((await rules.get_version(session, code, 1)).version.document)
