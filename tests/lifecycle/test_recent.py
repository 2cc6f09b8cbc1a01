"""The short windows, to the microsecond: pure functions."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from regulars.lifecycle.recent import RecentVisits
from regulars.rules.domain import RECENT_FACTS
from regulars.rules.recent_reading import reads_recent

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
INSTANTS = st.integers(-200, 200).map(lambda half_days: NOON + half_days * DAY / 2)


def seen(visits: list[tuple[datetime, int]], at: datetime = NOON) -> tuple[int, ...]:
    found = RecentVisits(visits, NOON - 400 * DAY).seen_at(at)
    return tuple(found[name] for name in RECENT_FACTS)  # type: ignore[literal-required]


def test_a_window_reaches_back_so_many_days_and_not_a_moment_further() -> None:
    assert seen([(NOON - 30 * DAY, 7)]) == (7, 1, 7, 1, 30)
    assert seen([(NOON - 30 * DAY - MOMENT, 7)]) == (0, 0, 7, 1, 30)
    assert seen([(NOON - 90 * DAY, 7)]) == (0, 0, 7, 1, 90)
    assert seen([(NOON - 90 * DAY - MOMENT, 7)]) == (0, 0, 0, 0, 90)


def test_a_visit_of_this_very_instant_counts_and_a_later_one_does_not() -> None:
    assert seen([(NOON, 7)]) == (7, 1, 7, 1, 0)
    assert seen([(NOON + MOMENT, 7), (NOON - 2 * DAY, 3)]) == (3, 1, 3, 1, 2)


def test_a_day_has_passed_after_24_hours() -> None:
    assert seen([(NOON - DAY + MOMENT, 7)])[-1] == 0
    assert seen([(NOON - DAY, 7)])[-1] == 1


def test_who_never_came_is_counted_from_enrolment_and_never_from_the_future() -> None:
    assert seen([]) == (0, 0, 0, 0, 400)
    assert seen([(NOON, 7)], NOON - 500 * DAY) == (0, 0, 0, 0, 0)


def test_a_purchase_of_no_value_is_a_visit() -> None:
    assert seen([(NOON - DAY, 0)]) == (0, 1, 0, 1, 1)


@given(
    known=st.lists(st.tuples(INSTANTS, st.integers(0, 500))),
    added=st.lists(st.tuples(INSTANTS, st.integers(0, 500))),
    at=INSTANTS,
)
def test_what_is_seen_is_what_counting_gives_in_whatever_order_it_came(
    known: list[tuple[datetime, int]], added: list[tuple[datetime, int]], at: datetime
) -> None:
    visits = RecentVisits(known, NOON)
    for when, minor in added:
        visits.add(when, minor)
    past = [(when, minor) for when, minor in (*known, *added) if when <= at]
    month = [minor for when, minor in past if when >= at - 30 * DAY]
    quarter = [minor for when, minor in past if when >= at - 90 * DAY]
    assert visits.seen_at(at) == {
        "spend_30d_minor": sum(month),
        "visits_30d": len(month),
        "spend_90d_minor": sum(quarter),
        "visits_90d": len(quarter),
        "days_since_visit": max(0, (at - max((when for when, _ in past), default=NOON)) // DAY),
    }


def test_a_pack_asks_for_them_in_either_spelling_and_however_deep() -> None:
    deep = {"some": [{"var": "purchase.lines"}, {">": [{"val": [[2], "member", "visits_30d"]}, 1]}]}
    assert reads_recent([{"rules": [{"when": {">=": [{"var": "member.days_since_visit"}, 14]}}]}])
    assert reads_recent([{"rules": []}, {"rules": [{"when": {"and": [deep]}}]}])
    assert not reads_recent([{"rules": [{"when": {">": [{"var": "member.visits_365d"}, 1]}}]}])
    assert not reads_recent([{"cases": [{"given": {"member": {"visits_30d": "visits_30d"}}}]}])
