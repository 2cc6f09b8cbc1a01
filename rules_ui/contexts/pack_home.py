"""What marketing sees first: what is live, waits, ends soon, how full the budgets are, what collides."""

from dataclasses import dataclass
from typing import ClassVar

from rules_ui.contexts.base import View
from rules_ui.contexts.charts import Chart
from rules_ui.contexts.clashes import Clashes
from rules_ui.contexts.releases import ReleaseLine


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """How full one limit is.

    Attributes:
        percent: None where several counters are summed.
        href: the pack's page; "" on that page itself.
    """

    title: str
    href: str
    used: str
    left: str
    percent: int | None
    used_up: bool
    history: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PackHome(View):
    """The cards above the list of packs.

    Attributes:
        live: how many packs are live at headquarters.
        mine: releases that wait for the reader; `others` for somebody else.
        ending: live releases that end within some weeks.
        failing: which rules failed at the tills, in a sentence; "" for none.
    """

    template: ClassVar[str] = "pack_home.html"
    live: int
    mine: tuple[ReleaseLine, ...]
    others: tuple[ReleaseLine, ...]
    scheduled: tuple[ReleaseLine, ...]
    ending: tuple[ReleaseLine, ...]
    budgets: tuple[BudgetLine, ...]
    clashes: Clashes
    failing: str


@dataclass(frozen=True, slots=True)
class LiveAt:
    """A place from which on downwards a version is live."""

    place: str
    version: int | None
    since: str
    next: str


@dataclass(frozen=True, slots=True)
class OutlayTold:
    """Where a pack's points and money went lately.

    Attributes:
        figures: label and amount; none where it has given nothing.
        stores: where most went, with what.
        as_of: how late the figures may be, in a sentence.
    """

    title: str
    figures: tuple[tuple[str, str], ...]
    charts: tuple[Chart, ...]
    stores: tuple[tuple[str, str], ...]
    as_of: str


@dataclass(frozen=True, slots=True)
class PackLive(View):
    """A pack at the tills: where since when, how full its limits are, what it collides with.

    Attributes:
        outlay: None of a pack that gives neither points nor money.
    """

    template: ClassVar[str] = "pack_live.html"
    places: tuple[LiveAt, ...]
    budgets: tuple[BudgetLine, ...]
    clashes: Clashes
    failing: str
    outlay: OutlayTold | None
