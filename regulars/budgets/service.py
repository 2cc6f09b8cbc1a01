"""Counters from lock to write: loaded for a whole batch at once, moved in memory, written once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets import repository
from regulars.budgets.counters import Cause, Claim, Claims, CounterKey, Occasion, keys_of
from regulars.budgets.domain import Meter
from regulars.budgets.repository import Held
from regulars.rules.domain import Limit

SWEPT_AT_ONCE: Final = 20
"""Ended reservations that a quote clears away besides its own: more than it can leave behind."""


@dataclass(slots=True)
class Budget:
    """The counters of one transaction, and what it does to them.

    Attributes:
        meter: the counters in memory.
        claims: what was claimed so far.
    """

    meter: Meter = field(default_factory=Meter)
    claims: list[Claim] = field(default_factory=list)
    held: frozenset[Held] = frozenset()
    expired: frozenset[Held] = frozenset()

    def claim(self, cause: Cause, cause_id: UUID, claims: Claims, effective_at: datetime) -> None:
        """Move counters by what something took, and remember why.

        Args:
            cause: what took it.
            cause_id: its id; it claims from a counter once.
            claims: amounts; those of 0 are left out.
            effective_at: when it counts.
        """
        self.meter.take(claims)
        self.claims += [
            Claim(key, amount, cause, cause_id, effective_at) for key, amount in claims.items() if amount
        ]


async def open_budget(
    session: AsyncSession, occasions: Iterable[tuple[Sequence[Limit], Occasion]], at: datetime
) -> Budget:
    """Lock and load, set-based, every counter that some limits keep for some occasions.

    Without limits no statement is made.

    Args:
        session: in a transaction that holds the locks on the members concerned, if any: members come
            first, counters after them, so that two transactions never wait for each other.
        occasions: the limits of the packs that read each, and the occasion.
        at: aware UTC, now; reservations that ended by then no longer count.
    Returns: the counters; the caller moves them and calls `write_budget`.
    Source: docs/semantics.md, "Limits and budgets".
    """
    keys, holders = _concerned(occasions)
    if not keys:
        return Budget()
    await repository.lock(session, keys)
    loaded = await repository.read(session, keys, holders, at)
    meter = Meter(loaded.counters)
    meter.moved |= {key for key, _ in loaded.expired}
    return Budget(meter, held=loaded.held, expired=loaded.expired)


async def peek_budget(
    session: AsyncSession, occasions: Iterable[tuple[Sequence[Limit], Occasion]], at: datetime
) -> Meter:
    """The same counters without a lock: for a look that writes nothing.

    Args:
        session: any.
        occasions, at: as for `open_budget`.
    Returns: the counters in memory.
    """
    keys, holders = _concerned(occasions)
    return Meter((await repository.read(session, keys, holders, at)).counters) if keys else Meter()


async def write_budget(session: AsyncSession, budget: Budget, at: datetime) -> None:
    """Write what moved: counters, claims and reservations; no statement where nothing did.

    Args:
        session: the one that opened it.
        budget: from `open_budget`.
        at: aware UTC, the time of recording.
    Raises: UniqueViolationError: the cause has claimed from a counter already; nothing is written.
    """
    meter = budget.meter
    if not meter.moved:
        return
    moved = {key: meter.counters[key] for key in sorted(meter.moved)}
    await repository.write(session, moved, budget.claims, at)
    holdings = {
        (key, holder): holding
        for key, counter in moved.items()
        for holder, holding in counter.holdings.items()
    }
    at_hand = {held for held in budget.held | budget.expired if held[0] in moved}
    gone = at_hand - holdings.keys()
    if gone:
        await repository.let_go(session, gone)
    if holdings:
        await repository.hold(session, holdings)


async def sweep_reservations(session: AsyncSession, at: datetime) -> None:
    """Clear away a few of the reservations that ended: else those of past days would lie about for ever.

    Args:
        session: in a transaction, its own counters written already.
        at: aware UTC, now.
    """
    await repository.sweep(session, at, SWEPT_AT_ONCE)


def _concerned(
    occasions: Iterable[tuple[Sequence[Limit], Occasion]],
) -> tuple[list[CounterKey], set[UUID]]:
    keys: set[CounterKey] = set()
    holders: set[UUID] = set()
    for limits, occasion in occasions:
        keys.update(keys_of(limits, occasion))
        if occasion.holder is not None:
            holders.add(occasion.holder)
    return sorted(keys), holders
