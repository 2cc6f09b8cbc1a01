"""Every purchase recomputed and compared, page by page: the proof that what was posted can be explained."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.explanation import entries, history_repository, repository
from regulars.explanation.domain import Difference
from regulars.explanation.errors import RecordUnreadable
from regulars.explanation.event_service import ground_of
from regulars.explanation.events import differences_of
from regulars.explanation.recomputing import recompute
from regulars.explanation.shelf import Shelf, Shelved
from regulars.explanation.stored import StoredPurchase
from regulars.organisation.places import Places
from regulars.rules.domain import ENGINE

PAGE: Final = 500
MEMBERS: Final = 200
_FIRST: Final = UUID(int=0)

Sessions = Callable[[], AbstractAsyncContextManager[AsyncSession]]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A purchase or an event that recomputing does not reproduce."""

    subject: UUID
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Swept:
    """One page of the sweep.

    Attributes:
        checked: how many purchases, or events, were recomputed.
        awards: how many awards of points among them.
        other_engine: how many were evaluated then by another engine than today's.
        no_longer_failing: in how many a rule failed that today's engine can read; they agree as they were.
    """

    checked: int
    awards: int
    other_engine: int
    found: tuple[Disagreement, ...]
    no_longer_failing: int = 0


async def sweep_purchases(
    sessions: Sessions, shelf: Shelf, places: Places, since: datetime | None = None
) -> AsyncIterator[Swept]:
    """Recompute purchases and compare each with the books.

    Args:
        sessions: opens a session that only reads, one a page.
        shelf: pack versions as far as they are known.
        places: refreshed here.
        since: only what was recorded or attributed from then on; None for all.
    Returns: what each page came to, in order of the purchases' ids.
    """
    after = _FIRST
    while True:
        async with sessions() as session:
            await places.refresh(session)
            purchases = await repository.page(session, after, since, PAGE)
            if not purchases:
                return
            found: list[Disagreement] = []
            awards = others = mended = 0
            for stored in purchases:
                awards += len(stored.postings)
                others += stored.evaluation.get("engine") != ENGINE
                shelved = await shelf.take(session, stored.packs)
                differences, read_again = _compared(stored, shelved, places)
                mended += read_again
                if differences:
                    found.append(Disagreement(stored.id, differences))
        yield Swept(len(purchases), awards, others, tuple(found), mended)
        after = purchases[-1].id


def _compared(
    stored: StoredPurchase, shelved: Shelved, places: Places
) -> tuple[tuple[Difference, ...], bool]:
    """The differences, and whether a rule failed that can be read today."""
    try:
        found = recompute(stored, shelved, places.store(stored.store_id))
    except RecordUnreadable as unreadable:
        return (Difference("record", str(stored.id), "–", unreadable.message),), False
    return found.differences, bool(found.no_longer_failing)


async def sweep_events(
    sessions: Sessions, shelf: Shelf, places: Places, since: datetime | None = None
) -> AsyncIterator[Swept]:
    """Work out lifecycle events again from their members' histories, and compare each with the record.

    Args: as `sweep_purchases`; `since` chooses events by when they were recorded.
    Returns: what each page of members came to.
    """
    after = _FIRST
    while True:
        async with sessions() as session:
            await places.refresh(session)
            members = await history_repository.page_of_members(session, after, since, MEMBERS)
            if not members:
                return
            checked = 0
            found: list[Disagreement] = []
            for history in await history_repository.histories(session, members):
                for stored in history.events:
                    if since is not None and stored.recorded_at < since:
                        continue
                    ground = await ground_of(session, shelf, places, history, stored)
                    checked += 1
                    if differences := differences_of(ground):
                        found.append(Disagreement(stored.id, differences))
        yield Swept(checked, 0, 0, tuple(found))
        after = members[-1]


async def sweep_entries(sessions: Sessions, since: datetime | None = None) -> AsyncIterator[Swept]:
    """Compare what was booked after purchases (taken back, given later, paid of debts) with its lots and with
    the record of who did it.

    Args: as `sweep_purchases`; `since` chooses entries by when they were recorded.
    Returns: what each page came to, in order of the entries' ids.
    """
    after = _FIRST
    while True:
        async with sessions() as session:
            page = await entries.page(session, after, since, PAGE)
        if not page:
            return
        told = ((entry.id, entries.differences_of(entry)) for entry in page)
        found = tuple(Disagreement(entry_id, differences) for entry_id, differences in told if differences)
        yield Swept(len(page), 0, 0, found)
        after = page[-1].id
