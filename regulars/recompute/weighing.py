"""What recomputing comes to with all that the books hold: points, dates and tier, purchase by purchase."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.counters import Occasion
from regulars.budgets.domain import Meter
from regulars.explanation.shelf import Shelf, Shelved
from regulars.explanation.stored import StoredPurchase
from regulars.ledger import service as ledger
from regulars.ledger.domain import Lot, OpenPointsLot
from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import Standing
from regulars.organisation.domain import StorePlace
from regulars.organisation.places import Places
from regulars.recompute.dates import Redating, redating
from regulars.recompute.domain import Reckoned, pack_code, replaced
from regulars.recompute.errors import RecomputeVersionUnfit
from regulars.recompute.reckoning import Reckoning, bearing_limits, given_then, occasion_of, reckon
from regulars.recompute.releases import Releases
from regulars.recompute.tiers import tier_due
from regulars.rules.domain import LifecyclePlan, Limit
from regulars.undoing.correcting import Posted
from regulars.undoing.correction_repository import posted_for
from regulars.undoing.tier_repository import words_of
from regulars.undoing.tiers import Decided, TierWord, words_in


@dataclass(frozen=True, slots=True)
class Weighed:
    """What recomputing one purchase comes to.

    Attributes:
        plan: the ladder by which the tier is decided.
    """

    reckoning: Reckoning
    decided: Decided | None = None
    plan: LifecyclePlan | None = None
    redating: Redating | None = None

    @property
    def told(self) -> Reckoned:
        return self.reckoning.reckoned


@dataclass(slots=True)
class Books:
    """What is known of the members of some purchases; it moves as these are dealt with.

    Attributes:
        words: what was said of tiers, by member.
        posted: the entry that booked a purchase, by purchase; only where versions are named.
        lots: with what is left in them, by member; only where versions are named.
    """

    words: dict[UUID, list[TierWord]] = field(default_factory=dict)
    posted: Mapping[UUID, Posted] = field(default_factory=dict)
    lots: dict[UUID, dict[UUID, OpenPointsLot]] = field(default_factory=dict)

    def hear(self, time: MemberTime) -> None:
        """What time has decided of a member since; it is not written yet."""
        standing = time.standing
        fresh = words_in(time.events, standing.home_store_id)
        self.words.setdefault(standing.member_id, []).extend(fresh)

    def take(self, member_id: UUID, found: Redating) -> None:
        """Points leave their lots."""
        theirs = self.lots[member_id]
        for taken in found.consumptions:
            lot = theirs[taken.lot_id]
            theirs[lot.id] = replace(lot, remaining=lot.remaining - taken.amount)

    def give(self, member_id: UUID, lots: Iterable[Lot]) -> None:
        """Points are given."""
        theirs = self.lots.setdefault(member_id, {})
        for lot in lots:
            theirs[lot.id] = OpenPointsLot(lot.id, lot.amount, lot.available_at, lot.expires_at)


async def open_books(
    session: AsyncSession, work: Sequence[StoredPurchase], mended: Releases, at: datetime
) -> Books:
    """What has to be known before some purchases are weighed.

    Args:
        session: where something is to be written, one that holds the members' locks.
        work: the purchases.
        mended: versions; where none are named, no dates can differ.
        at: now.
    """
    members = sorted({one.member_id for one in work if one.member_id is not None})
    if not members:
        return Books()
    words = await words_of(session, members)
    if not mended.by_pack:
        return Books(words)
    version = next(iter(mended.by_pack.values()))
    posted = await posted_for(session, version, [one.id for one in work])
    lots = await ledger.points_lots(session, members, at)
    return Books(
        words,
        {purchase_id: entries[0] for purchase_id, entries in posted.items()},
        {member_id: {lot.id: lot for lot in theirs} for member_id, theirs in lots.items()},
    )


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


@dataclass(frozen=True, slots=True)
class Scales:
    """What purchases are weighed with; meter and books move as they are dealt with."""

    shelf: Shelf
    places: Places
    mended: Releases
    meter: Meter
    books: Books

    async def weigh(
        self, session: AsyncSession, stored: StoredPurchase, standing: Standing | None, at: datetime
    ) -> Weighed:
        """What one purchase comes to.

        Args:
            session: any; only read from.
            stored: the purchase.
            standing: its member's, as it stands by now; None without a member.
            at: when it would be booked.
        Raises: RecordUnreadable, RecomputeVersionUnfit.
        """
        site = self.places.store(stored.store_id)
        shelved = await shelved_for(session, self.shelf, self.mended, stored)
        found = reckon(stored, shelved, site, self.meter, at)
        if not found.is_settled or standing is None:
            return Weighed(found)
        words = self.books.words.get(standing.member_id, ())
        decided = tier_due(stored, found.move, shelved.packs, words, standing, at)
        moved = await self._redating(session, found, stored, site, at)
        told = replace(
            found.reckoned,
            tier_from=standing.tier if decided else None,
            tier_to=decided.tier if decided else None,
            redated=moved.points if moved else 0,
        )
        if decided or moved:
            told = replace(told, state="due")
        weighed = Weighed(replace(found, reckoned=told), decided, shelved.packs.plan, moved)
        return await self._within_rights(session, weighed, stored)

    async def _redating(
        self,
        session: AsyncSession,
        found: Reckoning,
        stored: StoredPurchase,
        site: StorePlace,
        at: datetime,
    ) -> Redating | None:
        posted = self.books.posted.get(stored.id)
        if posted is None or stored.member_id is None:
            return None
        then = await self.shelf.take(session, stored.packs)
        if then.missing:
            return None
        gave = given_then(stored, then, site)
        lots = self.books.lots.get(stored.member_id, {})
        return redating(found.gives, gave, posted, lots, stored.occurred_at, at)

    async def _within_rights(
        self, session: AsyncSession, weighed: Weighed, stored: StoredPurchase
    ) -> Weighed:
        """Nothing where a version that gives may not be used for that store."""
        told, moved = weighed.told, weighed.redating
        names = {award.pack_version for award in told.awards} | (moved.dated_by if moved else frozenset())
        if weighed.decided and weighed.plan:
            names.add(weighed.plan.pack_version)
        codes = {pack_code(rule.pack) for rule in told.dropped}
        names |= {name for code, name in self.mended.by_pack.items() if code in codes}
        path = self.places.get(stored.store_id).path
        refusal = await self.mended.refusal(session, names, stored.store_id, path)
        if refusal is None:
            return weighed
        nothing = replace(told, state=refusal, awards=(), tier_from=None, tier_to=None, redated=0)
        return Weighed(Reckoning(nothing, {}))


async def occasions_of(
    session: AsyncSession, shelf: Shelf, places: Places, mended: Releases, work: Sequence[StoredPurchase]
) -> list[tuple[Sequence[Limit], Occasion]]:
    """On which limits' counters some purchases bear."""
    found: list[tuple[Sequence[Limit], Occasion]] = []
    for stored in work:
        site = places.store(stored.store_id)
        shelved = await shelved_for(session, shelf, mended, stored)
        found.append((bearing_limits(stored, shelved, site), occasion_of(stored, site)))
    return found
