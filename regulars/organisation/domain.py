"""A chain and its tree of places: headquarters, branches, stores, terminals."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.kernel.codes import CODE_LENGTH_MAX, is_code, reads_as_time
from regulars.organisation.errors import (
    CodeReadsAsTime,
    CutoffInvalid,
    PlaceCodeInvalid,
    PlaceNameInvalid,
    UnknownTimeZone,
)

PlaceKind = Literal["hq", "branch", "store", "terminal"]

PARENT_KINDS: Final[Mapping[PlaceKind, frozenset[PlaceKind]]] = {
    "hq": frozenset(),
    "branch": frozenset({"hq", "branch"}),
    "store": frozenset({"hq", "branch"}),
    "terminal": frozenset({"store"}),
}
"""What may stand directly above what."""

NAME_LENGTH_MAX: Final = 120
_ZONE: Final = re.compile(r"UTC|[A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2}")


@dataclass(frozen=True, slots=True)
class Chain:
    """The one chain of a database.

    Attributes:
        currency: ISO 4217 code; every amount of the chain is in it.
        currency_exponent: digits after the point; 1.00 is 10 ** exponent minor units.
        settings: the chain's own choices, e.g. `default_region`, `member_attributes`.
    """

    name: str
    currency: str
    currency_exponent: int
    settings: Mapping[str, object]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """One node of the tree.

    Attributes:
        path: ids (hex) from headquarters down to this place, dotted; it never changes with a name.
        cutoff_minutes: minutes after local midnight at which the trading day begins.
    """

    id: UUID
    parent_id: UUID | None
    kind: PlaceKind
    code: str
    name: str
    path: str
    time_zone: str
    cutoff_minutes: int
    created_at: datetime
    closed_at: datetime | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True)
class NewPlace:
    """A place to be opened.

    Attributes:
        parent_code: code of the place above, which stands already or earlier in the same list.
        time_zone: IANA name; None takes the parent's.
        cutoff_minutes: 0 to 1439; None takes the parent's.
    """

    id: UUID
    parent_code: str
    kind: PlaceKind
    code: str
    name: str
    time_zone: str | None = None
    cutoff_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A store as the purchase path needs it.

    Attributes:
        branch_code: the nearest branch above, "" where headquarters stands directly above.
        above: codes of all places above, the nearest first.
    """

    id: UUID
    code: str
    name: str
    branch_code: str
    path: str
    zone: ZoneInfo
    cutoff_minutes: int
    open: bool
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Till:
    """A terminal and the store that it stands in."""

    id: UUID
    code: str
    path: str
    store: StorePlace
    open: bool


@lru_cache(maxsize=1024)
def path_label(place_id: UUID) -> str:
    """The place's own label in a path: its id without dashes."""
    return place_id.hex


def path_under(parent_path: str | None, place_id: UUID) -> str:
    """The path of a place below `parent_path`; None for the root."""
    return path_label(place_id) if parent_path is None else f"{parent_path}.{path_label(place_id)}"


def check_code(code: str, field: str) -> None:
    """Refuse a place code that people or rules could misread.

    Raises: PlaceCodeInvalid, CodeReadsAsTime.
    """
    if not is_code(code):
        raise PlaceCodeInvalid(CODE_LENGTH_MAX, field=field)
    if reads_as_time(code):
        raise CodeReadsAsTime(code, field=field)


def check_name(name: str, field: str) -> str:
    """The name without surrounding blanks. Raises: PlaceNameInvalid."""
    clean = name.strip()
    if not clean or len(clean) > NAME_LENGTH_MAX or not clean.isprintable():
        raise PlaceNameInvalid(NAME_LENGTH_MAX, field=field)
    return clean


def check_time_zone(name: str, field: str) -> ZoneInfo:
    """The zone of an IANA name such as Asia/Shanghai. Raises: UnknownTimeZone."""
    if not _ZONE.fullmatch(name):
        raise UnknownTimeZone(name, field=field)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UnknownTimeZone(name, field=field) from None


def check_cutoff(minutes: int, field: str) -> None:
    """Refuse a cut-off outside the day. Raises: CutoffInvalid."""
    if not 0 <= minutes <= 1439:
        raise CutoffInvalid(field=field)
