"""The checker finds what is wrong, says where, and says what to do."""

import json
import time
from typing import Any

import pytest

from regulars.rules.checker import Report, check, examine
from regulars.rules.findings import MOST_FINDINGS, SENTENCES

LINES = {"var": "purchase.lines"}
SPEND = {"var": "member.spend_365d_minor"}
AMOUNTS = {"map": [LINES, {"var": "sales_minor"}]}


def codes(report: Report) -> set[str]:
    return {found.code for found in report.findings}


def with_condition(pack: Any, rule: Any, condition: object, **parts: Any) -> Report:
    return check(json.dumps(pack(rules=[rule(when={"and": [condition]})], **parts)))


def with_amount(pack: Any, rule: Any, amount: object, **parts: Any) -> Report:
    earn = {"unit": "points", "amount": amount, "per": 1}
    return check(json.dumps(pack(rules=[rule(earn=earn)], **parts)))


def test_a_small_pack_is_green(pack: Any) -> None:
    report = examine(json.dumps(pack()))
    assert report.green
    assert report.findings == ()


CONDITIONS = [
    ("loose equality", {"==": [SPEND, 1]}, "operator_refused"),
    ("loose inequality", {"!=": [SPEND, 1]}, "operator_refused"),
    ("unknown operator", {"matches": [SPEND, 1]}, "operator_unknown"),
    ("operator of dates", {"datetime": ["2026-01-01T00:00:00Z"]}, "operator_unknown"),
    ("typing error in a path", {"<=": [{"var": "member.spend_365_minor"}, 100]}, "path_unknown"),
    ("default of a path", {"<=": [{"var": ["member.visits", 0]}, 100]}, "path_expected"),
    ("whole document", {"===": [{"var": ""}, 1]}, "path_unknown"),
    ("line field outside a line", {"===": [{"var": "department"}, "FUEL"]}, "path_is_line_field"),
    ("document inside a line", {"some": [LINES, {">": [SPEND, 1]}]}, "path_outside_line"),
    ("text compared by size", {">": [{"var": "member.tier"}, "10"]}, "operand_type"),
    ("number-like text", {"===": [SPEND, "100"]}, "types_differ"),
    ("text added", {">": [{"+": [SPEND, "1"]}, 0]}, "operand_type"),
    ("a written list summed", {">": [{"+": [[1, 2]]}, 0]}, "literal_refused"),
    ("part of a text", {"in": ["sil", {"var": "member.tier"}]}, "operand_type"),
    ("number in texts", {"in": [SPEND, ["1", "2"]]}, "operand_type"),
    ("mixed list", {"in": [SPEND, [1, "2"]]}, "literal_refused"),
    ("number as a condition", SPEND, "operand_type"),
    ("text as a condition", "true", "operand_type"),
    ("null", {"===": [SPEND, None]}, "literal_refused"),
    ("literal truth", {"and": [True]}, "literal_refused"),
    ("impossible stage", {"===": [{"var": "member.stage"}, "churned"]}, "option_unknown"),
    ("impossible weekday", {"in": [{"var": "calendar.weekday"}, [0, 6]]}, "option_unknown"),
    ("no operand", {"and": []}, "operand_count"),
    ("too many operands", {"===": [SPEND, 1, 2]}, "operand_count"),
    ("two operators", {"<": [SPEND, 1], ">": [SPEND, 0]}, "one_operator_expected"),
    ("iterator in an iterator", {"some": [LINES, {"some": [LINES, {">": [1, 0]}]}]}, "iterator_nested"),
    ("iterating over tags", {"some": [{"var": "member.tags"}, {">": [1, 0]}]}, "lines_expected"),
    ("unknown parameter", {">": [SPEND, {"param": "nobody"}]}, "parameter_unknown"),
    ("division at large", {">": [{"/": [SPEND, 2]}, 1]}, "division_unrounded"),
    (
        "division by what may be nothing",
        {">": [{"floor": [{"/": [SPEND, SPEND]}]}, 1]},
        "divisor_may_be_zero",
    ),
    ("remainder of a negative", {">": [{"%": [{"-": [0, SPEND]}, 7]}, 1]}, "dividend_may_be_negative"),
    ("rounding nothing", {">": [{"floor": [SPEND]}, 1]}, "rounding_without_division"),
    ("product beyond 2^52", {">": [{"*": [SPEND, SPEND]}, 1]}, "number_may_overflow"),
    (
        "one sum or the other beyond 2^52",
        {
            ">": [
                {"*": [{"+": [{"if": [{">": [SPEND, 1]}, AMOUNTS, AMOUNTS]}]}, 1_000_000_000]},
                1,
            ]
        },
        "number_may_overflow",
    ),
    ("absent tested for", {"missing": ["member.tier"]}, "operator_refused"),
    ("text joined", {"===": [{"cat": ["a", "b"]}, "ab"]}, "operator_unknown"),
    ("list compared", {"===": [{"var": "member.tags"}, ["a"]]}, "operand_type"),
    ("branches of two types", {"===": [{"if": [{">": [SPEND, 1]}, 1, "a"]}, 1]}, "types_differ"),
    (
        "case without an else",
        {"===": [{"if": [{">": [SPEND, 1]}, 1, {">": [SPEND, 1]}, 2]}, 1]},
        "operand_count",
    ),
]


