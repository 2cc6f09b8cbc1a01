"""A draft as it is kept: its revisions, and what became of a save."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from regulars.rules.checker import Report

RevisionKind = Literal["saved", "merged", "imported", "restored", "side"]
SaveResult = Literal["saved", "unchanged", "merged", "refused"]
DraftState = Literal["open", "submitted"]
NOTE_MAX = 200


@dataclass(frozen=True, slots=True)
class RevisionLine:
    """One save of a draft, without its text.

    Attributes:
        revision: its number, None where it was refused for another's change and kept aside.
        based_on: the revision that its writer had before him; 0: none.
        no: grows with every save of every draft; 0 before it is kept.
    """

    id: UUID
    code: str
    revision: int | None
    based_on: int
    kind: RevisionKind
    note: str | None
    saved_at: datetime
    saved_by: str
    no: int = 0


@dataclass(frozen=True, slots=True)
class Revision:
    """One save of a draft with its text, byte for byte as written."""

    line: RevisionLine
    text: str


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One draft in a list.

    Attributes:
        state: "submitted" where a release that nobody stopped has its newest revision, else "open".
    """

    code: str
    revision: int
    updated_at: datetime
    updated_by: str
    state: DraftState


@dataclass(frozen=True, slots=True)
class NewSave:
    """A text to be saved.

    Attributes:
        id: drawn by who asks; a repeated save with the same id is one.
        based_on: the revision that was changed; 0 where there is no draft yet.
    """

    id: UUID
    text: str
    based_on: int
    kind: RevisionKind = "saved"
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a save.

    Attributes:
        revision: the draft's newest now; where refused, the one that stood in the way.
        theirs: JSON Pointers of what others changed since the revision that this one was based on.
        mine: of what this one changed; both empty where nobody else saved meanwhile.
        conflicts: of what both changed.
        side: what was refused, kept.
        report: what the checker says of the newest revision's text.
    """

    result: SaveResult
    revision: Revision
    report: Report
    theirs: tuple[str, ...] = ()
    mine: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    side: RevisionLine | None = None
