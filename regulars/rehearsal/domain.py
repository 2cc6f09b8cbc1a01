"""A rehearsal: which drafts, where, on which stretch of history, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from regulars.rules.domain import PackKind, PackVersion

State = Literal["queued", "running", "finished", "failed", "cancelled"]
ENDED: frozenset[State] = frozenset({"finished", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class DraftPack:
    """A draft as it was given.

    Attributes:
        version: under the name that it has, or would be published under.
        published: it stands already as this version.
    """

    version: PackVersion
    published: bool

    @property
    def kind(self) -> PackKind:
        return self.version.kind


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be rehearsed.

    Attributes:
        texts: the drafts as JSON text; none of one pack twice.
        place_id: where they would be live, with all below.
        since: from when on they would have been live, and purchases are compared; None: always.
        until: purchases from then on are not compared; None: now.
    """

    texts: tuple[str | bytes, ...]
    place_id: UUID
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A rehearsal as it stands.

    Attributes:
        pack_names: the drafts by name, e.g. "grocery-classic/2".
        pack_titles: what they call themselves, by language, in the same order.
        pack_hashes: content hash of each draft, in the same order.
        purchases_in_all: None before it is known.
        failed_with: an error's code.
        report: None before it is finished, and where it was not asked for.
        ordered_by: kind and id of who ordered it, e.g. "operator:…".
    """

    id: UUID
    place_id: UUID
    pack_names: tuple[str, ...]
    pack_titles: tuple[Mapping[str, str], ...]
    pack_hashes: tuple[str, ...]
    since: datetime | None
    until: datetime
    state: State
    cancel_asked: bool
    purchases_done: int
    purchases_in_all: int | None
    attempts: int
    failed_with: str | None
    ordered_at: datetime
    ordered_by: str
    started_at: datetime | None
    ended_at: datetime | None
    report: Mapping[str, Any] | None = None

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class RankedMember:
    """A member for whom the drafts would make a difference.

    Attributes:
        rank: 1 for the greatest difference of its side.
        change: as in the report.
    """

    rank: int
    member_id: UUID
    change: Mapping[str, Any]
