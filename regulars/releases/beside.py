"""Whether a version may go live: by itself as of today, and beside what is live where it is to go."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.kernel.beside import beside
from regulars.organisation import service as organisation
from regulars.organisation.domain import Place
from regulars.releases.domain import PlannedPlace, Release, instant_of
from regulars.rules import service as rules
from regulars.rules.catalogue import Catalogue
from regulars.rules.chain_catalogue import catalogue_of, examine_here
from regulars.rules.checker import examine
from regulars.rules.conflicts import conflicts
from regulars.rules.domain import PackVersion
from regulars.rules.errors import PackNotGreen
from regulars.rules.findings import Finding, is_green
from regulars.rules.live import LivePacks, LiveView
from regulars.rules.model import Pack
from regulars.security.scope import EVERYWHERE


async def require_green(
    session: AsyncSession, release: Release, at: datetime, planned: Sequence[PlannedPlace] = ()
) -> None:
    """Examine a version by what holds today, and by what it will meet.

    Args:
        session: an open transaction that has changed neither packs nor places.
        release: whose version.
        at: aware instant, now.
        planned: its plan: what is live when each place begins counts; none yet: what will be live at its
            places once all that is planned for them now has happened.
    Raises: PackNotGreen: with the findings.
    Source: docs/releases.md, "Four eyes".
    """
    stored = await rules.get_version(session, release.code, release.version)
    catalogue = await catalogue_of(session)
    report = await beside(examine, stored.text, catalogue)
    if not report.green or report.pack is None:
        raise PackNotGreen(report.findings)
    starts = {place.place_id: place.starts for place in planned} or dict.fromkeys(release.place_ids, "")
    await _require_green_beside(session, report.pack, catalogue, starts, at)


async def require_green_at(
    session: AsyncSession, text: str | bytes, place_ids: Collection[UUID], at: datetime
) -> None:
    """Examine a pack that goes live without a release, and what it will meet.

    Args:
        session: an open transaction that has changed neither packs nor places.
        text: the pack as JSON text.
        place_ids: where, with all below.
        at: aware instant, now; what will be live there once all that is planned has happened counts.
    Raises: PackNotGreen: with the findings.
    Source: docs/rules/checker.md.
    """
    report = await examine_here(session, text)
    if not report.green or report.pack is None:
        raise PackNotGreen(report.findings)
    await _require_green_beside(
        session, report.pack, await catalogue_of(session), dict.fromkeys(place_ids, ""), at
    )


async def _require_green_beside(
    session: AsyncSession, pack: Pack, catalogue: Catalogue, starts: Mapping[UUID, str], at: datetime
) -> None:
    view = await LivePacks().refresh(session)
    places = await organisation.places_below(session, EVERYWHERE)
    found: dict[Finding, None] = {}
    for live in _met(view, places, starts, at):
        others = [version for version in live if version.code != pack.code]
        found |= dict.fromkeys(await beside(conflicts, pack, others, catalogue))
    if not is_green(tuple(found)):
        raise PackNotGreen(tuple(found))


def _met(
    view: LiveView, places: Sequence[Place], starts: Mapping[UUID, str], at: datetime
) -> Iterable[tuple[PackVersion, ...]]:
    """Each set of versions that are live at some store when a pack begins there, once."""
    stores = [place for place in places if place.kind == "store" and place.closed_at is None]
    seen: dict[tuple[UUID, ...], tuple[PackVersion, ...]] = {}
    for root in places:
        if root.id not in starts:
            continue
        for store in stores:
            if store.path == root.path or store.path.startswith(f"{root.path}."):
                when = _when(view, store, starts[root.id], at)
                live = tuple(view.at(store.id, when).versions)
                seen[tuple(version.id for version in live)] = live
    return seen.values()


def _when(view: LiveView, store: Place, starts: str, at: datetime) -> datetime:
    if starts:
        return max(at, instant_of(starts, store.zone, "starts"))
    return max([at, *view.boundaries(store.id)])
