"""Whether a pack or one of its rules counts at all, here, now and for this member."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from regulars.rules.domain import CalendarFacts, MemberFacts, PurchaseFacts, StoreFacts
from regulars.rules.reach_model import Reach, Season

OUT_OF_SCOPE: Final = "out_of_scope"
OUT_OF_SEASON: Final = "out_of_season"
_NEVER_ENDS = 99_991_231


@dataclass(frozen=True, slots=True)
class ReachGate:
    """Where and for whom; None leaves it open."""

    places: frozenset[str] | None
    channels: frozenset[str] | None
    tiers: frozenset[str] | None

    def is_open(self, member: MemberFacts, purchase: PurchaseFacts, store: StoreFacts) -> bool:
        if self.channels is not None and purchase.channel not in self.channels:
            return False
        if self.tiers is not None and member.tier not in self.tiers:
            return False
        return self.places is None or not self.places.isdisjoint((store.code, store.branch, *store.above))


@dataclass(frozen=True, slots=True)
class SeasonGate:
    """When, on the store's clock; None leaves it open.

    Attributes:
        first, last: dates as eight digits, both in.
        hours: minutes of the day, the second not in; over midnight where it is not later.
    """

    first: int
    last: int
    weekdays: frozenset[int] | None
    days_of_month: frozenset[int] | None
    hours: tuple[tuple[int, int], ...]
    never_on: frozenset[int]

    def is_open(self, calendar: CalendarFacts) -> bool:
        if not self.first <= calendar.date <= self.last or calendar.date in self.never_on:
            return False
        if self.weekdays is not None and calendar.weekday not in self.weekdays:
            return False
        if self.days_of_month is not None and calendar.day not in self.days_of_month:
            return False
        return not self.hours or _within(calendar.hour * 60 + calendar.minute, self.hours)


@dataclass(frozen=True, slots=True)
class Gate:
    """The way to one rule: through its pack's gates and its own."""

    reaches: tuple[ReachGate, ...]
    seasons: tuple[SeasonGate, ...]

    def closed(
        self, member: MemberFacts, purchase: PurchaseFacts, store: StoreFacts, calendar: CalendarFacts
    ) -> str | None:
        """Why the rule does not count: "out_of_scope", "out_of_season", or None where it does."""
        for reach in self.reaches:
            if not reach.is_open(member, purchase, store):
                return OUT_OF_SCOPE
        for season in self.seasons:
            if not season.is_open(calendar):
                return OUT_OF_SEASON
        return None


def gate_of(reaches: Sequence[Reach | None], seasons: Sequence[Season | None]) -> Gate | None:
    """The gate of a rule; None where everything is open.

    Args:
        reaches, seasons: the pack's and the rule's own, as they are written.
    """
    narrow = tuple(_reach(reach) for reach in reaches if reach is not None)
    timed = tuple(_season(season) for season in seasons if season is not None)
    return Gate(narrow, timed) if narrow or timed else None


def minute_of(clock: str) -> int:
    """The minute of the day of a text such as 08:30; 24:00 is the end of the day."""
    return int(clock[:2]) * 60 + int(clock[3:])


def date_number(day: str) -> int:
    """A date text as eight digits."""
    return int(day.replace("-", ""))


def _reach(reach: Reach) -> ReachGate:
    return ReachGate(_set(reach.places), _set(reach.channels), _set(reach.tiers))


def _season(season: Season) -> SeasonGate:
    return SeasonGate(
        first=date_number(season.from_) if season.from_ else 0,
        last=date_number(season.until) if season.until else _NEVER_ENDS,
        weekdays=None if season.weekdays is None else frozenset(season.weekdays),
        days_of_month=None if season.days_of_month is None else frozenset(season.days_of_month),
        hours=tuple((minute_of(hours.from_), minute_of(hours.until)) for hours in season.hours or ()),
        never_on=frozenset(date_number(day) for day in season.except_ or ()),
    )


def _set(members: Sequence[str] | None) -> frozenset[str] | None:
    return None if members is None else frozenset(members)


def _within(minute: int, hours: Sequence[tuple[int, int]]) -> bool:
    return any(
        start <= minute < end if start < end else minute >= start or minute < end for start, end in hours
    )
