"""Use-cases of recomputing: see which purchases wait for it, what each would get, and give it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.service import peek_budget
from regulars.explanation import repository as purchases
from regulars.explanation.shelf import Shelf, Shelved
from regulars.explanation.stored import StoredPurchase
from regulars.organisation.places import Places
from regulars.recompute import repository
from regulars.recompute.domain import Flagged, Reckoned, replaced
from regulars.recompute.errors import RecomputeVersionUnfit
from regulars.recompute.reckoning import Reckoning, bearing_limits, occasion_of, reckon
from regulars.recompute.releases import Releases, released
from regulars.recompute.repository import Wanted

AT_ONCE_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Flagged purchases, and where the next page begins; None where there is none."""

    items: Sequence[Flagged]
    next_after: UUID | None


@dataclass(frozen=True, slots=True)
class Previewed:
    """One purchase, and what recomputing it would come to."""

    flagged: Flagged
    reckoned: Reckoned


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """What recomputing would come to, purchase by purchase."""

    items: Sequence[Previewed]
    next_after: UUID | None


async def list_flagged(
    session: AsyncSession, wanted: Wanted, *, after: UUID | None = None, limit: int = 50
) -> Page:
    """Purchases in which a rule failed.

    Args:
        session: any.
        wanted: which; its paths are of places that the asker may see.
        after: the last id of the page before.
        limit: at most so many.
    Returns: the earliest first.
    """
    found = await repository.page(session, wanted, after, limit + 1)
    return Page(found[:limit], found[limit - 1].purchase_id if len(found) > limit else None)


async def preview(
    session: AsyncSession,
    shelf: Shelf,
    places: Places,
    wanted: Wanted,
    versions: Sequence[str],
    at: datetime,
    *,
    after: UUID | None = None,
    limit: int = 50,
) -> PreviewPage:
    """What recomputing would come to now; nothing is written, and no limit's counter moves.

    Args:
        session: any; only read from.
        shelf: pack versions as far as they are known.
        places: refreshed.
        wanted, after, limit: as for `list_flagged`.
        versions: mended versions, "grocery-classic/3", each read in the place of the one that was live;
            none: those that were live then.
        at: aware UTC, now.
    Returns: each purchase with what it would get. Each is told by itself: several of them may want the same
        rest of a limit.
    Raises: RecomputeVersionUnfit.
    Source: docs/recompute.md.
    """
    mended = await released(session, versions)
    page = await list_flagged(session, wanted, after=after, limit=limit)
    items = []
    for flagged, stored in await with_records(session, page.items):
        reading = await reckoned(session, shelf, places, mended, stored, at)
        items.append(Previewed(flagged, reading.reckoned))
    return PreviewPage(items, page.next_after)


async def with_records(
    session: AsyncSession, flagged: Sequence[Flagged]
) -> list[tuple[Flagged, StoredPurchase]]:
    """The same purchases, with all that the books hold of them."""
    ids = [each.purchase_id for each in flagged]
    found = await purchases.with_lately(session, await purchases.of_ids(session, ids)) if ids else []
    stored = {each.id: each for each in found}
    return [(each, stored[each.purchase_id]) for each in flagged]


async def reckoned(
    session: AsyncSession,
    shelf: Shelf,
    places: Places,
    mended: Releases,
    stored: StoredPurchase,
    at: datetime,
) -> Reckoning:
    """What one purchase would get now.

    Raises: RecordUnreadable: its record was changed; RecomputeVersionUnfit.
    """
    site = places.store(stored.store_id)
    shelved = await shelved_for(session, shelf, mended, stored)
    limits = bearing_limits(stored, shelved, site)
    meter = await peek_budget(session, [(limits, occasion_of(stored, site))], at)
    found = reckon(stored, shelved, site, meter, at)
    return await mended.within_rights(session, found, stored, places.get(stored.store_id).path)


async def shelved_for(
    session: AsyncSession, shelf: Shelf, mended: Releases, stored: StoredPurchase
) -> Shelved:
    """The versions that a purchase is read by: those that were live, mended ones in their place.

    Raises: RecomputeVersionUnfit: one of them is not stored.
    """
    shelved = await shelf.take(session, replaced(stored.packs, mended.by_pack))
    if shelved.missing:
        raise RecomputeVersionUnfit(shelved.missing[0])
    return shelved
