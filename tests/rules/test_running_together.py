"""Rules that run as one expression say what each says alone; no fact is trusted that may be missing."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack_language import WORDS, basket, live

from regulars.purchases.domain import Line, lines_json
from regulars.rules import facts
from regulars.rules.case_model import Given
from regulars.rules.cases import facts_of
from regulars.rules.catalogue import LINES_PATH
from regulars.rules.certain import CERTAIN_FACTS, CERTAIN_LINE_FACTS, reads_certain
from regulars.rules.compiler import CompiledRule, compile_pack
from regulars.rules.domain import ANONYMOUS, CalendarFacts, PackVersion, PurchaseFacts, StoreFacts
from regulars.rules.engine import compile_together, run, run_together
from regulars.rules.starters import STARTERS, starter_text

LINES = {"var": LINES_PATH}
PAPER = {"===": [{"var": "department"}, "PAPER"]}


def rules_of(*documents: dict[str, Any]) -> list[CompiledRule]:
    packs = [compile_pack(PackVersion(UUID(int=0), d["code"], 1, d["kind"], "", d)) for d in documents]
    return [rule for pack in packs for rule in pack.rules]


def alone(rules: list[CompiledRule], document: str) -> list[object]:
    """Each rule's result by itself, or the tag of its error."""
    runnable = [rule.rule for rule in rules if rule.rule is not None]
    assert len(runnable) == len(rules)
    return [json.loads(r) if isinstance(r, str) else f"!{r.tag}" for r in run(runnable, document)]


def together(rules: list[CompiledRule], document: str) -> list[object] | None:
    bundle = compile_together([rule.text for rule in rules], certain=all(rule.certain for rule in rules))
    assert bundle is not None
    return run_together(bundle, document)


def document_of(**given: Any) -> str:
    member, purchase, store, calendar, _ = facts_of(Given.model_validate(given))
    return facts.document(member, purchase, store, calendar)


@pytest.mark.parametrize("code", STARTERS)
def test_the_packs_to_begin_with_run_together_as_alone_and_trust_their_facts(code: str) -> None:
    document = json.loads(starter_text(code))
    rules = rules_of(document)
    assert all(rule.certain for rule in rules)
    for case in document["cases"]:
        text = document_of(**case["given"])
        assert together(rules, text) == alone(rules, text), case["name"]


number_facts = st.sampled_from(["quantity_milli", "list_minor", "sales_minor", "discount_minor", "line"])
departments = st.sampled_from(["PAPER", "INK", "", "1d", "24h"])
of_line = st.one_of(
    st.just({"var": "promotional"}),
    st.builds(
        lambda op, code: {op: [{"var": "department"}, code]}, st.sampled_from(["===", "!=="]), departments
    ),
    st.builds(
        lambda codes: {"in": [{"var": "department"}, codes]}, st.lists(departments, min_size=1, max_size=3)
    ),
    st.builds(
        lambda op, fact, bound: {op: [{"var": fact}, bound]},
        st.sampled_from(["<", "<=", ">", ">=", "===", "!=="]),
        number_facts,
        st.integers(0, 1_000) | st.just({"val": [[2], "member", "visits"]}),
    ),
)
line_conditions = st.recursive(
    of_line,
    lambda inner: st.one_of(
        st.builds(lambda each: {"and": each}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda each: {"or": each}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda one: {"!": [one]}, inner),
    ),
    max_leaves=4,
)
sums = st.builds(
    lambda condition, fact, rate: {
        "+": [{"map": [{"filter": [LINES, condition]}, {"*": [{"var": fact}, rate]}]}]
    },
    line_conditions,
    number_facts,
    st.integers(1, 9),
)
conditions = st.one_of(
    st.builds(lambda op, c: {op: [LINES, c]}, st.sampled_from(["some", "all", "none"]), line_conditions),
    st.builds(
        lambda op, total, bound: {op: [total, bound]},
        st.sampled_from(["<", ">="]),
        sums,
        st.integers(0, 5_000),
    ),
    st.just({"in": ["staff", {"var": "member.tags"}]}),
)
lines = st.lists(
    st.fixed_dictionaries(
        {
            "department": departments,
            "promotional": st.booleans(),
            "sales_minor": st.integers(0, 1_000),
            "discount_minor": st.integers(0, 2),
            "quantity_milli": st.sampled_from([0, 435, 1_000, 2_000]),
        }
    ),
    max_size=5,
)


whens = st.lists(conditions, max_size=2).map(lambda each: {"and": each} if each else True)


@given(st.lists(st.tuples(whens, sums, line_conditions), min_size=1, max_size=3), lines, st.integers(0, 3))
def test_whatever_rules_say_alone_they_say_together(
    pack: Any, rule: Any, said: Any, bought: Any, visits: int
) -> None:
    points = [
        rule(f"e{i}", when=when, earn={"unit": "points", "amount": amount, "per": 1})
        for i, (when, amount, _) in enumerate(said)
    ]
    off = [
        rule(f"d{i}", when=when, discount={"lines": condition, "rate_bps": 500})
        for i, (when, _, condition) in enumerate(said)
    ]
    rules = rules_of(pack(rules=points), pack("off", "discount", rules=off))
    text = document_of(member={"visits": visits}, purchase=basket(*bought))
    assert all(rule.certain for rule in rules)
    assert together(rules, text) == alone(rules, text)


