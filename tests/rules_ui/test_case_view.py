"""A case is told with the chain's own facts by their names."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hostile_packs import good_pack

from regulars.custom_fields.domain import CustomField, Subject
from regulars.kernel.ids import new_id
from regulars.rules import checker
from regulars.rules.custom_catalogue import with_custom
from rules_ui.case_view import case_lines
from rules_ui.i18n import LanguageTag, Money, Speech
from rules_ui.rule_words import pack_words


def own(subject: Subject, code: str, zh: str, en: str) -> CustomField:
    return CustomField(new_id(), subject, code, "boolean", zh, en, default=False)


KNOWN = with_custom([own("member", "vip", "贵宾", "important"), own("product", "local", "本地产品", "local")])


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "important: yes · no department $10.00 + no department $5.00 [local: yes]"),
        ("zh", "贵宾：是 · 未知品类 US$10.00 + 未知品类 US$5.00 [本地产品：是]"),
    ],
)
def test_what_a_case_gives_of_the_chains_own_facts_is_named(language: LanguageTag, told: str) -> None:
    lines = [{"sales_minor": 1_000}, {"sales_minor": 500, "custom": {"local": True}}]
    given = {"member": {"custom": {"vip": True}}, "purchase": {"lines": lines}}
    pack = good_pack() | {
        "cases": [{"name": {"zh": "一", "en": "one"}, "given": given, "expect": {"points": 15}}]
    }
    report = checker.examine(json.dumps(pack), KNOWN)
    assert report.pack is not None
    say = Speech(language, ZoneInfo("UTC"), Money("USD", 2), datetime(2026, 11, 22, tzinfo=UTC))
    (line,) = case_lines(report.pack, report, pack_words(report.pack, say, KNOWN), say, KNOWN)
    assert line.given == told
