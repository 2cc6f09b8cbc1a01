"""Segments: the list, one with its versions, the builder, and what a count found."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from rules_ui.contexts.base import FieldTrouble, PlacePick, View
from rules_ui.contexts.editor import Addition, ConditionView, Control, EditorNotice, Remark


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """One segment of the list."""

    href: str
    count_href: str
    title: str
    code: str
    place: str
    version: int
    saved_at: datetime
    saved_by: str


@dataclass(frozen=True, slots=True)
class SegmentListPage(View):
    """The segments in sight."""

    template: ClassVar[str] = "segment_list.html"
    segments: tuple[SegmentLine, ...]
    next_href: str | None
    first_href: str | None
    may_edit: bool


@dataclass(frozen=True, slots=True)
class SegmentFigure(View):
    """How many members a segment holds for, in a few words.

    Attributes:
        trouble: why there is no figure, or "".
    """

    template: ClassVar[str] = "segment_figure.html"
    matching: str
    members: str
    way: str
    as_of: datetime | None
    trouble: str


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One member for whom a condition holds; nothing personal but the end of a phone."""

    href: str
    number: str
    phone: str
    store: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SegmentCount(View):
    """How many members a condition holds for, and some of them.

    Attributes:
        looked_at: how many were decided where the count is estimated from them; "" where it is exact.
        failed: members for whom it could not be decided.
        undecided: members about whom time has something to decide.
        remarks: what may be wrong with the condition.
        trouble: why there is no count, or "".
    """

    template: ClassVar[str] = "segment_count.html"
    matching: str
    members: int
    looked_at: str
    share: str
    as_of: datetime | None
    way: str
    why_rows: str
    failed: int
    undecided: int
    remarks: tuple[str, ...]
    sample: tuple[SampleLine, ...]
    trouble: str


@dataclass(frozen=True, slots=True)
class SaidCondition:
    """A condition as sentences of one language."""

    lang: str
    title: str
    join: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentForm(View):
    """The condition as a form; each change of it is sent alone and answered by the form anew.

    Attributes:
        action: where changes go.
        condition: its text, which every change carries: nothing is kept before it is saved.
        count_id: another for every condition and refusal, so that it is counted anew.
    """

    template: ClassVar[str] = "segment_form.html"
    action: str
    condition: str
    count_id: str
    notices: tuple[EditorNotice, ...]
    troubles: tuple[FieldTrouble, ...]
    join: Control | None
    conditions: tuple[ConditionView, ...]
    adds: tuple[Addition, ...]
    remarks: tuple[Remark, ...]
    said: tuple[SaidCondition, ...]
    green: bool


@dataclass(frozen=True, slots=True)
class SegmentEditor(View):
    """The builder.

    Attributes:
        based_on: the newest version that its author has seen; 0 for a new segment.
        problems: what keeps it from being saved, by field.
    """

    template: ClassVar[str] = "segment_editor.html"
    heading: str
    back_href: str
    code: str
    based_on: int
    title_zh: str
    title_en: str
    description: str
    reason: str
    places: PlacePick
    problems: tuple[FieldTrouble, ...]
    form: SegmentForm


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version in the history."""

    href: str
    version: int
    saved_at: datetime
    saved_by: str
    reason: str
    shown: bool


@dataclass(frozen=True, slots=True)
class SegmentPage(View):
    """One version of a segment, and its history.

    Attributes:
        newest: whether no later version exists.
        edit_href: "" where the reader may not change it.
        copy_href: "" where the reader may not make segments.
    """

    template: ClassVar[str] = "segment.html"
    id: UUID
    title: str
    code: str
    place: str
    version: int
    newest: bool
    description: str
    said: tuple[SaidCondition, ...]
    condition: str
    remarks: tuple[Remark, ...]
    count_href: str
    edit_href: str
    copy_href: str
    versions: tuple[VersionLine, ...]
    older_href: str | None
