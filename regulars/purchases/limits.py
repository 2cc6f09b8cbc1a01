"""A purchase or a quote within the limits of the packs that read it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.counters import Cause, Claims, Occasion, Promises, key_of, keys_of
from regulars.budgets.domain import Meter, Rule
from regulars.budgets.service import Budget, open_budget
from regulars.lifecycle.reigns import ReignBook
from regulars.organisation.domain import StorePlace
from regulars.organisation.places import Places
from regulars.purchases.domain import PACK_SOURCE, Basket
from regulars.rules.domain import Limit

QUOTE_USED: Final = "quote_used"
QUOTE_DOUBTS: Final = frozenset({"quote_invalid", "quote_expired", "quote_for_another_basket", QUOTE_USED})
"""Flags of a basket whose quote promises it nothing."""
DELIVERED_WITHIN: Final = timedelta(minutes=10)
"""How long after its quote ended a purchase that was made in time may reach us and find its reservation."""


@dataclass(frozen=True, slots=True)
class Within:
    """The counters that bound a reading.

    Attributes:
        later: the purchase counted for store and pack already, and is now given to a member.
    """

    meter: Meter
    occasion: Occasion
    later: bool = False


@dataclass(frozen=True, slots=True)
class Takings:
    """What a reading takes from the counters.

    Attributes:
        claims: by awards, and by the discounts that were charged.
        promises: what a quote of the same basket would reserve.
        over: codes of the limits that had less left than was charged.
    """

    claims: Claims
    promises: Promises
    over: tuple[str, ...]


def redeemed_quote(basket: Basket) -> UUID | None:
    """The quote that a basket was charged by, where nothing about it is doubtful."""
    return None if QUOTE_DOUBTS.intersection(basket.flags) else basket.quote_id


def occasion_of(basket: Basket, site: StorePlace) -> Occasion:
    """For whom, where and when a basket counts; its quote is honoured where nothing about it is doubtful."""
    return Occasion(
        member_id=basket.member_id,
        store_id=basket.store_id,
        wall=basket.occurred_at.astimezone(site.zone),
        holder=basket.member_id or basket.terminal_id,
        quote_id=redeemed_quote(basket),
    )


async def open_for(
    session: AsyncSession, book: ReignBook, places: Places, baskets: Iterable[Basket], at: datetime
) -> Budget:
    """Lock and load the counters that the packs of some baskets need; no statement where they have no limits.

    Args:
        session: in a transaction that holds the locks on the members concerned.
        book: what is live where and when.
        at: aware UTC, now.
    """
    occasions: list[tuple[Sequence[Limit], Occasion]] = []
    for basket in baskets:
        limits = book.packs.at(basket.store_id, basket.occurred_at).limits
        if limits:
            occasions.append((limits, occasion_of(basket, places.store(basket.store_id))))
    return await open_budget(session, occasions, at)


def within(budget: Budget, basket: Basket, site: StorePlace, cause: Cause) -> Within:
    """The counters that bound a purchase, or what is given to a member of one that nobody owned."""
    return Within(budget.meter, occasion_of(basket, site), later=cause == "attribution")


def charged_by_rule(charged: dict[tuple[int, str], int]) -> dict[Rule, int]:
    """Discounts charged in our packs' names, (line, source) → minor units, by the rule that they name."""
    found: dict[Rule, int] = {}
    for (_, source), minor in charged.items():
        version, _, rule_id = source.removeprefix(PACK_SOURCE).partition("#")
        found[version, rule_id] = found.get((version, rule_id), 0) + minor
    return found


def book_takings(
    budget: Budget, bounds: Within, limits: Sequence[Limit], takings: Takings, cause: Cause, cause_id: UUID
) -> None:
    """Let what a purchase takes count, and let go what was reserved for it."""
    budget.claim(cause, cause_id, takings.claims, bounds.occasion.wall)
    bounds.meter.release(bounds.occasion, keys_of(limits, bounds.occasion))


def wanted_limits(limits: Iterable[Limit], occasion: Occasion, promises: Promises) -> list[Limit]:
    """The limits whose counters a quote has to lock."""
    return [limit for limit in limits if key_of(limit, occasion) in promises]
