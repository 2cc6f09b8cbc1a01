"""Packs, their versions and their drafts on the wire."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.base import In, Out, Reasoned
from regulars.releases.drafting import (
    NOTE_MAX,
    DraftLine,
    DraftState,
    Revision,
    RevisionKind,
    RevisionLine,
    Saved,
    SaveResult,
)
from regulars.rules.domain import PackKind
from regulars.rules.findings import Finding, Severity
from regulars.rules.reading import MOST_BYTES
from regulars.rules.stored import Activation, StoredVersion, VersionLine

PackText = Annotated[
    str,
    Field(max_length=MOST_BYTES, description="The pack as JSON text, kept byte for byte; it may be wrong."),
]
Revisions = Annotated[int, Field(ge=0, le=1 << 30, strict=True)]
_TEXT: dict[str, Any] = {"text": '{"code": "spring", "kind": "earning", "rules": []}'}


class DraftIn(Reasoned):
    """A text to be saved as the newest revision of a draft."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_TEXT, "based_on": 3}]})

    text: PackText
    based_on: Annotated[Revisions, Field(description="The revision that was changed; 0 begins a draft.")]
    save_id: Annotated[
        UUID | None, Field(description="Drawn by you and kept across retries: a save counts once.")
    ] = None
    reason: Annotated[str | None, Field(max_length=NOTE_MAX, description="What is changed, and why.")] = None


class ImportIn(In):
    """A pack's file."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TEXT]})

    text: PackText
    based_on: Annotated[
        Revisions | None, Field(description="The revision it is a change of; left out, it replaces any.")
    ] = None
    save_id: UUID | None = None


class RestoreIn(In):
    """Which revision was looked at when an earlier save was chosen."""

    based_on: Revisions


class FindingOut(Out):
    """One thing to mend."""

    code: str
    severity: Severity
    pointer: Annotated[str, Field(description="JSON Pointer into the text.")]
    zh: str
    en: str

    @classmethod
    def of(cls, found: Finding) -> Self:
        return cls.model_validate(found)


class SaveOut(Out):
    """One save of a draft, without its text."""

    id: UUID
    no: Annotated[int, Field(description="Give the last one's as `before` for the next page.")]
    revision: Annotated[int | None, Field(description="Null: refused for another's change, and kept.")]
    based_on: int
    kind: RevisionKind
    reason: Annotated[str | None, Field(validation_alias="note")]
    saved_at: datetime
    saved_by: str

    @classmethod
    def of(cls, line: RevisionLine) -> Self:
        return cls.model_validate(line)


class RevisionOut(Out):
    """One save of a draft."""

    code: str
    save: SaveOut
    text: str

    @classmethod
    def of(cls, revision: Revision) -> Self:
        return cls(code=revision.line.code, save=SaveOut.of(revision.line), text=revision.text)


class SavedOut(Out):
    """What became of a save."""

    result: SaveResult
    code: str
    revision: int
    text: str
    green: Annotated[bool, Field(description="Whether it could be submitted as it is.")]
    findings: list[FindingOut]
    theirs: Annotated[list[str], Field(description="JSON Pointers of what others changed meanwhile.")]
    mine: list[str]

    @classmethod
    def of(cls, saved: Saved) -> Self:
        line = saved.revision.line
        return cls(
            result=saved.result,
            code=line.code,
            revision=line.revision or 0,
            text=saved.revision.text,
            green=saved.report.green,
            findings=[FindingOut.of(found) for found in saved.report.findings],
            theirs=list(saved.theirs),
            mine=list(saved.mine),
        )


class DraftOut(Out):
    """One draft in a list."""

    code: str
    revision: int
    updated_at: datetime
    updated_by: str
    state: Annotated[
        DraftState, Field(description="`submitted`: its newest revision is in a release that nobody stopped.")
    ]

    @classmethod
    def of(cls, line: DraftLine) -> Self:
        return cls.model_validate(line)


class DraftPageOut(Out):
    """Drafts by code."""

    items: list[DraftOut]
    next_after: str | None = None


class VersionLineOut(Out):
    """One version, without its text."""

    code: str
    version: int
    kind: PackKind
    hash: str
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, line: VersionLine) -> Self:
        return cls.model_validate(line)


class PackPageOut(Out):
    """The newest version of each pack, by code."""

    items: list[VersionLineOut]
    next_after: str | None = None


class VersionPageOut(Out):
    """Versions of a pack, newest first."""

    items: list[VersionLineOut]
    next_before: int | None = None


class VersionOut(VersionLineOut):
    """One version with its text."""

    text: str

    @classmethod
    def of_stored(cls, stored: StoredVersion) -> Self:
        version = stored.version
        return cls(
            code=version.code,
            version=version.version,
            kind=version.kind,
            hash=version.hash,
            created_at=stored.created_at,
            created_by=stored.created_by,
            text=stored.text,
        )


class ActivationOut(Out):
    """A version is live at a place from an instant on, or the pack is switched off there."""

    place_id: UUID
    version: int | None
    live_from: datetime
    live_until: datetime | None
    recorded_at: datetime
    recorded_by: str
    release_id: UUID | None
    reason: str | None

    @classmethod
    def of(cls, activation: Activation) -> Self:
        return cls.model_validate(activation)


class ActivationPageOut(Out):
    """Where and when versions of a pack are live, oldest first."""

    items: list[ActivationOut]
    next_after: Annotated[int | None, Field(description="Send it as `after` for the next page.")]
