"""Tags, moves of stage and messages that rules of a purchase want: written with it, and once."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from care_pack import CARE
from small_chain import ACTOR, MONDAY, OPENED, SmallChain, line
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from regulars.entrypoints.verifying import verify
from regulars.explanation.shelf import Shelf
from regulars.explanation.sweep import sweep_events, sweep_purchases
from regulars.kernel.ids import new_id
from regulars.lifecycle import repository as standings
from regulars.lifecycle import service as lifecycle
from regulars.members.service import get_member
from regulars.messages.domain import NewRequest
from regulars.messages.service import ask_for, hand_out
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.desk import Recorded
from regulars.rules import service as rules
from regulars.rules.consequences import MessageAsked
from regulars.security.scope import EVERYWHERE, NOWHERE
from regulars.segments.refreshing import refresh
from regulars.segments.tables import member_feature

DAY = timedelta(days=1)


@pytest.fixture
async def caring(chain: SmallChain) -> SmallChain:
    """The small chain with the pack of this file live."""
    async with chain.database.begin() as session:
        await rules.publish(
            session, json.dumps(CARE), place_id=chain.hq, live_from=OPENED, actor=ACTOR, at=OPENED
        )
    return chain


async def buy(chain: SmallChain, member: UUID | None, sku: str, day: float, **more: Any) -> Recorded:
    return await chain.buy(member, line(5_000, sku=sku), occurred_at=MONDAY + day * DAY, **more)


async def buy_late(chain: SmallChain, member: UUID, sku: str, day: float, recorded_on: float) -> Recorded:
    basket = chain.basket(member, line(5_000, sku=sku), occurred_at=MONDAY + day * DAY)
    (answer,) = await chain.post(basket, at=MONDAY + recorded_on * DAY)
    assert isinstance(answer, Recorded), answer
    return answer


def tags_read(purchase: Recorded) -> list[str]:
    found: list[str] = purchase.evaluation["facts"]["member"]["tags"]
    return found


async def events(chain: SmallChain, member: UUID) -> list[tuple[str, str | None, datetime]]:
    async with chain.database.read() as session:
        told = (await standings.events_of(session, [member]))[member]
    return [(one.kind, one.stage_to, one.effective_at) for one in told]


async def requests(chain: SmallChain, **more: Any) -> list[Any]:
    async with chain.database.begin() as session:
        return await hand_out(session, EVERYWHERE, MONDAY, **{"after": 0, "limit": 50, **more})


async def agrees(chain: SmallChain) -> None:
    report = await verify(chain.database)
    assert report.ok, [found for result in report.results for found in result.differences]


async def test_a_tag_is_seen_from_the_next_purchase_on_until_it_ends(caring: SmallChain) -> None:
    member = await caring.join(tags=("vip",))
    first = await buy(caring, member, "COFFEE", 0)
    read = [await buy(caring, member, "BREAD", day) for day in (0, 29, 30)]
    again = [await buy(caring, member, sku, day) for sku, day in (("COFFEE", 40), ("TEA", 41), ("BREAD", 42))]
    assert [tags_read(one) for one in (first, *read)] == [
        ["vip"],
        ["vip", "coffee"],
        ["vip", "coffee"],
        ["vip"],
    ]
    assert [tags_read(one) for one in again] == [["vip"], ["vip", "coffee"], ["vip"]]
    assert first.evaluation["asked"] == [
        {"pack": "care/1", "rule": "give", "tag": "coffee", "given": True, "days": 30}
    ]
    assert again[1].evaluation["facts"]["tags_by_rules"] == ["coffee"]
    await agrees(caring)


async def test_segments_and_people_see_it_until_it_ends(caring: SmallChain) -> None:
    member = await caring.join(tags=("vip",))
    await buy(caring, member, "COFFEE", 0)
    seen = []
    for at in (MONDAY, MONDAY + 30 * DAY - timedelta(microseconds=1), MONDAY + 30 * DAY):
        async with caring.database.begin() as session:
            await refresh(session, at)
            seen.append(await session.scalar(select(member_feature.c.tags)))
        await agrees(caring)
    assert seen == [["vip", "coffee"], ["vip", "coffee"], ["vip"]]
    async with caring.database.read() as session:
        found = await get_member(session, member, EVERYWHERE)
    assert (found.tags, found.rule_tags) == (("vip",), {"coffee": MONDAY + 30 * DAY})


async def test_a_list_sees_what_it_gave_and_a_replay_gives_nothing_twice(caring: SmallChain) -> None:
    member = await caring.join()
    baskets = [
        caring.basket(member, line(5_000, sku="COFFEE")),
        caring.basket(member, line(5_000, sku="BREAD"), occurred_at=MONDAY + timedelta(minutes=1)),
    ]
    one, two = await caring.post(*baskets)
    assert isinstance(one, Recorded)
    assert isinstance(two, Recorded)
    assert (tags_read(one), tags_read(two)) == ([], ["coffee"])
    again = await caring.post(*baskets)
    assert [isinstance(each, Recorded) and each.replayed for each in again] == [True, True]
    async with caring.database.read() as session:
        assert await session.scalar(text("select count(*) from member_tag")) == 1
    assert [asked.values for asked in await requests(caring)] == [{"spent": 5_000}]
    await agrees(caring)


async def test_a_late_purchase_reads_the_tags_of_its_own_time(caring: SmallChain) -> None:
    member = await caring.join()
    await buy(caring, member, "COFFEE", 10)
    await buy(caring, member, "TEA", 20)
    await buy(caring, member, "BREAD", 60)
    late = [await buy_late(caring, member, "BREAD", day, 60) for day in (9, 15, 25)]
    assert [tags_read(one) for one in late] == [[], ["coffee"], []]
    given = await buy_late(caring, member, "COFFEE", 45, 61)
    assert tags_read(given) == []
    assert tags_read(await buy(caring, member, "BREAD", 62)) == ["coffee"]
    assert tags_read(await buy(caring, member, "BREAD", 76)) == []
    await agrees(caring)


async def test_a_member_can_be_moved_to_at_risk_and_comes_back_with_the_next_purchase(
    caring: SmallChain,
) -> None:
    member = await caring.join()
    await buy(caring, member, "BREAD", 0)
    moved = await buy(caring, member, "CLOSING", 10)
    assert moved.receipt["member"]["stage"] == "at_risk"
    assert (await events(caring, member))[-1] == ("stage_moved", "at_risk", MONDAY + 10 * DAY)
    async with caring.database.begin() as session:
        (at,) = await lifecycle.advance(
            session, caring.desk.packs, caring.desk.places, [member], MONDAY + 189 * DAY, MONDAY + 189 * DAY
        )
        (later,) = await lifecycle.advance(
            session, caring.desk.packs, caring.desk.places, [member], MONDAY + 190 * DAY, MONDAY + 190 * DAY
        )
    assert (at.stage, later.stage) == ("at_risk", "lapsed")
    back = await buy(caring, member, "BREAD", 191)
    assert back.receipt["member"]["reactivated"] is True
    async with caring.database.read() as session:
        told = await session.execute(
            text("select purchase_id, pack_version, rule_id from lifecycle_event where kind = 'stage_moved'")
        )
        assert told.one() == (moved.purchase_id, "care/1", "close")
    await agrees(caring)


async def test_who_is_taken_to_have_lapsed_is_not_revisited_and_only_the_newest_purchase_moves(
    caring: SmallChain,
) -> None:
    member = await caring.join()
    await buy(caring, member, "BREAD", 0)
    await buy(caring, member, "CANCELLING", 1)
    async with caring.database.read() as session:
        standing = (await standings.peek(session, [member]))[member].standing
    assert (standing.stage, standing.next_revisit_at) == ("lapsed", None)
    await buy(caring, member, "BREAD", 5)
    await buy_late(caring, member, "CANCELLING", 3, 6)
    assert (await events(caring, member))[-1][:2] == ("reactivated", "active")
    async with caring.database.begin() as session:
        await lifecycle.advance(
            session, caring.desk.packs, caring.desk.places, [member], MONDAY + 8 * DAY, MONDAY + 8 * DAY
        )
    newest = await buy_late(caring, member, "CANCELLING", 7, 8)
    assert newest.receipt["member"]["stage"] == "lapsed"
    assert (await events(caring, member))[-1] == ("stage_moved", "lapsed", MONDAY + 8 * DAY)
    await agrees(caring)


async def test_a_newer_late_purchase_ends_the_move_that_an_older_late_one_made(caring: SmallChain) -> None:
    member = await caring.join()
    await buy(caring, member, "BREAD", 0)
    async with caring.database.begin() as session:
        at = MONDAY + 20 * DAY
        await lifecycle.advance(session, caring.desk.packs, caring.desk.places, [member], at, at)
    await buy_late(caring, member, "CANCELLING", 9, 21)
    assert (await events(caring, member))[-1] == ("stage_moved", "lapsed", MONDAY + 20 * DAY)
    newer = await buy_late(caring, member, "BREAD", 10, 22)
    assert newer.receipt["member"]["stage"] == "active"
    assert (await events(caring, member))[-1] == ("silence_corrected", "active", MONDAY + 20 * DAY)
    await agrees(caring)
    swept = [page async for page in sweep_events(caring.database.read, Shelf(), caring.desk.places)]
    assert [found for page in swept for found in page.found] == []


async def test_messages_are_asked_for_once_and_in_order_and_never_for_what_is_long_past(
    caring: SmallChain,
) -> None:
    member = await caring.join(tags=("coffee",))
    bought = [await buy(caring, member, "BREAD", 0), await buy(caring, member, "BREAD", 1)]
    in_time = await buy_late(caring, member, "BREAD", 0.5, 3.5)
    too_late = await buy_late(caring, member, "BREAD", 0.5, 3.6)
    unowned = await buy(caring, None, "BREAD", 4)
    async with caring.database.begin() as session:
        await attribute_purchase(session, caring.desk, unowned.purchase_id, member, ACTOR, MONDAY + 5 * DAY)
    found = await requests(caring)
    assert [one.purchase_id for one in found] == [
        *(one.purchase_id for one in (*bought, in_time)),
        unowned.purchase_id,
    ]
    assert too_late.evaluation["asked"][0]["too_late"] is True
    assert (found[0].template, found[0].values, found[0].pack_version) == (
        "thanks",
        {"spent": 5_000},
        "care/1",
    )
    assert await requests(caring, after=found[1].no, limit=1) == [found[2]]
    assert await requests(caring, template="other") == []
    async with caring.database.begin() as session:
        assert await hand_out(session, NOWHERE, MONDAY, after=0, limit=50) == []
    await agrees(caring)


@pytest.mark.parametrize("table", ["member_tag", "message_request"])
async def test_what_was_asked_is_never_changed(caring: SmallChain, table: str) -> None:
    member = await caring.join(tags=("coffee",))
    await buy(caring, member, "COFFEE", 0)
    for change in (f"delete from {table}", f"truncate {table}", f"update {table} set rule_id = ''"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with caring.database.begin() as session:
                await session.execute(text(change))


async def test_a_request_never_appears_before_one_that_was_read(caring: SmallChain) -> None:
    first, second = (
        await caring.join("First", tags=("coffee",)),
        await caring.join("Second", tags=("coffee",)),
    )
    asked = MessageAsked("thanks", (), "care/1", "thank")
    store = caring.stores["east-1"]
    async with caring.database.begin() as held:
        await ask_for(held, [NewRequest(first, new_id(), store, MONDAY, asked)], MONDAY)
        other = asyncio.create_task(buy(caring, second, "BREAD", 0))
        done, _ = await asyncio.wait({other}, timeout=0.5)
        assert (done, await requests(caring)) == (set(), [])
    await other
    assert [one.member_id for one in await requests(caring)] == [first, second]


async def test_all_of_it_is_what_recomputing_gives(caring: SmallChain) -> None:
    member = await caring.join(tags=("vip",))
    for sku, day in (("COFFEE", 0), ("CLOSING", 1), ("TEA", 2), ("CANCELLING", 3), ("BREAD", 9)):
        await buy(caring, member, sku, day)
    for sku in ("CLOSING", "BREAD"):  # at one instant
        await buy(caring, member, sku, 9.5)
    await buy_late(caring, member, "COFFEE", 1.5, 10)
    read, places = caring.database.read, caring.desk.places
    swept = [page async for page in sweep_purchases(read, Shelf(), places)]
    swept += [page async for page in sweep_events(read, Shelf(), places)]
    assert [found for page in swept for found in page.found] == []
