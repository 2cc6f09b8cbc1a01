"""Under pressure what has a consequence is told at once; the rest waits for a quieter time, not for ever."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from regulars.analytics.overview import read_relay
from regulars.db.session import Database
from regulars.kernel import clock
from regulars.outbox import service
from regulars.outbox.domain import Backlog, Change, Patience, Sifted
from regulars.outbox.errors import TemporalAway
from regulars.outbox.tables import outbox, workflow_told

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANNA, BEN = UUID(int=1), UUID(int=2)
IN_60_DAYS = NOON + timedelta(days=60)


def at(**after: float) -> datetime:
    return NOON + timedelta(**after)


def change(member: UUID, seq: int, events: int = 0, due: datetime | None = IN_60_DAYS) -> Change:
    return Change(member, seq, events, due)


async def announce(database: Database, *changes: Change, when: datetime = NOON) -> None:
    async with database.begin() as session:
        await service.announce(session, changes, when)


async def backlog(database: Database) -> Backlog:
    async with database.begin() as session:
        return await service.measure_backlog(session)


async def rows(database: Database) -> Sequence[tuple[UUID, int]]:
    async with database.begin() as session:
        found = await session.execute(select(outbox.c.member_id, outbox.c.seq).order_by(outbox.c.id))
        return [(row.member_id, row.seq) for row in found]


@pytest.fixture
async def pressed(database: Database, make_relay: Any, messenger: Any) -> Any:
    """A relay under pressure, which has told Anna's workflow that she is next due in 60 days."""
    relay = make_relay(now=lambda: NOON)
    await announce(database, change(ANNA, 1, events=1))
    assert await relay.run_round() == 1
    messenger.heard.clear()
    relay.pressure.is_on = True
    return relay


async def busy_round(relay: Any) -> int:
    return int(await relay.run_round(everything=False))


async def test_a_hint_that_changes_nothing_for_its_workflow_waits(
    database: Database, pressed: Any, messenger: Any
) -> None:
    await announce(database, change(ANNA, 2), change(ANNA, 3))
    assert await busy_round(pressed) == 0
    assert messenger.heard == []
    assert await rows(database) == []
    assert await backlog(database) == Backlog(2, 0, None, put_off=2)
    assert pressed.put_off == 2


async def test_what_waited_is_told_as_one_message_when_it_is_quiet(
    database: Database, pressed: Any, messenger: Any
) -> None:
    await announce(database, change(ANNA, 2), change(ANNA, 3, due=at(days=70)))
    await busy_round(pressed)
    await announce(database, change(ANNA, 4, due=at(days=80)))
    await busy_round(pressed)
    assert await pressed.run_round() == 1
    (news,) = messenger.heard
    assert (news.seq, news.changes, news.events, news.next_due_at) == (4, 3, 0, at(days=80))
    assert await backlog(database) == Backlog(0, 0, None)
    assert await pressed.run_round() == 0
    assert not pressed.pressure.is_on


async def test_without_pressure_every_purchase_is_told_at_once(
    database: Database, pressed: Any, messenger: Any
) -> None:
    pressed.pressure.is_on = False
    await announce(database, change(ANNA, 2))
    assert await busy_round(pressed) == 1
    assert [news.seq for news in messenger.heard] == [2]


@pytest.mark.parametrize(
    "urgent",
    [
        change(ANNA, 2, events=1),
        change(ANNA, 2, due=at(days=59)),
        change(BEN, 1),
        change(BEN, 1, due=None),
    ],
    ids=["with an event", "with an earlier due date", "of a newcomer", "of a newcomer never due"],
)
async def test_what_has_a_consequence_goes_at_once(
    database: Database, pressed: Any, messenger: Any, urgent: Change
) -> None:
    await announce(database, change(ANNA, 1), urgent)
    assert await busy_round(pressed) == 1
    assert [(news.member_id, news.seq, news.events) for news in messenger.heard] == [
        (urgent.member_id, urgent.seq, urgent.events)
    ]


async def test_what_is_due_soon_goes_at_once_even_if_its_workflow_knows(
    database: Database, pressed: Any, messenger: Any
) -> None:
    pressed.now = lambda: IN_60_DAYS - timedelta(minutes=30)
    await announce(database, change(ANNA, 2), when=pressed.now())
    assert await busy_round(pressed) == 1


async def test_a_workflow_that_looked_since_is_told_at_once(
    database: Database, pressed: Any, messenger: Any
) -> None:
    """At a due date that has passed it looked, and nobody here knows what it sleeps for now."""
    pressed.now = lambda: at(days=60, seconds=1)
    pressed.pace = replace(pressed.pace, patience=Patience(known_for=timedelta(days=365)))
    await announce(database, change(ANNA, 2, due=at(days=150)), when=pressed.now())
    assert await busy_round(pressed) == 1


