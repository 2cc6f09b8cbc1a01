"""What is kept of packs: versions, and where and when each is live."""

from collections.abc import Sequence
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
class Making:
    """That somebody made a version, or came to the content of one that was there.

    Attributes:
        based_on: number of the version that was changed; 0: none is known.
    """

    version: int
    made_by: str
    based_on: int


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
        live_until: from then on the row says nothing, and what stood before it counts again.
        voids_id: the row takes another one back, as if that had never been, and says nothing itself.
        release_id: the release that wrote it, or None.
        rolled_back_id: a version that is never used again at this place.
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
    live_until: datetime | None = None
    voids_id: int | None = None
    release_id: UUID | None = None
    rolled_back_id: UUID | None = None

    def says_at(self, at: datetime) -> bool:
        """Whether the row counts at an instant."""
        return self.live_from <= at and (self.live_until is None or at < self.live_until)

    @property
    def order(self) -> tuple[datetime, int]:
        """At one place the row with the highest order decides."""
        return self.live_from, self.id


@dataclass(frozen=True, slots=True)
class NewActivation:
    """A row to be written; attributes as of `Activation`."""

    place_id: UUID
    version_id: UUID | None
    live_from: datetime
    live_until: datetime | None = None
    voids_id: int | None = None
    rolled_back_id: UUID | None = None


def in_force(activations: Sequence[Activation]) -> list[Activation]:
    """The rows that say something: neither taken back nor taking back, in the order given."""
    gone = {each.voids_id for each in activations if each.voids_id is not None}
    return [each for each in activations if each.voids_id is None and each.id not in gone]
