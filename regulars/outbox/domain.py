"""What a member's workflow is told, and how long the relay rests after a refusal: pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low
from uuid import UUID

CHANNEL = "outbox"
"""The NOTIFY channel that wakes a relay."""

BULK_LOAD_LOCK = 0x5245_4755
"""Advisory lock key; while a session holds it exclusively, rows marked `bulk` stay where they are."""

STOPPED_IMPORT_WAITS = timedelta(hours=1)
"""How long the rows of an import that was stopped half way wait for somebody to finish it.

Told at once, the workflows would decide until today about members whose history ends half way, and what
the import adds afterwards would have to take that back.
"""

FIRST_REST = timedelta(seconds=2)
LONGEST_REST = timedelta(minutes=10)
LONGEST_CLAIM = LONGEST_REST + timedelta(minutes=5)
"""A claim that reaches further into the future was made by a clock that ran ahead, and binds nobody."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction did to one member; no personal data.

    Attributes:
        seq: the member's last purchase as of the transaction, 0 before the first.
        events: lifecycle events the transaction wrote.
        next_due_at: when time next decides something for the member.
        bulk: part of an import; told when that ends.
    """

    member_id: UUID
    seq: int
    events: int
    next_due_at: datetime | None
    bulk: bool = False


@dataclass(frozen=True, slots=True)
class ClaimedRow:
    """An outbox row under this relay's lease.

    Attributes:
        changes: transactions it stands for.
        put_off: it was kept back while the tills were busy, so its age tells nothing of the relay's pace.
    """

    id: int
    change: Change
    created_at: datetime
    attempts: int
    changes: int = 1
    put_off: bool = False

    @property
    def is_urgent(self) -> bool:
        """Whether somebody may be waiting for it."""
        return not (self.change.bulk or self.put_off)


@dataclass(frozen=True, slots=True)
class MemberNews:
    """All that waits for one member, as one message."""

    member_id: UUID
    seq: int
    changes: int
    events: int
    next_due_at: datetime | None
    rows: tuple[ClaimedRow, ...]

    @property
    def attempts(self) -> int:
        return max(row.attempts for row in self.rows)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What Temporal has still to hear.

    Attributes:
        waiting: changes that may go; those put off are among them.
        held: changes that an import holds.
        oldest_at: when the oldest that is neither held nor put off was written.
        put_off: changes that wait until the tills are less busy.
    """

    waiting: int
    held: int
    oldest_at: datetime | None
    put_off: int = 0


@dataclass(frozen=True, slots=True)
class Patience:
    """Which hints may wait while more changes come than signals can carry.

    Attributes:
        at_most: how long one waits, as far as there are signals to spare.
        known_for: a workflow that was told something this recently is taken to run.
        near: a due date closer than this is told at once.
    """

    at_most: timedelta = timedelta(minutes=10)
    known_for: timedelta = timedelta(days=1)
    near: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sifted:
    """What one pass over the newest rows came to.

    Attributes:
        seen: rows that were read.
        last_id: the highest of them; None where there was none.
        waits_ms: for each row put off, the time since it was written.
    """

    seen: int
    last_id: int | None
    waits_ms: tuple[int, ...]


def news_by_member(rows: Sequence[ClaimedRow]) -> list[MemberNews]:
    """Put each member's rows into one message.

    The due date is that of the latest state: the highest `seq`, and within it the earliest date.

    Args:
        rows: any order.
    Returns: one message a member, in order of the member's first row.
    """
    waiting: dict[UUID, list[ClaimedRow]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        waiting.setdefault(row.change.member_id, []).append(row)
    return [_news(member_id, member_rows) for member_id, member_rows in waiting.items()]


def _news(member_id: UUID, rows: list[ClaimedRow]) -> MemberNews:
    seq = max(row.change.seq for row in rows)
    due = [row.change.next_due_at for row in rows if row.change.seq == seq and row.change.next_due_at]
    return MemberNews(
        member_id=member_id,
        seq=seq,
        changes=sum(row.changes for row in rows),
        events=sum(row.change.events for row in rows),
        next_due_at=min(due, default=None),
        rows=tuple(rows),
    )


def rest_after(attempts: int) -> timedelta:
    """How long a refused message waits: doubling from 2 seconds up to 10 minutes.

    Args:
        attempts: refusals so far, ≥ 1.
    """
    return min(LONGEST_REST, FIRST_REST * (1 << min(attempts - 1, 20)))


def lag_ms(created_at: datetime, accepted_at: datetime) -> int:
    """Milliseconds from commit to acceptance; clocks that disagree give 0, not less."""
    return max(0, int((accepted_at - created_at) / timedelta(milliseconds=1)))


def typical_and_worst(lags_ms: Sequence[int]) -> tuple[int | None, int | None]:
    """Median and maximum, or nothing where nothing was measured."""
    return (median_low(lags_ms), max(lags_ms)) if lags_ms else (None, None)
