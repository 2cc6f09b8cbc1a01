"""Own fields, the field catalogue and the checker over HTTP."""

import json
from typing import Any

import httpx
from hostile_packs import good_pack
from rules.conftest import WORDS
from web_world import WebWorld

WEDDING = {
    "subject": "member",
    "code": "wedding_on",
    "type": "date",
    "title_zh": "结婚纪念日",
    "title_en": "wedding day",
}
FORMAT = {
    "subject": "store",
    "code": "format",
    "type": "choice",
    "title_zh": "店型",
    "title_en": "format",
    "choices": [{"value": "flagship", "zh": "旗舰店", "en": "flagship"}],
}


async def test_a_field_is_defined_offered_set_and_retired(world: WebWorld, admin: httpx.AsyncClient) -> None:
    made = await admin.post("/v1/custom-fields", json=WEDDING)
    assert (made.status_code, made.json()["path"]) == (201, "member.custom.wedding_on")
    assert (made.json()["low"], made.json()["high"], made.json()["default"]) == (0, 99_991_231, 0)
    offered = (await admin.get("/v1/field-catalogue?kind=earning")).json()["facts"]
    (fact,) = [one for one in offered if one["custom"]]
    assert (fact["path"], fact["unit"], fact["zh"]) == ("member.custom.wedding_on", "yyyymmdd", "结婚纪念日")
    assert {one["path"] for one in offered} > {"member.tier", "purchase.sales_minor", "department"}
    assert not any(
        one["custom"] for one in (await admin.get("/v1/field-catalogue?kind=tier")).json()["facts"]
    )
    member = await world.chain.join()
    address = f"/v1/members/{member}/custom-values"
    assert (await admin.get(address)).json() == {"values": {}, "facts": {"wedding_on": 0}}
    put = await admin.patch(address, json={"values": {"wedding_on": 20_180_520}})
    assert put.json() == {"values": {"wedding_on": 20_180_520}, "facts": {"wedding_on": 20_180_520}}
    taken = await admin.patch(address, json={"values": {"wedding_on": None}})
    assert taken.json() == {"values": {}, "facts": {"wedding_on": 0}}
    retired = await admin.post(f"/v1/custom-fields/{made.json()['id']}/retire")
    assert retired.json()["retired_at"] is not None
    refused = await admin.patch(address, json={"values": {"wedding_on": 20_180_520}})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "values.wedding_on")


