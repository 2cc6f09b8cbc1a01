"""What is kept of packs: versions, and where and when each is live."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from regulars.rules.domain import PackKind, PackVersion


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version with its text and its making."""

    version: PackVersion
    text: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version in a list, without its text."""

    id: UUID
    code: str
    version: int
    kind: PackKind
    hash: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Activation:
    """A version goes live at a place, or the pack is switched off there.

    Attributes:
        version_id: None where the pack is switched off.
        place_path: ltree path of the place, ids in hex.
    """

    id: int
    pack_code: str
    version_id: UUID | None
    version: int | None
    place_id: UUID
    place_path: str
    live_from: datetime
    recorded_at: datetime
    recorded_by: str
    reason: str | None