@pytest.mark.parametrize(("condition", "code"), [c[1:] for c in CONDITIONS], ids=[c[0] for c in CONDITIONS])
def test_a_wrong_condition_is_found_where_it_stands(
    pack: Any, rule: Any, condition: object, code: str
) -> None:
    report = with_condition(pack, rule, condition)
    assert codes(report) == {code}
    assert report.findings[0].pointer.startswith("/rules/0/when/and/0")
    assert not report.green


GOOD_CONDITIONS = [
    {"<=": [1, {"var": "calendar.weekday"}, 5]},
    {"in": [{"var": "member.tier"}, ["silver", "1d"]]},
    {"in": ["staff", {"var": "member.tags"}]},
    {"!": [{"var": "member.frozen"}]},
    {"or": [{"===": [{"var": "member.stage"}, "active"]}, {">": [{"length": [LINES]}, 3]}]},
    {"some": [LINES, {"===": [{"var": "sku"}, {"val": [[2], "member", "tier"]}]}]},
    {">=": [{"floor": [{"/": [SPEND, 7]}]}, {"%": [SPEND, 7]}]},
    {">": [{"abs": [{"-": [SPEND, 100]}]}, {"min": [SPEND, {"max": [3, SPEND]}]}]},
    {"all": [{"filter": [LINES, {"!": {"var": "promotional"}}]}, {">": [{"var": "sales_minor"}, 0]}]},
    {"===": [{"val": ["store", "code"]}, {"if": [{"var": "member.known"}, "a", "b"]}]},
]


@pytest.mark.parametrize("condition", GOOD_CONDITIONS, ids=[next(iter(c)) for c in GOOD_CONDITIONS])
def test_a_right_condition_is_taken_and_runs(pack: Any, rule: Any, condition: object) -> None:
    conditions = [rule("base"), rule("other", 20, {"and": [condition]})]
    cases = [{"name": {"zh": "空", "en": "empty"}, "given": {}, "expect": {"points": 0}}]
    report = examine(json.dumps(pack(rules=conditions, cases=cases)))
    assert codes(report) <= {"rule_without_case", "rule_never_fails"}
    assert all(case.passed for case in report.cases)


def test_reduce_is_refused_for_a_sum(pack: Any, rule: Any) -> None:
    reduced = {"reduce": [LINES, {"+": [{"var": "accumulator"}, 1]}, 0]}
    assert codes(with_amount(pack, rule, reduced)) == {"operator_refused"}


def test_an_amount_that_may_be_negative_is_refused(pack: Any, rule: Any) -> None:
    report = with_amount(pack, rule, {"-": [SPEND, 1]})
    assert codes(report) == {"amount_out_of_bounds"}


def test_a_product_is_judged_by_the_bounds_of_its_parameter(pack: Any, rule: Any) -> None:
    def parameter(maximum: int) -> dict[str, Any]:
        words = {"zh": "倍", "en": "times"}
        return {"times": {"type": "count", "value": 1, "minimum": 1, "maximum": maximum, "title": words}}

    amount = {"*": [SPEND, {"param": "times"}]}
    assert with_amount(pack, rule, amount, parameters=parameter(4_503)).green
    assert codes(with_amount(pack, rule, amount, parameters=parameter(4_504))) == {"number_may_overflow"}


def test_a_tier_rule_reads_the_member_only(pack: Any, rule: Any) -> None:
    condition = {">": [{"var": "purchase.sales_minor"}, 1]}
    rules = [rule(when={"and": [condition]}, set_tier={"tier": "silver"})]
    report = check(json.dumps(pack(kind="tier", rules=rules)))
    assert "path_not_for_kind" in codes(report)
    assert "tier_part_missing" in codes(report)


