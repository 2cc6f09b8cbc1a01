"""Messages come twice, at once, late and out of order; each counts once, and nobody is confused."""

import asyncio
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
from faults import baskets
from faults.chance import Random, chance
from faults.figures import Figures
from faults.load import try_once
from faults.plan import Plan
from faults.proofs import Proof, prove
from faults.served import ServedWorld
from faults.till_log import Sent, TillLog
from member_world import MemberWorld

from regulars.kernel import clock
from workflows.messages import MEMBER_CHANGED, MemberHint

MESSAGES = 40
LONG_MESSAGES = 500
COPIES = 4
AT_ONCE = 12


_COPY_SHUFFLED = """
with taken as (delete from outbox returning member_id, seq, events, next_due_at, bulk, created_at)
insert into outbox (member_id, seq, events, next_due_at, bulk, created_at)
select taken.* from taken, generate_series(1, 3) copy order by md5(taken::text || copy)
"""
"""What waits, three times each and in no order at all."""


def _messages(shop: ServedWorld, log: TillLog, draw: Random, count: int) -> list[Sent]:
    """Purchases of a year, of all members and tills, in no order at all."""
    people = [None, *map(str, shop.chain.members.values())]
    made = []
    for number in range(count):
        body = baskets.purchase(draw, f"r-{number}", draw.choice(people), late=draw.random() < 0.7)
        till = draw.choice([*shop.keys])
        made.append(log.new("purchase", "POST", "/v1/purchases", body, till=till, key=f"key-{number}"))
    return made


async def _deliver(shop: ServedWorld, log: TillLog, messages: list[Sent], draw: Random) -> None:
    """Every message several times, shuffled, a dozen under way at once; all answers must be the same."""
    copies = [message for message in messages for _ in range(COPIES)]
    draw.shuffle(copies)
    gate = asyncio.Semaphore(AT_ONCE)
    clients = {till: shop.client(till) for till in shop.keys}

    async def deliver(message: Sent) -> None:
        async with gate:
            answer = await try_once(clients[message.till or ""], message)
        assert isinstance(answer, httpx.Response), answer
        if message.status is None:
            message.status, message.answer = answer.status_code, answer.content
        elif answer.content != message.answer:
            log.surprise(message, f"{message.answer.decode()} then {answer.status_code} {answer.text}")

    await asyncio.gather(*(deliver(message) for message in copies))
    await asyncio.gather(*(client.aclose() for client in clients.values()))


async def _prove(shop: ServedWorld, members: MemberWorld, log: TillLog, database_url: str) -> Proof:
    return await prove(database_url, log, shop.chain.tills, members.temporal.client)


async def test_messages_four_times_each_and_shuffled_count_once(
    shop: ServedWorld, members: MemberWorld, database_url: str, tmp_path: Path, plan: Plan, figures: Figures
) -> None:
    log, draw = TillLog(tmp_path / "sent.jsonl"), chance(plan.seed, "disorder")
    messages = _messages(shop, log, draw, int(plan.pick(MESSAGES, LONG_MESSAGES)))
    await _deliver(shop, log, messages, draw)
    await members.relay_all()
    proof = await _prove(shop, members, log, database_url)
    figures.note_proof("disorder", proof, log)
    assert proof.faults == []
    assert {message.status for message in messages} == {201}


async def test_outbox_rows_doubled_and_shuffled_confuse_no_workflow(
    shop: ServedWorld, members: MemberWorld, database_url: str, tmp_path: Path, plan: Plan
) -> None:
    log, draw = TillLog(tmp_path / "sent.jsonl"), chance(plan.seed, "outbox")
    await _deliver(shop, log, _messages(shop, log, draw, 20), draw)
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(_COPY_SHUFFLED)
    finally:
        await connection.close()
    await members.relay_all()
    proof = await _prove(shop, members, log, database_url)
    assert proof.faults == []


async def test_hints_doubled_stale_and_backwards_leave_the_workflow_where_the_database_is(
    shop: ServedWorld, members: MemberWorld, database_url: str, tmp_path: Path, plan: Plan
) -> None:
    log, draw = TillLog(tmp_path / "sent.jsonl"), chance(plan.seed, "hints")
    await _deliver(shop, log, _messages(shop, log, draw, 20), draw)
    await members.relay_all()
    for member_id in shop.chain.members.values():
        known = await members.catch_up(member_id)
        tasks, events = await members.tasks(member_id), await members.events(member_id)
        hints = [
            MemberHint(seq, 1, draw.randint(0, 1), clock.now() + timedelta(days=draw.randint(-400, 400)))
            for seq in range(known.last_seq + 1)
            for _ in range(3)
        ]
        draw.shuffle(hints)
        for hint in hints:
            await members.handle(member_id).signal(MEMBER_CHANGED, hint)
        await members.catch_up(member_id)
        assert await members.tasks(member_id) == tasks
        assert await members.events(member_id) == events
    proof = await _prove(shop, members, log, database_url)
    assert proof.faults == []
