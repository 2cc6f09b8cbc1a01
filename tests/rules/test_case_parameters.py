"""A case may set the pack's parameters for itself."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from regulars.rules.canonical import canonical
from regulars.rules.cases import MOST_SETTINGS
from regulars.rules.checker import Report, examine

Document = dict[str, Any]
MakePack = Callable[..., Document]
MakeRule = Callable[..., Document]
WORDS = {"zh": "名称", "en": "name"}
LINE = {"sku": "1", "department": "GROCERY", "sales_minor": 10_000}


def per_point(value: int = 100) -> Document:
    return {
        "minor_per_point": {
            "type": "money_minor", "value": value, "minimum": 1, "maximum": 1_000, "title": WORDS
        }
    }  # fmt: skip


def case(points: int, **parts: Any) -> Document:
    given = {"purchase": {"lines": [LINE]}}
    return {"name": WORDS, "given": given, "expect": {"points": points}} | parts


@pytest.fixture
def earning(pack: MakePack, rule: MakeRule) -> Any:
    """A pack whose rule earns one point for each `minor_per_point`."""
    sales = {"var": "purchase.sales_minor"}
    earn = {"unit": "points", "amount": sales, "per": {"param": "minor_per_point"}, "valid_days": 730}

    def make(*cases: Document, value: int = 100) -> Document:
        return pack(parameters=per_point(value), rules=[rule(earn=earn)], cases=list(cases))

    return make


def codes(document: Document) -> set[str]:
    return {found.code for found in examined(document).findings}


def examined(document: Document) -> Report:
    return examine(orjson.dumps(document))


def test_a_case_is_decided_with_its_own_values(earning: Any) -> None:
    report = examined(earning(case(100), case(200, parameters={"minor_per_point": 50})))
    assert report.green
    assert [result.passed for result in report.cases] == [True, True]


def test_a_case_with_its_own_values_stays_green_when_the_parameter_changes(earning: Any) -> None:
    pinned = case(100, parameters={"minor_per_point": 100})
    assert examined(earning(pinned, value=37)).green
    assert not examined(earning(case(100), value=37)).green


def test_values_of_a_case_lie_within_the_bounds_of_a_parameter_that_is_there(earning: Any) -> None:
    assert "parameter_unknown" in codes(earning(case(100, parameters={"per_point": 100})))
    report = examined(earning(case(100, parameters={"minor_per_point": 2_000})))
    assert [(found.code, found.pointer) for found in report.findings] == [
        ("parameter_out_of_bounds", "/cases/0/parameters/minor_per_point")
    ]
    assert report.findings[0].en == "The value 2,000 is not between 1 and 1,000."
    assert "list_empty" in codes(earning(case(100, parameters={})))


def test_cases_set_parameters_in_few_different_ways(earning: Any) -> None:
    ways = [case(10_000 // (n + 1), parameters={"minor_per_point": n + 1}) for n in range(MOST_SETTINGS + 1)]
    assert codes(earning(*ways)) == {"case_settings_many"}
    assert not codes(earning(*ways[1:], *ways[1:]))


def test_a_case_stands_on_the_edge_where_its_own_value_puts_it(pack: MakePack, rule: MakeRule) -> None:
    parameters = per_point(5_000)
    when = {">=": [{"var": "purchase.sales_minor"}, {"param": "minor_per_point"}]}
    parameters["minor_per_point"]["maximum"] = 20_000
    below = case(0) | {"given": {}}
    above = case(10_000) | {"given": {"purchase": {"lines": [LINE | {"sales_minor": 1_000_000}]}}}
    rules = [rule(when=when)]
    far = pack(parameters=parameters, rules=rules, cases=[below, above])
    assert codes(far) == {"edge_without_case"}
    on_it = case(100, parameters={"minor_per_point": 10_000})
    assert not codes(pack(parameters=parameters, rules=rules, cases=[below, above, on_it]))


def test_the_order_in_which_a_case_sets_parameters_means_nothing() -> None:
    own = {"b": {}, "a": {}}
    one = {"cases": [{"name": WORDS, "parameters": {"b": 1, "a": 2}, "given": {}}], "parameters": own}
    other = {"parameters": own, "cases": [{"parameters": {"a": 2, "b": 1}, "given": {}, "name": WORDS}]}
    assert canonical(one) == canonical(other)
    assert '"name": {"zh": "名称", "en": "name"}, "parameters": {"a": 2, "b": 1}, "given": {}' in canonical(
        one
    )
    assert canonical(one) != canonical(one | {"parameters": {"a": {}, "b": {}}})
