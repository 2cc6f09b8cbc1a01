"""What is far out of the ordinary and must be fine: huge baskets, long histories, any script, a year late."""

import html
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from small_chain import MONDAY, SmallChain, line
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from web_world import WebWorld

from api.schemas.purchases import LINES_MAX
from regulars.db.raw import driver
from regulars.entrypoints.verifying import verify
from regulars.kernel import clock
from regulars.purchases.desk import Recorded
from regulars.purchases.quoting import quote
from regulars.purchases.service import record_purchases

DAY, EIGHT_HOURS = timedelta(days=1), timedelta(hours=8)
MANY = 10_000
LAST = MONDAY + 3_400 * DAY  # of the many purchases: the packs are live for all of them


async def agrees(chain: SmallChain) -> None:
    report = await verify(chain.database)
    assert report.ok, [found for result in report.results for found in result.differences]


# A purchase of 500 lines


def a_long_receipt(lines: int) -> dict[str, Any]:
    departments = ("GROCERY", "PRODUCE", "FUEL", "MEAT")
    return {
        "receipt_no": "000500",
        "occurred_at": clock.now().isoformat(),
        "lines": [
            {"line": n, "sku": f"{n:06d}", "department": departments[n % 4], "list_minor": 100 + n}
            for n in range(1, lines + 1)
        ],
    }


async def test_five_hundred_lines_are_one_purchase_and_more_than_the_limit_are_refused(
    world: WebWorld, chain: SmallChain
) -> None:
    await chain.join(references=["cj-1"])
    async with await world.till() as till:
        body = a_long_receipt(500) | {"member": "cj-1"}
        answer = await till.post("/v1/purchases", json=body, headers={"Idempotency-Key": "k-1"})
        again = await till.post("/v1/purchases", json=body, headers={"Idempotency-Key": "k-2"})
        more = a_long_receipt(LINES_MAX + 1) | {"member": "cj-1", "receipt_no": "000501"}
        refused = await till.post("/v1/purchases", json=more, headers={"Idempotency-Key": "k-3"})
    receipt = answer.json()
    assert answer.status_code == 201
    assert receipt["sales_minor"] == sum(100 + n for n in range(1, 501))
    assert receipt["member"]["points_balance"] == receipt["points"] > 1_000
    assert again.content == answer.content
    assert refused.status_code == 422
    assert (refused.json()["code"], refused.json()["errors"][0]["field"]) == ("invalid_input", "lines")
    async with chain.database.read() as session:
        counted = await session.execute(text("select line_count from purchase"))
        assert list(counted.scalars()) == [500]
    await agrees(chain)


# A member with 10,000 purchases


async def cost_of(session: AsyncSession, act: Awaitable[object]) -> tuple[int, int]:
    """Statements that an act sends, and rows that they read from tables."""
    connection, sent = await driver(session), []
    before = (await session.execute(ROWS_READ)).scalar_one()
    connection.add_query_logger(sent.append)
    try:
        await act
    finally:
        connection.remove_query_logger(sent.append)
    return len(sent), int((await session.execute(ROWS_READ)).scalar_one() - before)


ROWS_READ = text(
    "select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_user_tables"
)


async def bought_often(chain: SmallChain, times: int, last: datetime) -> UUID:
    """A member who came every eight hours until `last`."""
    member = await chain.join(at=last - times * EIGHT_HOURS)
    for start in range(0, times, 1_000):
        numbers = range(start, min(start + 1_000, times))
        baskets = [
            chain.basket(member, line(200), occurred_at=last - (times - 1 - n) * EIGHT_HOURS) for n in numbers
        ]
        answers = await chain.post(*baskets)
        assert all(isinstance(answer, Recorded) for answer in answers)
    return member


async def costs(chain: SmallChain, member: UUID, at: datetime) -> list[tuple[int, int]]:
    """(statements, rows) of a quote, of the next purchase, and of its retry."""
    basket, desk = chain.basket(member, line(1_000), occurred_at=at), chain.desk
    found = []
    async with chain.database.begin() as session:
        found.append(await cost_of(session, quote(session, desk, basket, b"k" * 32, DAY, at)))
    for _ in ("the purchase", "its retry"):
        async with chain.database.begin() as session:
            found.append(await cost_of(session, record_purchases(session, desk, [basket], at)))
    return found


async def test_the_next_purchase_costs_no_more_after_ten_thousand_and_its_receipt_is_right(
    chain: SmallChain,
) -> None:
    few, many = await bought_often(chain, 30, LAST), await bought_often(chain, MANY, LAST)
    async with chain.database.begin() as session:
        await session.execute(text("analyze"))  # as autovacuum would have done long ago
    for number in range(1, 4):
        at = LAST + number * EIGHT_HOURS
        short, long = await costs(chain, few, at), await costs(chain, many, at)
        for (statements_short, rows_short), (statements_long, rows_long) in zip(short, long, strict=True):
            # Purchases leave the window and points expire: these are read and written too, and nothing else.
            assert statements_long <= statements_short + 4, (number, short, long)
            assert rows_long <= rows_short + 15, (number, short, long)
    bought = await chain.buy(many, line(1_000), occurred_at=LAST + 4 * EIGHT_HOURS)
    told = bought.receipt["member"]
    assert (told["seq"], told["spend_365d_minor"]) == (MANY + 4, 4 * 1_000 + (365 * 3 - 3) * 200)
    assert (bought.receipt["points"], told["tier"]) == (12, "silver")
    async with chain.database.read() as session:
        living = await session.execute(LIVING_POINTS, {"member": many, "at": LAST + 4 * EIGHT_HOURS})
        assert told["points_balance"] == living.scalar_one()
    await agrees(chain)


