"""The tree of places stays small, whatever the chain's size: upper places come before lower ones."""

from datetime import UTC, datetime
from uuid import UUID

from regulars.organisation.domain import Place, PlaceKind
from rules_ui.contexts.admin import PlaceNode
from rules_ui.place_tree import MOST_UNFOLDED, tree_of

AT = datetime(2026, 11, 22, tzinfo=UTC)


def place(number: int, above: Place | None, kind: PlaceKind, *, closed: bool = False) -> Place:
    path = f"{above.path}.{number}" if above else str(number)
    above_id = above.id if above else None
    closed_at = AT if closed else None
    code, name = f"p{number}", f"P{number}"
    return Place(UUID(int=number), above_id, kind, code, name, path, "UTC", 0, AT, closed_at)


HQ = place(1, None, "hq")
STORES = [place(number, HQ, "store") for number in range(10, 15)]
TILLS = [place(100 + number, STORES[0], "terminal") for number in range(3)]


def names(nodes: tuple[PlaceNode, ...]) -> list[str]:
    return [node.line.name for node in nodes]


def test_places_stand_below_what_they_stand_in_and_terminals_are_folded() -> None:
    (root,) = tree_of([*TILLS, *reversed(STORES), HQ])
    assert names(root.children) == ["P10", "P11", "P12", "P13", "P14"]
    assert root.unfolded
    first = root.children[0]
    assert (names(first.children), first.count, first.unfolded) == (["P100", "P101", "P102"], 3, False)


def test_a_long_row_of_stores_waits_folded() -> None:
    (root,) = tree_of([HQ, *(place(number, HQ, "store") for number in range(10, 10 + MOST_UNFOLDED + 1))])
    assert (root.count, root.unfolded) == (MOST_UNFOLDED + 1, False)


def test_what_is_too_much_is_told_by_its_number_at_its_own_place() -> None:
    (root,) = tree_of([HQ, *STORES, *TILLS], most=8)
    assert (root.count, root.more) == (5, 0)
    assert (root.children[0].count, root.children[0].more) == (3, 1)
    (root,) = tree_of([HQ, *STORES, *TILLS], most=3)
    assert (names(root.children), root.more) == (["P10", "P11"], 3)
    assert root.children[0].more == 3


def test_whoever_sees_some_stores_only_sees_them_as_roots_and_closed_ones_last() -> None:
    gone = place(9, HQ, "store", closed=True)
    assert names(tree_of([gone, *STORES[:2]])) == ["P10", "P11", "P9"]
    assert tree_of([]) == ()
