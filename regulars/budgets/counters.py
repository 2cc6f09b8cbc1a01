"""What is counted for a limit: whose count, over which stretch of the calendar, and how it stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from regulars.rules.domain import Limit, LimitEvery


class CounterKey(NamedTuple):
    """What one counter counts: a limit, for one subject, in one stretch of the calendar.

    Attributes:
        unit: what the limit counts; a limit that changes it begins anew.
        subject: the member's or the store's id; "" for the pack as a whole.
        period: "2026-11-22", "2026-W47", "2026-11", "2026" or "ever".
    """

    pack_code: str
    limit_code: str
    unit: str
    subject: str
    period: str


Claims = Mapping[CounterKey, int]
Cause = Literal["purchase", "attribution", "recompute"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What something took from a counter; written once and never changed."""

    key: CounterKey
    amount: int
    cause: Cause
    cause_id: UUID
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Occasion:
    """For whom, where and when something is given.

    Attributes:
        wall: the instant of the purchase on the store's own clock.
        holder: whose open quotes share a reservation: the member, else the till; None where nobody holds any.
        quote_id: the quote that is being bought, if any.
    """

    member_id: UUID | None
    store_id: UUID
    wall: datetime
    holder: UUID | None = None
    quote_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """What one quote is promised of a counter.

    Attributes:
        amount: in the counter's unit; 0 where nothing was left.
        by_rule: what each rule may give of it; a rule that is missing wanted nothing.
    """

    amount: int
    by_rule: Mapping[str, int]


Promises = Mapping[CounterKey, Promise]


@dataclass(frozen=True, slots=True)
class OpenQuote:
    """A quote that has not ended, and what it is promised."""

    promise: Promise
    expires_at: datetime


@dataclass(slots=True)
class Holding:
    """What one holder's open quotes reserve together: as much as the largest of them."""

    quotes: dict[UUID, OpenQuote]

    @property
    def amount(self) -> int:
        return max((quote.promise.amount for quote in self.quotes.values()), default=0)

    @property
    def expires_at(self) -> datetime:
        """When the last of them ends; there is at least one."""
        return max(quote.expires_at for quote in self.quotes.values())


@dataclass(slots=True)
class Counter:
    """One counter as it stands.

    Attributes:
        used: what has been given.
        reserved: what all open quotes hold, those of `holdings` included.
        holdings: of the holders at hand.
    """

    used: int = 0
    reserved: int = 0
    holdings: dict[UUID, Holding] = field(default_factory=dict)

    def promise(self, occasion: Occasion) -> Promise | None:
        """What the quote that is being bought was promised."""
        if occasion.holder is None or occasion.quote_id is None or occasion.holder not in self.holdings:
            return None
        quote = self.holdings[occasion.holder].quotes.get(occasion.quote_id)
        return quote.promise if quote is not None else None

    def left(self, at_most: int, occasion: Occasion) -> int:
        """How much may still be given to somebody: what others used or hold is gone."""
        own = self.holdings.get(occasion.holder) if occasion.holder is not None else None
        others = self.reserved - (own.amount if own is not None else 0)
        return max(0, at_most - self.used - others)


def period_of(every: LimitEvery, wall: datetime) -> str:
    """The name of the calendar stretch that an instant lies in.

    Args:
        every: the limit's stretch.
        wall: the instant on the store's own clock.
    Returns: the local date, ISO week (Monday to Sunday, of the ISO year), month or year; "ever".
    Source: docs/semantics.md, "Limits and budgets".
    """
    if every == "week":
        year, week, _ = wall.isocalendar()
        return f"{year:04}-W{week:02}"
    if every == "ever":
        return every
    length = {"day": 10, "month": 7, "year": 4}[every]
    return wall.date().isoformat()[:length]


def key_of(limit: Limit, occasion: Occasion) -> CounterKey | None:
    """The counter that a limit keeps for an occasion.

    Args:
        limit: of a live pack.
        occasion: for whom, where and when.
    Returns: the counter's key, or None: the limit counts by member, and nobody is known.
    """
    if limit.per == "member":
        if occasion.member_id is None:
            return None
        subject = str(occasion.member_id)
    else:
        subject = str(occasion.store_id) if limit.per == "store" else ""
    period = period_of(limit.every, occasion.wall)
    return CounterKey(limit.pack_code, limit.code, limit.of, subject, period)


def promise_of(key: CounterKey, by_rule: Mapping[str, int]) -> Promise:
    """What rules take from a counter together: several in one purchase are one use."""
    amounts = by_rule.values()
    return Promise(max(amounts, default=0) if key.unit == "uses" else sum(amounts), by_rule)


def keys_of(limits: Iterable[Limit], occasion: Occasion) -> list[CounterKey]:
    """The counters that limits keep for an occasion, without those that count nobody."""
    return [key for limit in limits if (key := key_of(limit, occasion)) is not None]
