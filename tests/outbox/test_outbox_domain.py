"""Messages are whole, and rests grow."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from regulars.outbox.domain import (
    Change,
    ClaimedRow,
    lag_ms,
    news_by_member,
    rest_after,
    typical_and_worst,
)

ANNA, BEN = UUID(int=1), UUID(int=2)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def row(
    number: int, member: UUID, seq: int, *, events: int = 0, due_in_days: int | None = None
) -> ClaimedRow:
    due = None if due_in_days is None else NOON + timedelta(days=due_in_days)
    return ClaimedRow(number, Change(member, seq, events, due), NOON, 0)


def test_rows_of_one_member_travel_as_one_message() -> None:
    news = news_by_member([row(3, ANNA, 2, events=2), row(1, ANNA, 1, events=1), row(2, BEN, 7)])
    assert [(n.member_id, n.seq, n.changes, n.events) for n in news] == [(ANNA, 2, 2, 3), (BEN, 7, 1, 0)]


def test_the_due_date_is_that_of_the_latest_state() -> None:
    (news,) = news_by_member(
        [row(1, ANNA, 1, due_in_days=1), row(2, ANNA, 2, due_in_days=9), row(3, ANNA, 2, due_in_days=5)]
    )
    assert news.next_due_at == NOON + timedelta(days=5)


def test_nothing_due_stays_nothing() -> None:
    (news,) = news_by_member([row(1, ANNA, 1, due_in_days=1), row(2, ANNA, 2)])
    assert news.next_due_at is None


def test_rests_double_up_to_ten_minutes() -> None:
    assert [rest_after(n).total_seconds() for n in (1, 2, 3, 9, 10, 10_000)] == [2, 4, 8, 512, 600, 600]


def test_clocks_that_disagree_give_no_negative_lag() -> None:
    assert lag_ms(NOON, NOON - timedelta(seconds=1)) == 0
    assert lag_ms(NOON, NOON + timedelta(milliseconds=42)) == 42


def test_nothing_measured_gives_no_figures() -> None:
    assert typical_and_worst([]) == (None, None)
    assert typical_and_worst([5, 1, 9]) == (5, 9)
