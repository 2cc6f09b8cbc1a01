"""The engine's own defects do not reach a rule."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.catalogue import EXACT_BELOW
from regulars.rules.domain import ENGINE
from regulars.rules.engine import EngineFailed, RefusedByEngine, compile_rule, run
from regulars.rules.facts import plain_code, safe_code

TIMELIKE = ["1d", "24h", "01d", "60s", "1m", "0d", "0h", "1d:0h", "24h0m"]
TIMELIKE += [
    "2026-01-01T00:00:00Z",
    "2026-01-01T08:00:00+08:00",
    "2026-01-01t00:00:00z",
    "2026-01-01 00:00:00Z",
]
texts = st.text(alphabet="0129dhms:-TZ+. ~x零", max_size=8)
EQUAL = '{"===": [{"var": "a"}, {"var": "b"}]}'
MEMBER = '{"in": [{"var": "a"}, [{"var": "b"}, "x"]]}'


def outcome(rule: str, document: object) -> Any:
    (result,) = run([compile_rule(rule)], json.dumps(document))
    return result if not isinstance(result, str) else json.loads(result)


def test_the_engine_is_the_one_whose_name_is_stored() -> None:
    from importlib.metadata import version

    assert f"datalogic-py/{version('datalogic-py')}" == ENGINE


def test_the_engine_takes_durations_for_equal_which_is_why_codes_are_marked() -> None:
    assert outcome(EQUAL, {"a": "1d", "b": "24h"}) is True


@pytest.mark.parametrize("rule", [EQUAL, MEMBER])
def test_codes_shaped_like_times_are_told_apart(rule: str) -> None:
    for a in TIMELIKE:
        for b in TIMELIKE:
            assert outcome(rule, {"a": safe_code(a), "b": safe_code(b)}) is (a == b), (a, b)


@given(texts, texts)
def test_marked_texts_are_equal_only_where_they_are_the_same(a: str, b: str) -> None:
    assert outcome(EQUAL, {"a": safe_code(a), "b": safe_code(b)}) is (a == b)


@given(st.text(max_size=20))
def test_a_mark_can_be_taken_off(text: str) -> None:
    assert plain_code(safe_code(text)) == text


def test_plain_codes_stay_as_they_are() -> None:
    for code in ("GROCERY", "1082185", "", "silver", "sku-1d", "果蔬"):
        assert safe_code(code) == code


def test_an_absent_fact_is_an_error_and_not_nothing() -> None:
    assert outcome('{"<=": [{"var": "typo"}, 100]}', {"a": 1}).tag == "VariableNotFound"


def test_a_division_by_nothing_is_an_error() -> None:
    assert outcome('{"floor": [{"/": [1, {"var": "a"}]}]}', {"a": 0}).tag == "Thrown"


def test_a_bomb_runs_out_of_its_budget() -> None:
    body = {"+": [{"map": [{"var": "l"}, 1]}]}
    bomb: dict[str, Any] = {"map": [{"var": "l"}, {"+": [{"map": [{"val": [[2], "l"]}, 1]}]}]}
    found = outcome(json.dumps({"and": [bomb, body]}), {"l": [0] * 2_000})
    assert found.tag == "BudgetExceeded"


def test_unknown_operators_are_refused() -> None:
    for operator in ("foo", "datetime", "throw", "preserve"):
        with pytest.raises(RefusedByEngine):
            compile_rule(json.dumps({operator: [1]}))


def test_a_document_that_is_no_json_fails_as_a_whole_and_nothing_else_breaks() -> None:
    rule = compile_rule("true")
    with pytest.raises(EngineFailed, match="ParseError"):
        run([rule], '{"a": ')
    with pytest.raises(EngineFailed):
        run([rule], "[" * 100_000)
    assert run([rule], "{}") == ["true"]


@given(st.integers(0, EXACT_BELOW - 1), st.integers(1, 10_000))
def test_a_rounded_division_is_exact_below_the_bound(a: int, b: int) -> None:
    assert outcome('{"floor": [{"/": [{"var": "a"}, {"var": "b"}]}]}', {"a": a, "b": b}) == a // b
    assert outcome('{"ceil": [{"/": [{"var": "a"}, {"var": "b"}]}]}', {"a": a, "b": b}) == -(-a // b)


@given(st.integers(0, 1 << 26), st.integers(0, 1 << 25))
def test_a_product_is_exact_below_the_bound(a: int, b: int) -> None:
    assert outcome('{"*": [{"var": "a"}, {"var": "b"}]}', {"a": a, "b": b}) == a * b
