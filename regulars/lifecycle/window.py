"""A trailing window that rolls forward with time without counting its purchases anew."""

from bisect import insort
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(days=365)
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class SpendWindow:
    """Spend and visits in [as_of − 365 × 24 h, as_of], rolled forward as time goes.

    Attributes:
        oldest_at: no purchase in the window is older; None while it is empty.
        leaving: (occurred_at, sales_minor), sorted: every purchase that may drop out before the caller
            is done, and whatever was added since. Purchases known to stay need not be listed.
        past: (occurred_at, sales_minor), sorted, where a purchase is late: what `spans_behind` names,
            and whatever was added since; None where none is late.
    """

    as_of: datetime
    spend_minor: int
    visits: int
    oldest_at: datetime | None
    leaving: list[tuple[datetime, int]] = field(default_factory=list)
    past: list[tuple[datetime, int]] | None = None

    def roll_to(self, at: datetime) -> None:
        """Let what is older than 365 days at `at` drop out; never rolls back."""
        if at <= self.as_of:
            return
        self.as_of = at
        start = at - WINDOW
        gone = 0
        for occurred_at, sales_minor in self.leaving:
            if occurred_at >= start:
                break
            self.spend_minor -= sales_minor
            self.visits -= 1
            gone += 1
        if gone:
            del self.leaving[:gone]
        if self.oldest_at is not None:
            self.oldest_at = max(self.oldest_at, start) if self.visits else None

    def add(self, at: datetime, sales_minor: int) -> None:
        """Count a purchase, in or out of order; one from before the window does not count."""
        self.roll_to(at)
        if self.past is not None:
            insort(self.past, (at, sales_minor))
        if at >= self.as_of - WINDOW:
            self.spend_minor += sales_minor
            self.visits += 1
            self.oldest_at = at if self.oldest_at is None else min(self.oldest_at, at)
            insort(self.leaving, (at, sales_minor))

    def seen_at(self, at: datetime) -> tuple[int, int]:
        """Spend and visits of the window that ends at `at`, of purchases known so far.

        Args:
            at: from `as_of` on (the window rolls), or back to the earliest late purchase (told by `past`).
        Returns: minor units and number of purchases.
        """
        if at >= self.as_of:
            self.roll_to(at)
            return self.spend_minor, self.visits
        # From what the window holds, less what came after, plus what has left it since.
        start = self.as_of - WINDOW
        spend_minor, visits = self.spend_minor, self.visits
        for occurred_at, sales_minor in self.past or ():
            if occurred_at >= start and occurred_at > at:
                spend_minor, visits = spend_minor - sales_minor, visits - 1
            elif at - WINDOW <= occurred_at < start and occurred_at <= at:
                spend_minor, visits = spend_minor + sales_minor, visits + 1
        return spend_minor, visits


def spans_behind(since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """The stretches [from, to) whose purchases tell every window that ends between two instants.

    They grow with how late a purchase is, not with how much its member has bought.

    Args:
        since: when the earliest late purchase happened.
        until: how far the member's time will have gone, ≥ `since`.
    """
    left_by = until - WINDOW
    if since <= left_by:
        return [(since - WINDOW, _END_OF_TIME)]
    return [(since - WINDOW, left_by), (since, _END_OF_TIME)]
