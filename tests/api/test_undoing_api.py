"""Undo orders over the API: see what was done, order, look, have somebody else approve, follow."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
from small_chain import MONDAY, line
from undoing.world import give_points, mend_tiers
from web_world import WebWorld

from regulars.organisation.places import Places
from regulars.rules.live import LivePacks
from regulars.undoing import effect_pages
from regulars.undoing.working import Means, work_through

ORDER = {"code": "gift", "version": 1, "place": "HQ", "policy": "let_be"}


@pytest.fixture
async def marketer(world: WebWorld) -> httpx.AsyncClient:
    await give_points(world.chain)
    for number in range(1, 4):
        member = await world.chain.join(f"Member {number}")
        await world.chain.buy(member, line(1_000 * number), occurred_at=MONDAY)
    return await world.operator("marketing", world.chain.hq)


async def work(world: WebWorld, undo_id: str) -> None:
    container = world.container
    means = Means(container.database, LivePacks(), Places(), container.now)
    await work_through(means, UUID(undo_id))


async def test_an_undo_is_ordered_looked_at_approved_and_followed(
    world: WebWorld, marketer: httpx.AsyncClient
) -> None:
    effects = (await marketer.get("/v1/packs/gift/versions/1/effects", params={"limit": 2})).json()
    assert len(effects["items"]) == 2
    after = {
        "after_at": effects["next_after_at"],
        "after_id": effects["next_after_id"],
        "after_rule": effects["next_after_rule"],
    }
    rest = (await marketer.get("/v1/packs/gift/versions/1/effects", params=after)).json()
    assert sorted(one["amount"] for one in [*effects["items"], *rest["items"]]) == [10, 20, 30]
    assert rest["next_after_id"] is None
    ordered = await marketer.post("/v1/undos", json=ORDER)
    assert ordered.status_code == 201, ordered.text
    told = ordered.json()
    assert (told["state"], told["preview"]) == ("preparing", None)  # nothing runs workflows here
    address = f"/v1/undos/{told['id']}"
    await work(world, told["id"])
    prepared = (await marketer.get(address)).json()
    assert (prepared["state"], prepared["preview"]["takes"]) == ("in_review", 60)
    items = (await marketer.get(f"{address}/items", params={"limit": 2})).json()
    after = {"after_member": items["next_after_member"], "after_entry": items["next_after_entry"]}
    rest = (await marketer.get(f"{address}/items", params=after)).json()
    assert sum(one["takes"] for one in [*items["items"], *rest["items"]]) == 60
    assert all(one["result"] is None for one in items["items"])
    approver = await world.operator("approver", world.chain.hq)
    seen = {"content_hash": prepared["content_hash"]}
    approved = await approver.post(f"{address}/approve", json=seen)
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    await work(world, told["id"])
    done = (await marketer.get(address)).json()
    assert (done["state"], done["points_taken"], done["differences"]) == ("finished", 60, 0)
    items = (await marketer.get(f"{address}/items")).json()
    assert all(one["result"]["taken"] == one["takes"] for one in items["items"])
    await told_to_the_member(world, done)
    late = await marketer.post(f"{address}/cancel", json={"reason": "too late"})
    assert (late.status_code, late.json()["code"]) == (409, "undo_state_wrong")


async def told_to_the_member(world: WebWorld, done: Mapping[str, Any]) -> None:
    """What was taken back stands among a member's events, with the purchase, and explains itself."""
    desk = await world.operator("service_desk", world.chain.hq)
    events = f"/v1/members/{world.chain.members['Member 2']}/events"
    (event,) = (await desk.get(events, params={"kind": "points_taken_back"})).json()["items"]
    assert (event["event_no"], event["points"], event["undo_id"]) == (None, 20, done["id"])
    assert event in (await desk.get(events)).json()["items"]
    told = (await desk.get(f"{events}/{event['event_id']}/explanation")).json()
    assert (told["kind"], told["agrees"], told["taken_back"]["points"]) == ("points_taken_back", True, 20)
    assert told["taken_back"]["ordered_by"].startswith("Operator ")
    assert told["taken_back"]["approved_by"].startswith("Operator ")
    bought = (await desk.get(f"/v1/purchases/{told['purchase_id']}/explanation")).json()
    assert [one["entry_id"] for one in bought["taken_back"]] == [event["event_id"]]
    assert bought["summary"][1] == told["taken_back"]["words"]
    elsewhere = await world.operator("service_desk", world.chain.stores["west-1"])
    assert (await elsewhere.get(events)).json()["items"] == []
    refused = await elsewhere.get(f"{events}/{event['event_id']}/explanation")
    assert refused.json()["code"] == "event_unknown"


async def test_another_version_instead_is_ordered_and_what_is_missing_is_given(
    world: WebWorld, marketer: httpx.AsyncClient
) -> None:
    await give_points(world.chain, per=50)
    body = ORDER | {"to_version": 2, "policy": "debt"}
    told = (await marketer.post("/v1/undos", json=body)).json()
    address = f"/v1/undos/{told['id']}"
    await work(world, told["id"])
    prepared = (await marketer.get(address)).json()
    assert (prepared["to"], prepared["state"]) == ("gift/2", "in_review")
    assert (prepared["preview"]["takes"], prepared["preview"]["gives"]) == (0, 60)
    approver = await world.operator("approver", world.chain.hq)
    seen = {"content_hash": prepared["content_hash"]}
    assert (await approver.post(f"{address}/approve", json=seen)).status_code == 200
    await work(world, told["id"])
    done = (await marketer.get(address)).json()
    assert (done["state"], done["points_given"], done["differences"]) == ("finished", 60, 0)
    items = (await marketer.get(f"{address}/items")).json()["items"]
    assert sorted(one["result"]["given"] for one in items) == [10, 20, 30]
    missing = await marketer.post("/v1/undos", json=ORDER | {"to_version": 9})
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_pack")


