"""The rule editor: parameters, rules and their conditions as a form over one text."""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from rules_ui.contexts.base import Choice, FieldTrouble, Tone, View
from rules_ui.contexts.case_table import CaseTable

ControlKind = Literal["number", "date", "text", "long", "choice", "choices"]


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """Options that stand under one heading."""

    label: str
    options: tuple[Choice, ...]


SUGGESTED_PLACES: Final = "suggested-places"
"""Id of the list of places that are suggested while typing."""


@dataclass(frozen=True, slots=True)
class Control:
    """One thing that can be changed; a change is sent alone.

    Attributes:
        at: JSON Pointer of what it changes.
        do: what kind of change it is, see `rules_ui.editor.changes`.
        name: of the form's field.
        id: of the element, the same as long as the place is.
        label: for those who do not see where it stands.
        value: as people type it: yuan, not fen.
        options: of choices; one that the field no longer offers is kept as the chosen one.
        groups: its options under headings, of a long list.
        before, after: what stands left and right of it.
        more: how what is not among the options can be written, where it can.
        suggest: id of a list of what could be written there, "" for none.
    """

    at: str
    do: str
    name: str
    id: str
    label: str
    kind: ControlKind
    value: str = ""
    options: tuple[Choice, ...] = ()
    before: str = ""
    after: str = ""
    optional: bool = False
    groups: tuple[OptionGroup, ...] = ()
    more: Literal["", "text", "date", "number"] = ""
    suggest: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """What the checker says of a place.

    Attributes:
        href: where it is shown in the form; "" where the form has no such place.
        line: in the code; 0 where that is not known.
    """

    tone: Tone
    message: str
    href: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class EditorNotice:
    """What has just happened, and where to look at it; all in the reader's words."""

    tone: Tone
    message: str
    href: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class ConditionView:
    """One condition of the form.

    Attributes:
        kind: how it is shown.
        words: the whole of it as a sentence.
        controls: in the order in which they read as a sentence.
        members: of a group, of all lines, of a total's lines.
        adds: what can be added in it.
        raw: the code of what is locked.
        line: where it stands in the code.
    """

    kind: Literal["comparison", "group", "each_line", "total", "locked"]
    at: str
    id: str
    words: str
    controls: tuple[Control, ...] = ()
    members: tuple["ConditionView", ...] = ()
    adds: tuple["Addition", ...] = ()
    remarks: tuple[Remark, ...] = ()
    raw: str = ""
    removable: bool = True
    line: int = 0


@dataclass(frozen=True, slots=True)
class Addition:
    """Something that can be added: `at` is where, `what` names it, `label` says it in the reader's words."""

    at: str
    do: str
    what: str
    label: str
    id: str


@dataclass(frozen=True, slots=True)
class SlotView:
    """One part of an action, a limit or another plain thing: its name and what can be changed of it.

    Attributes:
        raw: the code of what is locked, `line` where it stands.
        removal: JSON Pointer of what can be taken away here; "" where nothing can.
    """

    label: str
    controls: tuple[Control, ...]
    help: str = ""
    raw: str = ""
    remarks: tuple[Remark, ...] = ()
    conditions: tuple[ConditionView, ...] = ()
    adds: tuple[Addition, ...] = ()
    id: str = ""
    line: int = 0
    removal: str = ""


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule: in words, what it asks, what it gives.

    Attributes:
        extras: what else can be said of its action.
        where: a group of slots for where, for whom and when.
    """

    at: str
    id: str
    code: str
    title: str
    titles: tuple[Control, ...]
    sentence: str
    conditions: tuple[ConditionView, ...]
    join: Control | None
    adds: tuple[Addition, ...]
    action: str
    slots: tuple[SlotView, ...]
    extras: tuple[Addition, ...]
    where: tuple[SlotView, ...]
    remarks: tuple[Remark, ...]
    first: bool
    last: bool


@dataclass(frozen=True, slots=True)
class BandCell:
    """One value of a decision table; `note` names the parameter that gives it."""

    control: Control
    note: str


@dataclass(frozen=True, slots=True)
class BandRow:
    """One rule as a row."""

    at: str
    id: str
    titles: tuple[Control, ...]
    cells: tuple[BandCell, ...]


@dataclass(frozen=True, slots=True)
class BandTable:
    """Rules that differ in a few values, as a decision table.

    Attributes:
        heads: of the columns, without that of the names.
        also: what all rows ask alike, in words.
    """

    id: str
    heads: tuple[str, ...]
    rows: tuple[BandRow, ...]
    add: Addition
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleBlock:
    """Rules that act one after the other: as a table and each alone, or one rule alone."""

    table: BandTable | None
    rules: tuple[RuleView, ...]


@dataclass(frozen=True, slots=True)
class PartView:
    """A limit, an exclusion, or another named part of the pack."""

    at: str
    id: str
    title: str
    slots: tuple[SlotView, ...]
    remarks: tuple[Remark, ...] = ()
    adds: tuple[Addition, ...] = ()
    removable: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Parts of one sort, and what can be added to them."""

    id: str
    title: str
    hint: str
    parts: tuple[PartView, ...]
    adds: tuple[Addition, ...]
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """The pack said plainly in one language."""

    lang: str
    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EditorBody(View):
    """All that a change may change.

    Attributes:
        based_on: the draft's revision that is shown; 0 where there is none yet.
        readable: whether the text can be shown as a form at all; else only its code can be mended.
        where_saved: a sentence on whose save this is and when.
        homeless: of the remarks those that no place of the form shows.
        code_marks: the remarks as JSON, for the code editor.
    """

    template: ClassVar[str] = "editor_body.html"
    code: str
    based_on: int
    readable: bool
    title: str
    kind: str
    where_saved: str
    notices: tuple[EditorNotice, ...]
    troubles: tuple[FieldTrouble, ...]
    green: bool
    verdict: str
    remarks: tuple[Remark, ...]
    homeless: tuple[Remark, ...]
    code_marks: str
    parameters: Section
    blocks: tuple[RuleBlock, ...]
    rule_adds: tuple[Addition, ...]
    sections: tuple[Section, ...]
    case_table: CaseTable
    summaries: tuple[Summary, ...]
    text: str


@dataclass(frozen=True, slots=True)
class EditorPage(View):
    """The editor of one pack's draft.

    Attributes:
        places: suggested where a place's code is typed; none where all are shown to be ticked.
    """

    template: ClassVar[str] = "editor.html"
    code: str
    title: str
    places: tuple[Choice, ...]
    body: EditorBody
