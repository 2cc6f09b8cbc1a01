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
from rules_ui.case_view import CASE_FAILED, case_lines, findings_told
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


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            [
                "The case “one” fails. Expected: name: can be used from 1 Dec 08:00. "
                "Result: name: can be used from 18 Nov 12:00",
                "The case “one” fails. Expected: name 7. Result: name 10",
            ],
        ),
        (
            "zh",
            [
                "用例“一”不通过。期望：名称：12月1日 08:00 起可用。结果：名称：11月18日 12:00 起可用",
                "用例“一”不通过。期望：名称 7。结果：名称 10",
            ],
        ),
    ],
)
def test_what_a_case_did_not_get_is_told_in_words(language: LanguageTag, told: list[str]) -> None:
    pack = good_pack()
    (rule,) = [each["id"] for each in pack["rules"]]
    pack["cases"] = [
        {
            "name": {"zh": "一", "en": "one"},
            "given": {"purchase": {"lines": [{"sales_minor": 1_000}]}},
            "expect": {"awards": {rule: 7}, "available_at": {rule: "2026-12-01T08:00"}, "points": 10},
        }
    ]
    say = Speech(language, ZoneInfo("UTC"), Money("USD", 2), datetime(2026, 11, 22, tzinfo=UTC))
    found = [
        each for each in findings_told(checker.examine(json.dumps(pack)), say) if each.code == CASE_FAILED
    ]
    assert sorted(each.zh if language == "zh" else each.en for each in found) == sorted(told)