def test_parameters_keep_within_their_bounds_and_are_used(pack: Any) -> None:
    words = {"zh": "天", "en": "days"}
    low, high = {"minimum": 10, "maximum": 5}, {"minimum": 1, "maximum": 90_000}
    parameters = {
        "reversed": {"type": "days", "value": 7, "title": words} | low,
        "wide": {"type": "days", "value": 7, "title": words} | high,
        "outside": {"type": "days", "value": 7, "title": words, "minimum": 8, "maximum": 9},
    }
    assert codes(check(json.dumps(pack(parameters=parameters)))) == {
        "parameter_bounds_reversed",
        "parameter_bounds_too_wide",
        "parameter_out_of_bounds",
        "parameter_unused",
    }


def test_an_action_belongs_to_the_kind_of_its_pack(pack: Any, rule: Any) -> None:
    report = check(json.dumps(pack(kind="discount", rules=[rule()])))
    assert "action_wrong_kind" in codes(report)


def test_a_multiplier_below_one_is_refused(pack: Any, rule: Any) -> None:
    report = check(json.dumps(pack(rules=[rule(multiply={"rate_bps": 9_999, "group": "g"})])))
    assert codes(report) == {"amount_out_of_bounds"}


def test_a_rule_has_exactly_one_action(pack: Any, rule: Any) -> None:
    both = rule()
    both["then"]["multiply"] = {"rate_bps": 10_000, "group": "g"}
    none = rule() | {"then": {}}
    for wrong in (both, none):
        assert codes(check(json.dumps(pack(rules=[wrong])))) == {"one_action_expected"}


def test_ids_and_orders_are_given_once(pack: Any, rule: Any) -> None:
    report = check(json.dumps(pack(rules=[rule("a", 1), rule("a", 1)], cases=[])))
    assert codes(report) == {"id_repeated", "order_repeated", "no_cases"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"code": "a", "code": "b"}', "key_repeated"),
        ('{"value": NaN}', "number_not_finite"),
        ('{"value": -Infinity}', "number_not_finite"),
        ('{"value": 1.0}', "fraction_found"),
        ('{"value": 1e3}', "fraction_found"),
        (f'{{"value": {1 << 52}}}', "number_too_large"),
        (f'{{"value": {"9" * 5000}}}', "number_too_large"),
        ('{"value": "\\ud800"}', "text_unprintable"),
        ('{"value": "\\u0000"}', "text_unprintable"),
        ("{'value': 1}", "not_json"),
        ("", "not_json"),
        ("\ufeff{}", "not_json"),
        ("[]", "object_expected"),
        ("null", "object_expected"),
        (b"\xff\xfe", "not_utf8"),
    ],
)
def test_a_text_that_is_no_pack_is_a_finding(text: str | bytes, code: str) -> None:
    assert codes(check(text)) == {code}


def _nested(pack: Any, rule: Any, levels: int) -> str:
    deep: object = {"var": "member.known"}
    for _ in range(levels):
        deep = {"!": [deep]}
    return json.dumps(pack(rules=[rule(when={"and": [deep]})]))


