"""What a bench hands back: figures, and the bars that some of them are held to."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["at_least", "at_most"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure beside its limit."""

    value: float
    limit: float
    kind: Kind

    @property
    def ok(self) -> bool:
        """Whether the figure keeps to the limit; one that could not be taken does not."""
        if math.isnan(self.value):
            return False
        return self.value >= self.limit if self.kind == "at_least" else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run of a bench found.

    Attributes:
        bars: by name, the unit last.
        figures: everything measured, ready for JSON.
    """

    bars: Mapping[str, Bar]
    figures: Mapping[str, object]


def at_least(value: float, limit: float) -> Bar:
    """A bar that is a floor."""
    return Bar(value, limit, "at_least")


def at_most(value: float, limit: float) -> Bar:
    """A bar that is a ceiling."""
    return Bar(value, limit, "at_most")


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed.

    Args:
        ordered: ascending; NaN is returned where there are none.
        share: 0.5 for the median, 0.99 for p99.
    """
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two middle ones; NaN where there are none."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