async def test_a_date_that_was_put_off_makes_the_next_earlier_one_go_at_once(
    database: Database, pressed: Any, messenger: Any
) -> None:
    """The workflow may have looked in between, and sleep until the later date by now."""
    await announce(database, change(ANNA, 2, due=at(days=90)))
    assert await busy_round(pressed) == 0
    await announce(database, change(ANNA, 3, due=at(days=75)))
    assert await busy_round(pressed) == 1
    assert [news.next_due_at for news in messenger.heard] == [at(days=75)]


async def test_a_member_who_was_never_due_is_told_of_the_first_date_at_once(
    database: Database, pressed: Any, messenger: Any
) -> None:
    await announce(database, change(ANNA, 2, due=None))
    assert await busy_round(pressed) == 0
    await announce(database, change(ANNA, 3))
    assert await busy_round(pressed) == 1


async def test_a_workflow_not_told_for_a_day_is_told_at_once_so_that_a_terminated_one_comes_back(
    database: Database, pressed: Any, messenger: Any
) -> None:
    pressed.now = lambda: at(days=1, seconds=1)
    await announce(database, change(ANNA, 2), when=pressed.now())
    assert await busy_round(pressed) == 1


async def test_nothing_waits_longer_than_its_time_however_busy_it_is(
    database: Database, pressed: Any, messenger: Any
) -> None:
    await announce(database, change(ANNA, 2))
    pressed.now = lambda: at(minutes=9, seconds=59)
    assert await busy_round(pressed) == 0
    pressed.now = lambda: at(minutes=10)
    assert await busy_round(pressed) == 1
    assert [(news.seq, news.changes) for news in messenger.heard] == [(2, 1)]


