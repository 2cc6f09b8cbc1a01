"""Explains one purchase or event of a database, or proves all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.db.session import Database
from regulars.entrypoints.database import database_of
from regulars.explanation.domain import EventExplanation, PurchaseExplanation
from regulars.explanation.event_service import explain_event
from regulars.explanation.service import explain_purchase
from regulars.explanation.shelf import Shelf
from regulars.explanation.sweep import Disagreement, sweep_entries, sweep_events, sweep_purchases
from regulars.organisation.places import Places
from regulars.purchases.errors import PurchaseUnknown
from regulars.security.scope import EVERYWHERE
from regulars.settings import Settings

SHOWN_MOST: Final = 100
Explained = PurchaseExplanation | EventExplanation


@dataclass(frozen=True, slots=True)
class Proof:
    """What recomputing everything came to.

    Attributes:
        purchases, awards, events: how many were recomputed.
        disagreeing: how many purchases, events and entries are not what recomputing gives.
        other_engine: how many were evaluated by another engine then.
        entries: what was booked after purchases: taken back, given later, paid of debts.
        no_longer_failing: in how many a rule failed that today's engine can read: a remark, no difference.
        shown: the first of those that disagree.
    """

    purchases: int
    awards: int
    events: int
    other_engine: int
    disagreeing: int
    shown: tuple[Disagreement, ...]
    no_longer_failing: int = 0
    entries: int = 0

    @property
    def ok(self) -> bool:
        return self.disagreeing == 0


async def explain(settings: Settings, subject: UUID) -> Explained:
    """Explain the purchase or the lifecycle event with this id.

    Raises: EventUnknown: it is neither.
    """
    async with database_of(settings, "regulars-explain") as database:
        return await explain_in(database, subject)


async def explain_in(database: Database, subject: UUID) -> Explained:
    """The same on an open database."""
    places = Places()
    async with database.read() as session:
        await places.refresh(session)
        try:
            return await explain_purchase(session, Shelf(), places, subject, EVERYWHERE)
        except PurchaseUnknown:
            return await explain_event(session, Shelf(), places, subject, EVERYWHERE)


async def prove(
    settings: Settings, since: datetime | None, notice: Callable[[int], None] = lambda _: None
) -> Proof:
    """Recompute everything that was recorded since an instant, and compare it with the books.

    Args:
        settings: which database; started if need be.
        since: aware; None for all.
        notice: told how many were recomputed so far.
    """
    async with database_of(settings, "regulars-explain") as database:
        return await prove_in(database, since, notice)


async def prove_in(
    database: Database, since: datetime | None, notice: Callable[[int], None] = lambda _: None
) -> Proof:
    """The same on an open database."""
    shelf, places = Shelf(), Places()
    purchases = awards = events = others = mended = disagreeing = 0
    shown: list[Disagreement] = []
    async for page in sweep_purchases(database.read, shelf, places, since):
        purchases, awards, others = purchases + page.checked, awards + page.awards, others + page.other_engine
        disagreeing += len(page.found)
        mended += page.no_longer_failing
        shown += page.found[: SHOWN_MOST - len(shown)]
        notice(purchases)
    async for page in sweep_events(database.read, shelf, places, since):
        events += page.checked
        disagreeing += len(page.found)
        shown += page.found[: SHOWN_MOST - len(shown)]
        notice(purchases + events)
    entries = 0
    async for page in sweep_entries(database.read, since):
        entries += page.checked
        disagreeing += len(page.found)
        shown += page.found[: SHOWN_MOST - len(shown)]
        notice(purchases + events + entries)
    return Proof(purchases, awards, events, others, disagreeing, tuple(shown), mended, entries)
