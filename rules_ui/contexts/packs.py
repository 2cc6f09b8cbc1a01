"""The pack list and the pack page: parameters, rules in words, cases, versions."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rules_ui.contexts.base import FieldTrouble, PlacePick, View
from rules_ui.contexts.pack_home import PackHome, PackLive


@dataclass(frozen=True, slots=True)
class PackTile:
    """One pack of the list.

    Attributes:
        href: of its page; of one that is a draft only, of its editor.
        kind: "" where the draft cannot be read.
        draft: which save its draft is at, and when that was; "" where there is none.
    """

    href: str
    edit_href: str
    code: str
    title: str
    description: str
    kind: str
    live: str
    draft: str
    rules: int
    cases: int


@dataclass(frozen=True, slots=True)
class PackListPage(View):
    """All packs of the chain, those that are drafts only last."""

    template: ClassVar[str] = "pack_list.html"
    packs: tuple[PackTile, ...]
    may_edit: bool
    home: PackHome


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number that may be turned, as the form shows it.

    Attributes:
        value: as typed by a person: yuan, not fen.
        was: the value that is live, where another one is shown; else "".
        before, after: what stands left and right of the number.
    """

    name: str
    title: str
    value: str
    was: str
    before: str
    after: str
    bounds: str
    step: str
    least: str
    most: str


@dataclass(frozen=True, slots=True)
class RuleInWords:
    """One rule as a person would say it."""

    title: str
    effect: str
    conditions: tuple[str, ...]
    scope: str
    calendar: str


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case and how it went."""

    number: int
    name: str
    green: bool
    given: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class VersionMark:
    """What was done about a version: rolled back, held, undone.

    Attributes:
        chip: in one word.
        what, who: where or how much; by whom and when.
        why: the words of who did it, or "".
    """

    chip: str
    what: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of the history."""

    version: int
    created_at: datetime
    created_by: str
    live_since: datetime | None
    where: str
    reason: str
    live: bool
    shown: bool
    href: str
    marks: tuple[VersionMark, ...]


@dataclass(frozen=True, slots=True)
class Draft(View):
    """What saving has shown: findings and cases of what the form says now.

    Attributes:
        reason, problems: of the form that puts it live, as it was sent and refused.
        saved_version: the version that holds it; None while it is red or nothing was changed.
    """

    template: ClassVar[str] = "pack_draft.html"
    code: str
    findings: tuple[str, ...]
    cases: tuple[CaseLine, ...]
    green: bool
    failing: int
    saved_version: int | None
    live_version: int | None
    may_publish: bool
    may_edit: bool
    places: PlacePick
    reason: str
    problems: tuple[FieldTrouble, ...]
    adoptable: bool


@dataclass(frozen=True, slots=True)
class PackPage(View):
    """One pack at one version.

    Attributes:
        may_release: the reader may see the draft beside what is live: there is one.
    """

    template: ClassVar[str] = "pack.html"
    code: str
    title: str
    description: str
    kind: str
    version: int
    live_version: int | None
    parameters: tuple[Parameter, ...]
    problems: tuple[FieldTrouble, ...]
    rules: tuple[RuleInWords, ...]
    stacking: str
    limits: tuple[str, ...]
    versions: tuple[VersionLine, ...]
    older_href: str
    may_edit: bool
    may_release: bool
    draft: Draft
    at_the_tills: PackLive
