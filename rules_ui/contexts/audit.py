"""Who did what: the audit log as its readers see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rules_ui.contexts.base import Choice, FieldTrouble, View


@dataclass(frozen=True, slots=True)
class Change:
    """One touched value as it was and as it is, in the reader's words; "" where there was nothing."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Thing:
    """What was acted on or where, with its page if the reader may open one."""

    title: str
    href: str | None


@dataclass(frozen=True, slots=True)
class ActLine:
    """One act."""

    at: datetime
    who: str
    icon: str
    what: str
    subject: Thing
    place: Thing | None
    reason: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ActGroup:
    """Acts on one kind of thing, to choose from; `whole` is all of them."""

    title: str
    whole: Choice
    acts: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class AuditPage(View):
    """Acts, newest first, a page at a time.

    Attributes:
        older: address of what came before, if there is more.
        newest: address of the first page, where this is not it.
        export: address of all that was asked for, as a file.
    """

    template: ClassVar[str] = "audit.html"
    acts: tuple[ActLine, ...]
    groups: tuple[ActGroup, ...]
    places: tuple[Choice, ...]
    who: str
    subject: str
    place: str
    since: str
    until: str
    narrowed: bool
    older: str | None
    newest: str | None
    export: str
    problems: tuple[FieldTrouble, ...]
