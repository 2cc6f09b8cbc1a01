"""What a release is, which states it passes, and what time alone makes of it: pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.releases.errors import StartInvalid

ReleaseState = Literal[
    "in_review",
    "rejected",
    "withdrawn",
    "approved",
    "cancelled",
    "scheduled",
    "live",
    "retired",
    "rolled_back",
]
PlaceState = Literal["planned", "halted", "rolled_back"]
PlaceStage = Literal["waiting", "live", "retired", "halted", "rolled_back"]

RUNNING: Final[frozenset[ReleaseState]] = frozenset({"scheduled", "live"})
"""What is written into the places' time, and may change by time alone."""

OVER: Final[frozenset[ReleaseState]] = frozenset(
    {"rejected", "withdrawn", "cancelled", "retired", "rolled_back"}
)
REMIND_AFTER: Final = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
REMIND_EVERY: Final = timedelta(days=7)
WORDS_MAX: Final = 500
PLACES_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Step:
    """Some places that begin together.

    Attributes:
        starts: a wall time such as 2026-12-01T08:00, by each store's own clock; or an instant with its
            offset, the same everywhere.
        ends: likewise; None: for good.
    """

    place_ids: tuple[UUID, ...]
    starts: str
    ends: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedPlace:
    """One place of a release, with all below it that is not planned otherwise.

    Attributes:
        step: number of the step, from 1.
        starts, ends: as said, see `Step`.
        starts_at, ends_at: by the first and the last clock of the stores concerned.
    """

    place_id: UUID
    step: int
    state: PlaceState
    starts: str
    ends: str | None
    starts_at: datetime
    ends_at: datetime | None

    def stage_at(self, at: datetime) -> PlaceStage:
        """What has become of it."""
        if self.state != "planned":
            return self.state
        if at < self.starts_at:
            return "waiting"
        return "live" if self.ends_at is None or at < self.ends_at else "retired"


@dataclass(frozen=True, slots=True)
class Release:
    """One version on its way to some places.

    Attributes:
        state: as last written down; `state_at` says what time has made of it since.
        place_ids: where it was asked for; steps name these or places below them.
        authors: who wrote what is released, as "operator:<id>"; none of them may approve it.
        words: what was said with the last decision.
        noted_to: what time decided up to then stands in the audit log.
        change_no: grows with every act, so that its workflow can tell whether it has heard of all.
        stirred_at: when it last changed what members' due dates depend on; `stirred_done_at`: up to which
            such change the members were looked at anew.
    """

    id: UUID
    code: str
    version_id: UUID
    version: int
    kind: str
    hash: str
    state: ReleaseState
    place_ids: tuple[UUID, ...]
    authors: tuple[str, ...]
    draft_revision: int | None
    note: str | None
    submitted_at: datetime
    submitted_by: str
    decided_at: datetime | None
    decided_by: str | None
    words: str | None
    noted_to: datetime
    next_due_at: datetime | None
    reminders: int
    change_no: int
    stirred_at: datetime | None
    stirred_done_at: datetime | None
    places: tuple[PlannedPlace, ...] = ()

    @property
    def name(self) -> str:
        """The version's name, e.g. grocery-classic/3."""
        return f"{self.code}/{self.version}"

    @property
    def must_stir(self) -> bool:
        """Whether members have still to be looked at anew."""
        return self.stirred_at is not None and (
            self.stirred_done_at is None or self.stirred_done_at < self.stirred_at
        )


def state_at(release: Release, at: datetime) -> ReleaseState:
    """What state a release is in at an instant, whether or not anybody has written it down.

    Args:
        release: with its places.
        at: aware instant, not before its last act.
    Returns: live while it is live anywhere; retired once it was and is nowhere any more.
    Source: docs/releases.md, "States".
    """
    if release.state not in RUNNING:
        return release.state
    stages = {place.stage_at(at) for place in release.places}
    if "live" in stages:
        return "live"
    if "waiting" in stages:
        return "scheduled"
    if "retired" in stages:
        return "retired"
    return "rolled_back" if "rolled_back" in stages else "scheduled"


def instant_of(said: str, zone: ZoneInfo, field: str) -> datetime:
    """When a time that somebody said comes at a place.

    Args:
        said: a wall time, or an instant with its offset.
        zone: the place's.
        field: for the error.
    Returns: aware UTC; a wall time that does not exist moves forward, one that comes twice is the first.
    Raises: StartInvalid: it is no time.
    Source: docs/releases.md, "Each store's own clock".
    """
    try:
        time = datetime.fromisoformat(said)
        if time.tzinfo is None:
            time = time.replace(tzinfo=zone)
        return time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise StartInvalid(said, field) from None


def next_reminder(release: Release) -> datetime | None:
    """When those who may approve are reminded next; None where nothing waits for them."""
    return _reminder(release, release.reminders) if release.state == "in_review" else None


def reminded_at(release: Release) -> datetime | None:
    """When those who may approve were reminded last; None where nobody was."""
    return _reminder(release, release.reminders - 1) if release.reminders else None


def waiting_since(release: Release) -> datetime | None:
    """Since when it waits for approval; None where it does not."""
    return release.submitted_at if release.state == "in_review" else None


def _reminder(release: Release, index: int) -> datetime:
    if index < len(REMIND_AFTER):
        return release.submitted_at + REMIND_AFTER[index]
    more = index - len(REMIND_AFTER) + 1
    return release.submitted_at + REMIND_AFTER[-1] + more * REMIND_EVERY


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    """The earliest, None for never."""
    return min((instant for instant in instants if instant is not None), default=None)


def latest(instants: Sequence[datetime | None]) -> datetime | None:
    """The latest, where None is never."""
    known = [instant for instant in instants if instant is not None]
    return max(known) if len(known) == len(instants) and known else None
