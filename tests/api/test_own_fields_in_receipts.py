"""Receipts and quotes name a chain's own facts as the chain does, not by their paths."""

from typing import Any

from hostile_packs import good_pack
from small_chain import ACTOR, OPENED
from web_world import WebWorld

from regulars.kernel.clock import now
from regulars.rules import service as rules

FIELD = {
    "subject": "member",
    "code": "vip",
    "type": "boolean",
    "title_zh": "贵宾",
    "title_en": "important guest",
}
LINES = [{"line": 1, "sku": "1", "department": "GROCERY", "list_minor": 1_000}]


def _of_vips() -> bytes:
    import orjson

    document: dict[str, Any] = good_pack()
    document["rules"][0]["when"] = {"and": [{"var": "member.custom.vip"}]}
    document["cases"] = [
        {
            "name": {"zh": "普通", "en": "plain"},
            "given": {"member": {"known": True}, "purchase": {"lines": [{"sales_minor": 100}]}},
            "expect": {"points": 0},
        }
    ]
    return orjson.dumps(document)


async def test_a_condition_on_an_own_field_is_told_by_its_title(world: WebWorld) -> None:
    admin = await world.operator("admin", world.chain.hq)
    made = await admin.post("/v1/custom-fields", json=FIELD)
    assert made.status_code == 201, made.text
    async with world.chain.database.begin() as session:
        await rules.publish(
            session, _of_vips(), place_id=world.chain.hq, live_from=OPENED, actor=ACTOR, at=OPENED
        )
    await world.chain.join(references=["cj-1"])
    till = await world.till("east-1-t1")
    quoted = (await till.post("/v1/quotes", json={"member": "cj-1", "lines": LINES})).json()
    body = {"receipt_no": "1", "occurred_at": now().isoformat(), "member": "cj-1", "lines": LINES}
    sold = (await till.post("/v1/purchases", json=body, headers={"Idempotency-Key": "k" * 8})).json()
    again = (await till.get(f"/v1/purchases/{sold['purchase_id']}")).json()
    for answer in (quoted, sold, again):
        (failed,) = [r["failed_condition"] for r in answer["rules"] if r["rule"] == "rule-0"]
        assert "贵宾" in failed["zh"]
        assert "important guest" in failed["en"].lower()
        assert "custom" not in failed["zh"] + failed["en"]
