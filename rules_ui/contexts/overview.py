"""The overview: how the chain is doing now, and what it is told by a stream."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from rules_ui.contexts.base import Tier, View

Mood = Literal["good", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Cell:
    """Members in one stage and tier.

    Attributes:
        heat: 0 for nobody, 1 to 4 by share of the fullest cell.
        href: the list of just these members.
    """

    members: int
    heat: int
    href: str


@dataclass(frozen=True, slots=True)
class StageRow:
    """One row of the table of standings."""

    stage: str
    cells: tuple[Cell, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One minute of the little chart, in the units of its view box."""

    x: int
    height: int
    latest: bool


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One part of the machinery, in the reader's words."""

    mood: Mood
    title: str
    note: str
    figure: str


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened to a member, in the reader's words."""

    member_id: UUID
    who: str
    what: str
    icon: str
    mark: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A purchase among the latest.

    Attributes:
        member_id: None where it has no member whom the reader may see.
        who: the member, or why none is named.
    """

    id: UUID
    member_id: UUID | None
    who: str
    store: str
    at: datetime
    sales: str
    points: int


@dataclass(frozen=True, slots=True)
class Live(View):
    """The part of the overview that moves.

    Attributes:
        lately: purchases of the last `lately_minutes`, which are 60 but in the first looks at a busy chain.
        bars: purchases a minute over the last half hour, oldest first.
    """

    template: ClassVar[str] = "overview_live.html"
    members: int
    active: int
    active_share: str
    per_minute: int
    lately: int
    lately_minutes: int
    bars: tuple[Bar, ...]
    chart_says: str
    tasks_open: int
    tasks_overdue: int
    points: int
    tiers: tuple[Tier, ...]
    rows: tuple[StageRow, ...]
    tier_totals: tuple[int, ...]
    health: tuple[HealthLine, ...]
    happenings: tuple[Told, ...]
    sales: tuple[SaleLine, ...]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class OverviewPage(View):
    """The first page after sign-in."""

    template: ClassVar[str] = "overview.html"
    live: Live
    may_operate: bool
