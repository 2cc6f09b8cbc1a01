"""Places, keys and operators from the pages: shown once, named when wrong, kept within one's own places."""

import re

import httpx
from web_world import PASSWORD, WebWorld, client_of


async def test_places_are_shown_as_a_tree_and_searched(world: WebWorld, admin: httpx.AsyncClient) -> None:
    page = (await admin.get("/places")).text
    order = [page.index(f">{name}<") for name in ("HQ", "east", "east-1", "east-2", "west", "west-1")]
    assert order == sorted(order)
    assert "east-1-t1" not in page
    assert "east-1-t1" in (await admin.get("/places?q=T1")).text
    assert "No place matches" in (await admin.get("/places?q=nowhere")).text
    async with await world.operator("ops", world.chain.stores["east-1"]) as ops:
        seen = (await ops.get("/places?q=-")).text
        assert ">east-1<" in seen
        assert ">east-2<" not in seen
        assert (await ops.get(f"/places/{world.chain.stores['east-2']}")).status_code == 404


async def test_a_place_is_opened_and_a_bad_code_is_named(world: WebWorld, admin: httpx.AsyncClient) -> None:
    form = {"parent": "east", "kind": "store", "code": "east-9", "name": "东九店"}
    opened = await admin.post("/places", data=form)
    assert "东九店" in (await admin.get(opened.headers["location"])).text
    for change, words in (({"code": "1d"}, "duration"), ({}, "code"), ({"kind": "hq"}, "Choose a kind")):
        wrong = await admin.post("/places", data={**form, **change})
        assert wrong.status_code == 422
        assert re.search(rf'class="field-error".*?{words}', wrong.text, re.DOTALL), change


async def test_a_terminals_key_is_shown_once_works_and_is_revoked(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    place = f"/places/{world.chain.tills['east-1-t1']}"
    made = await admin.post(f"{place}/keys")
    secret = re.search(r'id="secret">([^<]+)<', made.text)
    assert secret is not None
    assert secret[1] not in (await admin.get(place)).text
    member = await world.chain.join(references=("cj-7",))
    async with client_of(world.app, Authorization=f"Bearer {secret[1]}") as till:
        assert (await till.get("/v1/members/lookup/cj-7")).json()["id"] == str(member)
    await admin.post(f"{place}/keys")
    third = await admin.post(f"{place}/keys")
    assert third.status_code == 422
    assert 'role="alert"' in third.text
    key_id = secret[1].split(".")[0]
    revoked = await admin.post(f"{place}/keys/{key_id}/revoke")
    assert revoked.headers["location"].endswith("?done=revoked")
    assert "revoked" in (await admin.get(place)).text


async def test_an_operator_is_added_signs_in_and_is_disabled(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    form = {
        "login": "Desk-1",
        "name": "小周",
        "password": PASSWORD,
        "role": "service_desk",
        "place": str(world.chain.stores["east-1"]),
    }
    weak = await admin.post("/operators", data={**form, "password": "short"})
    assert weak.status_code == 422
    assert 'value="Desk-1"' in weak.text
    added = await admin.post("/operators", data=form)
    assert added.headers["location"] == "/operators?done=added"
    taken = await admin.post("/operators", data=form)
    assert taken.status_code == 422
    page = (await admin.get("/operators")).text
    assert "Service desk at East-1" in page
    async with client_of(world.app) as browser:
        entered = await browser.post(
            "/sign-in",
            data={"login": "desk-1", "password": PASSWORD},
            headers={"Origin": "http://localhost"},
        )
        assert entered.status_code == 303
        operator_id = re.search(r"/operators/([0-9a-f-]+)/disable", page)
        assert operator_id is not None
        await admin.post(f"/operators/{operator_id[1]}/disable")
        assert (await browser.get("/members")).status_code == 303
