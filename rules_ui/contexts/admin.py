"""Places and terminals with their keys, operators and their roles."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from rules_ui.contexts.base import Choice, FieldTrouble, View


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place in the tree."""

    href: str
    code: str
    name: str
    kind: str
    depth: int
    time_zone: str
    closed: bool


@dataclass(frozen=True, slots=True)
class PlaceListPage(View):
    """The tree of places, a stretch at a time."""

    template: ClassVar[str] = "place_list.html"
    words: str
    places: tuple[PlaceLine, ...]
    more: int
    parents: tuple[Choice, ...]
    problems: tuple[FieldTrouble, ...]
    may_manage: bool


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key of a terminal, without its secret."""

    key_id: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlacePage(View):
    """One place: what it is, what lies below, and a terminal's keys.

    Attributes:
        secret: a key just made, shown this once.
    """

    template: ClassVar[str] = "place.html"
    place_id: UUID
    code: str
    name: str
    kind: str
    time_zone: str
    above: tuple[tuple[str, str], ...]
    below: tuple[PlaceLine, ...]
    more: int
    keys: tuple[KeyLine, ...]
    secret: str | None
    may_issue: bool
    problem: str | None


@dataclass(frozen=True, slots=True)
class OperatorLine:
    """One operator of the list."""

    id: UUID
    login: str
    name: str
    roles: tuple[str, ...]
    disabled: bool
    self: bool


@dataclass(frozen=True, slots=True)
class OperatorListPage(View):
    """Who may sign in, and as what."""

    template: ClassVar[str] = "operator_list.html"
    operators: tuple[OperatorLine, ...]
    roles: tuple[Choice, ...]
    places: tuple[Choice, ...]
    login: str
    name: str
    problems: tuple[FieldTrouble, ...]
    may_manage: bool
