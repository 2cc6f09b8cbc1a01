"""Claiming from a backlog is work for as many rows as wait, whatever the planner last knew of the outbox."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from regulars.db.session import Database
from regulars.outbox import service
from regulars.outbox.domain import Change

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEASE = timedelta(seconds=60)
PLANNED_FOR_GOOD = 10
"""After some runs PostgreSQL keeps a statement's plan: here that of an empty outbox, as in a quiet hour."""
WAITING = 3_000
CLAIMED = 32
PASSES_MOST = 6
_ROWS_READ = text(
    "select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables where relname = 'outbox'"
)


async def test_a_claim_does_not_go_through_the_whole_outbox_for_each_row(database: Database) -> None:
    async with database.begin() as session:
        await session.execute(text("analyze outbox"))  # empty
        for _ in range(PLANNED_FOR_GOOD):
            assert await service.claim_news(session, "relay-1", NOON, LEASE, CLAIMED) == []
        await service.announce(session, [Change(UUID(int=i), 1, 0, None) for i in range(1, WAITING)], NOON)
        await service.announce(session, [Change(UUID(int=1), 2, 0, None)], NOON)
        news = await service.claim_news(session, "relay-1", NOON, LEASE, CLAIMED)
        rows_read = (await session.execute(_ROWS_READ)).scalar_one()
    assert [each.member_id.int for each in news] == list(range(1, CLAIMED + 1))
    assert news[0].changes == 2
    assert rows_read <= PASSES_MOST * WAITING
