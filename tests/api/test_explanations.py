"""Asking why, over the API: tills about their own purchases, operators within their places."""

from uuid import UUID

import httpx
import orjson
from budget_world import pack, publish
from small_chain import MONDAY, line
from web_world import WebWorld

from regulars.kernel.clock import now

BASKET = [{"line": 1, "sku": "1", "department": "GROCERY", "list_minor": 1250}]


async def test_a_till_is_told_why_a_purchase_earned_what_it_earned(world: WebWorld) -> None:
    member = await world.chain.join()
    bought = await world.chain.buy(member, line(98_750))
    async with await world.till("east-1-t2") as till:
        answer = await till.get(f"/v1/purchases/{bought.purchase_id}/explanation")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["agrees"], found["points"], found["differences"]) == (True, 987, [])
    earning = next(pack for pack in found["packs"] if pack["kind"] == "earning")
    base, *_, loyal = earning["rules"]
    assert base["steps"][0] == {
        "zh": "US$987.50 ÷ US$1.00 = 987.5（第 1 行）",
        "en": "$987.50 ÷ $1.00 = 987.5 (line 1)",
    }
    assert loyal["conditions"][0]["needed"]["en"] == "it takes $3,000.00: $3,000.00 short"
    assert loyal["conditions"][0]["values"][0]["value"] == 0


async def test_a_members_home_opens_purchases_elsewhere_to_operators_and_not_to_tills(
    world: WebWorld,
) -> None:
    chain = world.chain
    member = await chain.join(store="west-1")
    bought = await chain.buy(member)
    path = f"/v1/purchases/{bought.purchase_id}/explanation"
    async with await world.operator("store", chain.stores["west-1"]) as desk:
        assert (await desk.get(path)).status_code == 200
    async with await world.till("west-1-t1") as till:
        assert (await till.get(path)).json()["code"] == "purchase_unknown"


async def test_events_are_listed_page_by_page_and_each_is_explained(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    member = await world.chain.join()
    await world.chain.buy(member, line(120_000))
    path = f"/v1/members/{member}/events"
    first = (await admin.get(path, params={"limit": 2})).json()
    second = (await admin.get(path, params={"limit": 2, "before": first["next_before"]})).json()
    events = [*first["items"], *second["items"]]
    numbers = [event["event_no"] for event in events]
    assert numbers == sorted(numbers, reverse=True)
    upgraded = (await admin.get(path, params={"kind": "upgraded"})).json()["items"]
    assert [event["tier_to"] for event in upgraded] == ["silver"]
    told = (await admin.get(f"{path}/{upgraded[0]['event_id']}/explanation")).json()
    assert told["agrees"]
    assert told["summary"][0] == {"zh": "升级为银卡。", "en": "Moved up to Silver."}
    assert told["packs"][0]["rules"][1]["conditions"][0]["needed"]["zh"].endswith("差 US$1,800.00")


async def test_an_adjustment_among_the_events_is_explained(world: WebWorld, admin: httpx.AsyncClient) -> None:
    member = await world.chain.join()
    body = {"points": 30, "reason": "goodwill", "note": "for the wait"}
    asked = await admin.post(
        f"/v1/members/{member}/adjustments", json=body, headers={"Idempotency-Key": str(UUID(int=7))}
    )
    assert asked.status_code in (200, 201), asked.text
    path = f"/v1/members/{member}/events"
    (event,) = (await admin.get(path, params={"kind": "points_adjusted"})).json()["items"]
    told = (await admin.get(f"{path}/{event['event_id']}/explanation")).json()
    assert (told["kind"], told["agrees"], told["event_no"]) == ("points_adjusted", True, None)
    assert told["summary"][1]["zh"] == "原因：服务补偿。说明：for the wait"


async def test_an_event_is_asked_for_by_its_own_member(world: WebWorld, admin: httpx.AsyncClient) -> None:
    member, other = await world.chain.join("A"), await world.chain.join("B")
    event = (await admin.get(f"/v1/members/{member}/events")).json()["items"][0]["event_id"]
    answer = await admin.get(f"/v1/members/{other}/events/{event}/explanation")
    assert (answer.status_code, answer.json()["code"]) == (404, "event_unknown")
    assert (await admin.get(f"/v1/members/{UUID(int=7)}/events")).json() == {
        "items": [],
        "next_before": None,
    }


async def test_a_till_asks_why_not_more_with_and_without_a_basket(world: WebWorld) -> None:
    member = await world.chain.join()
    await world.chain.buy(member, line(98_750), occurred_at=MONDAY)
    async with await world.till() as till:
        bare = (await till.post("/v1/quotes/explanation", json={"member": str(member)})).json()
        full = (
            await till.post("/v1/quotes/explanation", json={"member": str(member), "lines": BASKET})
        ).json()
    assert not bare["basket_known"]
    assert "$12.50 more to reach Silver." in [said["en"] for said in bare["summary"]]
    assert (full["points"], full["basket_known"]) == (12, True)
    assert bare["limits"] == []


async def test_a_discount_that_leaves_nothing_to_pay_says_why_no_points_are_earned(world: WebWorld) -> None:
    everything = {"discount": {"lines": {">=": [{"var": "list_minor"}, 0]}, "rate_bps": 10_000, "group": "a"}}
    gratis = orjson.loads(pack("gratis", "discount", "all", everything, []))
    del gratis["limits"]
    await publish(world.chain, orjson.dumps(gratis))
    member = await world.chain.join()
    async with await world.till() as till:
        offer = {"member": str(member), "lines": BASKET}
        quoted = (await till.post("/v1/quotes", json=offer)).json()
        why_not = (await till.post("/v1/quotes/explanation", json=offer)).json()
        basket = {
            "receipt_no": "1",
            "occurred_at": now().isoformat(),
            "member": str(member),
            "quote": quoted["quote"],
            "lines": [BASKET[0] | {"discounts": quoted["lines"][0]["discounts"]}],
        }
        headers = {"Idempotency-Key": "gratis"}
        receipt = (await till.post("/v1/purchases", json=basket, headers=headers)).json()
        told = (await till.get(f"/v1/purchases/{receipt['purchase_id']}/explanation")).json()
    words = {
        "zh": "优惠后应付为 0，没有可积分的金额，本单不积分。",
        "en": "The discounts left nothing to pay, so there is nothing to earn points on.",
    }
    for outcome in (quoted, receipt):
        assert (outcome["sales_minor"], outcome["points"]) == (0, 0)
        assert (outcome["reasons"], outcome["reason_words"]) == (["nothing_left"], [words])
    assert words in why_not["summary"]
    assert words in told["summary"]
    assert told["agrees"]
    async with await world.operator("service_desk", world.chain.hq) as desk:
        page = (await desk.get(f"/purchases/{receipt['purchase_id']}")).text
    assert words["en"] in page
