"""Whether what stands among the activations is what releases plan."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.organisation import service as organisation
from regulars.organisation.domain import Place
from regulars.releases import repository
from regulars.releases.domain import RUNNING, Release, ReleaseState
from regulars.releases.repository import Filter
from regulars.releases.unfolding import corrections, unfold
from regulars.rules import service as rules
from regulars.rules.stored import Activation, NewActivation
from regulars.security.scope import EVERYWHERE

NEVER_WRITTEN: Final[frozenset[ReleaseState]] = frozenset(
    {"in_review", "rejected", "withdrawn", "approved", "cancelled"}
)
"""States in which nothing of a release stands among the activations."""
_AT_ONCE: Final = 200
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Unplanned:
    """Rows that would have to be written for a release to stand as it is planned.

    Attributes:
        missing: planned, and not there.
        surplus: there, and not planned.
    """

    release_id: UUID
    name: str
    missing: int
    surplus: int


async def unplanned(session: AsyncSession) -> AsyncIterator[Unplanned]:
    """The releases of which something else stands than they plan.

    Args:
        session: best a read-only snapshot.
    Returns: one for each release at fault. What others decided, and which places were opened, since a pack's
        releases last wrote anything need not be reflected yet: their next act does it.
    Source: docs/releases.md, "Each store's own clock".
    """
    places = await organisation.places_below(session, EVERYWHERE)
    logs: dict[str, Sequence[Activation]] = {}
    states = tuple(sorted(RUNNING | NEVER_WRITTEN))
    before: UUID | None = None
    while True:
        page = await repository.page(
            session, EVERYWHERE, Filter(states=states), at=_LONG_AGO, before=before, limit=_AT_ONCE
        )
        for release in page:
            if release.code not in logs:
                logs[release.code] = await rules.activation_log(session, release.code)
            found = _compared(release, places, logs[release.code])
            if found is not None:
                yield found
        if len(page) < _AT_ONCE:
            return
        before = page[-1].id


def _compared(release: Release, places: Sequence[Place], log: Sequence[Activation]) -> Unplanned | None:
    rows = _to_write(release, places, log)
    if rows:
        rows = _to_write(release, *_as_last_written(places, log))
    if not rows:
        return None
    surplus = sum(row.voids_id is not None for row in rows)
    return Unplanned(
        release.id, f"{release.code}/{release.version}", missing=len(rows) - surplus, surplus=surplus
    )


def _to_write(
    release: Release, places: Sequence[Place], log: Sequence[Activation]
) -> Sequence[NewActivation]:
    wanted = unfold(release, places, log).rows if release.state in RUNNING else []
    return corrections(release, wanted, log)


def _as_last_written(
    places: Sequence[Place], log: Sequence[Activation]
) -> tuple[Sequence[Place], Sequence[Activation]]:
    """Places and rows as they were when a release of the pack last wrote a row."""
    own = [row for row in log if row.release_id is not None]
    last = max((row.id for row in own), default=0)
    at = max((row.recorded_at for row in own), default=_LONG_AGO)
    return [place for place in places if place.created_at <= at], [row for row in log if row.id <= last]
