"""The tree of places as the pages show it: bounded, whatever the chain's size."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from regulars.organisation.domain import Place
from regulars.security.scope import Scope
from rules_ui.contexts.admin import PlaceLine, PlaceNode
from rules_ui.ui import Ui

MOST_NODES: Final = 400
"""Places on one page; what stands deeper is left out first, and told by its number."""
MOST_UNFOLDED: Final = 40
"""Places below one another that are shown without being asked for."""
_KIND_ORDER: Final = {"hq": 0, "branch": 1, "store": 2, "terminal": 3}


def seen_places(ui: Ui, scope: Scope) -> list[Place]:
    """Every place inside the scope, in no order."""
    return [place for place in ui.container.places.all() if scope.covers(place.path)]


def open_places(ui: Ui, scope: Scope) -> list[Place]:
    """Headquarters, branches and stores that are open and inside the scope, from the top down."""
    found = [place for place in seen_places(ui, scope) if place.kind != "terminal" and not place.closed_at]
    return sorted(found, key=lambda place: (place.path.count("."), place.name, place.code))


def tree_of(places: Iterable[Place], most: int = MOST_NODES) -> tuple[PlaceNode, ...]:
    """Places below one another, those that no other stands above first.

    Args:
        places: any order; a place whose parent is not among them is a root.
        most: how many are shown; upper ones are shown rather than lower ones.
    """
    known = {place.id: place for place in places}
    below: dict[UUID | None, list[Place]] = defaultdict(list)
    for place in known.values():
        below[place.parent_id if place.parent_id in known else None].append(place)
    for group in below.values():
        group.sort(key=_order)
    shown, row = set[UUID](), below[None]
    while row and len(shown) < most:
        row = row[: most - len(shown)]
        shown |= {place.id for place in row}
        row = [child for place in row for child in below[place.id]]
    return tuple(_node(place, below, shown) for place in below[None] if place.id in shown)


def line_of(place: Place) -> PlaceLine:
    """One place without what is below."""
    return PlaceLine(
        href=f"/places/{place.id}",
        code=place.code,
        name=place.name,
        kind=place.kind,
        time_zone=place.time_zone,
        closed=place.closed_at is not None,
    )


def _node(place: Place, below: Mapping[UUID | None, Sequence[Place]], shown: set[UUID]) -> PlaceNode:
    children = below.get(place.id, ())
    told = [child for child in children if child.id in shown]
    return PlaceNode(
        line=line_of(place),
        children=tuple(_node(child, below, shown) for child in told),
        count=len(children),
        more=len(children) - len(told),
        unfolded=len(told) <= MOST_UNFOLDED and any(child.kind != "terminal" for child in told),
    )


def _order(place: Place) -> tuple[bool, int, str, str]:
    return place.closed_at is not None, _KIND_ORDER[place.kind], place.name, place.code
