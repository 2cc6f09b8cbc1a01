"""How the installation is."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from rules_ui.contexts.base import View

Mood = Literal["good", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class PartLine:
    """One part of the product, or one it stands on.

    Attributes:
        mood_says: the mood in words, for whoever does not see the colour.
        version: "" where it does not tell.
    """

    title: str
    icon: str
    mood: Mood
    mood_says: str
    version: str
    since: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class SizeLine:
    """A large table."""

    name: str
    size: str
    rows: str


@dataclass(frozen=True, slots=True)
class BackupLine:
    """The last backup that is known of."""

    name: str
    made_at: datetime
    size: str
    old: bool


@dataclass(frozen=True, slots=True)
class ProofLine:
    """The last restore of a backup; without an instant there was none.

    Attributes:
        name: of the backup's file.
    """

    mood: Mood
    name: str
    at: datetime | None
    says: str


@dataclass(frozen=True, slots=True)
class SystemPage(View):
    """The parts with version, since when and lag; the database, its schema, and backups."""

    template: ClassVar[str] = "system.html"
    parts: tuple[PartLine, ...]
    database_size: str
    largest: tuple[SizeLine, ...]
    schema_now: str
    schema_newest: str
    schema_current: bool
    backup: BackupLine | None
    proof: ProofLine
    data_folder_seen: bool
    as_of: datetime
