"""What a member has done in the last days, told for any instant that a purchase or a review asks for."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from regulars.rules.domain import RecentFacts

_MONTH: Final = timedelta(days=30)
_QUARTER: Final = timedelta(days=90)
LONGEST: Final = _QUARTER
"""How far before the first instant that is asked for purchases have to be known."""

Visit = tuple[datetime, int]
"""When a purchase occurred, and its sales value in minor units."""


class RecentVisits:
    """A member's purchases, as far as the short windows that end at some instants need them.

    Of those before the earliest window only the last one counts: it is the last visit where no other is.
    """

    __slots__ = ("_enrolled_at", "_visits")

    def __init__(self, visits: Iterable[Visit], enrolled_at: datetime) -> None:
        self._visits = sorted(visits)
        self._enrolled_at = enrolled_at

    def add(self, at: datetime, sales_minor: int) -> None:
        """Count a purchase, in or out of order."""
        insort(self._visits, (at, sales_minor))

    def seen_at(self, at: datetime) -> RecentFacts:
        """What had been done in the windows that end at an instant, of purchases known so far.

        Args:
            at: not before the first instant for which purchases were fetched.
        Returns: sums over [at − N × 24 h, at]; the last visit is the latest purchase up to `at`, and where
            there is none, enrolment.
        Source: docs/semantics.md, "Windows".
        """
        end = bisect_right(self._visits, at, key=_when)
        quarter = self._visits[bisect_left(self._visits, at - _QUARTER, hi=end, key=_when) : end]
        month = quarter[bisect_left(quarter, at - _MONTH, key=_when) :]
        last_at = self._visits[end - 1][0] if end else self._enrolled_at
        return {
            "spend_30d_minor": _spent(month),
            "visits_30d": len(month),
            "spend_90d_minor": _spent(quarter),
            "visits_90d": len(quarter),
            "days_since_visit": max(0, (at - last_at) // timedelta(days=1)),
        }


def _when(visit: Visit) -> datetime:
    return visit[0]


def _spent(visits: Sequence[Visit]) -> int:
    return sum(sales_minor for _, sales_minor in visits)
