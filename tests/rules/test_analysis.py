"""What the checker tells of rules from their conditions alone; and that it is never wrong about them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.catalogue import BUILT_IN
from regulars.rules.checker import check, examine
from regulars.rules.constraints import Reader, holding
from regulars.rules.model import Pack
from regulars.rules.ranges import Values

SPEND = {"var": "member.spend_365d_minor"}
TIER = {"var": "member.tier"}
STAGE = {"var": "member.stage"}
KNOWN = {"var": "member.known"}
WEEKDAY = {"var": "calendar.weekday"}
TAGS = {"var": "member.tags"}


def found(document: Any) -> list[tuple[str, str]]:
    return [(one.code, one.pointer) for one in check(json.dumps(document)).findings]


def of_condition(pack: Any, rule: Any, *conditions: object, **parts: Any) -> list[tuple[str, str]]:
    return found(pack(rules=[rule(when={"and": list(conditions)})], **parts))


CONTRADICTIONS = [
    ("two tiers", [{"===": [TIER, "gold"]}, {"===": [TIER, "silver"]}]),
    ("a tier and not that tier", [{"===": [TIER, "gold"]}, {"!==": [TIER, "gold"]}]),
    ("a tier that is not listed", [{"in": [TIER, ["gold", "silver"]]}, {"===": [TIER, "base"]}]),
    ("more and less", [{">": [SPEND, 100]}, {"<": [SPEND, 100]}]),
    ("more and less by one", [{">": [SPEND, 100]}, {"<": [SPEND, 101]}]),
    ("less, written the other way", [{"<": [100, SPEND]}, {">=": [100, SPEND]}]),
    ("between and beyond", [{"<=": [10, SPEND, 20]}, {">=": [SPEND, 21]}]),
    ("known and not known", [KNOWN, {"!": [KNOWN]}]),
    ("weekdays apart", [{"in": [WEEKDAY, [1, 2]]}, {">=": [WEEKDAY, 6]}]),
    ("all weekdays left out", [{"!==": [WEEKDAY, day]} for day in range(1, 8)]),
    ("tagged and not tagged", [{"in": ["staff", TAGS]}, {"!": [{"in": ["staff", TAGS]}]}]),
    (
        "either of two and neither",
        [{"or": [{"===": [TIER, "a"]}, {"===": [TIER, "b"]}]}, {"===": [TIER, "c"]}],
    ),
    ("within one conjunction", [{"and": [{"===": [TIER, "a"]}, {"===": [TIER, "b"]}]}]),
    ("not more and more", [{"!": [{">": [SPEND, 5]}]}, {">": [SPEND, 9]}]),
]


@pytest.mark.parametrize(("name", "conditions"), CONTRADICTIONS, ids=[name for name, _ in CONTRADICTIONS])
def test_conditions_that_exclude_each_other_are_an_error(
    pack: Any, rule: Any, name: str, conditions: list[object]
) -> None:
    assert of_condition(pack, rule, *conditions) == [("rule_never_holds", "/rules/0/when")]


POSSIBLE = [
    ("two tags", [{"in": ["a", TAGS]}, {"in": ["b", TAGS]}]),
    ("the very edge", [{">=": [SPEND, 100]}, {"<=": [SPEND, 100]}]),
    ("one or another fact", [{"or": [KNOWN, {"===": [TIER, "a"]}]}, {"===": [TIER, "b"]}]),
    ("a stage that only strangers have", [{"===": [STAGE, ""]}]),
    ("facts compared with each other", [{">": [SPEND, {"var": "purchase.sales_minor"}]}]),
    ("sums", [{">": [{"+": [SPEND, 1]}, 5]}, {"<": [{"+": [SPEND, 1]}, 5]}]),
]


@pytest.mark.parametrize(("name", "conditions"), POSSIBLE, ids=[name for name, _ in POSSIBLE])
def test_what_may_hold_or_cannot_be_told_is_left_alone(
    pack: Any, rule: Any, name: str, conditions: list[object]
) -> None:
    found = {code for code, _ in of_condition(pack, rule, *conditions)}
    assert found <= {"option_unknown"}


def test_a_condition_beyond_all_values_of_its_fact_is_an_error(pack: Any, rule: Any) -> None:
    beyond = {">": [{"var": "calendar.hour"}, 23]}
    assert of_condition(pack, rule, KNOWN, beyond) == [("condition_never_true", "/rules/0/when/and/1")]


def test_a_condition_that_every_purchase_fulfils_is_pointed_out(pack: Any, rule: Any) -> None:
    for always in (
        {">=": [SPEND, 0]},
        {"<=": [{"var": "calendar.hour"}, 23]},
        {"in": [WEEKDAY, [*range(1, 8)]]},
    ):
        assert of_condition(pack, rule, always) == [("condition_always_true", "/rules/0/when/and/0")]


def test_a_condition_that_follows_from_another_is_pointed_out(pack: Any, rule: Any) -> None:
    assert of_condition(pack, rule, {">": [SPEND, 5]}, {">": [SPEND, 9]}) == [
        ("condition_covered", "/rules/0/when/and/0")
    ]
    twice = {"===": [TIER, "gold"]}
    assert of_condition(pack, rule, twice, twice) == [("condition_covered", "/rules/0/when/and/1")]


def test_a_parameter_counts_as_it_is_set_now(pack: Any, rule: Any) -> None:
    least = {"type": "money_minor", "minimum": 0, "maximum": 1_000, "title": {"zh": "一", "en": "one"}}
    below = [{">=": [SPEND, {"param": "low"}]}, {"<": [SPEND, {"param": "high"}]}]
    for low, high, expected in ((10, 20, []), (20, 10, [("rule_never_holds", "/rules/0/when")])):
        parameters = {"low": least | {"value": low}, "high": least | {"value": high}}
        assert of_condition(pack, rule, *below, parameters=parameters) == expected


def test_scope_and_calendar_count_as_conditions(pack: Any, rule: Any) -> None:
    gold = rule(when={"and": [{"===": [TIER, "gold"]}]})
    assert found(pack(rules=[gold], scope={"tiers": ["silver"]})) == [("rule_never_holds", "/rules/0/when")]
    weekend = rule(when={"and": [{"<=": [WEEKDAY, 5]}]}) | {"calendar": {"weekdays": [6, 7]}}
    assert found(pack(rules=[weekend])) == [("rule_never_holds", "/rules/0/when")]
    december = {"calendar": {"from": "2026-12-01", "until": "2026-12-31"}}
    spring = {"calendar": {"from": "2026-03-01", "until": "2026-03-31"}}
    assert found(pack(rules=[rule() | spring], **december)) == [("rule_never_holds", "/rules/0/when")]


def times(rule: Any, name: str, order: int, rate: int, *conditions: object, group: str = "g") -> Any:
    when = {"and": list(conditions)} if conditions else True
    return rule(name, order, when, multiply={"rate_bps": rate, "group": group})


def test_a_multiplier_that_a_larger_one_of_its_group_always_outranks_never_counts(
    pack: Any, rule: Any
) -> None:
    gold = times(rule, "gold", 15, 12_000, {"===": [TIER, "gold"]})
    members = times(rule, "members", 20, 15_000)
    assert found(pack(rules=[rule(), gold, members])) == [("rule_shadowed", "/rules/1")]
    assert found(pack(rules=[rule(), gold, times(rule, "members", 20, 11_000)])) == []
    assert found(pack(rules=[rule(), gold, times(rule, "members", 20, 15_000, group="other")])) == []
    weekend = members | {"calendar": {"weekdays": [6, 7]}}
    assert found(pack(rules=[rule(), gold, weekend])) == []


def test_of_equal_multipliers_the_later_one_never_counts(pack: Any, rule: Any) -> None:
    rules = [rule(), times(rule, "later", 20, 12_000), times(rule, "first", 15, 12_000)]
    assert found(pack(rules=rules)) == [("rule_shadowed", "/rules/1")]


def test_a_discount_is_compared_only_on_the_same_lines(pack: Any, rule: Any) -> None:
    produce = {"===": [{"var": "department"}, "PRODUCE"]}
    lesser = rule("base", 10, {"and": [KNOWN]}, discount={"lines": produce, "rate_bps": 100, "group": "g"})
    better = rule("all", 20, discount={"lines": produce, "rate_bps": 200, "group": "g"})
    meat = {"===": [{"var": "department"}, "MEAT"]}
    other = rule("all", 20, discount={"lines": meat, "rate_bps": 200, "group": "g"})
    assert found(pack(kind="discount", rules=[lesser, better])) == [("rule_shadowed", "/rules/0")]
    assert found(pack(kind="discount", rules=[lesser, other])) == []


def test_a_selection_that_no_line_fulfils_is_pointed_out(pack: Any, rule: Any) -> None:
    kind = {"var": "kind"}
    lines = {"and": [{"===": [kind, "goods"]}, {"===": [kind, "labour"]}]}
    discount = rule("base", 10, discount={"lines": lines, "rate_bps": 100, "group": "g"})
    pointer = "/rules/0/then/discount/lines"
    assert found(pack(kind="discount", rules=[discount])) == [("no_line_selected", pointer)]
    earning = rule("base", 10, earn={"unit": "points", "lines": lines, "per": 100})
    exclusions = [{"title": {"zh": "一", "en": "one"}, "lines": lines}]
    assert found(pack(rules=[earning], exclusions=exclusions)) == [
        ("no_line_selected", "/rules/0/then/earn/lines"),
        ("no_line_selected", "/exclusions/0/lines"),
    ]


def test_two_rules_that_say_the_same_give_twice(pack: Any, rule: Any) -> None:
    assert found(pack(rules=[rule(), rule("again", 20)])) == [("rules_alike", "/rules/1")]


def test_an_edge_that_no_case_stands_on_is_pointed_out(pack: Any, rule: Any) -> None:
    words = {"zh": "一", "en": "one"}
    cases = [
        {"name": words, "given": {"member": {"spend_365d_minor": spend}}, "expect": {"points": 0}}
        for spend in (50, 150)
    ]
    rules = [rule(), rule("rich", 20, {"and": [{">=": [SPEND, 100]}]})]
    report = examine(json.dumps(pack(rules=rules, cases=cases)))
    assert [(f.code, f.pointer) for f in report.findings] == [("edge_without_case", "/rules/1/when/and/0")]
    cases[1]["given"] = {"member": {"spend_365d_minor": 100}}
    assert examine(json.dumps(pack(rules=rules, cases=cases))).findings == ()


numbers = st.integers(0, 8)
sets = st.one_of(
    st.builds(lambda a, b: Values(min(a, b), max(a, b)), numbers, numbers),
    st.builds(lambda among: Values(0, 8, frozenset(among)), st.sets(numbers)),
    st.builds(lambda without: Values(0, 8, without=frozenset(without)), st.sets(numbers)),
)


@given(sets, sets)
def test_sets_of_values_behave_as_sets(a: Values, b: Values) -> None:
    members_a, members_b = ({n for n in range(9) if one.has(n)} for one in (a, b))
    assert {n for n in range(9) if a.meet(b).has(n)} == members_a & members_b
    assert a.empty is (not members_a)
    assert a.covers(b) is (members_a >= members_b)
    outside = a.complement(Values(0, 8))
    assert outside is None or {n for n in range(9) if outside.has(n)} == set(range(9)) - members_a


comparisons = st.one_of(
    st.builds(
        lambda op, n: {op: [WEEKDAY, n]},
        st.sampled_from(["<", "<=", ">", ">=", "===", "!=="]),
        st.integers(1, 7),
    ),
    st.builds(lambda op, n: {op: [n, WEEKDAY]}, st.sampled_from(["<", "<=", ">", ">="]), st.integers(1, 7)),
    st.builds(lambda days: {"in": [WEEKDAY, sorted(days)]}, st.sets(st.integers(1, 7), min_size=1)),
)
trees = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(lambda one: {"!": [one]}, inner),
        st.builds(lambda many: {"and": many}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda many: {"or": many}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)


@given(st.lists(trees, min_size=1, max_size=3), st.lists(trees, min_size=1, max_size=3))
def test_what_is_told_of_conditions_is_what_the_till_finds(
    pack: Any, rule: Any, evaluate: Any, one: list[object], two: list[object]
) -> None:
    document = pack(rules=[rule("one", 1, {"and": one}), rule("two", 2, {"and": two})])
    model = Pack.model_validate(document)
    reader = Reader(model, BUILT_IN.document)
    first, second = (holding(reader, each) for each in model.rules)
    holds = [holds_on(evaluate, document, day) for day in range(1, 8)]
    if first.contradictory is not None:
        assert not any(a for a, _ in holds)
    if first.implies(second):
        assert all(b for a, b in holds if a)
    if not first.meets(second):
        assert not any(a and b for a, b in holds)


def holds_on(evaluate: Any, document: Any, day: int) -> tuple[bool, bool]:
    """Whether each of two rules holds on a day of the week."""

    said = evaluate([document], [100], datetime(2026, 11, 15 + day, 12, tzinfo=UTC)).outcomes
    assert all(outcome.error is None for outcome in said)
    return said[0].failed is None, said[1].failed is None


def test_no_error_is_lost_among_many_warnings(pack: Any, rule: Any) -> None:
    always = {"and": [{">=": [SPEND, 0]}]}
    rules = [rule(f"r{i}", i, always) for i in range(150)]
    never = rule("never", 500, {"and": [{">": [SPEND, 5]}, {"<": [SPEND, 5]}]})
    case = {"name": {"zh": "一", "en": "one"}, "given": {}, "expect": {"points": 1}}
    report = check(json.dumps(pack(rules=[*rules, never], cases=[case])))
    assert not report.green
    assert "rule_never_holds" in {one.code for one in report.findings}
    failing = examine(json.dumps(pack(rules=rules, cases=[case])))
    assert not failing.green
    assert len(failing.findings) == 101