LIVING_POINTS = text("select sum(amount) from lot where account_id = :member and expires_at > :at")


# A name in any script

NAMES = {
    "Arabic": "محمد بن عبد الله",
    "Hebrew and Latin": "שלום (Shalom) כהן",
    "Tibetan": "བསྟན་འཛིན་རྒྱ་མཚོ།",
    "Devanagari": "क्षत्रिय श्री",
    "Mongolian": "ᠮᠣᠩᠭᠣᠯ ᠨᠠᠷᠠ",
    "family emoji": "👩‍👩‍👧‍👦 The Wongs 🏳️‍🌈",
    "combining": "Zoë Ñuñez",
    "stacked marks": "Z̸̡a̵͎l̶̰g̷̱o̴",
    "extension B": "𠮷田𡈽𠮟",
    "beyond extension B": "𪚥龘䶮㐂",
    "Persian, a joiner that parts": "علی\u200cرضا",
    "Sinhala": "ශ්\u200dරී ලංකා",
    "the smallest and the widest": "ǁ﷽ⅷ",
    "markup": "<script>alert('x')</script> & \"Co\"",
    "a formula": "=cmd|' /C calc'!A0",
    "as long as can be": "𠮷" * 80,
}


@pytest.mark.parametrize("script", NAMES)
async def test_a_name_in_any_script_is_kept_to_the_letter(
    world: WebWorld, admin: httpx.AsyncClient, chain: SmallChain, script: str
) -> None:
    name = NAMES[script]
    joined = await admin.post("/v1/members", json={"name": name, "home_store_code": "east-1"})
    assert joined.status_code == 201, joined.text
    member = joined.json()["id"]
    assert (await admin.get(f"/v1/members/{member}")).json()["name"] == name
    page = await admin.get(f"/members/{member}")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert name in html.unescape(page.text)
    assert "<script>alert" not in page.text
    found = await admin.get("/members", params={"q": name})
    assert f"/members/{member}" in found.text
    bought = await chain.buy(UUID(member), line(1_000))
    assert (bought.receipt["points"], bought.receipt["member"]["member_id"]) == (10, member)
    await agrees(chain)


@pytest.mark.parametrize("name", ["𠮷" * 81, "Ann\u202ednA\u202c", "\u200d\u200c", "tab\tbed"])
async def test_a_name_that_is_too_long_unseen_or_deceives_the_eye_is_refused_by_its_field(
    admin: httpx.AsyncClient, name: str
) -> None:
    answer = await admin.post("/v1/members", json={"name": name, "home_store_code": "east-1"})
    assert (answer.status_code, answer.json()["field"]) == (422, "name")


# A till that was away for a year


async def test_a_till_a_year_late_delivers_in_any_order_and_every_purchase_counts_once(
    chain: SmallChain,
) -> None:
    today = MONDAY + 370 * DAY
    member = await chain.join(at=MONDAY - 10 * DAY)
    await chain.buy(member, line(20_000), occurred_at=today - timedelta(hours=1))
    days = [30, 0, 200, 100, 1, 365, 60, 369, 7, 150]
    baskets = [chain.basket(member, line(30_000), occurred_at=MONDAY + day * DAY) for day in days]
    answers = await chain.post(*baskets[:5], at=today)
    for basket in baskets[5:]:
        answers += await chain.post(basket, at=today)
    again = await chain.post(*baskets, at=today + DAY)
    receipts = [answer.receipt_text for answer in answers if isinstance(answer, Recorded)]
    assert len(receipts) == len(days)
    assert receipts == [answer.receipt_text for answer in again if isinstance(answer, Recorded)]
    told = [answer.receipt for answer in answers if isinstance(answer, Recorded)]
    assert [receipt["flags"] for receipt in told] == [["late"]] * len(days)
    assert [receipt["member"]["seq"] for receipt in told] == list(range(2, 12))
    # Day 0 lies before the 365 days that end with the newest purchase; the other nine count.
    assert told[-1]["member"]["spend_365d_minor"] == 20_000 + 30_000 * sum(day >= 5 for day in days)
    assert told[-1]["member"]["tier"] == "silver"
    await agrees(chain)


async def test_a_till_a_year_late_is_heard_over_http(world: WebWorld, chain: SmallChain) -> None:
    now = clock.now()
    await chain.join(references=["cj-1"], at=now - 400 * DAY)
    async with await world.till() as till:
        for days_ago in (3, 370, 200):
            at = now - days_ago * DAY
            body = {"receipt_no": f"{days_ago}", "occurred_at": at.isoformat(), "member": "cj-1"}
            lines = [{"line": 1, "sku": "1", "department": "GROCERY", "list_minor": 1_000}]
            answer = await till.post(
                "/v1/purchases", json=body | {"lines": lines}, headers={"Idempotency-Key": str(days_ago)}
            )
            assert (answer.status_code, answer.json()["points"]) == (201, 10), answer.text
    await agrees(chain)