async def test_wrong_values_are_refused_together_and_nothing_is_set(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    for field in (WEDDING, WEDDING | {"code": "household", "type": "integer", "low": 0, "high": 20}):
        await admin.post("/v1/custom-fields", json=field)
    address = f"/v1/members/{await world.chain.join()}/custom-values"
    wrong: dict[str, Any] = {"wedding_on": 20_230_229, "household": 4, "unknown": True}
    answer = await admin.patch(address, json={"values": wrong}, headers={"Accept-Language": "zh"})
    assert answer.status_code == 422
    assert {error["field"]: error["code"] for error in answer.json()["errors"]} == {
        "values.wedding_on": "custom_value_invalid",
        "values.unknown": "custom_value_invalid",
    }
    assert (await admin.get(address)).json()["values"] == {}


async def test_a_stores_values_are_a_stores_only(world: WebWorld, admin: httpx.AsyncClient) -> None:
    await admin.post("/v1/custom-fields", json=FORMAT)
    store, till = world.chain.stores["east-1"], world.chain.tills["east-1-t1"]
    put = await admin.patch(f"/v1/places/{store}/custom-values", json={"values": {"format": "flagship"}})
    assert put.json()["facts"] == {"format": "flagship"}
    at_till = await admin.patch(f"/v1/places/{till}/custom-values", json={"values": {"format": "flagship"}})
    assert (at_till.status_code, at_till.json()["field"]) == (422, "place_id")


async def test_fields_are_paged_by_subject_and_code(admin: httpx.AsyncClient) -> None:
    for field in (FORMAT, WEDDING, WEDDING | {"code": "name_day"}):
        assert (await admin.post("/v1/custom-fields", json=field)).status_code == 201
    assert (await admin.post("/v1/custom-fields", json=WEDDING)).json()["code"] == "custom_field_taken"
    page = (await admin.get("/v1/custom-fields?limit=2")).json()
    assert [field["code"] for field in page["items"]] == ["name_day", "wedding_on"]
    rest = (await admin.get(f"/v1/custom-fields?limit=2&after={page['next_after']}")).json()
    assert ([field["code"] for field in rest["items"]], rest["next_after"]) == (["format"], None)
    stores = (await admin.get("/v1/custom-fields?subject=store")).json()
    assert [field["code"] for field in stores["items"]] == ["format"]


async def test_the_checker_knows_the_chains_fields_and_what_is_live(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    pack = good_pack()
    pack["rules"][0]["when"] = {"and": [{">": [{"var": "member.custom.wedding_on"}, 0]}]}
    pack["cases"] = [
        {"name": WORDS, "given": {"member": {"custom": {"wedding_on": day}}}, "expect": {"points": 0}}
        for day in (0, 20_180_520)
    ]
    text = {"text": json.dumps(pack)}
    before = (await admin.post("/v1/packs/check", json=text)).json()
    assert {found["code"] for found in before["findings"]} >= {"path_unknown", "case_custom_unknown"}
    await admin.post("/v1/custom-fields", json=WEDDING)
    after = (await admin.post("/v1/packs/check", json=text)).json()
    assert (after["green"], after["findings"], [case["passed"] for case in after["cases"]]) == (
        True,
        [],
        [True, True],
    )
    live = json.dumps(pack | {"code": "grocery-classic"})
    place = str(world.chain.stores["east-1"])
    met = (await admin.post("/v1/packs/check", json={"text": live, "place_id": place})).json()
    assert [found["code"] for found in met["conflicts"]] == ["replaces_live"]
    far = json.dumps(pack | {"scope": {"places": ["no-such-store"]}})
    lost = (await admin.post("/v1/packs/check", json={"text": far})).json()
    assert (lost["green"], {found["code"] for found in lost["findings"]} >= {"place_unknown"}) == (
        False,
        True,
    )


LOCAL = {
    "subject": "product",
    "code": "local",
    "type": "boolean",
    "title_zh": "本地产品",
    "title_en": "local product",
}


async def test_products_values_are_set_together_and_paged_by_code(admin: httpx.AsyncClient) -> None:
    address = "/v1/products/custom-values"
    made = await admin.post("/v1/custom-fields", json=LOCAL)
    assert (made.status_code, made.json()["path"]) == (201, "custom.local")
    facts = (await admin.get("/v1/field-catalogue?kind=discount")).json()["facts"]
    (fact,) = [one for one in facts if one["custom"]]
    assert (fact["path"], fact["in_line"], fact["source"], fact["zh"]) == (
        *("custom.local", True, "chain"),
        "本地产品",
    )
    rows = [{"product_code": f"p{number}", "values": {"local": True}} for number in range(3)]
    put = await admin.patch(address, json={"products": rows})
    assert (put.status_code, put.json()) == (200, {"changed": ["p0", "p1", "p2"]})
    page = (await admin.get(f"{address}?limit=2")).json()
    assert [each["product_code"] for each in page["items"]] == ["p0", "p1"]
    assert (page["items"][0]["facts"], page["next_after"]) == ({"local": True}, "p1")
    rest = (await admin.get(f"{address}?limit=2&after=p1")).json()
    assert ([each["product_code"] for each in rest["items"]], rest["next_after"]) == (["p2"], None)
    named = (await admin.get(f"{address}?product=p1&product=nothing")).json()
    assert [each["product_code"] for each in named["items"]] == ["p1"]
    wrong = [*rows, {"product_code": "p9", "values": {"local": 1, "colour": "red"}}]
    refused = await admin.patch(address, json={"products": wrong}, headers={"Accept-Language": "zh"})
    assert (refused.status_code, [error["field"] for error in refused.json()["errors"]]) == (
        422,
        ["products.3.values.local", "products.3.values.colour"],
    )
    assert (await admin.get(f"{address}?after=%00")).status_code == 422
    many = [{"product_code": f"p{number}", "values": {"local": None}} for number in range(1_001)]
    assert (await admin.patch(address, json={"products": many})).status_code == 422
