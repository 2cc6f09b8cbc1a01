"""What a pack's limits look like, and what is wrong with them."""

import json
from typing import Any

import pytest
from pack_language import errors, live

from regulars.rules.checker import check
from regulars.rules.domain import Limit
from regulars.rules.limit_wording import limit_sentences
from regulars.rules.sentences import pack_of

WORDS = {"zh": "每日上限", "en": "a day"}


def limit(**parts: Any) -> dict[str, Any]:
    usual = {"code": "daily", "title": WORDS, "of": "points", "per": "member", "every": "day"}
    return usual | {"at_most": 500, "when_reached": "partial"} | parts


def test_limits_stand_on_the_pack_set_with_the_values_of_parameters(pack: Any, rule: Any) -> None:
    most = {"type": "integer", "value": 300, "minimum": 1, "maximum": 900, "title": WORDS}
    document = pack(
        rules=[rule("base", 1), rule("a", 2)],
        parameters={"most": most},
        limits=[
            limit(at_most={"param": "most"}),
            limit(code="a-day", per="store", rules=["base"], when_reached="nothing"),
        ],
    )
    assert errors(document) == set()
    assert live(document).limits == (
        Limit("sample", "a-day", "points", "store", "day", 500, ("base",), partial=False),
        Limit("sample", "daily", "points", "member", "day", 300, ("a", "base"), partial=True),
    )


def test_a_pack_without_limits_has_none(pack: Any) -> None:
    assert live(pack()).limits == ()


@pytest.mark.parametrize(
    ("wrong", "code", "pointer"),
    [
        ({"of": "money_minor"}, "limit_of_other_kind", "/limits/0/of"),
        ({"rules": ["base", "none"]}, "rule_unknown", "/limits/0/rules/1"),
        ({"at_most": -1}, "amount_out_of_bounds", "/limits/0/at_most"),
        ({"at_most": {"param": "none"}}, "parameter_unknown", "/limits/0/at_most"),
        ({"every": "hour"}, "choice_expected", "/limits/0/every"),
        ({"at_most": 1.5}, "fraction_found", "/limits/0/at_most"),
        ({"rules": []}, "list_empty", "/limits/0/rules"),
    ],
)
def test_what_is_wrong_with_a_limit_is_found(pack: Any, wrong: Any, code: str, pointer: str) -> None:
    assert errors(pack(limits=[limit(**wrong)])) == {(code, pointer)}


def test_choices_are_listed_without_a_word_of_either_language(pack: Any) -> None:
    (found,) = check(json.dumps(pack(limits=[limit(every="hour")]))).findings
    assert found.zh == "只能是：day、week、month、year、ever。"
    assert found.en == "Use one of: day, week, month, year, ever."


def test_two_limits_of_one_code_are_found(pack: Any) -> None:
    assert errors(pack(limits=[limit(), limit()])) == {("id_repeated", "/limits/1/code")}


def test_only_points_and_money_have_limits(pack: Any, rule: Any) -> None:
    refuse = {"scopes": ["earning"], "reason": {"code": "no", "words": WORDS}}
    document = pack("none", "eligibility", rules=[rule("base", refuse=refuse)], limits=[limit()])
    assert errors(document) == {("part_misplaced", "/limits")}


SAID = [
    (
        {},
        "每位会员每天最多 500 分，不足时给剩余部分",
        "At most 500 points a day for each member, the last one in part",
    ),
    (
        {"per": "store", "every": "month", "when_reached": "nothing", "rules": ["base"]},
        "每家门店每月最多 500 分，超出不给（仅限：名称）",
        "At most 500 points a month for each store, only where the whole fits (only: name)",
    ),
    (
        {"of": "uses", "at_most": 1, "every": "ever", "when_reached": "nothing"},
        "每位会员累计最多 1 次，超出不给",
        "At most 1 use in all for each member, only where the whole fits",
    ),
    (
        {"of": "money_minor", "at_most": 5_000_000, "per": "pack", "every": "week"},
        "所有门店合计每周最多优惠 50,000.00，不足时给剩余部分",
        "At most 50,000.00 off a week for all stores together, the last one in part",
    ),
]


@pytest.mark.parametrize(("parts", "zh", "en"), SAID)
def test_a_limit_is_said_in_both_languages(pack: Any, parts: Any, zh: str, en: str) -> None:
    made = pack_of(pack(limits=[limit(**parts)]))
    assert [limit_sentences(made, language)[0].words for language in ("zh", "en")] == [zh, en]
