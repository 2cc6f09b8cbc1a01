"""Packs are said in words that people of the trade use."""

import json
from typing import Any

import pytest

from regulars.rules.sentences import pack_of, sentences
from regulars.rules.starters import starter_codes, starter_text
from regulars.rules.text_edits import with_parameters

LINES = {"var": "purchase.lines"}


def said(code: str, locale: str, **names: Any) -> dict[str, Any]:
    return {rule.rule_id: rule for rule in sentences(pack_of(starter_text(code)), locale, **names)}


def test_a_discount_is_said_as_a_shop_says_it() -> None:
    rule = said("silver-saturday", "zh_CN", tier_names={"silver": "银卡", "gold": "金卡"})["groceries"]
    assert rule.conditions == ("会员等级为银卡或金卡", "星期为周六")
    assert rule.effect == "品类为“GROCERY”的明细打 9.5 折，每单最多优惠 20.00"
    rule = said("silver-saturday", "en")["groceries"]
    assert rule.conditions == ("Member's tier is “silver” or “gold”", "Day of the week is Saturday")
    assert rule.effect == "5% off lines where department is “GROCERY”, at most 20.00 a purchase"


def test_money_is_said_in_the_chains_currency() -> None:
    pack = pack_of(starter_text("grocery-classic"))
    whole = {rule.rule_id: rule for rule in sentences(pack, "en", exponent=0)}
    assert whole["spend-loyal"].conditions[0].endswith("is at least 300,000")
    assert said("grocery-classic", "zh")["spend-loyal"].conditions == (
        "近 365 天消费额（不含本单）满 3,000.00",
    )
    assert said("grocery-classic", "en")["spend-loyal"].effect == "Points of the purchase × 1.5"


def test_a_tier_is_called_by_its_title() -> None:
    assert said("classic-tiers", "zh")["gold"].effect == "升为金卡"
    assert said("classic-tiers", "en")["gold"].effect == "Moves up to Gold"


def test_rules_are_said_in_the_order_in_which_they_act() -> None:
    for code in starter_codes():
        pack = pack_of(starter_text(code))
        assert [rule.rule_id for rule in sentences(pack, "en")] == [r.id for r in pack.rules_in_order()]


CONDITIONS = [
    ({"!": [{"var": "member.frozen"}]}, "并非（会员已冻结）", "Not (member is frozen)"),
    (
        {"<": [5, {"var": "member.visits"}]},
        "累计到店次数（不含本单）高于 5",
        "Number of visits ever before this purchase is more than 5",
    ),
    (
        {"some": [LINES, {"===": [{"var": "kind"}, "labour"]}]},
        "至少有一行明细类型为工时",
        "Some line: kind of line is labour",
    ),
    (
        {"or": [{"===": [{"var": "calendar.date"}, 20261111]}, {"===": [{"var": "member.stage"}, "lapsed"]}]},
        "日期为 2026年11月11日，或会员阶段为已流失",
        "Date is 11 Nov 2026 or member's stage is lapsed",
    ),
    (
        {">": [{"+": [{"map": [LINES, {"var": "discount_minor"}]}]}, 0]},
        "全部明细折扣金额合计高于 0.00",
        "Total discount of all lines is more than 0.00",
    ),
    (
        {"some": [LINES, {">=": [{"var": "quantity_milli"}, {"*": [{"param": "pieces"}, 1_000]}]}]},
        "至少有一行数量（千分之一）不低于 3",
        "Some line: quantity in thousandths is at least 3",
    ),
    (
        {">=": [{"length": [{"filter": [LINES, {"var": "promotional"}]}]}, {"param": "pieces"}]},
        "促销品的明细的数量不低于 3",
        "The number of lines where promotional item is at least 3",
    ),
]


@pytest.mark.parametrize(("condition", "zh", "en"), CONDITIONS, ids=[next(iter(c[0])) for c in CONDITIONS])
def test_a_condition_is_said_in_both_languages(
    pack: Any, rule: Any, condition: object, zh: str, en: str
) -> None:
    words = {"zh": "件数", "en": "pieces"}
    pieces = {"type": "count", "value": 3, "minimum": 1, "maximum": 9, "title": words}
    document = pack(rules=[rule(when={"and": [condition]})], parameters={"pieces": pieces})
    made = pack_of(json.dumps(document))
    assert sentences(made, "zh-CN")[0].conditions == (zh,)
    assert sentences(made, "en-GB")[0].conditions == (en,)


def test_one_day_is_one_day() -> None:
    pack = pack_of(with_parameters(starter_text("grocery-classic"), {"valid_days": 1}))
    base = next(rule for rule in sentences(pack, "en") if rule.rule_id == "base")
    assert base.effect.endswith("valid for 1 day")
