"""The catalogue, the document and the facts speak of the same things."""

import json
from dataclasses import fields

import pytest

from regulars.purchases.domain import Line
from regulars.rules.case_model import GivenLine
from regulars.rules.catalogue import (
    DOCUMENT_FIELDS,
    EXACT_BELOW,
    LINE_FIELDS,
    MAX_LINES,
    MAX_PURCHASE_MINOR,
    fields_of,
)
from regulars.rules.domain import ANONYMOUS, CalendarFacts, MemberFacts, PurchaseFacts, StoreFacts
from regulars.rules.facts import document, member_document

PURCHASE = PurchaseFacts(100, 120, "store", b'[{"line":1}]')
STORE = StoreFacts("1d", '"quoted"')
NOT_BUILT_IN = {"above", "zone", "custom"}
CALENDAR = CalendarFacts(20261122, 7, 18, 30, 11, 22)


def test_the_document_holds_every_fact_of_the_catalogue_and_no_other() -> None:
    found = json.loads(document(ANONYMOUS, PURCHASE, STORE, CALENDAR))
    paths = {f"{group}.{name}" for group, facts in found.items() for name in facts}
    assert paths == set(DOCUMENT_FIELDS)
    assert json.loads(member_document(ANONYMOUS)) == {"member": found["member"]}


def test_texts_are_quoted_and_marked() -> None:
    found = json.loads(document(ANONYMOUS, PURCHASE, STORE, CALENDAR))
    assert found["store"] == {"code": "~1d", "branch": '"quoted"'}
    assert found["purchase"]["lines"] == [{"line": 1}]


@pytest.mark.parametrize(
    ("group", "facts"), [("member", MemberFacts), ("store", StoreFacts), ("calendar", CalendarFacts)]
)
def test_each_fact_has_a_field(group: str, facts: type) -> None:
    assert {one.name for one in fields(facts)} - NOT_BUILT_IN == set(fields_of(group))


def test_a_line_of_a_basket_has_every_field_of_a_line() -> None:
    assert set(LINE_FIELDS) <= {one.name for one in fields(Line)}
    assert set(GivenLine.model_fields) == set(LINE_FIELDS) | {"tax_minor", "tax_included", "custom"}


def test_a_purchase_of_the_most_lines_stays_exact() -> None:
    assert MAX_LINES * LINE_FIELDS["sales_minor"].high <= MAX_PURCHASE_MINOR < EXACT_BELOW
    assert MAX_LINES * LINE_FIELDS["discount_minor"].high < EXACT_BELOW


def test_every_fact_has_words_in_both_languages() -> None:
    for field in (*DOCUMENT_FIELDS.values(), *LINE_FIELDS.values()):
        for words in (field.zh, field.help_zh):
            assert any("\u4e00" <= c <= "\u9fff" or c.isupper() for c in words), field.path
        assert field.en.isascii()
        assert field.help_en.endswith(".")
        assert field.kinds
