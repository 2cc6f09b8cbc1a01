"""Points and discounts to the last unit: exact integers, one rounding, shares that sum up."""

from collections.abc import Sequence
from itertools import pairwise
from math import lcm

from regulars.kernel.money import share_by_weight

BPS = 10_000


def share_points(earned: Sequence[tuple[int, int]], rates_bps: Sequence[int]) -> list[int]:
    """What a purchase earns, attributed to the rules that gave it.

    The whole is floor(Σ amount/per × Π rate/10000), rounded once. Each rule gets by how much it raises
    the rounded whole, in the order given: so the shares are whole, not negative, and sum to the whole.

    Args:
        earned: (amount ≥ 0, per > 0) a rule that earns.
        rates_bps: ≥ 10000 each, the multipliers after them.
    Returns: points by rule: first those that earn, then the multipliers.
    Source: rule packs, "earn" and "multiply".
    """
    unit = lcm(*[per for _, per in earned])
    numerator, denominator = 0, unit
    raised: list[int] = []
    for amount, per in earned:
        numerator += amount * (unit // per)
        raised.append(numerator // denominator)
    for rate in rates_bps:
        numerator, denominator = numerator * rate, denominator * BPS
        raised.append(numerator // denominator)
    return [after - before for before, after in pairwise((0, *raised))]


def discount_of(weights_minor: Sequence[int], rate_bps: int, cap_minor: int | None) -> tuple[int, bool]:
    """What a rate takes off, rounded down, and whether the cap made it less.

    Args:
        weights_minor: sales value of each selected line, ≥ 0.
        rate_bps: 0 to 10000.
        cap_minor: the most a purchase gets, or None.
    Returns: (minor units, capped).
    """
    full = sum(weights_minor) * rate_bps // BPS
    return (full, False) if cap_minor is None or full <= cap_minor else (cap_minor, True)


def spread(
    amount_minor: int, lines: Sequence[tuple[int, int]], left: dict[int, int]
) -> list[tuple[int, int]]:
    """A discount's share of each line, never more than what is left of it.

    Args:
        amount_minor: what to spread, at most the sum of the lines' values.
        lines: (line number, sales value ≥ 0) selected.
        left: what earlier discounts left of each line; lowered by what is spread here.
    Returns: (line number, minor units > 0).
    """
    shares: list[tuple[int, int]] = []
    parts = share_by_weight(amount_minor, [value for _, value in lines])
    for (number, value), share in zip(lines, parts, strict=True):
        rest = left.get(number, value)
        part = share if share < rest else rest
        left[number] = rest - part
        if part > 0:
            shares.append((number, part))
    return shares
