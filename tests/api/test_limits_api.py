"""What tills see of limits and pending points."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from budget_world import EARN, TENTH_SOURCE, limit, money, pack, publish, publish_tenth
from small_chain import SmallChain, open_small_chain
from web_world import WebWorld

from regulars.db.session import Database

WHEN = "2026-03-02T10:00:00-05:00"
LINES: list[dict[str, Any]] = [{"line": 1, "sku": "7", "department": "GROCERY", "list_minor": 10_000}]


@pytest.fixture
def chain_packs() -> None:
    """The chain is this module's own."""


@pytest.fixture
async def chain(database: Database) -> SmallChain:
    """A chain that gives a point a 1.00 and a tenth off, both within limits."""
    made = await open_small_chain(database, packs=("classic-tiers",))
    await publish_tenth(made, money(1_500, every="ever"))
    earn = {"earn": EARN["earn"] | {"pending_days": 14}}
    await publish(made, pack("double", "earning", "base", earn, [limit(60, per="member")]))
    await made.join(references=["cj-1007"])
    return made


@pytest.fixture
async def till(world: WebWorld) -> AsyncIterator[httpx.AsyncClient]:
    """A till of the first store."""
    async with await world.till() as client:
        yield client


async def sell(till: httpx.AsyncClient, receipt_no: str, **changes: Any) -> dict[str, Any]:
    body = {"receipt_no": receipt_no, "occurred_at": WHEN, "member": "cj-1007", "lines": LINES} | changes
    answer = await till.post("/v1/purchases", json=body, headers={"Idempotency-Key": receipt_no})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ask(till: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await till.post("/v1/quotes", json={"member": "cj-1007", "lines": LINES} | changes)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_receipt_says_in_words_what_a_limit_left_and_what_is_pending(till: httpx.AsyncClient) -> None:
    receipt = await sell(till, "1")
    assert (receipt["points"], receipt["points_pending"], receipt["reasons"]) == (60, 60, ["limited"])
    assert (receipt["member"]["points_balance"], receipt["member"]["pending_points"]) == (60, 60)
    (told,) = [rule for rule in receipt["rules"] if rule["rule"] == "base"]
    assert told["note"] == "limited:cap"
    assert told["note_words"]["en"] == "Limited by “name”."
    assert "名称" in told["note_words"]["zh"]
    member = (await till.get("/v1/members/lookup/cj-1007")).json()
    assert member["standing"]["balances"] == {"points": 60}
    assert member["standing"]["pending_points"] == 0  # they matured a fortnight after the purchase


async def test_a_quote_reserves_and_the_next_one_says_what_is_left(till: httpx.AsyncClient) -> None:
    first, again = await ask(till), await ask(till)
    assert [found["lines"][0]["sales_minor"] for found in (first, again)] == [9_000, 9_000]
    stranger = await ask(till, member=None)
    assert stranger["lines"][0]["sales_minor"] == 9_500
    (told,) = [rule for rule in stranger["rules"] if rule["rule"] == "off"]
    assert (told["applied"], told["gave"], told["note"]) == (True, 500, "limited:cap")


async def test_a_till_that_takes_off_more_than_was_left_is_flagged(till: httpx.AsyncClient) -> None:
    off = [{"source": TENTH_SOURCE, "funder": "chain", "amount_minor": 1_000}]
    flags = [
        (await sell(till, number, lines=[LINES[0] | {"discounts": off}]))["flags"] for number in ("1", "2")
    ]
    assert flags == [[], ["discount_differs", "over_budget"]]


async def test_how_full_limits_are_is_told_for_each_stretch(
    world: WebWorld, chain: SmallChain, till: httpx.AsyncClient
) -> None:
    await publish(chain, pack("stores", "earning", "base", EARN, [limit(900, per="store", every="month")]))
    member = (await sell(till, "1"))["member"]["member_id"]
    reader = await world.operator("admin", chain.hq)
    eastern = await world.operator("finance", chain.stores["east-1"])

    async def uses(who: httpx.AsyncClient, code: str, **asked: str) -> list[dict[str, Any]]:
        answer = await who.get(f"/v1/packs/{code}/limits", params=asked)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    async def periods(code: str, **asked: str | int) -> httpx.Response:
        return await reader.get(f"/v1/packs/{code}/limits/cap/periods", params=asked)

    (tenth,) = await uses(reader, "tenth")
    assert (tenth["version"], tenth["period"], tenth["at_most"]) == ("tenth/1", "ever", 1_500)
    assert (tenth["used"], tenth["left"]) == (0, 1_500)
    assert await uses(reader, "double") == []
    (cap,) = await uses(reader, "double", member_id=member)
    assert (cap["per"], cap["used"], cap["left"]) == ("member", 0, 60)
    (all_stores,) = await uses(reader, "stores")
    (one_store,) = await uses(eastern, "stores")
    assert (all_stores["counters"], all_stores["left"]) == (len(chain.stores), None)
    assert (one_store["counters"], one_store["left"]) == (1, 900)
    days = (await periods("double", member_id=member)).json()
    assert [(each["period"], each["used"], each["left"]) for each in days["items"]] == [("2026-03-02", 60, 0)]
    assert (days["items"][0]["used_up"], days["next_before"]) == (1, None)
    months = (await periods("stores", place="east-1")).json()["items"]
    assert [(each["period"], each["used"]) for each in months] == [("2026-03", 100)]
    for refused, code in (
        (await periods("double"), "limit_subject_needed"),
        (await periods("stores"), "limit_subject_needed"),
        (await periods("classic-tiers"), "unknown_limit"),
        (await periods("double", member_id="0192d3a0-0000-7000-8000-000000000001"), "unknown_member"),
        (await periods("double", place="nowhere"), "unknown_place"),
    ):
        assert refused.json()["code"] == code
    hidden = await eastern.get("/v1/packs/stores/limits", params={"place": "west-1"})
    assert hidden.json()["code"] == "unknown_place"
