"""Points and discounts to the last unit."""

from fractions import Fraction
from math import floor, prod

from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.money import share_by_weight
from regulars.rules.arithmetic import BPS, discount_of, share_points, spread

amounts = st.lists(st.tuples(st.integers(0, 10**12), st.integers(1, 10_000)), min_size=1, max_size=6)
rates = st.lists(st.integers(BPS, 100 * BPS), max_size=3)
values = st.lists(st.integers(0, 10**9), min_size=1, max_size=30)


@given(amounts, rates)
def test_points_are_the_exact_sum_rounded_down_once(earned: list[tuple[int, int]], bps: list[int]) -> None:
    exact = sum(Fraction(amount, per) for amount, per in earned) * prod(Fraction(r, BPS) for r in bps)
    shares = share_points(earned, bps)
    assert sum(shares) == floor(exact)
    assert len(shares) == len(earned) + len(bps)
    assert min(shares) >= 0


@given(amounts)
def test_each_share_is_within_one_point_of_what_the_rule_is_worth(earned: list[tuple[int, int]]) -> None:
    for (amount, per), share in zip(earned, share_points(earned, []), strict=True):
        assert abs(share - Fraction(amount, per)) <= 1


def test_two_halves_are_one_point_and_the_second_gets_it() -> None:
    assert share_points([(50, 100), (50, 100)], []) == [0, 1]
    assert share_points([(199, 100)], [15_000]) == [1, 1]
    assert share_points([], [15_000]) == [0]


@given(values, st.integers(0, BPS), st.none() | st.integers(0, 10**6))
def test_a_discount_is_rounded_down_and_keeps_to_its_cap(worth: list[int], bps: int, cap: int | None) -> None:
    amount, capped = discount_of(worth, bps, cap)
    exact = Fraction(sum(worth) * bps, BPS)
    assert amount <= exact
    assert cap is None or amount <= cap
    assert amount == (cap if capped else floor(exact))


@given(values, st.integers(0, BPS), st.none() | st.integers(0, 10**6))
def test_a_discount_is_spread_over_its_lines_without_a_rest(
    worth: list[int], bps: int, cap: int | None
) -> None:
    amount, _ = discount_of(worth, bps, cap)
    lines = list(enumerate(worth, 1))
    shares = spread(amount, lines, {})
    assert sum(share for _, share in shares) == amount
    assert all(0 < share <= worth[number - 1] for number, share in shares)


@given(values, st.integers(0, BPS), st.integers(0, BPS))
def test_two_discounts_never_take_more_than_the_line(worth: list[int], first: int, second: int) -> None:
    lines, left = list(enumerate(worth, 1)), dict[int, int]()
    taken = dict.fromkeys(range(1, len(worth) + 1), 0)
    for bps in (first, second):
        for number, share in spread(discount_of(worth, bps, None)[0], lines, left):
            taken[number] += share
    assert all(taken[number] <= value for number, value in lines)


@given(st.integers(0, 10**6), st.lists(st.integers(0, 50), min_size=1, max_size=8))
def test_what_is_over_goes_to_the_largest_remainders_and_of_equal_ones_to_the_first(
    total: int, weights: list[int]
) -> None:
    whole = sum(weights) or 1
    parts = share_by_weight(total, weights)
    exact = [Fraction(total * weight, whole) for weight in weights]
    ranked = sorted(range(len(weights)), key=lambda i: (floor(exact[i]) - exact[i], i))
    over = total - sum(map(floor, exact)) if any(weights) else 0
    assert parts == [floor(each) + (i in ranked[:over]) for i, each in enumerate(exact)]
