"""Recomputing over the API: see which purchases wait, what each would get, and give it."""

from uuid import UUID

import pytest
from recompute_world import Recomputing
from web_world import WebWorld

from regulars.recompute.domain import POINTS_ALONE


@pytest.fixture
async def recomputing(world: WebWorld) -> Recomputing:
    made = Recomputing(world.chain)
    await made.begin()
    return made


async def test_flagged_purchases_are_listed_previewed_and_given_batch_by_batch(
    world: WebWorld, recomputing: Recomputing
) -> None:
    members = [await world.chain.join(f"Member {number}") for number in range(3)]
    for member in members:
        await recomputing.fail(member)
    before = [await recomputing.balance(member) for member in members]
    ops = await world.operator("ops", world.chain.hq)
    first = (await ops.get("/v1/recomputes", params={"limit": 2, "pack": "failing"})).json()
    rest = (await ops.get("/v1/recomputes", params={"after": first["next_after"]})).json()
    assert (len(first["items"]), len(rest["items"]), rest["next_after"]) == (2, 1, None)
    assert first["items"][0]["failed"] == [{"pack": "failing/1", "rule": "listed", "error": "Thrown"}]
    body = {"versions": ["failing/2"], "limit": 2}
    refused = await ops.post("/v1/recomputes/preview", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "recompute_version_unfit")
    await recomputing.mend()
    told = (await ops.post("/v1/recomputes/preview", json=body)).json()
    assert [(one["state"], one["points"]) for one in told["items"]] == [("due", 10)] * 2
    assert told["items"][0]["added"][0]["pack"] == "failing/2"
    given = (await ops.post("/v1/recomputes/run", json=body | {"reason": "mended"})).json()
    assert [one["points"] for one in given["items"]] == [10, 10]
    last = body | {"reason": "mended", "after": given["next_after"]}
    assert len((await ops.post("/v1/recomputes/run", json=last)).json()["items"]) == 1
    assert (await ops.post("/v1/recomputes/run", json=body | {"reason": "again"})).json()["items"] == []
    assert [await recomputing.balance(member) for member in members] == [one + 10 for one in before]
    done = (await ops.get("/v1/recomputes", params={"resolved": True})).json()
    assert {one["resolved"]["reason"] for one in done["items"]} == {"mended"}
    assert all(UUID(one["resolved"]["entry_id"]) for one in done["items"])


async def test_what_takes_a_second_person_is_told_and_waits(
    world: WebWorld, recomputing: Recomputing
) -> None:
    await recomputing.fail(await world.chain.join(), 100 * (POINTS_ALONE + 1))
    await recomputing.mend()
    ops = await world.operator("ops", world.chain.hq)
    body = {"versions": ["failing/2"], "reason": "mended"}
    (told,) = (await ops.post("/v1/recomputes/run", json=body)).json()["items"]
    assert (told["state"], told["points"], told["tier_to"], told["redated"]) == (
        "needs_second",
        POINTS_ALONE + 1,
        None,
        0,
    )
    assert len((await ops.get("/v1/recomputes")).json()["items"]) == 1


async def test_administrators_of_the_chain_choose_how_much_one_person_gives_alone(
    world: WebWorld, recomputing: Recomputing
) -> None:
    admin, ops = [await world.operator(role, world.chain.hq) for role in ("admin", "ops")]
    assert (await ops.get("/v1/recompute-policy")).json() == {"points_alone": POINTS_ALONE, "asked": None}
    body = {"points_alone": 500, "reason": "smaller steps"}
    assert (await ops.put("/v1/recompute-policy", json=body)).status_code == 403
    set_to = {"points_alone": 500, "asked": None}
    assert (await admin.put("/v1/recompute-policy", json=body)).json() == set_to
    for wrong in ({"points_alone": -1}, {"points_alone": "many"}, {"reason": " "}, {"more": 1}):
        assert (await admin.put("/v1/recompute-policy", json=body | wrong)).status_code == 422
    assert (await ops.get("/v1/recompute-policy")).json() == set_to


async def test_more_counts_once_another_administrator_of_the_chain_has_approved_it(world: WebWorld) -> None:
    anna, bo = [await world.operator("admin", world.chain.hq) for _ in range(2)]
    east = await world.operator("admin", world.chain.stores["east-1"])
    body = {"points_alone": 5_000, "reason": "a great sale"}
    told = (await anna.put("/v1/recompute-policy", json=body)).json()
    assert told["points_alone"] == POINTS_ALONE
    assert (told["asked"]["points_alone"], told["asked"]["reason"]) == (5_000, "a great sale")
    approve, seen = "/v1/recompute-policy/approve", {"points_alone": 5_000}
    assert (await anna.post(approve, json=seen)).json()["code"] == "own_bound_approval"
    assert (await east.post(approve, json=seen)).status_code == 403
    assert (await bo.post(approve, json={"points_alone": 6_000})).status_code == 409
    assert (await bo.post(approve, json=seen)).json() == {"points_alone": 5_000, "asked": None}
    assert (await bo.post(approve, json=seen)).json()["code"] == "recompute_bound_differs"


async def test_what_lies_elsewhere_is_not_recomputed_and_a_reason_is_needed(
    world: WebWorld, recomputing: Recomputing
) -> None:
    await recomputing.fail(await world.chain.join())
    local = await world.operator("ops", world.chain.stores["west-1"])
    assert (await local.get("/v1/recomputes")).json()["items"] == []
    hidden = await local.post("/v1/recomputes/preview", json={"place": "east-1"})
    assert (hidden.status_code, hidden.json()["code"]) == (422, "recompute_place_unknown")
    for body in (
        {"reason": " "},
        {},
        {"reason": "x", "limit": "2"},
        {"reason": "xx", "versions": ["a/x"]},
    ):
        assert (await local.post("/v1/recomputes/run", json=body)).status_code == 422
    marketer = await world.operator("marketing", world.chain.hq)
    assert (await marketer.post("/v1/recomputes/run", json={"reason": "mended"})).status_code == 403
