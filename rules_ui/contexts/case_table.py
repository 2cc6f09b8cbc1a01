"""The cases of a draft as a table; the one that is open can be changed fact by fact."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from rules_ui.contexts.base import Choice, View

FactKind = Literal["text", "number", "choice", "moment"]


@dataclass(frozen=True, slots=True)
class CaseFact:
    """One thing that a case gives or expects, and can be changed.

    Attributes:
        at, do: as of a control of the editor.
        value: as people type it: yuan, not fen.
        options: of a choice.
        before, after: what stands left and right of it.
        trouble: why what was typed could not be read.
    """

    at: str
    do: str
    id: str
    label: str
    kind: FactKind
    value: str
    options: tuple[Choice, ...] = ()
    before: str = ""
    after: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class CaseLineForm:
    """One line of a case's basket."""

    at: str
    number: int
    facts: tuple[CaseFact, ...]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """What of the open case can be changed.

    Attributes:
        locked: what is changed in the code only, in words.
        more: facts that can be added.
        adoptable: it fails, and what came out can be made what it expects.
    """

    names: tuple[CaseFact, ...]
    facts: tuple[CaseFact, ...]
    lines: tuple[CaseLineForm, ...]
    expects: tuple[CaseFact, ...]
    locked: tuple[str, ...]
    more: tuple[Choice, ...]
    adoptable: bool


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """One case and how it went; `form` of the one that is open."""

    at: str
    id: str
    number: int
    name: str
    given: str
    expected: str
    got: str
    green: bool
    form: OpenCase | None


@dataclass(frozen=True, slots=True)
class CaseTable(View):
    """All cases of a draft, those that fail first.

    Attributes:
        told: whether they ran; a draft with other errors has no results.
        adoptable: what came out can be made what all failing ones expect.
    """

    template: ClassVar[str] = "case_table.html"
    code: str
    told: bool
    failing: int
    cases: tuple[CaseEntry, ...]
    adoptable: bool
