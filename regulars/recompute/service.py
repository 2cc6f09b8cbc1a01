"""Use-cases of recomputing: see which purchases wait for it, what each would get, and give it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.service import peek_budget
from regulars.explanation import repository as purchases
from regulars.explanation.shelf import Shelf
from regulars.explanation.stored import StoredPurchase
from regulars.lifecycle import repository as standings
from regulars.lifecycle.domain import changed
from regulars.organisation.places import Places
from regulars.recompute import repository
from regulars.recompute.domain import ALONE_WITHIN, Flagged, Reckoned, name_of
from regulars.recompute.releases import released
from regulars.recompute.repository import Wanted
from regulars.recompute.weighing import Scales, occasions_of, open_books
from regulars.security.actor import Actor

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
    Returns: each purchase with what it would get after those before it on the page: of the same rest of a
        limit, the first gets first.
    Raises: RecomputeVersionUnfit.
    Source: docs/recompute.md.
    """
    mended = await released(session, versions)
    page = await list_flagged(session, wanted, after=after, limit=limit)
    work = await with_records(session, page.items)
    bought = [stored for _, stored in work]
    meter = await peek_budget(session, await occasions_of(session, shelf, places, mended, bought), at)
    scales = Scales(shelf, places, mended, meter, await open_books(session, bought, mended, at))
    members = sorted({one.member_id for one in bought if one.member_id is not None})
    seen = await standings.peek(session, members) if members else {}
    stand = {member_id: member.standing for member_id, member in seen.items()}
    items = []
    for flagged, stored in work:
        standing = stand.get(stored.member_id) if stored.member_id is not None else None
        weighed = await scales.weigh(session, stored, standing, at)
        items.append(Previewed(flagged, weighed.told))
        meter.take(weighed.reckoning.claims)
        if standing is not None and weighed.decided is not None:
            stand[standing.member_id] = changed(standing, tier=weighed.decided.tier)
        if standing is not None and weighed.redating is not None:
            scales.books.take(standing.member_id, weighed.redating)
    return PreviewPage(items, page.next_after)


async def given_alone(session: AsyncSession, actor: Actor, at: datetime) -> int:
    """Points that somebody has given lately without anybody else.

    Args:
        session: any.
        actor: who.
        at: aware UTC, now.
    Returns: of the last 24 hours, by all that was recomputed.
    """
    return await repository.given_alone(session, name_of(actor), at - ALONE_WITHIN)


async def with_records(
    session: AsyncSession, flagged: Sequence[Flagged]
) -> list[tuple[Flagged, StoredPurchase]]:
    """The same purchases, with all that the books hold of them."""
    ids = [each.purchase_id for each in flagged]
    found = await purchases.with_lately(session, await purchases.of_ids(session, ids)) if ids else []
    stored = {each.id: each for each in found}
    return [(each, stored[each.purchase_id]) for each in flagged]
