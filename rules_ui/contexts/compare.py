"""What a draft or version changes, in sentences and in the code, and what may be done with it."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from rules_ui.contexts.base import Choice, FieldTrouble, PlacePick, View
from rules_ui.contexts.clashes import Clashes

ChangeKind = Literal["added", "removed", "changed"]
LineKind = Literal["added", "removed", "same", "skipped"]


@dataclass(frozen=True, slots=True)
class SaidChange:
    """One part of a pack before and after.

    Attributes:
        before, after: its sentences; empty where it was not there, or is there no more.
        only_code: what differs is not said in sentences.
    """

    kind: ChangeKind
    title: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    only_code: bool = False


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Changes of one sort: rules, parameters, limits."""

    title: str
    changes: tuple[SaidChange, ...]


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of the code; "skipped" stands for some that are the same."""

    kind: LineKind
    text: str


@dataclass(frozen=True, slots=True)
class DiffView(View):
    """What differs between two texts of a pack.

    Attributes:
        before, after: what they are called; `before` is "" where there is nothing to compare with.
        cases: how the cases changed, in words; "" where they did not.
        unreadable: one of the texts is no pack, so that only the code can be compared.
    """

    template: ClassVar[str] = "diff.html"
    before: str
    after: str
    groups: tuple[ChangeGroup, ...]
    cases: str
    code: tuple[CodeLine, ...]
    unreadable: bool


@dataclass(frozen=True, slots=True)
class RehearsalLine:
    """A rehearsal in short.

    Attributes:
        figures: what it found, in a few words; "" before it is finished.
    """

    href: str
    state: str
    where: str
    when: str
    figures: str


@dataclass(frozen=True, slots=True)
class Submitting:
    """The form that asks for approval."""

    places: PlacePick
    reason: str


@dataclass(frozen=True, slots=True)
class Rehearsing:
    """The form that orders a rehearsal.

    Attributes:
        since, until: days as they were typed.
    """

    places: PlacePick
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class ComparePage(View):
    """A draft or a version beside what is live, and what may be done with it.

    Attributes:
        what: "draft" or the version's number.
        heading: what it is called.
        findings: what stands in the way, then what is good to know.
        clashes: how it would get on with what is live at headquarters.
        against: versions that it can be compared with.
        same: it is what is live, so that there is nothing to submit.
        rehearse: None where the reader may not.
        submit: None where the reader may not, or nothing can be submitted.
        problems: why what was asked for was not done; of no field, it stands above.
    """

    template: ClassVar[str] = "compare.html"
    code: str
    title: str
    what: str
    revision: int
    heading: str
    made: str
    green: bool
    findings: tuple[tuple[str, str], ...]
    clashes: Clashes
    cases: int
    failing: int
    against: tuple[Choice, ...]
    diff: DiffView
    rehearsals: tuple[RehearsalLine, ...]
    same: bool
    rehearse: Rehearsing | None
    submit: Submitting | None
    may_edit: bool
    problems: tuple[FieldTrouble, ...]
