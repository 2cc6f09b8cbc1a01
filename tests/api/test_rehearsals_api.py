"""Rehearsals over the API: order, follow, read, cancel; with Temporal and without."""

from uuid import UUID

import httpx
import pytest
from small_chain import MONDAY, STARTER_PACKS, line
from web_world import WebWorld

from regulars.rehearsal.running import Means, run_rehearsal
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import with_parameters

DRAFT = with_parameters(starter_text("grocery-classic"), {"minor_per_point": 50})


@pytest.fixture
async def marketer(world: WebWorld) -> httpx.AsyncClient:
    return await world.operator("marketing", world.chain.hq)


async def carry_out(world: WebWorld, rehearsal_id: str) -> None:
    container = world.container
    await run_rehearsal(Means(container.database, container.now, processes=0), UUID(rehearsal_id))


async def test_a_rehearsal_is_ordered_followed_and_read(world: WebWorld, marketer: httpx.AsyncClient) -> None:
    members = [await world.chain.join(f"Member {number}") for number in range(3)]
    for number, member in enumerate(members, 1):
        await world.chain.buy(member, line(1_000 * number), occurred_at=MONDAY)
    ordered = await marketer.post("/v1/rehearsals", json={"packs": [DRAFT], "place": "HQ"})
    assert ordered.status_code == 201, ordered.text
    told = ordered.json()
    assert told["state"] == "queued"  # nothing runs workflows here
    assert told["packs"] == ["grocery-classic/2"]
    address = f"/v1/rehearsals/{told['id']}"
    early = await marketer.get(f"{address}/report")
    assert (early.status_code, early.json()["code"]) == (409, "rehearsal_not_finished")
    await carry_out(world, told["id"])
    done = (await marketer.get(address)).json()
    assert (done["state"], done["purchases_done"], done["purchases_in_all"]) == ("finished", 3, 3)
    report = (await marketer.get(f"{address}/report")).json()
    assert report["points"] == {"before": 60, "after": 120, "difference": 60}
    first = (await marketer.get(f"{address}/members", params={"limit": 2})).json()
    assert [one["change"]["points_difference"] for one in first["items"]] == [30, 20]
    rest = (await marketer.get(f"{address}/members", params={"after_rank": first["next_after_rank"]})).json()
    assert [one["rank"] for one in rest["items"]] == [3]
    assert rest["next_after_rank"] is None
    late = await marketer.post(f"{address}/cancel")
    assert (late.status_code, late.json()["code"]) == (409, "rehearsal_ended")


async def test_the_same_key_orders_once_and_lists_are_paged(
    world: WebWorld, marketer: httpx.AsyncClient
) -> None:
    versions = [{"code": code, "version": 1} for code in STARTER_PACKS[:2]]
    body = {"versions": versions, "place": "HQ"}
    same = [
        await marketer.post("/v1/rehearsals", json=body, headers={"Idempotency-Key": "one-order"})
        for _ in range(2)
    ]
    assert same[0].json() == same[1].json()
    other = await marketer.post("/v1/rehearsals", json={"packs": [DRAFT], "place": "east-1"})
    page = (await marketer.get("/v1/rehearsals", params={"limit": 1})).json()
    assert [one["id"] for one in page["items"]] == [other.json()["id"]]
    after = {"after_at": page["next_after_at"], "after_id": page["next_after_id"]}
    rest = (await marketer.get("/v1/rehearsals", params=after)).json()
    assert "items" in rest, rest
    assert [one["id"] for one in rest["items"]] == [same[0].json()["id"]]
    digest = other.json()["content_hashes"][0]
    found = (await marketer.get("/v1/rehearsals", params={"content_hash": digest})).json()
    assert [one["id"] for one in found["items"]] == [other.json()["id"]]
    cancelled = await marketer.post(f"/v1/rehearsals/{other.json()['id']}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    finished = (await marketer.get("/v1/rehearsals", params={"state": "cancelled"})).json()
    assert len(finished["items"]) == 1


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"place": "HQ"}, "nothing_to_rehearse", "packs"),
        ({"packs": [DRAFT, DRAFT], "place": "HQ"}, "pack_given_twice", "packs"),
        ({"packs": ["{}"], "place": "HQ"}, "pack_not_green", "document"),
        ({"packs": [DRAFT], "place": "nowhere"}, "rehearsal_place_unknown", "place"),
        (
            {"packs": [DRAFT], "place": "HQ", "until": "2999-01-01T00:00:00Z"},
            "rehearsal_span_invalid",
            "until",
        ),
        (
            {
                "packs": [DRAFT],
                "place": "HQ",
                "since": "2026-01-02T00:00:00Z",
                "until": "2026-01-01T00:00:00Z",
            },
            "rehearsal_span_invalid",
            "since",
        ),
    ],
)
async def test_what_cannot_be_rehearsed_is_told_by_field(
    marketer: httpx.AsyncClient, body: dict[str, object], code: str, field: str
) -> None:
    answer = await marketer.post("/v1/rehearsals", json=body)
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["field"]) == (code, field)
