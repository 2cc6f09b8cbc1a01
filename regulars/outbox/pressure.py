"""Whether more changes come than signals can carry: judged from what comes and from how long it waits."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WATCHED = timedelta(seconds=2)


@dataclass(slots=True)
class Pressure:
    """What one relay makes of the load.

    Attributes:
        late_after: a change that waits longer shows that signals do not keep up.
        calm_changes_per_s: at most so many a second leave room for what was put off.
        is_on: hints that may wait do so, until all that was put off is told.
    """

    late_after: timedelta
    calm_changes_per_s: int
    is_on: bool = False
    _came: deque[tuple[datetime, int]] = field(default_factory=deque)

    def note_arrivals(self, at: datetime, changes: int) -> None:
        """So many changes were taken out of the outbox."""
        if changes:
            self._came.append((at, changes))

    def note_wait(self, waited: timedelta) -> None:
        """The oldest of the changes just claimed waited this long."""
        self.is_on = self.is_on or waited > self.late_after

    def is_busy(self, at: datetime) -> bool:
        """Whether what comes takes all that signals can do, or more."""
        while self._came and self._came[0][0] <= at - WATCHED:
            self._came.popleft()
        return sum(changes for _, changes in self._came) > self.calm_changes_per_s * WATCHED.total_seconds()
