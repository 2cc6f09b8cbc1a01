"""A rule that passed every check fails in use: the sale posts, says which rule, and can be found again."""

import json
from typing import Any

import asyncpg
import httpx
from faults.served import ServedWorld
from small_chain import ACTOR, OPENED

from regulars.entrypoints.verifying import verify_url
from regulars.kernel import clock
from regulars.rules import service as rules

PRODUCTS = 240
"""Named in one rule: what the checker allows for a usual purchase, and too much for one of 500 lines."""
LAST_LISTED = f"x-{PRODUCTS - 1}"
MANY_LINES = 500


def _pack() -> str:
    """Points for the products of a long list."""
    listed = {"or": [{"===": [{"var": "sku"}, f"x-{number}"]} for number in range(PRODUCTS)]}
    chosen = {"map": [{"filter": [{"var": "purchase.lines"}, listed]}, {"var": "sales_minor"}]}
    return json.dumps(
        {
            "code": "many-products",
            "kind": "earning",
            "priority": 50,
            "title": {"zh": "名单商品加分", "en": "Points for products listed"},
            "description": {"zh": "名单内商品每满 1.00 加 1 分。", "en": "1 more point for each 1.00."},
            "parameters": {},
            "rules": [
                {
                    "id": "listed",
                    "order": 10,
                    "title": {"zh": "名单内商品", "en": "Products listed"},
                    "when": True,
                    "then": {
                        "earn": {"unit": "points", "amount": {"+": [chosen]}, "per": 100, "valid_days": 730}
                    },
                }
            ],
            "cases": [_case("x-1", 10), _case("y-1", 0)],
        }
    )


def _case(sku: str, points: int) -> dict[str, Any]:
    line = {"department": "GROCERY", "sku": sku, "sales_minor": 1_000}
    return {
        "name": {"zh": sku, "en": sku},
        "given": {"at": "2026-11-21T10:00", "purchase": {"lines": [line]}},
        "expect": {"points": points},
    }


async def _buy(till: httpx.AsyncClient, receipt_no: str, member: str, lines: int) -> dict[str, Any]:
    body = {
        "receipt_no": receipt_no,
        "occurred_at": clock.now().isoformat(),
        "member": member,
        "lines": [
            {"line": n, "sku": LAST_LISTED, "department": "GROCERY", "list_minor": 200}
            for n in range(1, lines + 1)
        ],
    }
    answer = await till.post("/v1/purchases", json=body, headers={"Idempotency-Key": receipt_no})
    again = await till.post("/v1/purchases", json=body, headers={"Idempotency-Key": receipt_no})
    assert answer.status_code == 201, answer.text
    assert again.content == answer.content
    said: dict[str, Any] = answer.json()
    return said


async def test_a_rule_that_fails_in_use_costs_its_own_points_only_and_flags_the_sale(
    shop: ServedWorld, database_url: str
) -> None:
    async with shop.chain.database.begin() as session:
        await rules.publish(
            session, _pack(), place_id=shop.chain.hq, live_from=OPENED, actor=ACTOR, at=OPENED
        )
    hot, other = str(shop.chain.members["hot"]), str(shop.chain.members["member-1"])
    async with shop.client("east-1-t1") as till:
        usual = await _buy(till, "usual", hot, lines=9)
        large = await _buy(till, "large", other, lines=MANY_LINES)
        after = await _buy(till, "after", hot, lines=9)
    assert (usual["points"], after["points"]) == (36, 36)
    assert usual["flags"] == after["flags"] == []
    # The rule of the list gives nothing, and says why; what the others give stands.
    assert large["points"] == MANY_LINES * 2
    assert {(one["rule"], one["error"]) for one in large["rules"] if one["error"]} == {
        ("listed", "BudgetExceeded")
    }
    assert "recompute" in large["flags"]
    assert await _to_recompute(database_url) == ["large"]
    assert (await verify_url(database_url)).ok


async def _to_recompute(database_url: str) -> list[str]:
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("select receipt_no from purchase where 'recompute' = any(flags)")
    finally:
        await connection.close()
    return [row[0] for row in rows]
