"""One text for one pack, and changing one number of it."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.canonical import WIDTH, canonical
from regulars.rules.checker import check
from regulars.rules.errors import ParameterInvalid
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import with_parameters

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=40,
)


@given(values)
def test_the_canonical_text_holds_the_same_values_and_is_stable(value: Any) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(st.text(max_size=8), st.integers(), max_size=6))
def test_the_order_of_keys_means_nothing(value: dict[str, int]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


def test_what_fits_on_a_line_stands_on_one() -> None:
    short = {"zh": "周五", "en": "Friday"}
    assert canonical(short) == '{"zh": "周五", "en": "Friday"}\n'
    assert canonical({"title": "x" * WIDTH}).count("\n") == 3


def test_only_the_touched_values_change_byte_for_byte() -> None:
    before = starter_text("grocery-classic")
    after = with_parameters(before, {"valid_days": 365, "minor_per_point": 1_000})
    expected = before.replace('"value": 730', '"value": 365').replace('"value": 100,', '"value": 1000,')
    assert after == expected
    assert with_parameters(before, {}) == before


def test_a_value_is_found_however_the_text_is_written() -> None:
    text = '{"rules":[{"parameters":{"a":{"value":9}}}],\n'
    text += '"parameters" :\t{"b":{"value":7},"a":{"x":"}","value" : 1 }}}'
    assert with_parameters(text, {"a": 22}) == text.replace('"value" : 1 ', '"value" : 22 ')


def test_a_parameter_that_is_not_there_is_named() -> None:
    with pytest.raises(ParameterInvalid, match="valid_day"):
        with_parameters(starter_text("grocery-classic"), {"valid_day": 1})
    with pytest.raises(ParameterInvalid):
        with_parameters("[]", {"valid_days": 1})


def test_a_value_out_of_bounds_is_the_checkers_to_find() -> None:
    changed = with_parameters(starter_text("grocery-classic"), {"valid_days": 0})
    assert [f.pointer for f in check(changed).findings] == ["/parameters/valid_days/value"]


def test_what_is_large_and_deep_is_laid_out_in_time_that_grows_with_its_size() -> None:
    value: object = {f"k{n}": 1 for n in range(18_000)}
    for _ in range(45):
        value = {"a": value}
    began = time.process_time()
    text = canonical(value)
    assert time.process_time() - began < 5  # written out anew for each level it took minutes
    assert json.loads(text) == value


@pytest.mark.parametrize("length", [WIDTH - 1, WIDTH, WIDTH + 1])
def test_what_just_fits_stands_on_one_line(length: int) -> None:
    value = ["x" * (length - len('["", 1]')), 1]
    assert canonical(value).count("\n") == (1 if length <= WIDTH else 4)
