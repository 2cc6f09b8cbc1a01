"""Each form of discount, to the minor unit."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack_language import basket, errors, evaluated, live, notes

from regulars.rules.case_model import Given
from regulars.rules.cases import facts_of
from regulars.rules.discounts import SelectedLine, round_to, units_picked
from regulars.rules.sentences import pack_of, sentences

PAPER = {"===": [{"var": "department"}, "PAPER"]}
GROUP = {"group": "g"}


def item(sales: int, pieces: int = 1, **more: Any) -> dict[str, Any]:
    return {"sales_minor": sales, "quantity_milli": pieces * 1_000, "department": "PAPER"} | more


def saved(pack: Any, rule: Any, discount: Any, *lines: Any, **parts: Any) -> dict[int, int]:
    """What each line gets off; the pack must be one that the checker takes."""
    case = {"name": {"zh": "一", "en": "one"}, "given": {}, "expect": {"discount_minor": 0}}
    document = pack("save", "discount", rules=[rule("base", discount=discount)], cases=[case], **parts)
    assert errors(document) == set()
    evaluation = evaluated(document, purchase=basket(*lines))
    (outcome,) = evaluation.outcomes
    assert outcome.error is None
    found = {discount.line: discount.amount_minor for discount in evaluation.discounts}
    assert outcome.gave == sum(found.values())
    return found


FORMS = [
    # an amount off all of it, off some of it, more than there is
    ({"amount_minor": 500}, [item(1_000), item(3_000)], {1: 125, 2: 375}),
    ({"amount_minor": 500, "lines": PAPER}, [item(1_000), item(3_000, department="INK")], {1: 500}),
    ({"amount_minor": 500}, [item(100), item(200)], {1: 100, 2: 200}),
    ({"amount_minor": 500, "cap_minor": 100}, [item(1_000)], {1: 100}),
    (
        {"amount_minor": {"*": [50, {"length": [{"var": "purchase.lines"}]}]}},
        [item(1_000), item(1_000)],
        {1: 50, 2: 50},
    ),
    # a price for each unit: dearer ones come down to it, cheaper ones stay, weighed goods have no units
    ({"price_minor": 99}, [item(300, 2), item(90), item(199, quantity_milli=1_500)], {1: 102}),
    ({"price_minor": 0}, [item(300, 2)], {1: 300}),
    # three for two: of five units one is free, the cheapest
    ({"free_items": {"free": 1, "every": 3, "pick": "cheapest"}}, [item(600, 3), item(100, 2)], {2: 50}),
    ({"free_items": {"free": 1, "every": 3, "pick": "cheapest"}}, [item(600, 3), item(100, 3)], {2: 66}),
    ({"free_items": {"free": 1, "every": 3, "pick": "dearest"}}, [item(600, 3), item(100, 3)], {1: 400}),
    ({"free_items": {"free": 1, "every": 3, "pick": "cheapest"}}, [item(600, 2)], {}),
    ({"free_items": {"free": 2, "every": 2, "pick": "cheapest"}}, [item(600, 2)], {1: 600}),
    (
        {"free_items": {"free": 1, "every": 2, "pick": "cheapest"}},
        [item(600, 1), item(100, quantity_milli=1_999)],
        {},
    ),
    ({"free_items": {"free": 1, "every": 2, "pick": "dearest", "times": 2}}, [item(600, 6)], {1: 200}),
    # one of them is a gift, however many are bought
    (
        {"free_items": {"free": 1, "every": 1, "pick": "cheapest", "times": 1}},
        [item(600, 3), item(190)],
        {2: 190},
    ),
    # the second at half price
    ({"nth_item": {"every": 2, "rate_bps": 5_000, "pick": "cheapest"}}, [item(600), item(301)], {2: 150}),
    ({"nth_item": {"every": 2, "rate_bps": 5_000, "pick": "cheapest"}}, [item(600)], {}),
    (
        {"nth_item": {"every": 1, "rate_bps": 5_000, "pick": "cheapest"}},
        [item(600, 2), item(100)],
        {1: 300, 2: 50},
    ),
    (
        {"nth_item": {"every": 1, "rate_bps": 5_000, "pick": "dearest", "times": 2}},
        [item(600, 2), item(1_000)],
        {1: 150, 2: 500},
    ),
    # for each full hundred ten off
    ({"threshold": {"every_minor": 10_000, "off_minor": 1_000}}, [item(9_999)], {}),
    (
        {"threshold": {"every_minor": 10_000, "off_minor": 1_000}},
        [item(5_000), item(5_000)],
        {1: 500, 2: 500},
    ),
    ({"threshold": {"every_minor": 10_000, "off_minor": 1_000}}, [item(39_999)], {1: 3_000}),
    ({"threshold": {"every_minor": 10_000, "off_minor": 1_000, "times": 2}}, [item(39_999)], {1: 2_000}),
    # which value counts
    ({"rate_bps": 1_000, "base": {"price": "list"}}, [item(800, list_minor=1_000)], {1: 100}),
    ({"rate_bps": 5_000, "base": {"price": "list"}}, [item(300, list_minor=1_000)], {1: 300}),
    ({"rate_bps": 1_000, "base": {"tax": "excluded"}}, [item(1_130, tax_minor=130)], {1: 100}),
    ({"rate_bps": 1_000, "base": {"tax": "excluded"}}, [item(1_130)], {1: 113}),
    (
        {"rate_bps": 1_000, "base": {"tax": "excluded"}},
        [item(1_000, tax_minor=130, tax_included=False)],
        {1: 100},
    ),
    (
        {"rate_bps": 1_000, "base": {"tax": "included"}},
        [item(1_000, tax_minor=130, tax_included=False)],
        {1: 113},
    ),
    # rounding, once for all lines together
    (
        {"rate_bps": 1_000, "rounding": {"mode": "floor", "to_minor": 10}},
        [item(555), item(444)],
        {1: 50, 2: 40},
    ),
    ({"rate_bps": 1_000, "rounding": {"mode": "half_up", "to_minor": 10}}, [item(950)], {1: 100}),
    ({"rate_bps": 1_000, "rounding": {"mode": "half_up", "to_minor": 10}}, [item(949)], {1: 90}),
    ({"rate_bps": 1_000, "rounding": {"mode": "ceil", "to_minor": 100}}, [item(1_001)], {1: 200}),
    ({"rate_bps": 1_000, "rounding": {"mode": "ceil", "to_minor": 100}}, [item(90)], {1: 90}),
]


@pytest.mark.parametrize(("form", "lines", "expected"), FORMS)
def test_each_form_takes_off_what_it_says(pack: Any, rule: Any, form: Any, lines: Any, expected: Any) -> None:
    assert saved(pack, rule, form | GROUP, *lines) == expected


def test_exclusions_take_lines_out_of_discounts_and_amounts(pack: Any, rule: Any) -> None:
    out = [
        {"title": {"zh": "促销品", "en": "promotional goods"}, "lines": {"var": "promotional"}},
        {"title": {"zh": "烟草", "en": "tobacco"}, "lines": {"===": [{"var": "department"}, "TOBACCO"]}},
    ]
    lines = [item(1_000), item(2_000, promotional=True), item(4_000, department="TOBACCO")]
    assert saved(pack, rule, {"rate_bps": 1_000}, *lines, exclusions=out) == {1: 100}
    ten_percent = {"floor": [{"/": [{"var": "purchase.sales_minor"}, 10]}]}
    assert saved(pack, rule, {"amount_minor": ten_percent}, *lines, exclusions=out) == {1: 100}
    listed = {"floor": [{"/": [{"val": ["purchase", "list_minor"]}, 5]}]}
    assert saved(pack, rule, {"amount_minor": listed}, *lines, exclusions=out) == {1: 200}
    earn = {"unit": "points", "amount": {"+": [{"map": [{"var": "purchase.lines"}, {"var": "sales_minor"}]}]}}
    for way in (earn, {"unit": "points"}):
        document = pack(rules=[rule("base", earn=way | {"per": 100})], exclusions=out)
        assert errors(document) == set()
        assert evaluated(document, purchase=basket(*lines)).points == 10


def test_conditions_still_see_excluded_lines(pack: Any, rule: Any) -> None:
    out = [{"title": {"zh": "促销品", "en": "promo"}, "lines": {"var": "promotional"}}]
    when = {"and": [{">=": [{"var": "purchase.sales_minor"}, 3_000]}]}
    document = pack(rules=[rule("base", when=when, earn={"unit": "points", "per": 100})], exclusions=out)
    lines = [item(1_000), item(2_000, promotional=True)]
    assert evaluated(document, purchase=basket(*lines)).points == 10


def test_a_discount_after_others_counts_what_they_left(pack: Any, rule: Any) -> None:
    def both(after: bool) -> list[int]:
        second = {"rate_bps": 5_000, "base": {"after_discounts": after}, "group": "b"}
        rules = [rule("one", 1, discount={"rate_bps": 5_000, "group": "a"}), rule("two", 2, discount=second)]
        evaluation = evaluated(pack("save", "discount", rules=rules), purchase=basket(1_000))
        return [discount.amount_minor for discount in evaluation.discounts]

    assert both(after=True) == [500, 250]
    assert both(after=False) == [500, 500]


def test_an_amount_is_borne_by_what_other_discounts_left(pack: Any, rule: Any) -> None:
    free = {"price_minor": 0, "lines": PAPER, "group": "a"}
    rules = [rule("free", 1, discount=free), rule("off", 2, discount={"amount_minor": 500, "group": "b"})]
    lines = [item(1_000), item(1_000, department="INK")]
    evaluation = evaluated(pack("save", "discount", rules=rules), purchase=basket(*lines))
    assert [(d.rule_id, d.line, d.amount_minor) for d in evaluation.discounts] == [
        ("free", 1, 1_000),
        ("off", 2, 500),
    ]


def test_what_is_cut_says_so(pack: Any, rule: Any) -> None:
    document = pack("save", "discount", rules=[rule("base", discount={"amount_minor": 500})])
    assert notes(evaluated(document, purchase=basket(300))) == {"base": "capped"}
    assert notes(evaluated(document, purchase=basket(500))) == {"base": None}


def test_an_amount_that_is_not_exact_gives_nothing(pack: Any, rule: Any) -> None:
    for amount in ({"/": [5, 2]}, {"-": [0, 1]}, {"var": "purchase.channel"}, {"*": [1 << 40, 1 << 40]}):
        document = pack("save", "discount", rules=[rule("base", discount={"amount_minor": amount})])
        evaluation = evaluated(document, purchase=basket(500))
        assert evaluation.discounts == ()
        assert [outcome.error for outcome in evaluation.outcomes] == ["NotWhole"]


WRONG = [
    ({}, "one_form_expected", ""),
    ({"rate_bps": 1, "amount_minor": 1}, "one_form_expected", ""),
    ({"amount_minor": -1}, "amount_out_of_bounds", "/amount_minor"),
    ({"amount_minor": {"var": "purchase.channel"}}, "operand_type", "/amount_minor"),
    ({"price_minor": {"var": "sales_minor"}}, "path_is_line_field", "/price_minor/var"),
    ({"free_items": {"free": 3, "every": 2, "pick": "cheapest"}}, "value_above_other", "/free_items/free"),
    ({"free_items": {"free": 0, "every": 2, "pick": "cheapest"}}, "amount_out_of_bounds", "/free_items/free"),
    ({"free_items": {"free": 1, "every": 2}}, "field_missing", "/free_items"),
    (
        {"nth_item": {"every": 0, "rate_bps": 1, "pick": "cheapest"}},
        "amount_out_of_bounds",
        "/nth_item/every",
    ),
    (
        {"free_items": {"free": 1, "every": 2, "pick": "cheapest", "times": 0}},
        "amount_out_of_bounds",
        "/free_items/times",
    ),
    ({"threshold": {"every_minor": 100, "off_minor": 101}}, "value_above_other", "/threshold/off_minor"),
    ({"threshold": {"every_minor": 0, "off_minor": 0}}, "amount_out_of_bounds", "/threshold/every_minor"),
    ({"rate_bps": 1, "rounding": {"mode": "floor", "to_minor": 3}}, "choice_expected", "/rounding/to_minor"),
    ({"rate_bps": 1, "base": {"price": "list", "tax": "excluded"}}, "tax_of_list_price", "/base/tax"),
    ({"rate_bps": 1, "base": {}}, "part_empty", "/base"),
    ({"amount_minor": 1, "lines": {"var": "kind"}}, "operand_type", "/lines"),
    (
        {"threshold": {"every_minor": {"param": "no"}, "off_minor": 1}},
        "parameter_unknown",
        "/threshold/every_minor",
    ),
]


@pytest.mark.parametrize(("discount", "code", "pointer"), WRONG)
def test_what_is_wrong_with_a_discount_is_found(
    pack: Any, rule: Any, discount: Any, code: str, pointer: str
) -> None:
    case = {"name": {"zh": "一", "en": "one"}, "given": {}, "expect": {"discount_minor": 0}}
    document = pack("save", "discount", rules=[rule("base", discount=discount)], cases=[case])
    assert errors(document) == {(code, "/rules/0/then/discount" + pointer)}


def test_a_sum_over_lines_cannot_go_round_the_exclusions(pack: Any, rule: Any) -> None:
    basket_value = {"val": [[2], "purchase", "sales_minor"]}
    amount = {"+": [{"map": [{"var": "purchase.lines"}, basket_value]}]}
    out = [{"title": {"zh": "促销品", "en": "promo"}, "lines": {"var": "promotional"}}]
    document = pack(rules=[rule("base", earn={"unit": "points", "amount": amount, "per": 1})], exclusions=out)
    assert errors(document) == {("exclusions_bypassed", "/rules/0/then/earn/amount")}


SAID = [
    ({"amount_minor": 500}, "全部明细立减 5.00", "5.00 off all lines together"),
    (
        {"price_minor": 990, "lines": PAPER},
        "品类为“PAPER”的明细每件特价 9.90",
        "9.90 for each unit of lines where department is “PAPER”",
    ),
    (
        {"free_items": {"free": 1, "every": 3, "pick": "cheapest"}},
        "全部明细每 3 件免 1 件（免价低者）",
        "The cheapest 1 of every 3 units of all lines free",
    ),
    (
        {"nth_item": {"every": 2, "rate_bps": 5_000, "pick": "cheapest"}},
        "全部明细每 2 件，价低的 1 件半价",
        "50% off the cheapest one of every 2 units of all lines",
    ),
    (
        {"free_items": {"free": 1, "every": 3, "pick": "cheapest", "times": 2}},
        "全部明细每 3 件免 1 件（免价低者），每单最多 2 次",
        "The cheapest 1 of every 3 units of all lines free, at most 2 times a purchase",
    ),
    (
        {"free_items": {"free": 1, "every": 1, "pick": "cheapest", "times": 1}, "lines": PAPER},
        "品类为“PAPER”的明细送 1 件（送价低者）",
        "The cheapest 1 of lines where department is “PAPER” free, once",
    ),
    (
        {"nth_item": {"every": 2, "rate_bps": 5_000, "pick": "cheapest", "times": 1}},
        "全部明细每 2 件，价低的 1 件半价，每单限一次",
        "50% off the cheapest one of every 2 units of all lines, once a purchase",
    ),
    (
        {"threshold": {"every_minor": 10_000, "off_minor": 1_000}},
        "全部明细每满 100.00 减 10.00",
        "10.00 off for each 100.00 of all lines",
    ),
    (
        {"threshold": {"every_minor": 10_000, "off_minor": 1_000, "times": 3}, "cap_minor": 2_500},
        "全部明细每满 100.00 减 10.00，最多减 3 次，每单最多优惠 25.00",
        "10.00 off for each 100.00 of all lines, at most 3 times, at most 25.00 a purchase",
    ),
    (
        {"threshold": {"every_minor": 10_000, "off_minor": 1_000, "times": 1}},
        "全部明细满 100.00 减 10.00",
        "10.00 off all lines from 100.00 on",
    ),
    (
        {
            "rate_bps": 1_200,
            "base": {"price": "list", "after_discounts": True},
            "rounding": {"mode": "floor", "to_minor": 10},
        },
        "全部明细打 8.8 折，按原价计算，在其他优惠之后，优惠金额向下取整到 0.10",
        "12% off all lines, counted on the list value, after other discounts, rounded down to 0.10",
    ),
    (
        {"rate_bps": 1_000, "base": {"tax": "excluded"}},
        "全部明细打 9 折，按不含税金额计算",
        "10% off all lines, counted on the sales value without tax",
    ),
]


@pytest.mark.parametrize(("discount", "zh", "en"), SAID)
def test_a_discount_is_said_in_both_languages(pack: Any, rule: Any, discount: Any, zh: str, en: str) -> None:
    made = pack_of(pack("save", "discount", rules=[rule("base", discount=discount)]))
    assert [sentences(made, language)[0].effect for language in ("zh", "en")] == [zh, en]


prices = st.integers(0, 100_000)
pieces = st.integers(0, 12_000)
lines_of = st.lists(st.tuples(prices, pieces, prices), min_size=1, max_size=8)
forms = st.one_of(
    st.builds(lambda n: {"amount_minor": n}, st.integers(0, 50_000)),
    st.builds(lambda n: {"price_minor": n}, st.integers(0, 5_000)),
    st.builds(lambda n: {"rate_bps": n}, st.integers(0, 10_000)),
    st.builds(
        lambda n, m, p, t: {"free_items": {"free": min(n, m), "every": m, "pick": p, "times": t}},
        st.integers(1, 4),
        st.integers(1, 4),
        st.sampled_from(["cheapest", "dearest"]),
        st.none() | st.integers(1, 3),
    ),
    st.builds(
        lambda n, r, p: {"nth_item": {"every": n, "rate_bps": r, "pick": p}},
        st.integers(1, 4),
        st.integers(0, 10_000),
        st.sampled_from(["cheapest", "dearest"]),
    ),
    st.builds(
        lambda every, part: {"threshold": {"every_minor": every, "off_minor": every * part // 100}},
        st.integers(1, 20_000),
        st.integers(0, 100),
    ),
)
extras = st.fixed_dictionaries(
    {},
    optional={
        "base": st.sampled_from([{"price": "list"}, {"after_discounts": True}, {"tax": "excluded"}]),
        "rounding": st.builds(
            lambda mode, to: {"mode": mode, "to_minor": to},
            st.sampled_from(["floor", "half_up", "ceil"]),
            st.sampled_from([1, 5, 10, 50, 100]),
        ),
        "cap_minor": st.integers(0, 10_000),
    },
)


@given(
    lines_of,
    st.lists(st.tuples(forms, extras, st.sampled_from("ab")), min_size=1, max_size=4),
    st.permutations(range(4)),
)
def test_discounts_never_exceed_a_line_and_do_not_depend_on_the_order_of_writing(
    pack: Any, rule: Any, lines: Any, discounts: Any, order: Any
) -> None:
    rules = [
        rule(f"r{i}", i, discount=form | extra | {"group": group})
        for i, (form, extra, group) in enumerate(discounts)
    ]
    bought = basket(
        *(item(sales, quantity_milli=milli, list_minor=sales + more) for sales, milli, more in lines)
    )
    facts = facts_of(Given.model_validate({"purchase": bought}))
    straight = live(pack("save", "discount", rules=rules)).evaluate(*facts)
    shuffled = [rules[i] for i in order if i < len(rules)]
    assert live(pack("save", "discount", rules=shuffled)).evaluate(*facts) == straight
    off: dict[int, int] = {}
    for discount in straight.discounts:
        assert discount.amount_minor > 0
        off[discount.line] = off.get(discount.line, 0) + discount.amount_minor
    for number, (sales, _, _) in enumerate(lines, 1):
        assert off.get(number, 0) <= sales
    assert sum(off.values()) == sum(outcome.gave for outcome in straight.outcomes)
    assert all(outcome.error is None for outcome in straight.outcomes)


@given(st.integers(0, 10**12), st.integers(1, 10**6), st.sampled_from([1, 5, 10, 50, 100]))
def test_rounding_is_exact(above: int, below: int, to: int) -> None:
    exact = Fraction(above, below)
    low, near, high = (round_to(exact, mode, to) for mode in ("floor", "half_up", "ceil"))
    assert low <= exact <= high
    assert high - low in (0, to)
    assert abs(near - exact) * 2 <= to
    assert near % to == low % to == high % to == 0
    assert near == (high if (exact - low) * 2 >= to else low)


@given(st.lists(st.tuples(st.integers(0, 1_000), st.integers(0, 5)), max_size=6), st.integers(0, 30))
def test_the_cheapest_units_are_those_that_a_person_would_pick(lines: Any, count: int) -> None:
    whole = [(value * units, units) for value, units in lines]  # so that each unit has a whole price
    selected = [SelectedLine(i, value, value, units) for i, (value, units) in enumerate(whole)]
    each = sorted(value for value, units in lines for _ in range(units))
    count = min(count, len(each))
    for dearest, expected in ((False, each[:count]), (True, each[len(each) - count :])):
        assert sum(value for _, value in units_picked(selected, count, dearest=dearest)) == sum(expected)