async def test_tiers_are_decided_anew_and_the_list_tells_each_move(world: WebWorld) -> None:
    await world.chain.buy(await world.chain.join(), line(120_000), occurred_at=MONDAY)
    await mend_tiers(world.chain, 150_000)
    marketer = await world.operator("marketing", world.chain.hq)
    body = {"code": "classic-tiers", "version": 1, "to_version": 2, "place": "HQ", "policy": "let_be"}
    told = (await marketer.post("/v1/undos", json=body)).json()
    address = f"/v1/undos/{told['id']}"
    await work(world, told["id"])
    prepared = (await marketer.get(address)).json()
    assert (prepared["state"], prepared["preview"]["tiers"]) == ("in_review", {"silver → base": 1})
    approver = await world.operator("approver", world.chain.hq)
    seen = {"content_hash": prepared["content_hash"]}
    assert (await approver.post(f"{address}/approve", json=seen)).status_code == 200
    await work(world, told["id"])
    assert (await marketer.get(address)).json()["tiers_moved"] == 1
    (item,) = (await marketer.get(f"{address}/items")).json()["items"]
    assert (item["tier_from"], item["tier_to"], item["result"]["moved"]) == ("silver", "base", True)


async def test_who_orders_does_not_approve(world: WebWorld) -> None:
    await give_points(world.chain)
    await world.chain.buy(await world.chain.join(), line(1_000))
    both = await world.operator("admin", world.chain.hq)
    told = (await both.post("/v1/undos", json=ORDER)).json()
    await work(world, told["id"])
    seen = {"content_hash": (await both.get(f"/v1/undos/{told['id']}")).json()["content_hash"]}
    refused = await both.post(f"/v1/undos/{told['id']}/approve", json=seen)
    assert (refused.status_code, refused.json()["code"]) == (403, "own_undo_approval")
    another = await world.operator("admin", world.chain.hq)
    wrong = await another.post(f"/v1/undos/{told['id']}/approve", json={"content_hash": 64 * "0"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "undo_preview_differs")
    local = await world.operator("approver", world.chain.stores["east-1"])
    assert (await local.post(f"/v1/undos/{told['id']}/approve", json=seen)).status_code == 404
    refused = await another.post(f"/v1/undos/{told['id']}/reject", json={"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (422, "undo_reason_missing")
    rejected = await another.post(f"/v1/undos/{told['id']}/reject", json={"reason": "not worth it"})
    assert rejected.json()["state"] == "rejected"


async def test_the_same_key_orders_once_and_another_order_is_refused(
    world: WebWorld, marketer: httpx.AsyncClient
) -> None:
    key = {"Idempotency-Key": "one-order"}
    same = [(await marketer.post("/v1/undos", json=ORDER, headers=key)).json()["id"] for _ in range(2)]
    assert same[0] == same[1]
    other = await marketer.post("/v1/undos", json=ORDER | {"policy": "within_balance"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    second = await marketer.post("/v1/undos", json=ORDER | {"place": "east-1"})
    page = (await marketer.get("/v1/undos", params={"limit": 1})).json()
    assert [one["id"] for one in page["items"]] == [second.json()["id"]]
    after = {"after_at": page["next_after_at"], "after_id": page["next_after_id"]}
    rest = (await marketer.get("/v1/undos", params=after)).json()
    assert [one["id"] for one in rest["items"]] == [same[0]]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (ORDER | {"place": "nowhere"}, "undo_place_unknown", "place"),
        (ORDER | {"code": "nothing"}, "unknown_pack", "pack"),
        (
            ORDER | {"since": "2020-01-02T00:00:00Z", "until": "2020-01-01T00:00:00Z"},
            "undo_span_invalid",
            "since",
        ),
        (ORDER | {"until": "2199-01-01T00:00:00Z"}, "undo_span_invalid", "until"),
        (ORDER | {"policy": "forgive"}, "invalid_input", None),
    ],
)
async def test_what_cannot_be_undone_is_told_by_field(
    marketer: httpx.AsyncClient, body: dict[str, object], code: str, field: str | None
) -> None:
    answer = await marketer.post("/v1/undos", json=body)
    told = answer.json()
    assert (told["code"], told.get("field")) == (code, field), told


async def test_a_page_that_stopped_looking_says_so_and_where_to_go_on(
    world: WebWorld, marketer: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effect_pages, "USUAL", effect_pages.Patience(1, 0))
    for _ in range(3):
        await world.chain.buy(None, line(1_000), occurred_at=world.container.now())
    address = "/v1/packs/gift/versions/1/effects"
    stopped = (await marketer.get(address, params={"kind": "discount"})).json()
    assert stopped["items"] == []
    assert stopped["looked_back_to"]
    after = {
        "after_at": stopped["next_after_at"],
        "after_id": stopped["next_after_id"],
        "after_rule": stopped["next_after_rule"],
    }
    further = (await marketer.get(address, params={"kind": "discount", **after})).json()
    assert further["next_after_id"] != stopped["next_after_id"]
