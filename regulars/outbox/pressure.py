"""Whether more changes come than signals can carry: judged from what comes and from how long it waits."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

WATCHED = timedelta(seconds=2)
ENOUGH_TO_JUDGE = 8
"""Messages under way together, from which on their rate tells what Temporal can do."""

WEIGHT = 0.2


@dataclass(slots=True)
class Pressure:
    """What one relay makes of the load.

    Attributes:
        late_after: a change that waits longer shows that signals do not keep up.
        calm_changes_per_s: at most so many a second leave room for what was put off; where Temporal does
            more than double that, half of what it does.
        is_on: hints that may wait do so, until all that was put off is told.
    """

    late_after: timedelta
    calm_changes_per_s: int
    is_on: bool = False
    _came: deque[tuple[datetime, int]] = field(default_factory=deque)
    _told_per_s: float | None = None

    def note_arrivals(self, at: datetime, changes: int) -> None:
        """So many changes came since this was last said."""
        self._came.append((at, changes))
        # However slow the rounds are, there are two to tell a rate from.
        while len(self._came) > 2 and self._came[1][0] <= at - WATCHED:
            self._came.popleft()

    def note_wait(self, waited: timedelta) -> None:
        """The oldest of the changes just claimed waited this long."""
        self.is_on = self.is_on or waited > self.late_after

    def note_told(self, messages: int, seconds: float) -> None:
        """So many messages, as many at once as the relay sends, took this long."""
        if messages < ENOUGH_TO_JUDGE or seconds <= 0:
            return
        rate = messages / seconds
        known = self._told_per_s
        self._told_per_s = rate if known is None else known + WEIGHT * (rate - known)

    @property
    def is_busy(self) -> bool:
        """Whether what came lately takes all that signals can do, or more."""
        if len(self._came) < 2:
            return False
        seconds = (self._came[-1][0] - self._came[0][0]).total_seconds()
        came = sum(changes for _, changes in islice(self._came, 1, None))
        return came > max(self.calm_changes_per_s, (self._told_per_s or 0) / 2) * seconds
