"""A rule that no check caught fails in use: the sale posts, says which rule, and can be found again."""

from typing import Any

import asyncpg
import httpx
from faults.served import ServedWorld
from unchecked_pack import FAILING_LINES, failing_pack, publish_unchecked

from regulars.entrypoints.verifying import verify_url
from regulars.kernel import clock


async def _buy(till: httpx.AsyncClient, receipt_no: str, member: str, lines: int) -> dict[str, Any]:
    body = {
        "receipt_no": receipt_no,
        "occurred_at": clock.now().isoformat(),
        "member": member,
        "lines": [
            {"line": n, "sku": "x-1", "department": "GROCERY", "list_minor": 200} for n in range(1, lines + 1)
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
    await publish_unchecked(shop.chain, failing_pack())
    hot, other = str(shop.chain.members["hot"]), str(shop.chain.members["member-1"])
    async with shop.client("east-1-t1") as till:
        usual = await _buy(till, "usual", hot, lines=9)
        large = await _buy(till, "large", other, lines=FAILING_LINES)
        after = await _buy(till, "after", hot, lines=9)
    assert (usual["points"], after["points"]) == (36, 36)
    assert usual["flags"] == after["flags"] == []
    # The rule of the list gives nothing, and says why; what the others give stands.
    assert large["points"] == FAILING_LINES * 2
    assert {(one["rule"], one["error"]) for one in large["rules"] if one["error"]} == {("listed", "Thrown")}
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
