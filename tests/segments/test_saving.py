"""Segments that are kept: versions that never change, two editors, places; and all of it through the API."""

import asyncio
from typing import Any

import httpx
import pytest
from small_chain import ACTOR, MONDAY, SmallChain, line
from sqlalchemy import select
from web_fixtures import admin, app, world
from web_world import WebWorld

from regulars.security.tables import audit_entry
from regulars.segments import service
from regulars.segments.domain import Draft
from regulars.segments.errors import (
    SegmentChanged,
    SegmentCodeInvalid,
    SegmentPlaceUnknown,
    SegmentTextInvalid,
    UnknownSegment,
)
from regulars.segments.saved_repository import Seen

__all__ = ["admin", "app", "world"]

GOLD = {"===": [{"var": "member.tier"}, "gold"]}
BODY: dict[str, Any] = {
    "place": "HQ",
    "title": {"zh": "金卡会员", "en": "Gold members"},
    "when": GOLD,
    "based_on": 0,
}


async def save(chain: SmallChain, based_on: int, code: str = "gold", **changes: Any) -> Seen:
    draft = Draft(**{**_DRAFT, "code": code, **changes})
    async with chain.database.begin() as session:
        return await service.save_segment(session, draft, ACTOR, MONDAY, based_on=based_on, reason="a test")


_DRAFT: dict[str, Any] = {
    "place": "HQ",
    "title_zh": "金",
    "title_en": "Gold",
    "description": "",
    "when": GOLD,
}


async def test_each_change_is_a_version_and_the_same_again_is_none(chain: SmallChain) -> None:
    first = await save(chain, 0)
    assert (await save(chain, 0)).version == first.version
    second = await save(chain, 1, title_en="Gold card")
    assert [first.version.version, second.version.version] == [1, 2]
    assert first.version.hash != second.version.hash
    async with chain.database.read() as session:
        kept = await service.list_versions(session, ACTOR.scope, "gold")
        old = await service.get_segment(session, ACTOR.scope, "gold", 1)
        told = (
            await session.execute(select(audit_entry).where(audit_entry.c.action == "segment.save"))
        ).all()
    assert [one.version.version for one in kept] == [2, 1]
    assert old.version == first.version
    assert old.version.when == GOLD
    assert [(row.subject_id, row.before, row.reason) for row in told] == [
        ("gold/1", None, "a test"),
        ("gold/2", {"version": 1, "hash": first.version.hash}, "a test"),
    ]


async def test_the_second_of_two_editors_is_told_of_the_first(chain: SmallChain) -> None:
    await save(chain, 0)
    await save(chain, 1, title_en="Mine")
    with pytest.raises(SegmentChanged, match="gold is at version 2, and your change began from 1"):
        await save(chain, 1, title_en="Also mine")
    with pytest.raises(SegmentChanged):
        await save(chain, 7, title_en="From nowhere")


async def test_of_many_at_once_one_wins(chain: SmallChain) -> None:
    answers = await asyncio.gather(
        *(save(chain, 0, title_en=f"Editor {i}") for i in range(6)), return_exceptions=True
    )
    assert sum(isinstance(one, Seen) for one in answers) == 1
    assert sum(isinstance(one, SegmentChanged) for one in answers) == 5


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "Gold"}, SegmentCodeInvalid),
        ({"code": "gold\n"}, SegmentCodeInvalid),
        ({"code": "g" * 61}, SegmentCodeInvalid),
        ({"title_zh": "  "}, SegmentTextInvalid),
        ({"title_en": "x" * 201}, SegmentTextInvalid),
        ({"description": "x" * 2_001}, SegmentTextInvalid),
        ({"place": "nowhere"}, SegmentPlaceUnknown),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    chain: SmallChain, changes: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await save(chain, 0, **changes)


async def test_a_place_defines_its_own_and_uses_what_is_above(world: WebWorld) -> None:
    chain = world.chain
    await save(chain, 0)
    await save(chain, 0, "east-gold", place="east")
    async with await world.operator("marketing", chain.stores["east-1"]) as store:
        listed = (await store.get("/v1/segments")).json()["items"]
        assert [one["code"] for one in listed] == ["east-gold", "gold"]
        changed = {**BODY, "title": {"zh": "改", "en": "Changed"}, "based_on": 1, "place": "east-1"}
        assert (await store.put("/v1/segments/gold", json=changed)).json()["code"] == "unknown_segment"
        own = await store.put("/v1/segments/own-gold", json={**BODY, "place": "east-1"})
        assert (own.status_code, own.json()["version"]) == (200, 1)
    async with await world.operator("marketing", chain.stores["west-1"]) as other:
        listed = (await other.get("/v1/segments")).json()["items"]
        assert [one["code"] for one in listed] == ["gold"]
        assert (await other.get("/v1/segments/east-gold")).status_code == 404


