"""Releases: the list, and one with what it changes, who decided what, and where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rules_ui.contexts.base import Choice, FieldTrouble, PlacePick, Tone, View
from rules_ui.contexts.clashes import Clashes
from rules_ui.contexts.compare import DiffView, RehearsalLine


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """One release in a list."""

    href: str
    title: str
    version: int
    state: str
    tone: Tone
    where: str
    note: str
    who: str


@dataclass(frozen=True, slots=True)
class ReleaseListPage(View):
    """Releases at the reader's places, newest first.

    Attributes:
        waiting: those that wait for the reader; only on the first page.
        older: address of the next page, or "".
    """

    template: ClassVar[str] = "release_list.html"
    states: tuple[Choice, ...]
    waiting: tuple[ReleaseLine, ...]
    releases: tuple[ReleaseLine, ...]
    older: str


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One place of a plan."""

    place: str
    stage: str
    tone: Tone
    starts: str
    starts_at: datetime
    ends: str


@dataclass(frozen=True, slots=True)
class PlanStep:
    """Places that begin together, and what may be done with them.

    Attributes:
        more: how many places are not listed.
    """

    number: int
    places: tuple[PlanLine, ...]
    more: int
    may_halt: bool
    may_resume: bool


@dataclass(frozen=True, slots=True)
class StepTyped:
    """One step of the form that plans a release."""

    number: int
    places: PlacePick
    starts: str
    ends: str


@dataclass(frozen=True, slots=True)
class Act:
    """One line of a release's history."""

    icon: str
    what: str
    who: str
    at: datetime
    detail: str
    why: str


@dataclass(frozen=True, slots=True)
class Doable:
    """What the reader may do with a release now.

    Attributes:
        why_not: why he may not approve what waits for approval; "" where he may.
        steps: the form that plans it; empty where nothing is to be planned.
        back_places, end_places: where it can be rolled back, or ended.
    """

    approve: bool
    why_not: str
    withdraw: bool
    steps: tuple[StepTyped, ...]
    cancel: bool
    back_places: PlacePick | None
    end_places: PlacePick | None


@dataclass(frozen=True, slots=True)
class ReleasePage(View):
    """One release.

    Attributes:
        state_note: what happens next, in a sentence.
        rehearsal: the latest finished one of exactly this content; None where there is none.
        rehearsal_needed: the chain approves nothing without one.
        sent: what was typed before it was refused, by the id of its field.
        problems: by the id of the field; of none, it stands above.
        undo_href: where the order for taking back its points begins; "" where the reader may not.
    """

    template: ClassVar[str] = "release.html"
    release_id: str
    code: str
    title: str
    version: int
    state: str
    tone: Tone
    state_note: str
    where: str
    authors: str
    submitted: str
    reason: str
    decided: str
    words: str
    green: bool
    findings: tuple[tuple[str, str], ...]
    clashes: Clashes
    cases: int
    failing: int
    rehearsal: RehearsalLine | None
    rehearsal_needed: bool
    diff: DiffView
    plan: tuple[PlanStep, ...]
    acts: tuple[Act, ...]
    can: Doable
    sent: Mapping[str, str]
    undo_href: str
    problems: tuple[FieldTrouble, ...]
