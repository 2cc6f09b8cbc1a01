"""The saves of a draft, and one of them to look at and to go back to."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rules_ui.contexts.base import View
from rules_ui.contexts.compare import DiffView


@dataclass(frozen=True, slots=True)
class SaveLine:
    """One save, in the reader's words.

    Attributes:
        name: "Revision 7", or that it was kept aside.
        kind: how it came about.
        newest: whether the draft is this one.
        aside: whether it was refused for another's change.
    """

    href: str
    name: str
    kind: str
    who: str
    at: datetime
    newest: bool
    aside: bool


@dataclass(frozen=True, slots=True)
class HistoryPage(View):
    """The saves of a draft, the newest first; `older` is the address of those before, or ""."""

    template: ClassVar[str] = "editor_history.html"
    code: str
    title: str
    saves: tuple[SaveLine, ...]
    older: str


@dataclass(frozen=True, slots=True)
class SavePage(View):
    """One save.

    Attributes:
        based_on: the draft's newest revision, which the comparison is with.
        diff: what going back to the save would change.
    """

    template: ClassVar[str] = "editor_save.html"
    code: str
    title: str
    save: SaveLine
    save_id: str
    based_on: int
    diff: DiffView
    text: str
