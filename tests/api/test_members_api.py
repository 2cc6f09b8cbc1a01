"""Members over HTTP: at the desk, at the till."""

import asyncio

import httpx
from web_world import WebWorld

PERSON = {
    "name": "王芳",
    "phone": "+86 138 0013 8000",
    "home_store_code": "east-1",
    "birthday": "1990-05-17",
    "tags": ["newsletter"],
    "references": ["app-884213"],
    "attributes": {"household": 3, "vip": True, "note": "likes tea"},
    "consents": {"sms": True},
}


async def test_a_person_joins_at_the_desk_and_is_shown_whole(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    joined = await admin.post("/v1/members", json=PERSON)
    assert joined.status_code == 201
    shown = (await admin.get("/v1/members/app-884213")).json()
    assert shown["number"] == joined.json()["number"]
    assert (shown["name"], shown["phone_last4"], shown["birthday"]) == ("王芳", "8000", "1990-05-17")
    assert (shown["attributes"], shown["tags"]) == (PERSON["attributes"], PERSON["tags"])
    assert shown["consents"][0]["granted"] is True
    assert (shown["standing"]["tier"], shown["standing"]["stage"]) == ("base", "joined")
    assert shown["standing"]["balances"] == {"points": 0}
    assert "13800138000" not in str(shown)


async def test_a_second_member_with_the_phone_is_refused_by_field(admin: httpx.AsyncClient) -> None:
    await admin.post("/v1/members", json=PERSON)
    again = await admin.post(
        "/v1/members", json={"name": "王丽", "phone": PERSON["phone"], "home_store_code": "east-1"}
    )
    assert (again.status_code, again.json()["code"], again.json()["field"]) == (409, "phone_taken", "phone")


async def test_wrong_details_are_told_field_by_field_in_chinese(admin: httpx.AsyncClient) -> None:
    wrong = {**PERSON, "name": " ", "phone": "12", "tags": ["1d"], "home_store_code": "nowhere"}
    answer = await admin.post("/v1/members", json=wrong, headers={"Accept-Language": "zh-CN"})
    assert (answer.status_code, answer.json()["field"]) == (422, "home_store_code")
    answer = await admin.post(
        "/v1/members", json={**wrong, "home_store_code": "east-1"}, headers={"Accept-Language": "zh-CN"}
    )
    assert {error["field"]: error["code"] for error in answer.json()["errors"]} == {
        "name": "name_invalid",
        "phone": "phone_invalid",
        "tags[0]": "tag_invalid",
    }
    assert answer.json()["errors"][0]["message"] == "请填写 1 至 80 个字的姓名。"
    types = await admin.post("/v1/members", json={**PERSON, "attributes": {"x": 1.5}, "birthday": "soon"})
    assert {error["field"].split(".")[0] for error in types.json()["errors"]} == {"attributes", "birthday"}


async def test_a_till_enrols_at_its_own_store_only(world: WebWorld) -> None:
    async with await world.till("west-1-t1") as till:
        joined = await till.post("/v1/members", json={"name": "Ann", "phone": "+12125550123"})
        assert (joined.status_code, joined.json()["home_store_id"]) == (
            201,
            str(world.chain.stores["west-1"]),
        )
        elsewhere = await till.post("/v1/members", json={"name": "Bob", "home_store_code": "east-1"})
        assert elsewhere.json()["code"] == "home_store_unknown"
        found = await till.get("/v1/members/lookup/+12125550123")
        assert (found.json()["name"], found.json()["standing"]["tier"]) == ("Ann", "base")
        assert (await till.get("/v1/members/lookup/+12125550199")).json()["code"] == "unknown_member"


async def test_what_is_left_out_stays_and_null_removes(world: WebWorld, admin: httpx.AsyncClient) -> None:
    member = (await admin.post("/v1/members", json=PERSON)).json()["id"]
    changed = (await admin.patch(f"/v1/members/{member}", json={"birthday": None, "tags": ["staff"]})).json()
    assert (changed["birthday"], changed["tags"], changed["name"]) == (None, ["staff"], "王芳")
    assert changed["attributes"] == PERSON["attributes"]
    nameless = await admin.patch(f"/v1/members/{member}", json={"name": None})
    assert nameless.status_code == 422


async def test_the_desk_sees_a_phone_for_a_reason(world: WebWorld, admin: httpx.AsyncClient) -> None:
    member = (await admin.post("/v1/members", json=PERSON)).json()["id"]
    async with await world.operator("service_desk", world.chain.hq) as desk:
        path = f"/v1/members/{member}/phone-views"
        assert (await desk.post(path, json={"reason": "revisit"})).json() == {"phone": "+8613800138000"}
        assert (await desk.post(path, json={"reason": ""})).status_code == 422


async def test_members_are_listed_newest_first_and_narrowed(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    for number in range(5):
        await world.chain.join(f"Member {number}", references=(f"cj-{number}",))
    first = (await admin.get("/v1/members?limit=3")).json()
    assert [row["name"] for row in first["items"]] == ["Member 4", "Member 3", "Member 2"]
    rest = (await admin.get(f"/v1/members?limit=3&before={first['next_before']}")).json()
    assert ([row["name"] for row in rest["items"]], rest["next_before"]) == (["Member 1", "Member 0"], None)
    assert [row["name"] for row in (await admin.get("/v1/members?words=cj-2")).json()["items"]] == [
        "Member 2"
    ]
    assert (await admin.get("/v1/members?tier=gold")).json()["items"] == []
    assert (await admin.get("/v1/members?stage=nonsense")).status_code == 422


async def test_two_desks_that_enrol_one_person_at_once_make_one_member(admin: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(admin.post("/v1/members", json=PERSON) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
