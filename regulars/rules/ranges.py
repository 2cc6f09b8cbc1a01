"""Sets of values that a fact can have, as far as comparisons can tell: bounds, lists, exceptions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

Value = str | int | bool
FEW: Final = 1_000
"""Ranges no larger than this are looked at number by number."""


@dataclass(frozen=True, slots=True)
class Values:
    """Which values a fact can have.

    Attributes:
        low, high: inclusive bounds of whole numbers; None where the fact is no number.
        among: only these; None where any may be.
        without: but none of these.
    """

    low: int | None = None
    high: int | None = None
    among: frozenset[Value] | None = None
    without: frozenset[Value] = frozenset()

    def meet(self, other: "Values") -> "Values":
        """What is in both."""
        low = self.low if other.low is None else other.low if self.low is None else max(self.low, other.low)
        high = (
            self.high
            if other.high is None
            else other.high
            if self.high is None
            else min(self.high, other.high)
        )
        if self.among is None or other.among is None:
            among = other.among if self.among is None else self.among
        else:
            among = self.among & other.among
        met = Values(low, high, among, self.without | other.without)
        return (
            replace(met, among=frozenset(filter(met.has, among)), without=_NONE) if among is not None else met
        )

    def has(self, value: Value) -> bool:
        """Whether a value is in it."""
        if value in self.without or (self.among is not None and value not in self.among):
            return False
        if self.low is None or self.high is None:
            return True
        return isinstance(value, int) and self.low <= value <= self.high

    @property
    def empty(self) -> bool:
        """Whether nothing is in it."""
        if self.among is not None:
            return not any(self.has(value) for value in self.among)
        if self.low is None or self.high is None:
            return False
        if self.high - self.low >= FEW:
            return False
        return not any(self.has(number) for number in range(self.low, self.high + 1))

    def covers(self, other: "Values") -> bool:
        """Whether all that is in the other is in this."""
        members = other.listed()
        if members is not None:
            return all(self.has(value) for value in members)
        if self.among is not None:
            return False
        if not self._spans(other):
            return False
        return all(not other.has(value) for value in self.without)

    def _spans(self, other: "Values") -> bool:
        if self.low is None or self.high is None:
            return True
        if other.low is None or other.high is None:
            return False
        return self.low <= other.low <= other.high <= self.high

    def listed(self) -> Iterable[Value] | None:
        """Its members one by one; None where they are too many."""
        if self.among is not None:
            return [value for value in self.among if self.has(value)]
        if self.low is None or self.high is None or self.high - self.low >= FEW:
            return None
        return [number for number in range(self.low, self.high + 1) if self.has(number)]

    def complement(self, universe: "Values") -> "Values | None":
        """What of the universe is not in it; None where bounds and lists cannot say."""
        members, all_values = self.listed(), universe.listed()
        if all_values is not None:
            return Values(universe.low, universe.high, frozenset(v for v in all_values if not self.has(v)))
        if members is not None:
            return replace(universe, without=universe.without | frozenset(members))
        if self.among is not None or self.low is None or self.high is None or self.without:
            return Values(universe.low, universe.high, self.without) if self._only_without(universe) else None
        if universe.low == self.low and universe.high is not None:
            return Values(self.high + 1, universe.high)
        if universe.high == self.high and universe.low is not None:
            return Values(universe.low, self.low - 1)
        return None

    def _only_without(self, universe: "Values") -> bool:
        return self.among is None and (self.low, self.high) == (universe.low, universe.high)

    def words(self, universe: "Values", *, dates: bool = False) -> str:
        """It in signs that both languages read.

        Args:
            universe: all values that the fact can have: its own bounds are not said.
            dates: whether its numbers are days written as eight digits.
        """
        if self.among is not None:
            return "∈ {" + ", ".join(sorted(_shown(value, dates=dates) for value in self.among)) + "}"
        parts = []
        if self.low is not None and self.high is not None:
            low, high = _shown(self.low, dates=dates), _shown(self.high, dates=dates)
            if self.low == self.high:
                parts.append(f"= {low}")
            elif self.high == universe.high:
                parts.append(f"≥ {low}")
            elif self.low == universe.low:
                parts.append(f"≤ {high}")
            else:
                parts.append(f"{low} … {high}")
        if self.without:
            parts.append(
                "∉ {" + ", ".join(sorted(_shown(value, dates=dates) for value in self.without)) + "}"
            )
        return ", ".join(parts) or "…"


_NONE: Final[frozenset[Value]] = frozenset()


def _shown(value: Value, *, dates: bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if dates else f"{value:,}"
    return value or '""'
