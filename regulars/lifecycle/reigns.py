"""Which packs reign at a member's home store, stretch by stretch of time."""

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from regulars.lifecycle.advance import Reign
from regulars.lifecycle.domain import Standing
from regulars.organisation.places import Places
from regulars.rules.domain import CalendarFacts, MemberFacts, RecentFacts, StoreFacts, TierMove
from regulars.rules.live import LiveView


class StoreReigns:
    """The stretches of one store, as far as one view of the live packs says.

    Calling it with an instant gives the reign of that instant.
    """

    def __init__(self, packs: LiveView, places: Places, store_id: UUID) -> None:
        self._packs = packs
        self._site = places.store(store_id)
        self._store_id = store_id
        self._boundaries = packs.boundaries(store_id)
        self._stretches: dict[int, Reign] = {}

    def __call__(self, at: datetime) -> Reign:
        index = bisect_right(self._boundaries, at)
        reign = self._stretches.get(index)
        if reign is None:
            reign = self._stretches[index] = self._reign(at, index)
        return reign

    def _reign(self, at: datetime, index: int) -> Reign:
        packs = self._packs.at(self._store_id, at)
        until = self._boundaries[index] if index < len(self._boundaries) else None
        store = StoreFacts(self._site.code, self._site.branch_code, self._site.above, self._site.zone)
        zone = self._site.zone

        def tier_for(
            standing: Standing, spend_minor: int, visits: int, when: datetime, recent: RecentFacts | None
        ) -> TierMove | None:
            facts = member_facts(standing, (), spend_minor, visits, spend_minor, when)
            facts = facts if recent is None else replace(facts, **recent)
            return packs.tier_for(facts, calendar_facts(when.astimezone(zone)), store)

        return Reign(packs.plan, until, tier_for)


class ReignBook:
    """The reigns of all stores, as one view of the live packs has them."""

    def __init__(self, packs: LiveView, places: Places) -> None:
        self.packs = packs
        self._places = places
        self._stores: dict[UUID, StoreReigns] = {}

    def of(self, store_id: UUID) -> StoreReigns:
        """The reigns of one store."""
        reigns = self._stores.get(store_id)
        if reigns is None:
            reigns = self._stores[store_id] = StoreReigns(self.packs, self._places, store_id)
        return reigns


@dataclass(frozen=True, slots=True)
class PastStanding:
    """How a member stood when a purchase happened that came late."""

    tier: str
    stage: str
    visits: int
    frozen: bool


def member_facts(
    standing: Standing,
    tags: tuple[str, ...],
    spend_minor: int,
    visits: int,
    qualifying_spend_minor: int,
    at: datetime,
    *,
    past: PastStanding | None = None,
) -> MemberFacts:
    """A member as the rules see it.

    Args:
        standing: the member's.
        spend_minor, visits: 365 days before this purchase.
        qualifying_spend_minor: the same, this purchase included.
        past: what replaces the present standing for a purchase that came late.
    """
    return MemberFacts(
        known=True,
        tier=past.tier if past else standing.tier,
        stage=past.stage if past else standing.stage,
        tags=tags,
        spend_365d_minor=spend_minor,
        visits_365d=visits,
        qualifying_spend_minor=qualifying_spend_minor,
        visits=past.visits if past else standing.visits,
        enrolled_days=max(0, (at - standing.enrolled_at) // timedelta(days=1)),
        frozen=past.frozen if past else standing.frozen_at is not None,
    )


def calendar_facts(wall: datetime) -> CalendarFacts:
    """An instant on the wall clock of its own zone, as numbers."""
    return CalendarFacts(
        date=wall.year * 10_000 + wall.month * 100 + wall.day,
        weekday=wall.isoweekday(),
        hour=wall.hour,
        minute=wall.minute,
        month=wall.month,
        day=wall.day,
    )
