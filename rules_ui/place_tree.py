"""The tree of places as the pages show it: bounded, whatever the chain's size."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from regulars.organisation.domain import Place
from regulars.security.scope import Scope
from rules_ui.contexts.admin import PlaceLine, PlaceNode, PlaceRest
from rules_ui.ui import Ui

MOST_NODES: Final = 60
"""Places on one page; what stands deeper is left out first, and comes when it is asked for."""
A_PAGE: Final = 50
MOST_UNFOLDED: Final = 40
"""Places below one another that are shown without being asked for."""
_KIND_ORDER: Final = {"hq": 0, "branch": 1, "store": 2, "terminal": 3}
_Below = Mapping[UUID | None, Sequence[Place]]


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
        most: how many are shown; upper ones are shown rather than lower ones, and of those that stand deeper
            than right below the first, all or none.
    """
    below = _by_parent(places)
    shown = set[UUID]()
    row = sorted(below.get(None, ()), key=_order)
    roots = row[:most]
    while row and (len(shown) + len(row) <= most or len(shown) <= len(roots)):
        row = row[: most - len(shown)]
        shown |= {place.id for place in row}
        row = [child for place in row for child in sorted(below.get(place.id, ()), key=_order)]
    return tuple(_node(place, below, shown) for place in roots)


def roots_of(places: Iterable[Place]) -> int:
    """How many places there are that no other stands above."""
    return len(_by_parent(places).get(None, ()))


def rows_below(
    place: Place, places: Iterable[Place], after: str
) -> tuple[tuple[PlaceNode, ...], PlaceRest | None]:
    """The next places directly below one, each with what stands below it folded.

    Args:
        place: above them.
        places: all that the reader sees, any order.
        after: code of the last that was shown; "" for the first, also where it is no more.
    Returns: the places, and what is then still not shown.
    """
    below = _by_parent(places)
    row = sorted(below.get(place.id, ()), key=_order)
    last = next((each for each in row if each.code == after), None)
    left = [each for each in row if last is None or _order(each) > _order(last)]
    shown = left[:A_PAGE]
    return tuple(_node(each, below, set()) for each in shown), _rest(place, shown, left)


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


def _by_parent(places: Iterable[Place]) -> _Below:
    known = {place.id: place for place in places}
    below: dict[UUID | None, list[Place]] = defaultdict(list)
    for place in known.values():
        below[place.parent_id if place.parent_id in known else None].append(place)
    return below


def _node(place: Place, below: _Below, shown: set[UUID]) -> PlaceNode:
    children = below.get(place.id, ())
    told = sorted((child for child in children if child.id in shown), key=_order)
    return PlaceNode(
        line=line_of(place),
        children=tuple(_node(child, below, shown) for child in told),
        count=len(children),
        rest=_rest(place, told, children),
        unfolded=0 < len(told) <= MOST_UNFOLDED and any(child.kind != "terminal" for child in told),
    )


def _rest(place: Place, shown: Sequence[Place], whole: Sequence[Place]) -> PlaceRest | None:
    if len(shown) == len(whole):
        return None
    after = f"?{urlencode({'after': shown[-1].code})}" if shown else ""
    href = f"/places/{place.id}"
    return PlaceRest(f"below-{place.id}", len(whole) - len(shown), f"{href}{after}", f"{href}/below{after}")


def _order(place: Place) -> tuple[bool, int, str, str]:
    return place.closed_at is not None, _KIND_ORDER[place.kind], place.name, place.code
