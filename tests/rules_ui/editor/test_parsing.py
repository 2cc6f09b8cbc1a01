"""The form shows a condition only where it would write back the very same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.catalogue import BUILT_IN
from regulars.rules.starters import gallery_codes, starter_codes, starter_text
from rules_ui.editor.emitting import emit
from rules_ui.editor.nodes import (
    Comparison,
    Condition,
    EachLine,
    Group,
    Literally,
    Locked,
    Parameter,
    Total,
)
from rules_ui.editor.parsing import Reader

READER = Reader(BUILT_IN, frozenset({"limit", "low"}))
LINES = {"var": "purchase.lines"}
SPEND = {"var": "member.spend_365d_minor"}


def read(tree: object) -> Condition:
    return READER.condition(tree, "/rules/0/when")


@pytest.mark.parametrize(
    ("tree", "relation", "values"),
    [
        ({"===": [{"var": "member.tier"}, "gold"]}, "eq", (Literally("gold"),)),
        ({"!==": [{"var": "member.tier"}, " gold"]}, "ne", (Literally(" gold"),)),
        ({">=": [SPEND, {"param": "limit"}]}, "ge", (Parameter("limit"),)),
        ({"<": [SPEND, 100]}, "lt", (Literally(100),)),
        ({"<=": [{"param": "low"}, SPEND, 100]}, "between", (Parameter("low"), Literally(100))),
        ({"in": [{"var": "calendar.weekday"}, [2, 4]]}, "one_of", (Literally(2), Literally(4))),
        ({"!": [{"in": [{"var": "store.code"}, ["s1"]]}]}, "none_of", (Literally("s1"),)),
        ({"in": ["staff", {"var": "member.tags"}]}, "has", (Literally("staff"),)),
        ({"!": [{"in": ["staff", {"var": "member.tags"}]}]}, "has_not", (Literally("staff"),)),
        ({"var": "member.known"}, "yes", ()),
        ({"!": [{"var": "member.frozen"}]}, "no", ()),
        ({"===": [{"var": "member.stage"}, "a stage that is no more"]}, "eq", None),
    ],
)
def test_a_fact_beside_a_value_is_a_comparison(tree: object, relation: str, values: object) -> None:
    found = read(tree)
    assert isinstance(found, Comparison)
    assert found.relation == relation
    assert values is None or found.values == values
    assert emit(found) == tree


TWO = {"+": [{"var": "member.spend_30d_minor"}, {"var": "purchase.sales_minor"}]}


def test_two_facts_may_be_added_up() -> None:
    for tree, relation in (({">=": [TWO, {"param": "limit"}]}, "ge"), ({"<=": [1, TWO, 500]}, "between")):
        found = read(tree)
        assert isinstance(found, Comparison)
        assert found.plus is not None
        assert (found.field.path, found.plus.path, found.relation) == (
            "member.spend_30d_minor",
            "purchase.sales_minor",
            relation,
        )
        assert emit(found) == tree


@pytest.mark.parametrize(
    "tree",
    [
        {">=": [{"+": [{"var": "member.tier"}, {"var": "purchase.sales_minor"}]}, 1]},
        {">=": [{"+": [{"var": "purchase.sales_minor"}]}, 1]},
        {">=": [{"+": [*TWO["+"], {"var": "member.visits"}]}, 1]},
        {">=": [{"-": TWO["+"]}, 1]},
        {"in": [TWO, [1, 2]]},
        {"===": [TWO, "gold"]},
    ],
)
def test_no_other_sum_is_read(tree: object) -> None:
    assert isinstance(read(tree), Locked)


def test_totals_and_lines_are_read() -> None:
    produce = {"===": [{"var": "department"}, "PRODUCE"]}
    bought = read({">=": [{"+": [{"map": [{"filter": [LINES, produce]}, {"var": "sales_minor"}]}]}, 500]})
    assert isinstance(bought, Total)
    assert bought.field is BUILT_IN.lines["sales_minor"]
    assert isinstance(bought.where, Comparison)
    assert bought.where.pointer == "/rules/0/when/>=/0/+/0/map/0/filter/1"
    counted = read({"<=": [1, {"length": [LINES]}, 5]})
    assert isinstance(counted, Total)
    assert (counted.field, counted.where, counted.relation) == (None, None, "between")
    some = read({"some": [LINES, {"and": [produce, {"var": "promotional"}]}]})
    assert isinstance(some, EachLine)
    assert isinstance(some.body, Group)
    assert [member.pointer for member in some.body.members] == [
        "/rules/0/when/some/1/and/0",
        "/rules/0/when/some/1/and/1",
    ]


@pytest.mark.parametrize(
    "tree",
    [
        True,
        1,
        "gold",
        None,
        [],
        {},
        {"and": []},
        {"and": {"var": "member.known"}},
        {"===": [{"var": "member.tier"}, 1]},
        {"===": ["gold", {"var": "member.tier"}]},
        {"===": [{"var": ["member.tier", "x"]}, "gold"]},
        {"===": [{"var": "member.nothing"}, "gold"]},
        {">=": [SPEND, "100"]},
        {">=": [SPEND, True]},
        {">=": [SPEND, {"param": "gone"}]},
        {">=": [SPEND, {"*": [2, {"param": "limit"}]}]},
        {">=": [100, SPEND]},
        {"<": [1, SPEND, 5]},
        {">": [{"%": [{"var": "member.visits"}, 10]}, 8]},
        {"!": {"var": "member.frozen"}},
        {"!": [{"!": [{"var": "member.frozen"}]}]},
        {"in": [{"var": "member.tier"}, ["gold", 1]]},
        {"in": [{"var": "member.tier"}, []]},
        {"in": [{"var": "calendar.weekday"}, [2, True]]},
        {"===": [{"var": "member.tier"}, "gold"], "and": []},
        {"some": [{"filter": [LINES, {"var": "promotional"}]}, {"var": "promotional"}]},
        {">=": [{"+": [{"map": [LINES, {"var": "department"}]}]}, 1]},
        {"var": "promotional"},
        {"val": [[2], "member", "known"]},
    ],
)
def test_what_the_form_cannot_say_is_locked(tree: object) -> None:
    found = read(tree)
    assert isinstance(found, Locked)
    assert json.loads(found.raw) == tree


def test_a_locked_condition_leaves_its_neighbours_open() -> None:
    tree = {"or": [{">": [{"%": [{"var": "member.visits"}, 10]}, 8]}, {"var": "member.known"}]}
    found = read(tree)
    assert isinstance(found, Group)
    assert [type(member) for member in found.members] == [Locked, Comparison]
    assert emit(found) == tree


def test_groups_too_deep_for_a_form_are_code() -> None:
    tree: object = {"var": "member.known"}
    for _ in range(40):
        tree = {"and": [tree, {"var": "member.frozen"}]}
    found = read(tree)
    assert emit(found) == tree


def test_the_starter_packs_are_open_to_the_form() -> None:
    locked = []
    for code in {*starter_codes(), *gallery_codes()}:
        document = json.loads(starter_text(code))
        reader = Reader(BUILT_IN, frozenset(document["parameters"]))
        asked = [rule["when"] for rule in document["rules"] if rule["when"] is not True]
        locked += [found for tree in asked if isinstance(found := reader.condition(tree, "/w"), Locked)]
    assert not locked


_facts = st.sampled_from(
    [
        *({"var": path} for path in (*BUILT_IN.document, *BUILT_IN.lines)),
        {"var": "nothing"},
        {"param": "limit"},
        {"length": [LINES]},
        {"+": [{"map": [LINES, {"var": "sales_minor"}]}]},
    ]
)
_values = _facts | st.integers(-5, 5) | st.booleans() | st.sampled_from(["gold", "1", " 1", "", "2026-01-01"])
_operators = st.sampled_from(
    ["===", "!==", "<", "<=", ">", ">=", "in", "!", "and", "or", "some", "all", "none", "+", "if", "%"]
)
_trees = st.recursive(
    _values,
    lambda inner: st.builds(
        lambda operator, operands: {operator: operands},
        _operators,
        st.lists(inner | st.lists(_values, max_size=2) | st.just(LINES), max_size=3) | inner,
    ),
    max_leaves=12,
)


@given(_trees)
def test_whatever_is_read_is_written_back_the_same(tree: object) -> None:
    assert json.dumps(emit(read(tree))) == json.dumps(tree)
