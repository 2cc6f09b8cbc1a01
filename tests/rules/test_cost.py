"""No green pack runs out of the engine's operations, however long the purchase."""

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest
from datalogic_py import DataHandle, Engine
from pack_language import WORDS, basket, errors, live

from regulars.rules.case_model import Given
from regulars.rules.cases import facts_of
from regulars.rules.catalogue import MAX_LINES
from regulars.rules.cost import MOST_STEPS, USUAL_LINES, Cost, _count
from regulars.rules.engine import OPS_BUDGET

LINES = {"var": "purchase.lines"}
TOO_COSTLY = {"pack_too_costly"}
OPS_A_STEP = 2
"""More than any operator takes; `test_an_operator_takes_fewer…` holds it."""
OPS_BEYOND_STEPS = 40 * MAX_LINES
"""What an action's own columns take, which are no steps of the pack."""


def _is_none_of(count: int) -> object:
    return {"!": [{"in": [{"var": "sku"}, [f"X{number}" for number in range(count)]]}]}


def _pack(*actions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    rules = [
        {"id": f"r{number}", "order": number, "title": WORDS, "when": True, "then": then}
        for number, then in enumerate(actions, 1)
    ]
    return {
        "code": "costly",
        "kind": "earning",
        "priority": 100,
        "title": WORDS,
        "description": WORDS,
        "parameters": {},
        "rules": rules,
        "cases": [],
    } | changes


def _costs(document: dict[str, Any]) -> set[str]:
    return {code for code, _ in errors(document)} - {"no_cases"}


def _points_of(lines: object) -> dict[str, Any]:
    amount = {"+": [{"map": [{"filter": [LINES, lines]}, {"var": "sales_minor"}]}]}
    return {"earn": {"unit": "points", "amount": amount, "per": 100, "valid_days": 30}}


def test_the_longest_purchase_gets_its_points_from_the_costliest_green_pack() -> None:
    costly = _pack(_points_of(_is_none_of(980)))
    assert _costs(costly) == set()
    assert _costs(_pack(_points_of(_is_none_of(1_000)))) == TOO_COSTLY
    bought = {"member": {"known": True}, "purchase": basket({"sales_minor": 100, "sku": "S"})}
    member, purchase, *rest = facts_of(Given.model_validate(bought))
    longest = orjson.dumps(orjson.loads(purchase.lines_json) * MAX_LINES)
    found = live(costly).evaluate(member, replace(purchase, lines_json=longest), *rest)
    assert [(outcome.error, outcome.gave) for outcome in found.outcomes] == [(None, MAX_LINES)]


def test_the_budget_is_more_than_a_green_pack_can_need() -> None:
    longest = MOST_STEPS // USUAL_LINES * MAX_LINES
    assert OPS_A_STEP * longest + OPS_BEYOND_STEPS <= OPS_BUDGET


@pytest.mark.parametrize(
    "in_line",
    [
        {"var": "sales_minor"},
        {"+": [{"var": "sales_minor"}, 1]},
        {"abs": [{"-": [{"var": "sales_minor"}, {"var": "list_minor"}]}]},
        {"if": [{"and": [{">": [{"var": "sales_minor"}, 0]}]}, {"var": "list_minor"}, 0]},
        {"%": [{"*": [{"var": "sales_minor"}, 3]}, 7]},
        {"length": [[{"var": "sku"}, "a", "b"]]},
    ],
    ids=json.dumps,
)
def test_an_operator_takes_fewer_operations_than_two_a_step(in_line: object) -> None:
    tree = {"map": [LINES, in_line]}
    lines = [{"sales_minor": 5, "list_minor": 7, "sku": "s"}] * 100
    budget = OPS_A_STEP * Cost(*_count(tree)).on(len(lines))
    engine = Engine(
        config={"preset": "strict", "ops_budget": budget}, families=["ExtString", "ExtArray", "ExtMath"]
    )
    document = DataHandle(json.dumps({"purchase": {"lines": lines}}))
    (result,) = engine.session().evaluate_many([engine.compile(json.dumps(tree))], document)
    assert isinstance(result, str)


def test_an_amount_that_looks_at_hidden_lines_again_and_again_is_refused() -> None:
    looks = {"+": [{"var": "purchase.sales_minor"}] * 200}
    hidden = [{"title": WORDS, "lines": {"in": [{"var": "sku"}, [str(number) for number in range(50)]]}}]
    earn = {"earn": {"unit": "points", "amount": looks, "per": 100, "valid_days": 30}}
    message = {"message": {"template": "thanks", "values": {"spent": looks}}}
    for action in (earn, message):
        assert _costs(_pack(action)) == set()
        assert _costs(_pack(action, exclusions=hidden)) == TOO_COSTLY


def test_a_discounts_amount_is_counted_for_each_line_that_it_walks_over() -> None:
    walk = {"+": [{"map": [LINES, {"if": [_is_none_of(900), 1, 0]}]}]}
    most = {"discount": {"amount_minor": walk, "group": "g", "cap_minor": 100}}
    assert _costs(_pack(most, kind="discount")) == set()
    assert _costs(_pack(most, most, kind="discount")) == TOO_COSTLY
