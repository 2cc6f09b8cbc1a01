"""The relay loses nothing, tells each thing once where nothing fails, and waits for what is away."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from regulars.db.session import Database
from regulars.outbox import service
from regulars.outbox.domain import BULK_LOAD_LOCK, Backlog, Change
from regulars.outbox.errors import TemporalAway
from regulars.outbox.listener import listen
from regulars.outbox.tables import relay_status

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEASE = timedelta(seconds=60)


async def announce(database: Database, changes: Sequence[Change]) -> None:
    async with database.begin() as session:
        await service.announce(session, changes, NOON)


async def backlog(database: Database) -> Backlog:
    async with database.begin() as session:
        return await service.measure_backlog(session)


def purchases(count: int, members: int = 20) -> list[Change]:
    return [Change(UUID(int=i % members + 1), i // members + 1, 0, None) for i in range(count)]


async def test_purchases_that_wait_together_travel_together(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    await announce(database, purchases(200))
    assert await make_relay().run_round() == 20
    assert sorted(news.member_id.int for news in messenger.heard) == list(range(1, 21))
    assert sum(news.changes for news in messenger.heard) == 200
    assert await backlog(database) == Backlog(0, 0, None)


async def test_nothing_is_lost_or_told_twice_while_temporal_is_away(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    messenger.away = True
    relay = make_relay()
    running = asyncio.create_task(relay.run())
    for purchase in purchases(200):
        await announce(database, [purchase])
    assert messenger.heard == []
    assert (await backlog(database)).waiting == 200
    messenger.away = False
    while (await backlog(database)).waiting:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    relay.stop.set()
    await running
    assert sum(news.changes for news in messenger.heard) == 200


async def test_what_was_not_judged_is_free_at_once(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    await announce(database, purchases(3))
    messenger.away = True
    with pytest.raises(TemporalAway):
        await make_relay("relay-1").run_round()
    messenger.away = False
    assert await make_relay("relay-2").run_round() == 3


async def test_a_relay_killed_between_claim_and_signal_costs_no_more_than_its_lease(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    await announce(database, purchases(5))
    async with database.begin() as session:
        assert len(await service.claim_news(session, "killed", NOON, LEASE, 100)) == 5
    other = make_relay("other", now=lambda: NOON + LEASE - timedelta(seconds=1))
    assert await other.run_round() == 0
    other.now = lambda: NOON + LEASE
    assert await other.run_round() == 5
    assert (await backlog(database)).waiting == 0


async def test_a_relay_whose_clock_ran_ahead_claims_nothing_for_long(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    await announce(database, purchases(5))
    async with database.begin() as session:
        assert len(await service.claim_news(session, "ahead", NOON + timedelta(days=400), LEASE, 100)) == 5
    assert await make_relay("other", now=lambda: NOON).run_round() == 5
    assert (await backlog(database)).waiting == 0


async def test_a_relay_killed_between_signal_and_delete_tells_it_again_and_no_more(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    await announce(database, purchases(1))
    dying = make_relay("dying", now=lambda: NOON)
    async with database.begin() as session:
        (news,) = await service.claim_news(session, "dying", NOON, LEASE, 100)
    await dying.messenger.tell(news)
    other = make_relay("other", now=lambda: NOON + LEASE)
    assert await other.run_round() == 1
    assert [heard.seq for heard in messenger.heard] == [1, 1]
    assert await other.run_round() == 0


async def test_two_relays_share_the_work(database: Database, make_relay: Any, messenger: Any) -> None:
    await announce(database, purchases(400, members=200))
    one, two = make_relay("relay-1"), make_relay("relay-2")
    one.pace = two.pace = type(one.pace)(members_per_round=10)
    for _ in range(100):
        if not sum(await asyncio.gather(one.run_round(), two.run_round())):
            break
    assert sum(news.changes for news in messenger.heard) == 400
    assert one.signals > 0
    assert two.signals > 0


async def test_poison_rests_while_the_others_flow(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    now = NOON
    await announce(database, purchases(3))
    messenger.refuses = {UUID(int=2)}
    relay = make_relay(now=lambda: now)
    assert await relay.run_round() == 3
    assert {news.member_id.int for news in messenger.heard} == {1, 3}
    assert relay.last_error == "message_refused"
    assert await relay.run_round() == 0
    now += timedelta(seconds=2)
    assert await relay.run_round() == 1
    now += timedelta(seconds=2)
    assert await relay.run_round() == 0
    messenger.refuses = set()
    now += timedelta(seconds=2)
    assert await relay.run_round() == 1
    assert (await backlog(database)).waiting == 0


async def test_a_message_that_is_never_answered_does_not_stop_the_others(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    await announce(database, purchases(2))
    tell = messenger.tell

    async def hang_for_one(news: Any) -> None:
        if news.member_id.int == 1:
            await asyncio.sleep(60)
        await tell(news)

    messenger.tell = hang_for_one
    relay = make_relay()
    relay.pace = type(relay.pace)(tell_within_s=0.05)
    assert await relay.run_round() == 2
    assert [news.member_id.int for news in messenger.heard] == [2]


async def test_imported_rows_wait_until_the_import_ends(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    await announce(database, [Change(UUID(int=1), 1, 0, None, bulk=True)])
    await announce(database, [Change(UUID(int=2), 1, 0, None)])
    async with database.engine.connect() as importer:
        await importer.execute(text(f"select pg_advisory_lock({BULK_LOAD_LOCK})"))
        assert await make_relay().run_round() == 1
        assert await make_relay().run_round() == 0
        assert (await backlog(database)).held == 1
        await importer.execute(text(f"select pg_advisory_unlock({BULK_LOAD_LOCK})"))
    assert await make_relay().run_round() == 1
    assert [news.member_id.int for news in messenger.heard] == [2, 1]


async def test_a_purchase_rolled_back_is_never_told(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    with suppress(RuntimeError):
        async with database.begin() as session:
            await service.announce(session, purchases(1), NOON)
            raise RuntimeError("the purchase failed")
    assert await make_relay().run_round() == 0


async def test_rows_committed_out_of_order_are_all_told(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    async with database.begin() as slow:
        await service.announce(slow, [Change(UUID(int=1), 1, 0, None)], NOON)
        await announce(database, [Change(UUID(int=2), 1, 0, None)])
        assert await make_relay().run_round() == 1
    assert await make_relay().run_round() == 1


async def test_a_commit_wakes_the_relay(database: Database, database_url: str) -> None:
    woken = asyncio.Event()
    listening = asyncio.create_task(listen(database_url, woken))
    await asyncio.wait_for(woken.wait(), 5)
    woken.clear()
    await announce(database, purchases(1))
    await asyncio.wait_for(woken.wait(), 5)
    woken.clear()
    await announce(database, [Change(UUID(int=1), 1, 0, None, bulk=True)])
    await asyncio.sleep(0.1)
    assert not woken.is_set()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_a_lost_listener_listens_again(database: Database, database_url: str) -> None:
    woken = asyncio.Event()
    listening = asyncio.create_task(listen(database_url, woken))
    await asyncio.wait_for(woken.wait(), 5)
    woken.clear()
    async with database.begin() as session:
        await session.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'regulars-relay-listen' and datname = current_database()"
            )
        )
    await asyncio.wait_for(woken.wait(), 10)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_figures_are_kept_while_a_relay_runs_and_leave_with_it(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    await announce(database, purchases(3))
    await announce(database, [Change(UUID(int=9), 1, 0, None, bulk=True)])
    relay = make_relay(now=lambda: NOON + timedelta(milliseconds=250))
    await relay.run_round()
    async with database.begin() as session:
        (status,) = (await session.execute(select(relay_status))).all()
    assert (status.signals, status.events, status.lag_ms_median, status.lag_ms_max) == (4, 4, 250, 250)
    relay.stop.set()
    await relay.run()
    async with database.begin() as session:
        assert (await session.execute(select(relay_status))).all() == []
