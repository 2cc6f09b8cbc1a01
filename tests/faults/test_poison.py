"""Messages that are no good are refused by name, or set aside; the others flow past them."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from conftest import free_port
from faults import baskets
from faults.chance import chance
from faults.figures import Figures
from faults.load import send
from faults.plan import Plan
from faults.proofs import prove
from faults.served import ServedWorld
from faults.till_log import TillLog
from member_world import until
from sqlalchemy import text
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from regulars.entrypoints.member_messenger import MemberMessenger
from regulars.entrypoints.stack import temporal as server_of_one_machine
from regulars.kernel import clock
from regulars.outbox.relay import Pace, Relay
from regulars.rules.catalogue import MAX_LINES
from workflows.messages import MEMBER_CHANGED, MemberHint, workflow_id

GOOD = 40
LONG_GOOD = 400
NOBODY = "01890000-0000-7000-8000-000000000000"
LINE = {"line": 1, "sku": "1033142", "department": "GROCERY", "list_minor": 1_000}
MOST_SIGNALS = 5


def _sold(**changes: object) -> bytes:
    whole = {"receipt_no": "p-1", "occurred_at": clock.now().isoformat(), "lines": [LINE]}
    return json.dumps(whole | changes).encode()


def _poison() -> Iterator[tuple[bytes, int, str]]:
    """What a till must never send, and how it is refused: body, status, code."""
    yield b"{", 400, "json_malformed"
    yield b"\xff\xfe{}", 400, "json_malformed"
    yield _sold(cashier="\x00"), 400, "json_malformed"
    yield _sold(cashier="\ud800"), 400, "json_malformed"
    yield b'{"lines": ' + b"[" * 500_000 + b"]" * 500_000 + b"}", 400, "json_too_deep"
    yield _sold().replace(b"{", b'{"receipt_no": "p-2", ', 1), 400, "json_name_twice"
    yield _sold().replace(b"1000", b"NaN"), 400, "json_not_finite"
    yield _sold(cashier="x" * 10_000_000), 413, "body_too_large"
    yield b"[]", 422, "invalid_input"
    yield _sold(lines=[]), 422, "invalid_input"
    yield _sold(lines=[LINE | {"line": n} for n in range(1, MAX_LINES + 2)]), 422, "invalid_input"
    yield _sold(lines=[LINE, LINE]), 422, "basket_invalid"
    yield _sold(lines=[LINE | {"list_minor": 10**30}]), 422, "invalid_input"
    yield _sold(lines=[LINE | {"list_minor": -1}]), 422, "invalid_input"
    yield _sold(lines=[LINE | {"list_minor": 1.5}]), 422, "invalid_input"
    yield _sold(occurred_at=1_700_000_000), 422, "invalid_input"
    yield _sold(occurred_at="9999-12-31T23:59:59Z"), 422, "occurred_in_future"
    yield _sold(occurred_at="1970-01-01T00:00:00Z"), 422, "occurred_too_long_ago"
    yield _sold(member=NOBODY), 422, "member_unknown"
    yield _sold(member="app-nobody"), 422, "member_not_known"
    yield _sold(surprise=1), 422, "invalid_input"


async def test_poison_at_the_till_is_refused_by_name_while_the_others_sell(
    shop: ServedWorld, database_url: str, tmp_path: Path, plan: Plan, figures: Figures
) -> None:
    log, draw = TillLog(tmp_path / "sent.jsonl"), chance(plan.seed, "poison")
    members = [str(member) for member in shop.chain.members.values()]
    refused: list[tuple[int, str]] = []

    async def sell(till: str) -> None:
        async with shop.client(till) as client:
            for number in range(int(plan.pick(GOOD, LONG_GOOD)) // len(shop.keys)):
                body = baskets.purchase(draw, f"{till}-{number}", draw.choice(members))
                message = log.new(
                    "purchase", "POST", "/v1/purchases", body, till=till, key=f"{till}-{number}"
                )
                await send(log, client, message, {201})

    async def poison() -> None:
        async with shop.client("west-1-t1") as client:
            for body, _, _ in _poison():
                refused.append(await _refusal(client, body))

    await asyncio.gather(poison(), *(sell(till) for till in shop.keys))
    proof = await prove(database_url, log, shop.chain.tills, None)
    figures.note_proof("poison", proof, log)
    figures.note("poison", refused=len(refused))
    assert refused == [(status, code) for _, status, code in _poison()]
    assert proof.faults == []


async def _refusal(client: httpx.AsyncClient, body: bytes) -> tuple[int, str]:
    headers = {"Idempotency-Key": "poison", "Content-Type": "application/json"}
    answer = await client.post("/v1/purchases", content=body, headers=headers)
    return answer.status_code, answer.json()["code"]


@pytest.fixture
async def picky(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A Temporal server that takes few signals a run, as a real one does after ten thousand."""
    limit = f"history.maximumSignalsPerExecution={MOST_SIGNALS}"
    monkeypatch.setattr(
        server_of_one_machine, "DYNAMIC_CONFIG", (*server_of_one_machine.DYNAMIC_CONFIG, limit)
    )
    ports = [free_port() for _ in range(4)]
    server = server_of_one_machine.TemporalServer(data_dir, *ports)
    process = server_of_one_machine.start(server, data_dir / "log")
    try:

        async def ready() -> bool:
            return await server_of_one_machine.is_ready(server)

        await until(ready, within_s=60)
        yield await Client.connect(server.address, data_converter=pydantic_data_converter)
    finally:
        process.kill()
        process.wait()


async def test_a_message_that_temporal_refuses_is_set_aside_and_the_others_flow(
    shop: ServedWorld, picky: Client
) -> None:
    poisoned, healthy = shop.chain.members["hot"], shop.chain.members["member-1"]
    relay = Relay(shop.chain.database, MemberMessenger(picky), "relay", clock.now, Pace())
    while await relay.run_round():
        pass
    handle = picky.get_workflow_handle(workflow_id(poisoned))
    for _ in range(MOST_SIGNALS - 1):
        await handle.signal(MEMBER_CHANGED, MemberHint(0, 1, 0, None))
    for member_id in (poisoned, healthy):
        await shop.chain.buy(member_id, occurred_at=clock.now())
    assert await relay.run_round() == 2
    assert await _waiting(shop) == [(poisoned, 1)]
    assert relay.last_error == "message_refused"
    assert await relay.run_round() == 0
    # Ops end the run that takes no more; the next try begins a new one.
    await handle.terminate("takes no more signals")
    await until(lambda: _told(relay, shop), within_s=20)


async def _told(relay: Relay, shop: ServedWorld) -> bool:
    await relay.run_round()
    return await _waiting(shop) == []


async def _waiting(shop: ServedWorld) -> list[tuple[object, int]]:
    async with shop.chain.database.begin() as session:
        rows = await session.execute(text("select member_id, attempts from outbox"))
        return [(row.member_id, row.attempts) for row in rows]
