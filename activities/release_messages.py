"""What a release's workflow and its activities say to each other: ids, states and times."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

ADVANCE = "release.advance"
STIR = "release.stir"


@dataclass(frozen=True, slots=True)
class AdvanceRelease:
    """Write down what time decided about a release up to `to`."""

    release_id: UUID
    to: datetime


@dataclass(frozen=True, slots=True)
class ReleaseStanding:
    """Where a release stands.

    Attributes:
        next_due_at: when time next decides something; None for never, as far as is planned.
        is_over: nothing can become of it any more.
        stir_for: members have still to be looked at anew for what it changed then; None: they have not.
        change_no: of the newest act on it.
    """

    state: str
    next_due_at: datetime | None
    is_over: bool
    stir_for: datetime | None
    change_no: int


@dataclass(frozen=True, slots=True)
class StirMembers:
    """Look at the next members of a release's places anew.

    Attributes:
        after: the last member who was looked at; None to begin.
        stir_for: which change the round is for.
    """

    release_id: UUID
    after: UUID | None
    stir_for: datetime
    to: datetime


@dataclass(frozen=True, slots=True)
class StirredMembers:
    """How far the round is; `after` None: it is done."""

    after: UUID | None
    moved: int
