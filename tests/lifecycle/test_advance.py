"""What time decides, without a database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.lifecycle.advance import MemberTime, OpenLot, Reign
from regulars.lifecycle.domain import Newcomer, Standing, bought, moved_up, opened
from regulars.lifecycle.window import WINDOW, SpendWindow, spans_behind
from regulars.rules.domain import LifecyclePlan, TierBand, TierMove

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
MEMBER, STORE = UUID(int=1), UUID(int=2)
BANDS = (
    TierBand("base", 0, 0, "普通会员", "Base"),
    TierBand("silver", 1, 100_000, "银卡", "Silver"),
    TierBand("gold", 2, 300_000, "金卡", "Gold"),
)
PLAN = LifecyclePlan("classic-tiers/1", BANDS, 365, 60, 90, 3, 90)


def tier_for(_: Standing, spend_minor: int, *__: object) -> TierMove | None:
    reached = [band for band in BANDS if band.threshold_minor <= spend_minor and band.rank]
    if not reached:
        return None
    best = max(reached, key=lambda band: band.rank)
    return TierMove(best.code, best.rank, "classic-tiers/1", best.code)


def one_reign(_: datetime) -> Reign:
    return Reign(PLAN, None, tier_for)


def newcomer(reigns: object = one_reign) -> MemberTime:
    standing, _ = opened(Newcomer(MEMBER, STORE, START, START))
    return MemberTime(standing, SpendWindow(START, 0, 0, None), reigns, ZONE)  # type: ignore[arg-type]


def buy(time: MemberTime, at: datetime, sales_minor: int) -> None:
    time.advance(at)
    time.window.add(at, sales_minor)
    time.take(*bought(time.standing, at, PLAN))
    move = tier_for(time.standing, time.window.spend_minor, 0, at)
    raised = move and moved_up(time.standing, move, PLAN, at, ZONE, time.window.spend_minor)
    if raised:
        time.take(raised[0], [raised[1]])


def story(time: MemberTime) -> list[tuple[str, int]]:
    return [(event.kind, (event.effective_at - START).days) for event in time.events]


def test_silence_makes_a_member_at_risk_then_lapsed_and_revisits_stop() -> None:
    time = newcomer()
    buy(time, START, 500)
    time.advance(START + timedelta(days=400))
    assert story(time) == [("first_purchase", 0), ("revisit_due", 3), ("at_risk", 60), ("lapsed", 90)]
    assert time.standing.next_due_at is None


def test_a_regular_is_revisited_three_days_after_joining_and_every_ninety_days() -> None:
    time = newcomer()
    for week in range(40):
        buy(time, START + timedelta(weeks=week), 500)
    revisits = [day for kind, day in story(time) if kind == "revisit_due"]
    assert revisits == [3, 93, 183, 273]


def test_somebody_who_never_buys_falls_silent_from_enrolment() -> None:
    time = newcomer()
    time.advance(START + timedelta(days=90))
    assert story(time) == [("at_risk", 60), ("lapsed", 90)]


def test_what_is_due_at_the_very_instant_is_decided() -> None:
    time = newcomer()
    buy(time, START, 500)
    time.advance(START + timedelta(days=60))
    assert time.standing.stage == "at_risk"


def test_a_purchase_at_the_instant_of_lapse_reactivates() -> None:
    time = newcomer()
    buy(time, START, 500)
    buy(time, START + timedelta(days=90), 500)
    assert story(time)[-2:] == [("lapsed", 90), ("reactivated", 90)]
    assert time.standing.stage == "active"


def test_revisits_begin_anew_after_a_lapse() -> None:
    time = newcomer()
    buy(time, START, 500)
    buy(time, START + timedelta(days=200), 500)
    assert time.standing.next_revisit_at == START + timedelta(days=290)


def test_tier_is_kept_at_the_end_of_the_year_where_the_spend_still_reaches_it() -> None:
    time = newcomer()
    buy(time, START, 100_000)
    buy(time, START + timedelta(days=30), 100_000)
    time.advance(START + timedelta(days=366))
    assert ("kept", 365) in story(time)
    assert time.standing.tier == "silver"


def test_tier_goes_down_one_step_only() -> None:
    time = newcomer()
    buy(time, START, 300_000)
    time.advance(START + timedelta(days=366))
    # The purchase lies on the edge of the window at the end of the tier year, and so still counts.
    assert ("kept", 365) in story(time)
    time.advance(START + timedelta(days=731))
    assert time.standing.tier == "silver"
    time.advance(START + timedelta(days=1096))
    assert time.standing.tier == "base"
    assert time.standing.tier_year_ends_at is None


def test_a_tier_year_counts_local_days_across_a_clock_change() -> None:
    time = newcomer()
    start = datetime(2026, 3, 7, 17, 30, tzinfo=UTC)  # the day before clocks go forward in New York
    buy(time, start, 100_000)
    assert time.standing.tier_year_ends_at is not None
    assert time.standing.tier_year_ends_at.astimezone(ZONE).hour == start.astimezone(ZONE).hour


def test_points_expire_together_and_once() -> None:
    time = newcomer()
    at = START + timedelta(days=10)
    time.lots = [OpenLot(UUID(int=i), 5 * i, at) for i in (1, 2)]
    time.lots.append(OpenLot(UUID(int=3), 7, at + timedelta(days=50)))
    time.standing = Standing(**{**_fields(time.standing), "next_expiry_at": at})
    time.advance(START + timedelta(days=30))
    assert [(expiry.points, expiry.at) for expiry in time.expiries] == [(15, at)]
    assert time.standing.next_expiry_at == at + timedelta(days=50)


def test_a_new_pack_judges_only_what_falls_due_in_its_time() -> None:
    change = START + timedelta(days=50)
    strict = LifecyclePlan("classic-tiers/2", BANDS, 365, 40, 90, 3, 90)

    def reigns(at: datetime) -> Reign:
        return Reign(strict, None, tier_for) if at >= change else Reign(PLAN, change, tier_for)

    time = newcomer(reigns)
    buy(time, START, 500)
    time.advance(START + timedelta(days=89))
    at_risk = next(event for event in time.events if event.kind == "at_risk")
    assert (at_risk.effective_at, at_risk.pack_version) == (change, "classic-tiers/2")


def test_a_late_purchase_refutes_the_silence_that_it_interrupts() -> None:
    time = newcomer()
    buy(time, START, 500)
    time.advance(START + timedelta(days=100))
    late = START + timedelta(days=50)
    time.correct_silences(late, time.events[:], None)
    corrections = [(e.effective_at, e.stage_to) for e in time.events if e.kind == "silence_corrected"]
    assert corrections == [(START + timedelta(days=60), "active"), (START + timedelta(days=90), "active")]


def test_a_late_purchase_before_the_silence_changes_nothing() -> None:
    time = newcomer()
    buy(time, START, 500)
    time.advance(START + timedelta(days=100))
    before = list(time.events)
    time.correct_silences(START - timedelta(days=5), before, None)
    assert time.events == before


def _fields(standing: Standing) -> dict[str, object]:
    return dict(vars(standing))


@given(
    purchases=st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 150_000)),
        min_size=1,
        max_size=25,
        unique_by=lambda p: p[0],
    ),
    stops=st.lists(st.integers(0, 1200), max_size=10),
)
def test_advancing_in_steps_gives_what_advancing_at_once_gives(
    purchases: list[tuple[int, int]], stops: list[int]
) -> None:
    def run(pauses: list[int]) -> MemberTime:
        time = newcomer()
        steps = sorted([(day, 1, sales) for day, sales in purchases] + [(day, 0, 0) for day in pauses])
        for day, is_purchase, sales in steps:
            at = START + timedelta(days=day)
            if is_purchase:
                buy(time, at, sales)
            else:
                time.advance(at)
        time.advance(START + timedelta(days=1300))
        return time

    assert run(stops).events == run([]).events


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 10_000)), min_size=1, max_size=40),
    st.integers(0, 1100),
)
def test_the_rolling_window_counts_what_a_fresh_count_counts(
    purchases: list[tuple[int, int]], end: int
) -> None:
    window = SpendWindow(START, 0, 0, None, past=[])
    for day, sales in purchases:  # any order: some come late
        window.add(START + timedelta(days=day), sales)
    at = max(window.as_of, START + timedelta(days=end))
    inside = [
        sales for day, sales in purchases if at - timedelta(days=365) <= START + timedelta(days=day) <= at
    ]
    assert window.seen_at(at) == (sum(inside), len(inside))
    if window.visits:
        oldest = min(
            START + timedelta(days=day)
            for day, _ in purchases
            if START + timedelta(days=day) >= at - timedelta(days=365)
        )
        assert window.oldest_at is not None
        assert window.oldest_at <= oldest


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 10_000)), max_size=40),
    st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 10_000)), min_size=1, max_size=10),
    st.data(),
)
def test_a_late_look_back_counts_what_a_fresh_count_counts(
    standing: list[tuple[int, int]], arriving: list[tuple[int, int]], data: st.DataObject
) -> None:
    def at(day: int) -> datetime:
        return START + timedelta(days=day)

    bought = sorted(standing)
    window = SpendWindow(START, 0, 0, None)
    for day, sales in bought:
        window.add(at(day), sales)
    since, until = at(min(day for day, _ in arriving)), max(window.as_of, at(max(day for day, _ in arriving)))
    spans = spans_behind(min(since, window.as_of), until)
    window.leaving = [(at(day), sales) for day, sales in bought if window.as_of - WINDOW <= at(day)]
    window.past = [
        (at(day), sales) for day, sales in bought if any(start <= at(day) < end for start, end in spans)
    ]
    for day, sales in arriving:
        window.add(at(day), sales)
        bought.append((day, sales))
        earliest = min((since - START).days, (window.as_of - START).days)
        asked = data.draw(st.integers(earliest, (window.as_of - START).days))
        inside = [sales for day, sales in bought if at(asked) - WINDOW <= at(day) <= at(asked)]
        assert window.seen_at(at(asked)) == (sum(inside), len(inside))


@pytest.mark.parametrize("day", [0, 100, 364, 365])
def test_the_window_includes_both_its_ends(day: int) -> None:
    window = SpendWindow(START, 0, 0, None)
    window.add(START, 700)
    assert window.seen_at(START + timedelta(days=day)) == (700, 1)
    assert window.seen_at(START + timedelta(days=365, microseconds=1)) == (0, 0)


def test_what_falls_due_when_a_reign_ends_is_judged_by_the_next_one() -> None:
    end = START + timedelta(days=60)
    patient = LifecyclePlan("classic-tiers/2", BANDS, 365, 80, 90, 3, 90)

    def reigns(at: datetime) -> Reign:
        return Reign(patient, None, tier_for) if at >= end else Reign(PLAN, end, tier_for)

    def at_risk_on(stops: list[int]) -> list[int]:
        time = newcomer(reigns)
        buy(time, START, 500)
        for day in stops:
            time.advance(START + timedelta(days=day))
        return [day for kind, day in story(time) if kind == "at_risk"]

    assert at_risk_on([60, 70, 85]) == at_risk_on([85]) == [80]
