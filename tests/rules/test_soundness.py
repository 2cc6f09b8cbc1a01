"""What the checker lets through runs: no error at the till, and exact numbers."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.cases import results_of
from regulars.rules.catalogue import DOCUMENT_FIELDS, LINE_FIELDS, Field
from regulars.rules.checker import examine
from regulars.rules.sentences import pack_of, sentences

DOCUMENT = [field for path, field in DOCUMENT_FIELDS.items() if field.type != "lines"]
LINE = list(LINE_FIELDS.values())
LINES = {"var": "purchase.lines"}
Trees = st.SearchStrategy[Any]
OUT_OF_BOUNDS = {"number_may_overflow", "dividend_may_be_negative"}
NEVER_TRUE = {"rule_never_holds", "condition_never_true"}
"""What a condition may be refused for that is of the right shape and types."""

texts = st.sampled_from(["", "GROCERY", "1d", "24h", "~1d", "2026-01-01T00:00:00Z", "银卡"])
small = st.integers(0, 50)


def reading(fields: list[Field], kind: str) -> Trees:
    return st.sampled_from([{"var": field.path} for field in fields if field.type == kind])


def text_test(field: Field) -> Trees:
    choices = [option.value for option in field.options]
    wanted = st.sampled_from(choices) if choices else texts
    one = wanted.map(lambda value: {"===": [{"var": field.path}, value]})
    many = st.lists(wanted, min_size=1, max_size=3).map(lambda values: {"in": [{"var": field.path}, values]})
    return one | many


def whole(fields: list[Field]) -> Trees:
    leaves = small | reading(fields, "integer")
    return st.recursive(leaves, lambda inner: arithmetic(inner), max_leaves=6)


def arithmetic(inner: Trees) -> Trees:
    pair = st.tuples(inner, inner).map(list)
    return st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "min", "max"]), pair).map(lambda t: {t[0]: t[1]}),
        st.tuples(inner, st.integers(1, 99)).map(lambda t: {"floor": [{"/": list(t)}]}),
        st.tuples(inner, st.integers(1, 99)).map(lambda t: {"%": list(t)}),
        inner.map(lambda tree: {"abs": [tree]}),
    )


def truth(fields: list[Field], extra: Trees | None = None) -> Trees:
    compared = st.tuples(st.sampled_from(["<", "<=", ">", ">="]), whole(fields), whole(fields))
    leaves = st.one_of(
        compared.map(lambda t: {t[0]: [t[1], t[2]]}),
        reading(fields, "boolean"),
        st.one_of(*[text_test(field) for field in fields if field.type == "text"]),
    )
    if extra is not None:
        leaves = leaves | extra
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda members: {"and": members}),
            st.lists(inner, min_size=1, max_size=3).map(lambda members: {"or": members}),
            inner.map(lambda tree: {"!": [tree]}),
        ),
        max_leaves=4,
    )


def over_lines() -> Trees:
    source = st.just(LINES) | truth(LINE).map(lambda condition: {"filter": [LINES, condition]})
    quantified = st.tuples(st.sampled_from(["some", "all", "none"]), source, truth(LINE))
    total = st.tuples(source, whole(LINE)).map(lambda t: {"+": [{"map": list(t)}]})
    return st.one_of(
        quantified.map(lambda t: {t[0]: [t[1], t[2]]}),
        st.tuples(total, small).map(lambda t: {">": list(t)}),
        source.map(lambda tree: {">": [{"length": [tree]}, 1]}),
        texts.map(lambda text: {"in": [text, {"var": "member.tags"}]}),
    )


LINE_FACTS = st.fixed_dictionaries(
    {"department": texts, "sku": texts, "sales_minor": st.integers(0, 10**9), "promotional": st.booleans()}
)


@given(
    condition=truth(DOCUMENT, over_lines()),
    lines=st.lists(LINE_FACTS, max_size=4),
    spend=st.integers(0, 10**12),
    tags=st.lists(texts, max_size=2),
)
def test_a_condition_that_the_checker_takes_never_fails_at_the_till(
    pack: Any, rule: Any, condition: Any, lines: list[Any], spend: int, tags: list[str]
) -> None:
    case = {
        "name": {"zh": "任意", "en": "any"},
        "given": {"member": {"spend_365d_minor": spend, "tags": tags}, "purchase": {"lines": lines}},
        "expect": {"awards": {}},
    }
    never = {"unit": "points", "amount": 0, "per": 1}
    rules = [rule("any", 1, {"and": [condition]}, earn=never)]
    report = examine(json.dumps(pack(rules=rules, cases=[case])))
    errors = {found.code for found in report.findings if found.severity == "error"}
    assert errors <= OUT_OF_BOUNDS or errors <= NEVER_TRUE
    if errors <= NEVER_TRUE:
        assert report.pack is not None
        assert report.document is not None
        told = results_of(report.pack, report.document, report.pack.cases[0].given)
        assert not told["errors"]
        assert told["failed"] or not errors, "what was said never to hold has held"
        made = pack_of(report.document)
        assert all(sentences(made, locale)[0].conditions[0] for locale in ("zh", "en"))
