"""Quotes and purchases over HTTP, as a till sends them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from small_chain import SmallChain
from sqlalchemy import text
from web_world import WebWorld

from regulars.entrypoints.verifying import verify
from regulars.kernel.clock import now

LINES = [
    {"line": 1, "sku": "1033142", "department": "GROCERY", "list_minor": 1299},
    {
        "line": 2,
        "sku": "60s",
        "department": "MEAT",
        "list_minor": 450,
        "discounts": [{"source": "member_price", "amount_minor": 50}],
    },
]


@pytest.fixture
async def till(world: WebWorld) -> AsyncIterator[httpx.AsyncClient]:
    """The first till of the first store."""
    async with await world.till("east-1-t1") as client:
        yield client


def sold(receipt_no: str = "000231", **changes: object) -> dict[str, Any]:
    return {
        "receipt_no": receipt_no,
        "occurred_at": now().isoformat(),
        "lines": LINES,
        "cashier": "c-12",
        "tenders": {"cash": 1699},
    } | changes


async def post(till: httpx.AsyncClient, body: dict[str, Any], key: str = "k-1") -> httpx.Response:
    return await till.post("/v1/purchases", json=body, headers={"Idempotency-Key": key})


async def test_a_purchase_comes_back_with_points_balance_and_the_reasons_in_words(
    till: httpx.AsyncClient, chain: SmallChain
) -> None:
    await chain.join(references=["cj-1007"])
    answer = await post(till, sold(member="cj-1007"))
    receipt = answer.json()
    assert answer.status_code == 201
    assert (receipt["points"], receipt["member"]["points_balance"]) == (12, 12)
    assert receipt["member"]["next_tier"]["tier"] == "silver"
    rules = {rule["rule"]: rule for rule in receipt["rules"]}
    assert (rules["base"]["applied"], rules["base"]["gave"]) == (True, 12)
    failed = rules["spend-loyal"]["failed_condition"]
    assert failed["index"] == 0
    assert "365" in failed["en"]
    assert "365" in failed["zh"]
    assert rules["spend-loyal"]["title_zh"] == "忠实会员 1.5 倍"
    assert {rule["pack"] for rule in receipt["rules"]} == {
        "grocery-classic/1",
        "classic-tiers/1",
        "silver-saturday/1",
        "staff-excluded/1",
    }


async def test_reasons_name_amounts_in_the_chain_s_own_currency(
    till: httpx.AsyncClient, chain: SmallChain
) -> None:
    await chain.join(references=["cj-1007"])
    told = []
    for key, change in (("k-1", ""), ("k-2", "currency = 'JPY', currency_exponent = 0, ")):
        async with chain.database.begin() as session:
            await session.execute(text(f"update chain set {change}places_version = places_version + 1"))
        receipt = (await post(till, sold(key, member="cj-1007"), key)).json()
        rules = {rule["rule"]: rule for rule in receipt["rules"]}
        told.append(rules["silver"]["failed_condition"]["en"])
    assert "1,000.00" in told[0]
    assert "100,000" in told[1]


async def test_a_retry_is_answered_byte_for_byte_and_says_that_it_is_one(
    till: httpx.AsyncClient, chain: SmallChain
) -> None:
    await chain.join(references=["cj-1007"])
    body = sold(member="cj-1007")
    first, again = await post(till, body), await post(till, body, key="k-2")
    assert (first.headers["Idempotency-Replayed"], again.headers["Idempotency-Replayed"]) == ("false", "true")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    found = await till.get(f"/v1/purchases/{first.json()['purchase_id']}")
    assert found.content == first.content


async def test_a_key_with_other_content_is_refused_as_a_problem(
    till: httpx.AsyncClient, chain: SmallChain
) -> None:
    body = sold()
    await post(till, body)
    for changed, key in ((sold(cashier="c-13"), "k-2"), (sold("000232"), "k-1")):
        answer = await post(till, {**changed, "occurred_at": body["occurred_at"]}, key)
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_mismatch")
        assert answer.headers["content-type"].startswith("application/problem+json")


async def test_two_tills_that_post_one_key_at_once_both_get_the_one_receipt(
    till: httpx.AsyncClient, chain: SmallChain
) -> None:
    await chain.join(references=["cj-1007"])
    body = sold(member="cj-1007")
    answers = await asyncio.gather(*(post(till, body) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (await verify(chain.database)).ok


async def test_a_quote_is_charged_and_the_purchase_agrees_with_it(
    till: httpx.AsyncClient, chain: SmallChain
) -> None:
    await chain.join(references=["cj-1007"])
    quoted = (await till.post("/v1/quotes", json={"member": "cj-1007", "lines": LINES})).json()
    lines = [
        {**line, "discounts": offer["discounts"]} for line, offer in zip(LINES, quoted["lines"], strict=True)
    ]
    answer = await post(till, sold(member="cj-1007", quote=quoted["quote"], lines=lines))
    assert answer.json()["flags"] == []
    assert answer.json()["points"] == quoted["points"]


async def test_a_quote_that_we_never_made_is_flagged_and_the_sale_stands(till: httpx.AsyncClient) -> None:
    answer = await post(till, sold(quote="forged.token"))
    assert (answer.status_code, answer.json()["flags"]) == (201, ["quote_invalid"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{**LINES[0], "list_minor": -1}]}, "lines[0].list_minor"),
        ({"lines": [{**LINES[0], "list_minor": 12.5}]}, "lines[0].list_minor"),
        ({"lines": [{**LINES[0], "sales_minor": 7}]}, "lines.0.sales_minor"),
        ({"lines": [LINES[0], LINES[0]]}, "lines.1.line"),
        ({"member": "nobody-1"}, "member"),
        ({"receipt_no": ""}, "receipt_no"),
        ({"occurred_at": "2026-11-20T18:04:11"}, "occurred_at"),
        ({"occurred_at": (now() + timedelta(days=400)).isoformat()}, "occurred_at"),
        ({"business_day": "2020-01-01"}, "business_day"),
        ({"occurred_at": "0001-01-01T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": 0}, "occurred_at"),
        ({"tenders": {" cash": 5, "cash": 7}}, "tenders. cash"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_bad_input_names_its_field_and_nothing_is_written(
    till: httpx.AsyncClient, chain: SmallChain, changes: dict[str, Any], field: str
) -> None:
    answer = await post(till, sold(**changes))
    problem = answer.json()
    assert answer.status_code == 422, problem
    named = {error["field"] for error in problem.get("errors", [])} | {problem.get("field")}
    assert field in named
    async with chain.database.read() as session:
        assert (await session.execute(text("select count(*) from purchase"))).scalar_one() == 0


async def test_a_purchase_without_a_retry_key_is_refused(till: httpx.AsyncClient) -> None:
    answer = await till.post("/v1/purchases", json=sold())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_a_purchase_of_nobody_is_given_to_a_member_once(
    world: WebWorld, till: httpx.AsyncClient, chain: SmallChain, admin: httpx.AsyncClient
) -> None:
    await chain.join(references=["cj-1007"])
    bought = (await post(till, sold())).json()
    claim = f"/v1/purchases/{bought['purchase_id']}/attribution"
    given = await admin.post(claim, json={"member": "cj-1007"})
    assert (given.status_code, given.json()["points"]) == (201, 12)
    again = await admin.post(claim, json={"member": "cj-1007"})
    assert (again.status_code, again.json()["code"]) == (409, "already_attributed")
    assert (await till.post(claim, json={"member": "cj-1007"})).status_code == 403
    assert (await verify(chain.database)).ok


async def test_a_sku_shaped_like_a_duration_is_kept_and_shown_as_it_is(
    till: httpx.AsyncClient, chain: SmallChain
) -> None:
    quoted = (await till.post("/v1/quotes", json={"lines": LINES})).json()
    assert [line["sku"] for line in quoted["lines"]] == ["1033142", "60s"]