async def test_overdue_messages_come_in_drops_while_it_is_busy(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    members = [UUID(int=n) for n in range(1, 31)]
    relay = make_relay(now=lambda: NOON)
    await announce(database, *(change(member, 1, events=1) for member in members))
    assert await relay.run_round() == 30
    relay.pressure.is_on = True
    await announce(database, *(change(member, 2) for member in members))
    assert await busy_round(relay) == 0
    relay.now = lambda: at(minutes=11)
    assert await busy_round(relay) == relay.pace.overdue_per_round
    assert (await backlog(database)).put_off == 30 - relay.pace.overdue_per_round


async def test_waiting_longer_than_it_should_puts_the_relay_under_pressure(
    database: Database, make_relay: Any, messenger: Any
) -> None:
    relay = make_relay(now=lambda: NOON + timedelta(seconds=1))
    await announce(database, change(ANNA, 1, events=1))
    await relay.run_round()
    assert relay.pressure.is_on
    relay.now = lambda: NOON
    assert await relay.run_round() == 0
    assert not relay.pressure.is_on


@pytest.mark.parametrize("seconds", [0.2, 5.0], ids=["quick rounds", "slow rounds"])
def test_many_changes_a_second_leave_no_room_for_what_was_put_off(make_relay: Any, seconds: float) -> None:
    pressure = make_relay().pressure
    assert not pressure.is_busy
    for n in range(20):
        pressure.note_arrivals(at(seconds=n * seconds), int(50 * seconds))
    assert not pressure.is_busy
    for n in range(20, 40):
        pressure.note_arrivals(at(seconds=n * seconds), int(60 * seconds))
    assert pressure.is_busy
    for n in range(40, 60):
        pressure.note_arrivals(at(seconds=n * seconds), 0)
    assert not pressure.is_busy


def test_where_temporal_does_more_there_is_room_at_a_higher_pace(make_relay: Any) -> None:
    pressure = make_relay().pressure
    for n in range(10):
        pressure.note_arrivals(at(seconds=n), 300)
    assert pressure.is_busy
    pressure.note_told(32, 0.4)
    assert pressure.is_busy
    for _ in range(20):
        pressure.note_told(32, 0.04)
    assert not pressure.is_busy
    pressure.note_told(1, 10.0)  # one that hangs says nothing of what Temporal can do
    assert not pressure.is_busy


async def test_what_is_recalled_and_not_taken_is_not_lost(
    database: Database, pressed: Any, messenger: Any
) -> None:
    await announce(database, change(ANNA, 2), change(ANNA, 3))
    await busy_round(pressed)
    messenger.away = True
    with pytest.raises(TemporalAway):
        await pressed.run_round()
    assert (await backlog(database)).waiting == 2
    messenger.away = False
    assert await pressed.run_round() == 1
    assert [(news.seq, news.changes) for news in messenger.heard] == [(3, 2)]


async def test_a_relay_killed_after_recalling_costs_no_more_than_its_lease(
    database: Database, pressed: Any, messenger: Any
) -> None:
    await announce(database, change(ANNA, 2))
    await busy_round(pressed)
    async with database.begin() as session:
        assert len(await service.recall(session, "killed", NOON, at(seconds=60), 10)) == 1
    assert await pressed.run_round() == 0
    pressed.now = lambda: at(seconds=60)
    assert await pressed.run_round() == 1
    assert [(news.seq, news.changes) for news in messenger.heard] == [(2, 1)]


async def test_what_a_dead_relay_put_off_is_taken_up_by_another_in_time(
    database: Database, pressed: Any, make_relay: Any, messenger: Any
) -> None:
    await announce(database, change(ANNA, 2))
    await busy_round(pressed)
    other = make_relay("other", now=lambda: at(minutes=9))
    assert await other.run_round() == 0
    other.now = lambda: at(minutes=10)
    assert await other.run_round() == 1
    assert [(news.seq, news.changes) for news in messenger.heard] == [(2, 1)]


async def test_a_relay_that_starts_takes_up_at_once_what_an_earlier_one_put_off(
    database: Database, pressed: Any, make_relay: Any, messenger: Any
) -> None:
    await announce(database, change(ANNA, 2))
    await busy_round(pressed)
    running = asyncio.create_task((starting := make_relay("starting")).run())
    async with asyncio.timeout(10):
        while (await backlog(database)).waiting:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    starting.stop.set()
    await running
    assert [(news.seq, news.changes) for news in messenger.heard] == [(2, 1)]


async def test_the_outbox_stays_small_while_temporal_is_away(
    database: Database, pressed: Any, messenger: Any
) -> None:
    messenger.away = True
    pressed.now = clock.now
    soon = clock.now() + timedelta(days=60)
    async with database.begin() as session:
        await session.execute(update(workflow_told).values(told_at=clock.now(), due_at=soon))
    running = asyncio.create_task(pressed.run())
    await announce(database, change(BEN, 1, events=1), when=clock.now())
    for seq in range(2, 302):
        await announce(database, change(ANNA, seq, due=soon), when=clock.now())
    await asyncio.sleep(1)
    assert await rows(database) == [(BEN, 1)]
    assert (await backlog(database)).waiting == 301
    assert messenger.heard == []
    messenger.away = False
    async with asyncio.timeout(20):
        while (await backlog(database)).waiting:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    pressed.stop.set()
    await running
    assert [(news.member_id, news.seq, news.changes) for news in messenger.heard] == [
        (BEN, 1, 1),
        (ANNA, 301, 300),
    ]


async def test_rows_under_anothers_lease_are_not_put_off(
    database: Database, pressed: Any, messenger: Any
) -> None:
    await announce(database, change(ANNA, 2))
    async with database.begin() as session:
        assert len(await service.claim_news(session, "other", NOON, timedelta(seconds=60), 10)) == 1
    assert await busy_round(pressed) == 0
    assert pressed.put_off == 0


async def test_what_comes_while_hints_are_put_off_is_not_told_before_it_was_looked_at(
    database: Database, pressed: Any, messenger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_off = service.put_off

    async def put_off_while_somebody_buys(*arguments: Any) -> Sifted:
        sifted = await put_off(*arguments)
        await announce(database, change(ANNA, 2))
        return sifted

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(service, "put_off", put_off_while_somebody_buys)
        assert await busy_round(pressed) == 0
    assert await busy_round(pressed) == 0
    assert (pressed.put_off, messenger.heard) == (1, [])


async def test_imported_rows_are_not_put_off(database: Database, pressed: Any, messenger: Any) -> None:
    await announce(database, replace(change(ANNA, 2), bulk=True))
    assert await busy_round(pressed) == 1
    assert pressed.put_off == 0


async def test_what_could_not_wait_does_not_hide_what_came_late_to_the_outbox(
    database: Database, pressed: Any, messenger: Any
) -> None:
    """Ids are given before the commit: a slow transaction shows a lower one after a higher one."""
    async with database.begin() as slow:
        await service.announce(slow, [change(ANNA, 2)], NOON)
        await announce(database, change(BEN, 1, events=1))
        assert await busy_round(pressed) == 1
    assert await busy_round(pressed) == 1  # passed over by the sifting, it is told like any other


async def test_the_workflow_was_told_of_the_last_message(database: Database, pressed: Any) -> None:
    await announce(database, change(ANNA, 2, events=1, due=at(days=90)))
    await busy_round(pressed)
    await announce(database, change(ANNA, 2, events=1, due=None))
    await busy_round(pressed)
    async with database.begin() as session:
        told = (await session.execute(select(workflow_told))).one()
    assert (told.seq, told.due_at) == (2, at(days=90))


async def test_people_see_what_was_put_off_among_what_waits(database: Database, pressed: Any) -> None:
    await announce(database, change(ANNA, 2), change(ANNA, 3))
    await busy_round(pressed)
    await announce(database, change(BEN, 1))
    async with database.begin() as session:
        assert (await read_relay(session)).waiting == 3
