"""The tree of places stays small, whatever the chain's size: upper places come before lower ones."""

from datetime import UTC, datetime
from uuid import UUID

from regulars.organisation.domain import Place, PlaceKind
from rules_ui.contexts.admin import PlaceNode
from rules_ui.place_tree import A_PAGE, MOST_NODES, MOST_UNFOLDED, roots_of, rows_below, tree_of

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
    assert (root.count, root.rest) == (5, None)
    first = root.children[0]
    assert first.rest is not None
    assert (first.count, first.rest.count, first.rest.part) == (3, 3, f"{first.line.href}/below")
    (root,) = tree_of([HQ, *STORES, *TILLS], most=3)
    assert root.rest is not None
    assert (names(root.children), root.rest.count) == (["P10", "P11"], 3)
    assert root.rest.part == f"{root.line.href}/below?after=p11"
    rest = root.children[0].rest
    assert rest is not None
    assert (rest.count, rest.part, rest.href) == (3, f"{first.line.href}/below", first.line.href)
    assert not root.children[0].unfolded


def test_whoever_sees_some_stores_only_sees_them_as_roots_and_closed_ones_last() -> None:
    gone = place(9, HQ, "store", closed=True)
    assert names(tree_of([gone, *STORES[:2]])) == ["P10", "P11", "P9"]
    assert tree_of([]) == ()


def test_two_thousand_stores_come_a_page_at_a_time_and_each_once() -> None:
    stores = [place(number, HQ, "store", closed=number % 7 == 0) for number in range(1_000, 3_000)]
    tills = [place(10_000 + number, stores[number], "terminal") for number in range(2_000)]
    everywhere = [*tills, HQ, *stores]
    (root,) = tree_of(everywhere)
    assert len(root.children) == MOST_NODES - 1
    assert all(node.children == () and node.rest for node in root.children)
    seen, rest = names(root.children), root.rest
    while rest is not None:
        before = rest.count
        nodes, rest = rows_below(HQ, everywhere, rest.part.rpartition("=")[2])
        assert 0 < len(nodes) <= A_PAGE
        assert before - len(nodes) == (rest.count if rest else 0)
        seen += names(nodes)
    assert len(seen) == len(set(seen)) == 2_000
    assert seen[-1] == "P2996"
    nodes, rest = rows_below(HQ, everywhere, "was closed and is unknown")
    assert names(nodes) == seen[:A_PAGE]
    assert roots_of(everywhere) == 1
    assert roots_of(stores) - len(tree_of(stores)) == 2_000 - MOST_NODES
