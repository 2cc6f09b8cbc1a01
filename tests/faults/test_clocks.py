"""Clocks jump, of the web, of the tills and of a member's workflow; and the hour that comes twice a year."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from faults.served import ServedWorld
from member_world import MemberWorld
from sqlalchemy import select

from regulars.entrypoints.verifying import verify_url
from regulars.kernel import clock
from regulars.lifecycle.tables import standing

YEAR_AND_MORE = timedelta(days=400)
HOUR = timedelta(hours=1)
WINTER_TIME = datetime(2025, 11, 2, 6, tzinfo=UTC)
"""In New York the clock goes from 02:00 back to 01:00."""
SUMMER_TIME = datetime(2026, 3, 8, 7, tzinfo=UTC)
"""In New York the clock goes from 02:00 on to 03:00."""


@dataclass
class MovableClock:
    """The clock of a web process, which somebody sets."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return clock.now() + self.ahead


@pytest.fixture
def web_clock(shop: ServedWorld) -> MovableClock:
    movable = MovableClock()
    object.__setattr__(shop.app.state.container, "now", movable)
    return movable


async def _buy(shop: ServedWorld, receipt_no: str, at: datetime, member: str = "hot") -> httpx.Response:
    body: dict[str, Any] = {
        "receipt_no": receipt_no,
        "occurred_at": at.isoformat(),
        "member": str(shop.chain.members[member]),
        "lines": [{"line": 1, "sku": "1033142", "department": "GROCERY", "list_minor": 5_000}],
    }
    async with shop.client("east-1-t1") as till:
        return await till.post("/v1/purchases", json=body, headers={"Idempotency-Key": receipt_no})


async def _stand(database_url: str, receipts: list[str]) -> None:
    """Exactly these purchases stand, and the books add up."""
    connection = await asyncpg.connect(database_url)
    try:
        kept = await connection.fetch("select receipt_no from purchase order by receipt_no")
    finally:
        await connection.close()
    report = await verify_url(database_url)
    assert [row[0] for row in kept] == sorted(receipts)
    assert [str(one) for result in report.results for one in result.differences] == []


@pytest.mark.parametrize("jump", [YEAR_AND_MORE, HOUR], ids=["400 days", "an hour"])
async def test_a_web_whose_clock_runs_ahead_records_what_tills_sell(
    shop: ServedWorld, web_clock: MovableClock, database_url: str, jump: timedelta
) -> None:
    sold: list[str] = []
    for ahead in (timedelta(0), jump, timedelta(0)):
        web_clock.ahead = ahead
        for _ in range(3):
            sold.append(f"{len(sold):03d}")
            answer = await _buy(shop, sold[-1], clock.now())
            assert answer.status_code == 201, answer.text
            assert answer.json()["flags"] == []
            again = await _buy_again(shop, answer, sold[-1])
            assert (again.status_code, again.content) == (201, answer.content)
    await _stand(database_url, sold)


async def _buy_again(shop: ServedWorld, answer: httpx.Response, key: str) -> httpx.Response:
    async with shop.client("east-1-t1") as till:
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        return await till.post("/v1/purchases", content=answer.request.content, headers=headers)


@pytest.mark.parametrize("jump", [YEAR_AND_MORE, HOUR], ids=["400 days", "an hour"])
async def test_a_web_whose_clock_runs_behind_refuses_by_name_and_takes_the_same_purchase_later(
    shop: ServedWorld, web_clock: MovableClock, database_url: str, jump: timedelta
) -> None:
    web_clock.ahead = -jump
    refused = await _buy(shop, "1", clock.now())
    assert (refused.status_code, refused.json()["code"]) == (422, "occurred_in_future")
    assert refused.json()["errors"][0]["field"] == "occurred_at"
    assert (await _buy(shop, "0", clock.now() - jump)).status_code == 201
    web_clock.ahead = timedelta(0)
    taken = await _buy_again(shop, refused, "1")
    assert (taken.status_code, taken.json()["flags"]) == (201, [])
    await _stand(database_url, ["0", "1"])


async def test_tills_and_web_jump_a_year_ahead_and_back(
    shop: ServedWorld, web_clock: MovableClock, database_url: str
) -> None:
    before = await _buy(shop, "1", clock.now())
    web_clock.ahead = YEAR_AND_MORE
    jumped = await _buy(shop, "2", web_clock())
    web_clock.ahead = timedelta(0)
    after = await _buy(shop, "3", clock.now())
    assert [answer.status_code for answer in (before, jumped, after)] == [201, 201, 201]
    assert jumped.json()["member"]["stage"] == "active"
    assert jumped.json()["member"]["reactivated"]
    # What was decided for the year ahead stands; a purchase before it is a late one.
    assert after.json()["flags"] == ["late"]
    assert after.json()["points"] == before.json()["points"] > 0
    await _stand(database_url, ["1", "2", "3"])


async def test_a_member_s_workflow_jumps_a_year_ahead_and_tills_sell_on(
    shop: ServedWorld, members: MemberWorld, database_url: str
) -> None:
    member_id = shop.chain.members["hot"]
    assert (await _buy(shop, "1", clock.now())).status_code == 201
    await members.catch_up(member_id)
    await members.go_to(member_id, clock.now() + YEAR_AND_MORE)
    assert "lapsed" in {kind for kind, *_ in await members.events(member_id)}
    late = await _buy(shop, "2", clock.now())
    state = await members.catch_up(member_id)
    async with shop.chain.database.begin() as session:
        row = (await session.execute(select(standing).where(standing.c.member_id == member_id))).one()
    assert (late.status_code, late.json()["flags"]) == (201, ["late"])
    assert (state.last_seq, state.tier, state.stage) == (row.last_seq, row.tier, row.stage)
    await _stand(database_url, ["1", "2"])


@pytest.mark.parametrize(
    ("change", "hours"),
    [(WINTER_TIME, [0, 1, 1, 2]), (SUMMER_TIME, [0, 1, 3, 4])],
    ids=["an hour comes twice", "an hour is left out"],
)
async def test_tills_sell_through_the_change_of_the_clock(
    shop: ServedWorld, web_clock: MovableClock, database_url: str, change: datetime, hours: list[int]
) -> None:
    sold: list[str] = []
    for minutes in range(-120, 120, 30):
        at = change + timedelta(minutes=minutes, seconds=1)
        web_clock.ahead = at - clock.now()
        sold.append(f"{minutes:+04d}")
        answer = await _buy(shop, sold[-1], at)
        assert (answer.status_code, answer.json()["flags"]) == (201, []), answer.text
        assert (await _buy_again(shop, answer, sold[-1])).content == answer.content
    assert await _hours_read(database_url) == [hour for hour in hours for _ in range(2)]
    await _stand(database_url, sold)


async def _hours_read(database_url: str) -> list[int]:
    """The hour on the store's wall that the rules read, in order of purchase."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "select evaluation->'facts'->'calendar'->>'hour' from purchase order by seq"
        )
    finally:
        await connection.close()
    return [int(row[0]) for row in rows]
