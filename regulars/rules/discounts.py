"""What each form of discount takes off, to the minor unit: whole numbers, one rounding, never below zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from regulars.rules.action_model import Form
from regulars.rules.parts import BPS

Rounds = Literal["floor", "half_up", "ceil"]


@dataclass(frozen=True, slots=True)
class SelectedLine:
    """A line that a discount sees.

    Attributes:
        value_minor: what counts of it.
        units: whole pieces; 0 where its quantity is no whole number.
    """

    number: int
    sales_minor: int
    value_minor: int
    units: int


@dataclass(frozen=True, slots=True)
class Selection:
    """The lines that a discount sees, and the amount or price that it computed."""

    lines: tuple[SelectedLine, ...]
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class DiscountForm:
    """A discount's numbers; those that its form does not use are left as they are.

    Attributes:
        every: units, or minor units of a threshold.
        off_minor: of a threshold.
        times: how often a threshold or a full number of units counts at most; None: always.
    """

    form: Form
    rate_bps: int = BPS
    every: int = 1
    free: int = 1
    dearest: bool = False
    off_minor: int = 0
    times: int | None = None
    after_discounts: bool = False
    rounds: Rounds = "floor"
    to_minor: int = 1
    cap_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a discount takes off, and by which weights it is spread over the lines."""

    amount_minor: int
    weights: Sequence[tuple[int, int]]
    capped: bool


def offer_of(form: DiscountForm, selection: Selection, left: Mapping[int, int]) -> Offer:
    """What one discount takes off a basket.

    Args:
        form: its numbers.
        selection: the lines it sees, values ≥ 0.
        left: what earlier discounts left of lines, by number; other lines are whole.
    Returns: the amount, rounded once and capped, and the weights by which lines bear it. What a line's share
        exceeds the line by is lost, save where an amount is taken off all lines together: these bear it by
        what is left of them.
    Source: rule packs, "discount".
    """
    lines = [_after(line, left) for line in selection.lines] if form.after_discounts else selection.lines
    weights, exact = _taken(form, lines, selection.amount_minor)
    if form.form in ("amount_minor", "threshold"):
        weights = [(line.number, _rest(line, left)) for line in lines]
    full = round_to(exact, form.rounds, form.to_minor)
    most = sum(value for _, value in weights)
    if form.cap_minor is not None:
        most = min(most, form.cap_minor)
    return Offer(min(full, most), weights, full > most)


def round_to(exact: Fraction, rounds: Rounds, to_minor: int) -> int:
    """An exact amount as a multiple of `to_minor`.

    Args:
        exact: ≥ 0.
        rounds: down, to the nearest with a half going up, or up.
        to_minor: > 0.
    """
    above, below = exact.numerator, exact.denominator * to_minor
    match rounds:
        case "floor":
            return above // below * to_minor
        case "half_up":
            return (2 * above + below) // (2 * below) * to_minor
        case "ceil":
            return -(-above // below) * to_minor


def units_picked(lines: Sequence[SelectedLine], count: int, *, dearest: bool) -> list[tuple[int, int]]:
    """The value of the cheapest (or dearest) units of all lines together.

    Args:
        lines: those without units are passed over.
        count: how many units, ≥ 0; no more than there are.
        dearest: begin with the dearest unit; of equal ones the line with the lower number comes first.
    Returns: (line number, value of the units picked of it, rounded down) for the lines that any come from.
    """

    def rank(line: SelectedLine) -> tuple[Fraction, int]:
        price = Fraction(line.value_minor, line.units)
        return (-price if dearest else price), line.number

    picked: list[tuple[int, int]] = []
    for line in sorted((line for line in lines if line.units), key=rank):
        if count <= 0:
            break
        taken = min(count, line.units)
        picked.append((line.number, line.value_minor * taken // line.units))
        count -= taken
    return picked


def _taken(
    form: DiscountForm, lines: Sequence[SelectedLine], amount_minor: int
) -> tuple[list[tuple[int, int]], Fraction]:
    """The lines that bear it by weight, and the exact amount before rounding."""
    match form.form:
        case "rate_bps":
            values = [(line.number, line.value_minor) for line in lines]
            return values, Fraction(_total(values) * form.rate_bps, BPS)
        case "amount_minor":
            return [(line.number, line.value_minor) for line in lines], Fraction(amount_minor)
        case "price_minor":
            above = [(n.number, max(0, n.value_minor - amount_minor * n.units)) for n in lines if n.units]
            return above, Fraction(_total(above))
        case "threshold":
            values = [(line.number, line.value_minor) for line in lines]
            return values, Fraction(times_reached(form, _total(values)) * form.off_minor)
        case "free_items":
            picked = units_picked(lines, _sets(form, lines) * form.free, dearest=form.dearest)
            return picked, Fraction(_total(picked))
        case "nth_item":
            picked = units_picked(lines, _sets(form, lines), dearest=form.dearest)
            return picked, Fraction(_total(picked) * form.rate_bps, BPS)


def _after(line: SelectedLine, left: Mapping[int, int]) -> SelectedLine:
    return SelectedLine(line.number, line.sales_minor, _rest(line, left), line.units)


def _rest(line: SelectedLine, left: Mapping[int, int]) -> int:
    return min(line.value_minor, left.get(line.number, line.sales_minor))


def times_reached(form: DiscountForm, whole: int) -> int:
    """How often a threshold, or a full number of units, counts.

    Args:
        form: its numbers.
        whole: the value, or the units, that are there.
    """
    reached = whole // form.every
    return reached if form.times is None else min(reached, form.times)


def _sets(form: DiscountForm, lines: Sequence[SelectedLine]) -> int:
    return times_reached(form, sum(line.units for line in lines))


def _total(values: Sequence[tuple[int, int]]) -> int:
    return sum(value for _, value in values)