async def test_a_saved_segment_counts_members_of_its_place_in_sight_of_the_operator(world: WebWorld) -> None:
    chain = world.chain
    east, west = await chain.join("East"), await chain.join("West", store="west-1")
    for member in (east, west):
        await chain.buy(member, line(500_000))
    always = {">=": [{"var": "member.visits"}, 1]}
    await save(chain, 0, "buyers", when=always)
    await save(chain, 0, "east-buyers", when=always, place="east")
    async with await world.operator("marketing", chain.hq) as everywhere:
        all_of = (await everywhere.post("/v1/segments/buyers/count", json={"sample": 9})).json()
        of_east = (await everywhere.post("/v1/segments/east-buyers/count", json={"sample": 9})).json()
    assert (all_of["members"], all_of["matching"], all_of["way"]) == (2, 2, "sql")
    assert {one["member_id"] for one in all_of["sample"]} == {str(east), str(west)}
    assert (of_east["members"], [one["member_id"] for one in of_east["sample"]]) == (1, [str(east)])
    assert of_east["sample"][0]["facts"] == {"member.visits": 1}
    async with await world.operator("store", chain.stores["west-1"]) as store:
        found = (await store.post("/v1/segments/buyers/count", json={"sample": 9})).json()
    assert [one["member_id"] for one in found["sample"]] == [str(west)]


async def test_segments_are_paged_by_code(world: WebWorld, admin: httpx.AsyncClient) -> None:
    for code in ("c", "a", "b"):
        await save(world.chain, 0, code)
    first = (await admin.get("/v1/segments", params={"limit": 2})).json()
    assert ([one["code"] for one in first["items"]], first["next_after"]) == (["a", "b"], "b")
    last = (await admin.get("/v1/segments", params={"limit": 2, "after": "b"})).json()
    assert ([one["code"] for one in last["items"]], last["next_after"]) == (["c"], None)
    await save(world.chain, 1, "a", title_en="Regulars of 100%", title_zh="老主顾")
    for text, codes in (("100%", ["a"]), ("主顾", ["a"]), ("GOLD", ["b", "c"]), ("_", []), ("title", [])):
        found = (await admin.get("/v1/segments", params={"text": text})).json()
        assert [one["code"] for one in found["items"]] == codes


async def test_a_tier_that_no_live_ladder_has_is_told_with_the_count(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    tier = {"val": ["member", "tier"]}
    asked = {"or": [{"in": [tier, ["silver", "golden"]]}, {"===": [tier, "base"]}, {"===": [tier, ""]}]}
    counted = (await admin.post("/v1/segment-counts", json={"when": asked})).json()
    (remark,) = counted["remarks"]
    assert (remark["code"], remark["severity"], remark["pointer"]) == (
        "tier_nowhere_live",
        "warning",
        "/or/0/in/1/1",
    )
    assert "“golden”" in remark["zh"]
    assert "“golden”" in remark["en"]
    await save(world.chain, 0, "golden", when=asked)
    assert (await admin.post("/v1/segments/golden/count", json={})).json()["remarks"] == [remark]
    for language in ("zh", "en"):
        admin.cookies.set("regulars_language", language)
        shown = await admin.get("/segments/golden/count?sample=1")
        assert remark[language] in shown.text
    within = {"when": {"in": [tier, ["silver", "gold"]]}}
    assert (await admin.post("/v1/segment-counts", json=within)).json()["remarks"] == []


async def test_findings_come_back_in_both_languages(admin: httpx.AsyncClient) -> None:
    refused = await admin.post("/v1/segment-counts", json={"when": {"==": [{"var": "member.tier"}, "gold"]}})
    assert refused.status_code == 422
    problem = refused.json()
    assert (problem["code"], problem["field"]) == ("segment_not_green", "when")
    (found,) = problem["details"]["findings"]
    assert found["code"] == "operator_refused"
    assert "===" in found["zh"]
    assert "===" in found["en"]
    in_chinese = await admin.post(
        "/v1/segment-counts", json={"when": 1}, headers={"Accept-Language": "zh-CN"}
    )
    assert "条件有 1 处错误" in in_chinese.json()["detail"]


async def test_an_unknown_version_is_not_found(chain: SmallChain) -> None:
    await save(chain, 0)
    async with chain.database.read() as session:
        with pytest.raises(UnknownSegment, match="there is no segment gold/2"):
            await service.get_segment(session, ACTOR.scope, "gold", 2)
