"""What is earned pays what is owed: to the point, soonest expiry first, balanced by its form."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from small_chain import MONDAY

from regulars.ledger.domain import (
    POINTS_OWED,
    LedgerEntry,
    Lot,
    balance_changes,
    debt_changes,
    repay_entry,
    reverse_entry,
)

MEMBER = UUID(int=1)


def earned(*lots: tuple[int, int | None]) -> LedgerEntry:
    """An entry with lots of (points, days until they expire)."""
    made = tuple(
        Lot(
            UUID(int=n),
            MEMBER,
            "points",
            amount,
            MONDAY,
            None if days is None else MONDAY + timedelta(days=days),
        )
        for n, (amount, days) in enumerate(lots, 1)
    )
    return LedgerEntry(UUID(int=100), "earn", UUID(int=200), MEMBER, MONDAY, (), made)


def test_lots_that_expire_soonest_pay_first_and_what_never_expires_last() -> None:
    payment, left = repay_entry(UUID(int=9), earned((5, None), (5, 9), (5, 2)), 8)
    assert [(one.lot_id.int, one.amount) for one in payment.consumptions] == [(3, 5), (2, 3)]
    assert [(lot.id.int, lot.amount) for lot in left] == [(2, 2), (1, 5)]
    assert (payment.kind, payment.cause_id, payment.effective_at) == ("repay", UUID(int=200), MONDAY)


def test_what_is_taken_and_what_is_owed_are_told_apart_by_their_accounts() -> None:
    entry = reverse_entry(
        UUID(int=9),
        UUID(int=9),
        MEMBER,
        MONDAY,
        UUID(int=100),
        [("gift/1", "a", 3)],
        [],
        [("gift/1", "a", 2), ("gift/2", "b", 4)],
    )
    assert [(one.from_account_id, one.rule_id, one.amount) for one in entry.postings] == [
        (MEMBER, "a", 3),
        (POINTS_OWED, "a", 2),
        (POINTS_OWED, "b", 4),
    ]
    assert debt_changes([entry]) == {MEMBER: 6}


@given(
    st.lists(st.tuples(st.integers(1, 50), st.none() | st.integers(1, 9)), min_size=1, max_size=5),
    st.integers(1, 200),
)
def test_a_payment_is_the_smaller_of_debt_and_earning_and_nothing_is_lost(
    lots: list[tuple[int, int | None]], owed: int
) -> None:
    entry = earned(*lots)
    payment, left = repay_entry(UUID(int=9), entry, owed)
    (posting,) = payment.postings
    points = sum(amount for amount, _ in lots)
    assert posting.amount == min(owed, points) == sum(one.amount for one in payment.consumptions)
    assert sum(lot.amount for lot in left) == points - posting.amount
    assert debt_changes([payment]) == {MEMBER: -posting.amount}
    assert balance_changes([payment], frozenset({POINTS_OWED})) == {(MEMBER, "points"): -posting.amount}
    assert all(lot.amount > 0 for lot in left)
