"""Rehearsals: the list, one at work, and what a finished one found."""

from dataclasses import dataclass
from typing import ClassVar

from rules_ui.contexts.base import Choice, View
from rules_ui.contexts.charts import Chart
from rules_ui.contexts.compare import RehearsalLine


@dataclass(frozen=True, slots=True)
class RehearsalListPage(View):
    """Rehearsals at the reader's places, the latest first."""

    template: ClassVar[str] = "rehearsal_list.html"
    rehearsals: tuple[RehearsalLine, ...]
    older: str


@dataclass(frozen=True, slots=True)
class RehearsalProgress(View):
    """How far a rehearsal is; asks again by itself until it has ended.

    Attributes:
        percent: None before the number of purchases is known.
    """

    template: ClassVar[str] = "rehearsal_progress.html"
    rehearsal_id: str
    state: str
    percent: int | None
    said: str
    may_cancel: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure as it was, as it would have been, and the difference."""

    title: str
    before: str
    after: str
    difference: str
    more: bool = False
    less: bool = False


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit of the draft in the rehearsal."""

    title: str
    given: str
    withheld: str
    used_up: str


@dataclass(frozen=True, slots=True)
class SamplePurchase:
    """One receipt with what it gave and would have given, rule by rule."""

    href: str
    when: str
    before: str
    after: str
    rules_before: tuple[str, ...]
    rules_after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member for whom the draft makes a difference."""

    href: str
    who: str
    rank: str
    before: str
    after: str
    difference: str
    tier: str
    samples: tuple[SamplePurchase, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The first of those who would have gained, or lost, most."""

    id: str
    title: str
    members: tuple[MemberLine, ...]


@dataclass(frozen=True, slots=True)
class Found(View):
    """What a finished rehearsal found.

    Attributes:
        summary: the whole in a sentence or two.
    """

    template: ClassVar[str] = "rehearsal_found.html"
    summary: str
    assumption: str
    figures: tuple[Compared, ...]
    charts: tuple[Chart, ...]
    moves: tuple[Compared, ...]
    asked: tuple[Compared, ...]
    rules: tuple[Compared, ...]
    limits: tuple[LimitLine, ...]
    rankings: tuple[Ranking, ...]
    more: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class RehearsalPage(View):
    """One rehearsal: its progress, or what it found."""

    template: ClassVar[str] = "rehearsal.html"
    title: str
    where: str
    span: str
    ordered: str
    back: str
    state: str
    progress: RehearsalProgress | None
    found: Found | None
    failed: str


@dataclass(frozen=True, slots=True)
class RankedPage(View):
    """Winners or losers, page by page."""

    template: ClassVar[str] = "rehearsal_members.html"
    rehearsal_id: str
    title: str
    choices: tuple[Choice, ...]
    members: tuple[MemberLine, ...]
    next_href: str
