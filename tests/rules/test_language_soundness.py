"""What the checker lets through of the whole language runs at the till, and points are rounded once."""

import json
import random  # noqa: TID251 — Hypothesis hands its own in
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pack_language import WORDS, basket, errors, evaluated, live

from regulars.rules.case_model import Given
from regulars.rules.cases import facts_of
from regulars.rules.checker import check
from regulars.rules.model import PackLimit
from regulars.rules.reach_model import Reach
from regulars.rules.sentences import pack_of, sentences
from regulars.rules.stack_model import Stack

Trees = st.SearchStrategy[Any]
LINES = {"var": "purchase.lines"}
PAPER = {"===": [{"var": "department"}, "PAPER"]}
PROMO = {"var": "promotional"}
OUT = [{"title": WORDS, "lines": PROMO}]

numbers = st.one_of(
    st.integers(0, 500),
    st.sampled_from(
        [
            {"var": "purchase.sales_minor"},
            {"val": ["purchase", "list_minor"]},
            {"var": "member.visits"},
            {"length": [LINES]},
            {"length": [{"filter": [LINES, PAPER]}]},
            {"+": [{"map": [LINES, {"var": "sales_minor"}]}]},
            {"+": [{"map": [{"filter": [LINES, PAPER]}, {"*": [{"var": "quantity_milli"}, 2]}]}]},
        ]
    ),
)
amounts = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "min", "max"]), inner, inner).map(
            lambda t: {t[0]: [t[1], t[2]]}
        ),
        st.tuples(inner, st.integers(1, 99)).map(lambda t: {"floor": [{"/": list(t)}]}),
        st.tuples(st.sampled_from(["<", ">="]), inner, inner, inner).map(
            lambda t: {"if": [{t[0]: [t[1], t[2]]}, t[3], 0]}
        ),
    ),
    max_leaves=5,
)
lines = st.lists(
    st.fixed_dictionaries(
        {
            "sales_minor": st.integers(0, 10**9),
            "department": st.sampled_from(["PAPER", "INK"]),
            "quantity_milli": st.integers(0, 10**9),
            "promotional": st.booleans(),
            "tax_minor": st.none() | st.integers(0, 10**9),
            "tax_included": st.booleans(),
        }
    ),
    max_size=4,
)
bases = st.sampled_from([None, {"price": "list"}, {"tax": "excluded"}, {"tax": "included"}])
exclusions = st.sampled_from([{}, {"exclusions": OUT}])


@given(amounts, st.sampled_from(["amount_minor", "price_minor", "amount", "points"]), exclusions, lines)
def test_an_amount_that_the_checker_takes_is_whole_at_the_till(
    pack: Any, rule: Any, amount: Any, form: str, parts: Any, bought: Any
) -> None:
    per = {"per": 1} if form == "amount" else {}
    earns = form in ("amount", "points")
    then = {"earn": {"unit": "points", form: amount} | per} if earns else {"discount": {form: amount}}
    expect = {"points": 0} if earns else {"discount_minor": 0}
    case = {"name": WORDS, "given": {}, "expect": expect}
    kind = "earning" if earns else "discount"
    document = pack("any", kind, rules=[rule("base", **then)], cases=[case], **parts)
    found = errors(document)
    assert {code for code, _ in found} <= {
        "amount_out_of_bounds",
        "number_may_overflow",
        "dividend_may_be_negative",
    }
    if found:
        return
    evaluation = evaluated(document, purchase=basket(*bought))
    (outcome,) = evaluation.outcomes
    assert outcome.error in ((None, "TooLarge") if earns else (None,))
    told = [sentences(pack_of(document), language)[0].effect for language in ("zh", "en")]
    assert all(told)


earnings = st.one_of(
    st.builds(lambda points: ("points", points), st.integers(0, 500)),
    st.builds(lambda per, base: ("lines", per, base), st.integers(1, 5_000), bases),
)


@given(
    st.lists(earnings, min_size=1, max_size=4),
    st.lists(st.integers(10_000, 30_000), max_size=2),
    exclusions,
    lines,
    st.randoms(use_true_random=False),
)
def test_points_of_all_forms_are_exact_and_rounded_once(
    pack: Any,
    rule: Any,
    earned: Any,
    rates: Any,
    parts: Any,
    bought: Any,
    chance: random.Random,
) -> None:
    rules = [rule(f"e{i}", i, earn=_earn(form)) for i, form in enumerate(earned)]
    rules += [rule(f"m{i}", 50 + i, multiply={"rate_bps": rate}) for i, rate in enumerate(rates)]
    facts = facts_of(Given.model_validate({"purchase": basket(*bought)}))
    straight = live(pack(rules=rules, **parts)).evaluate(*facts)
    chance.shuffle(rules)
    assert live(pack(rules=rules, **parts)).evaluate(*facts) == straight
    seen = [line for line in bought if not (parts and line["promotional"])]
    exact = sum((_worth(form, seen) for form in earned), Fraction(0))
    for rate in rates:
        exact *= Fraction(rate, 10_000)
    assert straight.points == exact.numerator // exact.denominator
    assert straight.points == sum(outcome.gave for outcome in straight.outcomes)


def _earn(form: Any) -> dict[str, Any]:
    if form[0] == "points":
        return {"unit": "points", "points": form[1]}
    return {"unit": "points", "per": form[1]} | ({"base": form[2]} if form[2] else {})


def _worth(form: Any, seen: Any) -> Fraction:
    if form[0] == "points":
        return Fraction(form[1])
    return Fraction(sum(_value(line, form[2] or {}) for line in seen), form[1])


def _value(line: Any, base: Any) -> int:
    sales, tax, included = line["sales_minor"], line["tax_minor"] or 0, line["tax_included"]
    match base.get("tax"):
        case "excluded":
            return int(max(0, sales - tax)) if included else int(sales)
        case "included":
            return int(sales) if included else int(sales + tax)
        case _:
            return int(sales)  # a line of a case without a list price is listed at what it is sold for


names = st.sampled_from(
    [
        *Reach.model_fields,
        *PackLimit.model_fields,
        *Stack.model_fields,
        "from",
        "hours",
        "lines",
        "zh",
        "param",
    ]
)
plain = st.none() | st.booleans() | st.integers() | st.sampled_from(["all", "day", "08:00", "2026-12-01", ""])
noise = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(noise, st.sampled_from(["scope", "calendar", "stacking", "limits", "exclusions", "lifecycle"]))
def test_whatever_stands_in_a_part_is_told_and_stops_nothing(pack: Any, value: Any, part: str) -> None:
    report = check(json.dumps(pack(**{part: value})))
    for found in report.findings:
        assert found.zh
        assert found.en
    assert report.green or any(found.pointer.startswith(("/" + part, "/rules")) for found in report.findings)