def sum_of(fact: object) -> dict[str, Any]:
    return {"+": [{"map": [LINES, fact]}]}


@pytest.mark.parametrize(
    "tree",
    [
        {"var": "purchase.sales_mino"},
        {"var": "sales_minor"},
        {"var": ""},
        {"var": ["member.visits", 0]},
        {"var": "member.visits_30d"},
        {"var": "member.custom.shoe_size"},
        {"val": [[2], "member", "visits"]},
        {"val": [[1], "index"]},
        sum_of({"var": "sales_mino"}),
        sum_of({"var": "member.visits"}),
        sum_of({"var": "tax_minor"}),
        sum_of({"var": "custom.brand"}),
        sum_of({"val": [[4], "member", "visits"]}),
        sum_of({"val": [[2], "member", "visits_30d"]}),
        sum_of(sum_of({"var": "sales_minor"})),
        {"+": [{"map": [{"var": "member.tags"}, {"var": "sales_minor"}]}]},
        {"+": [{"map": [{"map": [LINES, {"var": "line"}]}, {"var": "sales_minor"}]}]},
        {"reduce": [LINES, {"var": "accumulator"}, 0]},
        {"map": [LINES]},
    ],
)
def test_what_may_be_missing_is_not_trusted(tree: Any) -> None:
    assert not reads_certain({"if": [{">": [1, {"var": "member.visits"}]}, "0", tree]})


def test_what_is_always_there_is_trusted_in_each_spelling() -> None:
    inner = {"*": [{"var": "sales_minor"}, {"val": [[2], "member", "visits"]}]}
    both = {"filter": [{"filter": [{"val": ["purchase", "lines"]}, PAPER]}, {"var": "promotional"}]}
    assert reads_certain({"floor": [{"/": [{"+": [{"map": [both, inner]}]}, 3]}]})


def test_all_that_is_trusted_stands_in_the_document_of_whoever_buys_whatever() -> None:
    bought = Line(1, "", "", "goods", 1_000, 0, 0, 0, promotional=False)
    purchase = PurchaseFacts(0, 0, "store", lines_json([bought]))
    calendar = CalendarFacts(20261122, 7, 18, 30, 11, 22)
    member = replace(ANONYMOUS, days_since_visit=None)
    document = json.loads(facts.document(member, purchase, StoreFacts("s", "b"), calendar))
    for path in CERTAIN_FACTS:
        group, _, name = path.partition(".")
        assert name in document[group], path
    assert document["purchase"]["lines"][0].keys() >= CERTAIN_LINE_FACTS


def test_a_fact_that_a_line_does_not_have_is_an_error_and_not_nothing(pack: Any, rule: Any) -> None:
    typo = sum_of({"if": [{"===": [{"var": "departmnt"}, "PAPER"]}, 0, {"var": "sales_minor"}]})
    broken = rule("broken", 5, earn={"unit": "points", "amount": typo, "per": 1})
    packs = live(pack(rules=[broken, rule()]))
    evaluation = packs.evaluate(*facts_of(Given.model_validate({"purchase": basket(500)})))
    assert [(o.rule_id, o.error, o.gave) for o in evaluation.outcomes] == [
        ("broken", "VariableNotFound", 0),
        ("base", None, 5),
    ]


def test_those_that_fail_now_and_then_leave_the_others_as_they_are(pack: Any, rule: Any) -> None:
    def shared_by(fact: str) -> dict[str, Any]:
        share = {"floor": [{"/": [{"var": "purchase.sales_minor"}, {"var": fact}]}]}
        return {"earn": {"unit": "points", "amount": share, "per": 1}}

    facts_shared = ("member.visits", "member.visits_365d", "member.enrolled_days")
    sharing = [rule(f"shared-{i}", i, **shared_by(fact)) for i, fact in enumerate(facts_shared)]
    packs = live(pack(rules=[*sharing, rule()]))
    for row in ((1, 2, 4), (0, 2, 4), (0, 0, 4), (5, 2, 4), (5, 0, 0), (1, 2, 4)):
        given = dict(zip(("visits", "visits_365d", "enrolled_days"), row, strict=True))
        facts = facts_of(Given.model_validate({"member": given, "purchase": basket(500)}))
        told = [(o.error, o.gave) for o in packs.evaluate(*facts).outcomes]
        assert told == [(None, 500 // part) if part else ("Thrown", 0) for part in row] + [(None, 5)], row


def test_a_tier_is_looked_at_without_a_purchase_and_a_rule_that_asks_for_one_reaches_none(
    pack: Any, rule: Any
) -> None:
    tiers = [{"code": "base", "rank": 0, "title": WORDS, "threshold": 0}]
    tiers.append({"code": "silver", "rank": 1, "title": WORDS, "threshold": 100})
    days = dict.fromkeys(
        ("tier_year_days", "at_risk_after_days", "lapse_after_days", "first_revisit_after_days"), 9
    )
    asks = rule(
        "silver", when={"and": [{"<": [{"var": "purchase.sales_minor"}, 5]}]}, set_tier={"tier": "silver"}
    )
    parts = {"tiers": tiers, "lifecycle": {**days, "revisit_every_days": 9}}
    packs = live(pack(kind="tier", rules=[asks], **parts))
    assert packs.tier_for(ANONYMOUS) is None