HOSTILE = {
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 40_000 + "1" + "}" * 40_000,
    "deep and closed": "[" * 100_000 + "]" * 100_000,
    "fifty megabytes": "[" + "1," * 25_000_000 + "1]",
    "many values": "[" + "{}," * 80_000 + "{}]",
    "many keys": "{" + ",".join(f'"k{i}":1' for i in range(20_000)) + "}",
    "long text": '"' + "长" * 80_000 + '"',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_is_a_finding_at_once(text: str) -> None:
    begun = time.process_time()
    report = examine(text)
    assert report.findings
    assert not report.green
    assert time.process_time() - begun < 1.0  # a tenth of it on a machine at rest


def test_a_pack_that_would_slow_the_till_is_refused_before_it_runs(pack: Any, rule: Any) -> None:
    sums = {"+": [{"+": [{"map": [LINES, {"var": "sales_minor"}]}]} for _ in range(1_000)]}
    rules = [rule("base", 1), rule("slow", 2, {"and": [{">": [sums, 1]}]})]
    lines = [{"sales_minor": 1} for _ in range(20)]
    case = {
        "name": {"zh": "一", "en": "one"},
        "given": {"purchase": {"lines": lines}},
        "expect": {"points": 0},
    }
    begun = time.process_time()
    report = examine(json.dumps(pack(rules=rules, cases=[case] * 150)))
    assert codes(report) == {"pack_too_costly", "cases_too_costly"}
    assert report.cases == ()
    assert time.process_time() - begun < 1.0


def test_a_pack_with_thousands_of_unknown_keys_is_answered_in_part(pack: Any) -> None:
    report = check(json.dumps(pack(**{f"x{i}": 1 for i in range(15_000)})))
    assert codes(report) == {"field_unknown", "more_findings"}


def test_deep_conditions_are_a_finding(pack: Any, rule: Any) -> None:
    assert check(_nested(pack, rule, 10)).green
    assert codes(check(_nested(pack, rule, 60))) == {"too_deep"}


def test_a_pack_of_nothing_but_errors_is_answered_at_once_and_in_part(pack: Any, rule: Any) -> None:
    wrong = {"and": [{">": [{"var": f"member.x{i}"}, i]} for i in range(90)]}
    begun = time.process_time()
    report = check(json.dumps(pack(rules=[rule(f"r{i}", i, wrong) for i in range(30)])))
    assert codes(report) == {"path_unknown", "more_findings"}
    assert len(report.findings) <= MOST_FINDINGS + 1
    assert time.process_time() - begun < 1.0


def test_a_pointer_names_the_place_in_the_text(pack: Any) -> None:
    document = pack()
    document["rules"][0]["then"]["earn"]["per"] = "100"
    found = check(json.dumps(document)).findings
    assert [(f.code, f.pointer) for f in found] == [
        ("number_or_parameter_expected", "/rules/0/then/earn/per")
    ]


def test_cases_are_held_to_the_catalogue(pack: Any) -> None:
    def given(**facts: Any) -> dict[str, Any]:
        return {"name": {"zh": "一", "en": "one"}, "given": facts, "expect": {"points": 0}}

    wrong = [
        (given(member={"spend": 1}), "field_unknown"),
        (given(member={"spend_365d_minor": "1"}), "integer_expected"),
        (given(member={"stage": "churned"}), "choice_expected"),
        (given(calendar={"weekday": 8}), "value_too_large"),
        (given(calendar={"weekday": True}), "integer_expected"),
        (given(purchase={"lines": [{"sales_minor": -1}]}), "value_too_small"),
        (given(at="2026-11-20"), "wall_time_expected"),
        (given(at="2026-11-20T18:30Z"), "wall_time_expected"),
    ]
    for case, code in wrong:
        assert codes(check(json.dumps(pack(cases=[case])))) == {code}


def test_a_case_expects_what_its_kind_can_give(pack: Any) -> None:
    name = {"zh": "一", "en": "one"}
    cases = [
        {"name": name, "given": {}, "expect": {}},
        {"name": name, "given": {}, "expect": {"tier": "gold"}},
        {"name": name, "given": {}, "expect": {"applied": ["nobody"]}},
    ]
    assert codes(check(json.dumps(pack(cases=cases)))) == {
        "case_expects_nothing",
        "case_expects_other_kind",
        "case_rule_unknown",
    }


def test_a_failing_case_says_what_it_expected_and_got(pack: Any) -> None:
    case = {
        "name": {"zh": "一元", "en": "one yuan"},
        "given": {"purchase": {"lines": [{"sales_minor": 100}]}},
        "expect": {"points": 2},
    }
    report = examine(json.dumps(pack(cases=[case])))
    (found,) = [f for f in report.findings if f.code == "case_failed"]
    assert found.pointer == "/cases/0/expect/points"
    assert "should be 2, it is 1" in found.en
    assert "一元" in found.zh
    assert not report.green


def test_a_rule_that_no_case_makes_apply_is_pointed_out(pack: Any, rule: Any) -> None:
    never = rule("never", 20, {"and": [{">": [SPEND, 1]}]})
    report = examine(json.dumps(pack(rules=[rule(), never])))
    assert [(f.code, f.severity, f.pointer) for f in report.findings] == [
        ("rule_without_case", "warning", "/rules/1")
    ]


def test_sentences_stand_in_both_languages_and_say_different_things() -> None:
    for code, (_, zh, en) in SENTENCES.items():
        assert any("\u4e00" <= c <= "\u9fff" for c in zh), code
        assert zh != en
        assert en.endswith(".")


def test_what_is_empty_is_told_so_and_not_how_long_it_may_be(pack: Any) -> None:
    report = check(json.dumps(pack(title={"zh": "", "en": "name"})))
    assert [(found.code, found.pointer, found.zh) for found in report.findings] == [
        ("text_empty", "/title/zh", "这里是空的。请填写文字。")
    ]


def test_a_number_that_is_one_is_not_told_as_a_span(pack: Any, rule: Any) -> None:
    earn = {"unit": "points", "points": 5, "valid_days": -5}
    report = check(json.dumps(pack(rules=[rule(earn=earn)])))
    (found,) = report.findings
    assert found.en == "“valid_days” must lie between 1 and 36,500; here it is -5."
