"""Bulk actions over the API: draw up, look at the exact list, say why, have somebody else approve, follow."""

from typing import Any
from uuid import UUID

import httpx
from bulk_actions.world import NoHands
from web_world import WebWorld

from regulars.bulk_actions.domain import FREEZES_ALONE
from regulars.bulk_actions.running import Means, work_on
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks

MANY = FREEZES_ALONE + 1


async def carry_out(world: WebWorld, action_id: str) -> None:
    """What the worker would do."""
    parts = world.container
    means = Means(parts.database, LivePacks(), Places(), NoHands(), parts.now, parts.new_id)
    while (await work_on(means, UUID(action_id))).state == "running":
        pass


async def drawn_up(ops: httpx.AsyncClient, key: str = "", **body: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await ops.post("/v1/bulk-actions", json={"place": "HQ", **body}, headers=headers)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_list_is_drawn_up_once_approved_by_another_and_its_results_are_read_page_by_page(
    world: WebWorld,
) -> None:
    ops = await world.operator("ops", world.chain.hq)
    second = await world.operator("ops", world.chain.hq)
    for number in range(MANY):
        await world.chain.join(f"M{number}")
    wish = {"kind": "freeze", "stage": "joined", "freeze_reason": "fraud_suspected"}
    told = await drawn_up(ops, "a-key-of-its-own", **wish)
    assert (told["state"], told["items"], told["needs_second"]) == ("draft", MANY, True)
    await world.chain.join("Later")
    assert await drawn_up(ops, "a-key-of-its-own", **wish) == told
    body = {"place": "HQ", **wish, "stage": "active"}
    headers = {"Idempotency-Key": "a-key-of-its-own"}
    assert code_of(await ops.post("/v1/bulk-actions", json=body, headers=headers)) == (
        409,
        "idempotency_mismatch",
    )
    address, seen = f"/v1/bulk-actions/{told['id']}", {"content_hash": told["content_hash"]}
    waiting = await ops.post(f"{address}/submit", json={**seen, "reason": "一批可疑的卡"})
    assert (waiting.status_code, waiting.json()["state"]) == (200, "in_review")
    assert code_of(await ops.post(f"{address}/approve", json=seen)) == (403, "own_bulk_approval")
    other = await second.post(f"{address}/approve", json={"content_hash": "0" * 64})
    assert code_of(other) == (409, "bulk_list_differs")
    approved = await second.post(f"{address}/approve", json=seen)
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    await carry_out(world, told["id"])
    done = (await ops.get(address)).json()
    assert (done["state"], done["changed"], done["refused"]) == ("finished", MANY, 0)
    first = (await ops.get(f"{address}/items", params={"limit": MANY - 1})).json()
    rest = (await ops.get(f"{address}/items", params={"after": first["next_after"]})).json()
    assert [one["outcome"] for one in (*first["items"], *rest["items"])] == ["frozen"] * MANY
    assert rest["next_after"] is None
    listed = (await ops.get("/v1/bulk-actions", params={"state": "finished"})).json()["items"]
    assert [one["id"] for one in listed] == [told["id"]]
    assert (await ops.get("/v1/bulk-actions", params={"state": "draft"})).json()["items"] == []
    late = await ops.post(f"{address}/cancel", json={"reason": "too late"})
    assert code_of(late) == (409, "bulk_state_wrong")


async def test_a_refused_action_says_why_and_does_nothing(world: WebWorld) -> None:
    ops = await world.operator("ops", world.chain.hq)
    second = await world.operator("ops", world.chain.hq)
    member = await world.chain.join("Ann")
    told = await drawn_up(ops, kind="restart", member_ids=[str(member)])
    address, seen = f"/v1/bulk-actions/{told['id']}", {"content_hash": told["content_hash"]}
    await ops.post(f"{address}/submit", json={**seen, "reason": "it hangs"})
    refused = await second.post(f"{address}/reject", json={"reason": "retry it first"})
    assert (refused.json()["state"], refused.json()["latest_reason"]) == ("rejected", "retry it first")
    await carry_out(world, told["id"])
    assert [one["outcome"] for one in (await ops.get(f"{address}/items")).json()["items"]] == [None]


async def test_whoever_has_no_right_there_draws_up_nothing_and_sees_nothing(world: WebWorld) -> None:
    ops = await world.operator("ops", world.chain.hq)
    east = await world.operator("ops", world.chain.stores["east-1"])
    clerk = await world.operator("store", world.chain.hq)
    member = str(await world.chain.join("Ann"))
    told = await drawn_up(ops, kind="retry", member_ids=[member])
    beyond = {"kind": "retry", "place": "HQ", "member_ids": [member]}
    assert code_of(await east.post("/v1/bulk-actions", json=beyond)) == (422, "bulk_place_unknown")
    unseen = await east.get(f"/v1/bulk-actions/{told['id']}")
    assert code_of(unseen) == (404, "unknown_bulk_action")
    assert (await east.get("/v1/bulk-actions")).json()["items"] == []
    assert (await clerk.post("/v1/bulk-actions", json=beyond)).status_code == 403
    own = await drawn_up(east, kind="retry", place="east-1", member_ids=[member])
    assert own["items"] == 1


async def test_a_wish_for_everybody_for_nobody_or_without_a_word_is_refused_by_field(world: WebWorld) -> None:
    ops = await world.operator("ops", world.chain.hq)
    member = str(await world.chain.join("Ann"))
    for body, code in (
        ({"kind": "tell"}, "bulk_filter_empty"),
        ({"kind": "tell", "stage": "lapsed"}, "bulk_nothing_matches"),
        ({"kind": "freeze", "member_ids": [member], "freeze_reason": "whim"}, "freeze_reason_unknown"),
    ):
        answer = await ops.post("/v1/bulk-actions", json={"place": "HQ", **body})
        assert code_of(answer) == (422, code), answer.text
    told = await drawn_up(ops, kind="tell", member_ids=[member])
    wordless = {"content_hash": told["content_hash"], "reason": "  x "}
    answer = await ops.post(f"/v1/bulk-actions/{told['id']}/submit", json=wordless)
    assert answer.status_code == 422, answer.text
    assert "reason" in answer.text
