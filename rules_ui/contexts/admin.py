"""Places and terminals with their keys, operators and their roles."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from rules_ui.contexts.account import SessionLine
from rules_ui.contexts.base import Choice, FieldTrouble, PlacePick, View


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place."""

    href: str
    code: str
    name: str
    kind: str
    time_zone: str
    closed: bool


@dataclass(frozen=True, slots=True)
class PlaceRest:
    """Places directly below another that are not shown yet.

    Attributes:
        id: of the element that they take the place of.
        count: how many.
        href: the page that shows them.
        part: the next of them alone.
    """

    id: str
    count: int
    href: str
    part: str


@dataclass(frozen=True, slots=True)
class PlaceNode:
    """One place of the tree, with what stands directly below.

    Attributes:
        count: how many places stand directly below.
        rest: those of them that are not among the children; None where all are.
        unfolded: whether those below are shown at once.
    """

    line: PlaceLine
    children: tuple["PlaceNode", ...]
    count: int
    rest: PlaceRest | None
    unfolded: bool


@dataclass(frozen=True, slots=True)
class PlaceRows(View):
    """Some of the places directly below another.

    Attributes:
        asked: whether the reader asked for more of them, and so reads on at the first.
    """

    template: ClassVar[str] = "place_rows.html"
    nodes: tuple[PlaceNode, ...]
    rest: PlaceRest | None
    asked: bool


@dataclass(frozen=True, slots=True)
class PlaceSuggestions(View):
    """Places that are suggested while one is typed."""

    template: ClassVar[str] = "place_suggestions.html"
    places: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class PlaceListPage(View):
    """The tree of places; or those that match some words, as a list.

    Attributes:
        more: places that neither shows.
        parents: below which one may be opened; of very many the upper ones, and any code can be typed.
    """

    template: ClassVar[str] = "place_list.html"
    words: str
    tree: tuple[PlaceNode, ...]
    places: tuple[PlaceLine, ...]
    more: int
    parents: PlacePick
    kinds: tuple[str, ...]
    zones: tuple[str, ...]
    typed: "PlaceTyped"
    problems: tuple[FieldTrouble, ...]
    may_manage: bool


@dataclass(frozen=True, slots=True)
class PlaceTyped:
    """What a form about a place holds."""

    parent: str = ""
    kind: str = "store"
    code: str = ""
    name: str = ""
    time_zone: str = ""
    cutoff: str = ""


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key of a terminal, without its secret.

    Attributes:
        last_used_at: to about an hour.
    """

    key_id: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlacePage(View):
    """One place: what it is, what lies below, and a terminal's keys.

    Attributes:
        secret: a key just made, shown this once.
        tree: what stands directly below: the first, or those after another where that was asked for.
        first_href: back to the first; "" where they are shown.
        history: where its acts are, for who may read them.
    """

    template: ClassVar[str] = "place.html"
    place_id: UUID
    code: str
    name: str
    kind: str
    time_zone: str
    cutoff: str
    opened_at: datetime
    closed_at: datetime | None
    above: tuple[tuple[str, str], ...]
    tree: tuple[PlaceNode, ...]
    rest: PlaceRest | None
    first_href: str
    open_below: int
    keys: tuple[KeyLine, ...]
    secret: str | None
    zones: tuple[str, ...]
    typed: PlaceTyped
    history: str | None
    may_issue: bool
    may_manage: bool
    problem: str | None
    problems: tuple[FieldTrouble, ...]


@dataclass(frozen=True, slots=True)
class OperatorLine:
    """One operator of the list."""

    href: str
    login: str
    name: str
    roles: tuple[str, ...]
    disabled: bool
    self: bool


@dataclass(frozen=True, slots=True)
class OperatorListPage(View):
    """Who may sign in, and as what, a page at a time by login."""

    template: ClassVar[str] = "operator_list.html"
    words: str
    operators: tuple[OperatorLine, ...]
    next: str | None
    first: str | None
    roles: tuple[Choice, ...]
    places: PlacePick
    login: str
    name: str
    problems: tuple[FieldTrouble, ...]
    may_manage: bool


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role that an operator has.

    Attributes:
        value: what names it in a form.
    """

    value: str
    title: str
    place: str
    href: str


@dataclass(frozen=True, slots=True)
class OperatorPage(View):
    """One operator: roles, whether it may sign in, where it is signed in, and a way to a new password.

    Attributes:
        elsewhere: roles at places that the reader does not see.
        offer: address of a page for a new password, just made and shown this once.
        history: where what this operator did is told, for who may read it.
    """

    template: ClassVar[str] = "operator.html"
    operator_id: UUID
    login: str
    name: str
    language: str
    since: datetime
    disabled_at: datetime | None
    is_self: bool
    held: tuple[RoleLine, ...]
    elsewhere: int
    sessions: tuple[SessionLine, ...]
    roles: tuple[Choice, ...]
    places: PlacePick
    problems: tuple[FieldTrouble, ...]
    offer: str | None
    history: str | None
    may_change: bool
    problem: str | None
