"""Places, terminal keys and operators over HTTP."""

import asyncio

import httpx
from web_world import PASSWORD, WebWorld, client_of


async def test_an_admin_opens_a_store_with_a_terminal_whose_key_works_until_it_is_revoked(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    store = {
        "parent_code": "west",
        "kind": "store",
        "code": "west-2",
        "name": "West 2",
        "cutoff_minutes": 180,
    }
    opened = await admin.post("/v1/places", json=store)
    assert (opened.status_code, opened.json()["time_zone"]) == (201, "America/New_York")
    till = {"parent_code": "west-2", "kind": "terminal", "code": "west-2-t1", "name": "Till"}
    terminal = (await admin.post("/v1/places", json=till)).json()
    issued = (await admin.post(f"/v1/terminals/{terminal['id']}/keys")).json()
    async with client_of(world.app, Authorization=f"Bearer {issued['bearer']}") as client:
        assert (await client.get("/v1/session")).json()["id"] == terminal["id"]
        keys = f"/v1/terminals/{terminal['id']}/keys"
        assert "bearer" not in (await admin.get(keys)).json()[0]
        assert (await admin.delete(f"{keys}/{issued['key_id']}")).status_code == 204
        await asyncio.sleep(1.1)
        assert (await client.get("/v1/session")).status_code == 401


async def test_a_terminal_can_be_named_in_the_second_in_which_it_was_opened(
    admin: httpx.AsyncClient,
) -> None:
    line = {"line": 1, "sku": "1", "department": "GROCERY", "list_minor": 100}
    asked = {"terminal": "west-1-t7", "lines": [line]}
    refused = await admin.post("/v1/quotes", json=asked)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "terminal_needed")
    till = {"parent_code": "west-1", "kind": "terminal", "code": "west-1-t7", "name": "Till"}
    assert (await admin.post("/v1/places", json=till)).status_code == 201
    assert (await admin.post("/v1/quotes", json=asked)).status_code == 200


async def test_places_are_paged_by_code(admin: httpx.AsyncClient) -> None:
    first = (await admin.get("/v1/places?kind=store&limit=2")).json()
    assert [place["code"] for place in first["items"]] == ["east-1", "east-2"]
    rest = (await admin.get(f"/v1/places?kind=store&limit=2&after={first['next_after']}")).json()
    assert ([place["code"] for place in rest["items"]], rest["next_after"]) == (["west-1"], None)


async def test_wrong_places_are_refused_field_by_field(admin: httpx.AsyncClient) -> None:
    wrong = {"parent_code": "nowhere", "kind": "store", "code": "24h", "name": "", "time_zone": "Mars/Base"}
    answer = await admin.post("/v1/places", json=wrong, headers={"Accept-Language": "zh"})
    assert answer.status_code == 422
    assert {error["field"]: error["code"] for error in answer.json()["errors"]} == {
        "parent_code": "parent_unknown",
        "code": "code_reads_as_time",
        "name": "place_name_invalid",
        "time_zone": "unknown_time_zone",
    }


async def test_a_closed_store_takes_no_new_terminal(world: WebWorld, admin: httpx.AsyncClient) -> None:
    busy = await admin.post(f"/v1/places/{world.chain.stores['west-1']}/close", json={"reason": "moved"})
    assert (busy.status_code, busy.json()["code"]) == (409, "place_has_open_places")
    for place in (world.chain.tills["west-1-t1"], world.chain.stores["west-1"]):
        closed = await admin.post(f"/v1/places/{place}/close", json={"reason": "lease ended"})
        assert closed.json()["closed_at"] is not None
    till = {"parent_code": "west-1", "kind": "terminal", "code": "west-1-t2", "name": "Till"}
    assert (await admin.post("/v1/places", json=till)).json()["code"] == "place_closed"


async def test_an_appointed_operator_signs_in_until_disabled(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    store = str(world.chain.stores["east-1"])
    new = {
        "login": "li.na",
        "display_name": "李娜",
        "password": PASSWORD,
        "roles": [{"role": "store", "place_id": store}],
    }
    made = await admin.post("/v1/operators", json=new)
    assert made.status_code == 201
    assert PASSWORD not in made.text
    assert (await admin.post("/v1/operators", json=new)).json()["code"] == "login_taken"
    async with client_of(world.app) as client:
        assert (
            await client.post("/v1/session", json={"login": "li.na", "password": PASSWORD})
        ).status_code == 201
        assert (await client.get("/v1/members")).status_code == 200
        operator = f"/v1/operators/{made.json()['id']}"
        roles = {"roles": [{"role": "finance", "place_id": store}]}
        assert (await admin.put(f"{operator}/roles", json=roles)).status_code == 200
        assert (await client.get("/v1/session")).json()["roles"] == roles["roles"]
        unsaid = await admin.post(f"{operator}/disable", json={})
        assert (unsaid.status_code, unsaid.json()["errors"][0]["field"]) == (422, "reason")
        blank = await admin.post(f"{operator}/disable", json={"reason": " "})
        assert (blank.status_code, blank.json()["code"], blank.json()["field"]) == (
            422,
            "reason_missing",
            "reason",
        )
        assert (await admin.post(f"{operator}/disable", json={"reason": "left"})).status_code == 204
        assert (await client.get("/v1/session")).status_code == 401
        assert (await admin.post(f"{operator}/enable", json={"reason": "back"})).status_code == 204
    shown = (await admin.get(operator)).json()
    assert shown["disabled_at"] is None
