"""What a draft leaves unpaid is owed on: what is open and what is owed agree with the books to the unit."""

from collections.abc import Sequence
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rehearsal.account_world import (
    DAY,
    Books,
    Buy,
    ByHand,
    Gave,
    GiveBack,
    Step,
    Undo,
    booked,
    open_lots,
    rehearsed,
)
from rehearsal.test_reversing import NOON

from regulars.lifecycle.advance import MemberTime
from regulars.rehearsal.reversing import Reversing

DAYS = st.sampled_from((None, 1, 2, 4, 30))
PENDING = st.sampled_from((0, 0, 2, 5))
GAVE = st.builds(Gave, st.integers(0, 30), DAYS, st.integers(0, 20), DAYS, PENDING)
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(
        st.builds(Buy, GAVE, GAVE),
        st.builds(Buy, GAVE, GAVE),
        st.builds(Undo, st.sampled_from(("let_be", "within_balance", "debt"))),
        st.builds(ByHand, st.integers(-40, 40).filter(bool)),
        st.just(GiveBack()),
    ),
    max_size=9,
)
QUICK = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def left_of(reversing: Reversing, time: MemberTime) -> dict[tuple[UUID, object], int]:
    found = {(lot.lot_id, lot.expires_at): lot.remaining for lot in time.lots}
    lasting = {(lot.purchase_id, None): lot.remaining for lot in reversing._lasting if lot.remaining}
    return {**found, **lasting}


def assert_same(books: Books, steps: Sequence[Step], reversing: Reversing, time: MemberTime) -> None:
    assert left_of(reversing, time) == open_lots(books, NOON + len(steps) * DAY)
    assert reversing.owed == books.owed
    assert not (reversing.owed and left_of(reversing, time))  # nobody owns and owes at once
    expired = sum(expiry.points for expiry in time.expiries)
    gone = sum(done.points for done in reversing.done)
    assert books.given - expired - gone == sum(left_of(reversing, time).values())


@QUICK
@given(STEPS, st.booleans())
def test_what_is_live_leaves_what_the_books_have(steps: list[Step], told: bool) -> None:
    history = booked(steps)
    assert_same(history, steps, *rehearsed(steps, history, as_draft=False, always_told=told))


@QUICK
@given(STEPS, st.booleans())
def test_a_draft_leaves_what_the_books_would_have(steps: list[Step], told: bool) -> None:
    history = booked(steps)
    assert_same(
        booked(steps, as_draft=history), steps, *rehearsed(steps, history, as_draft=True, always_told=told)
    )


def test_what_an_order_could_not_take_under_a_draft_is_still_there_for_the_next() -> None:
    then, draft = Gave(20, None, 0, None), Gave(20, 1, 5, None)
    steps = [Buy(then, draft), ByHand(-5), Undo("let_be"), Buy(then, draft), Undo("debt")]
    history = booked(steps)
    assert [(one.points, one.owed) for one in history.taken] == [(5, 0), (15, 0), (0, 5), (20, 0)]
    reversing, time = rehearsed(steps, history, as_draft=True)
    assert_same(booked(steps, as_draft=history), steps, reversing, time)
    assert [(done.points, done.owed) for done in reversing.done][:2] == [(5, 0), (0, 0)]
