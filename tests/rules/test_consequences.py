"""Tags, moves of stage and messages: what a pack may write, and what the rules then want."""

import json
from typing import Any

import pytest
from rules.conftest import version_of

from regulars.rules.checker import check, examine
from regulars.rules.compiler import compile_pack
from regulars.rules.consequences import MessageAsked, StageMove, TagOrder, move_of
from regulars.rules.model import Pack
from regulars.rules.plan import limits_of
from regulars.rules.sentences import sentences

WORDS = {"zh": "名称", "en": "name"}
DAYS = {
    "at_risk_after_days": 90,
    "lapse_after_days": 180,
    "first_revisit_after_days": 7,
    "revisit_every_days": 90,
}
SALES = {"var": "purchase.sales_minor"}
LARGE = {"and": [{">=": [SALES, 10_000]}]}
STAFF_EARN_NOTHING = {
    "refuse": {"scopes": ["earning"], "reason": {"code": "staff", "words": WORDS}},
}


def care(pack: Any, *rules: Any, **parts: Any) -> Any:
    return pack("care", "lifecycle", lifecycle=DAYS, rules=list(rules), **parts)


def codes(document: Any) -> set[tuple[str, str]]:
    return {
        (one.code, one.pointer) for one in check(json.dumps(document)).findings if one.severity == "error"
    }


WANTED: dict[str, dict[str, Any]] = {
    "tag": {"tag": {"give": "coffee", "for_days": 90}},
    "for good": {"tag": {"give": "vip"}},
    "end": {"tag": {"end": "newcomer"}},
    "move": {"move_stage": {"to": "at_risk"}},
    "message": {"message": {"template": "thanks", "values": {"spent": SALES, "next": {"+": [1, 1]}}}},
}
ORDERS = {
    "tag": TagOrder("coffee", True, 90, "care/1", "base"),
    "for good": TagOrder("vip", True, None, "care/1", "base"),
    "end": TagOrder("newcomer", False, None, "care/1", "base"),
    "move": StageMove("at_risk", "care/1", "base"),
    "message": MessageAsked("thanks", (("next", 2), ("spent", 10_000)), "care/1", "base"),
}


@pytest.mark.parametrize("name", WANTED)
def test_a_rule_that_holds_wants_it_done_and_one_that_fails_does_not(
    pack: Any, rule: Any, evaluate: Any, name: str
) -> None:
    document = care(pack, rule(when=LARGE, **WANTED[name]))
    assert codes(document) == set()
    assert evaluate([document], [10_000]).asked == (ORDERS[name],)
    assert evaluate([document], [9_999]).asked == ()


@pytest.mark.parametrize("name", WANTED)
def test_nothing_is_done_to_nobody_and_to_a_frozen_member(
    pack: Any, rule: Any, evaluate: Any, name: str
) -> None:
    document = care(pack, rule(**WANTED[name]))
    for facts, note in (({"known": False}, "no_member"), ({"frozen": True}, "frozen")):
        found = evaluate([document], [100], **facts)
        assert (found.asked, found.outcomes[0].note) == ((), note)


def test_who_is_refused_points_gets_no_message_of_an_earning_pack(
    pack: Any, rule: Any, evaluate: Any
) -> None:
    earning = pack("promo", rules=[rule(), rule("thank", 20, **WANTED["message"])])
    refusing = pack("staff", "eligibility", rules=[rule(**STAFF_EARN_NOTHING)])
    assert [one.rule_id for one in evaluate([earning], [100]).asked] == ["thank"]
    found = evaluate([earning, refusing, care(pack, rule(**WANTED["tag"]))], [100])
    assert [one.rule_id for one in found.asked] == ["base"]
    assert {o.rule_id: o.note for o in found.outcomes if o.pack_version == "promo/1"} == {
        "base": "excluded:staff/1",
        "thank": "excluded:staff/1",
    }


def test_it_counts_where_and_when_its_rule_counts(pack: Any, rule: Any, evaluate: Any) -> None:
    elsewhere = rule(**WANTED["tag"]) | {"scope": {"places": ["west"]}}
    document = care(pack, elsewhere)
    assert codes(document) == set()
    assert evaluate([document], [100]).asked == ()


def test_of_several_moves_the_one_that_leads_furthest_counts() -> None:
    one, other = StageMove("at_risk", "a/1", "x"), StageMove("lapsed", "a/1", "y")
    assert move_of((one, other)) == move_of((other, one)) == other
    assert move_of(()) is None


WRONG: list[tuple[Any, tuple[str, str]]] = [
    ({"tag": {"give": "a", "end": "b"}}, ("one_tag_expected", "/rules/0/then/tag")),
    ({"tag": {"end": "b", "for_days": 3}}, ("one_tag_expected", "/rules/0/then/tag")),
    ({"tag": {}}, ("one_tag_expected", "/rules/0/then/tag")),
    ({"tag": {"give": "1 d"}}, ("code_expected", "/rules/0/then/tag/give")),
    ({"tag": {"give": "a", "for_days": 0}}, ("amount_out_of_bounds", "/rules/0/then/tag/for_days")),
    ({"move_stage": {"to": "frozen"}}, ("choice_expected", "/rules/0/then/move_stage/to")),
    ({"move_stage": {"to": "left"}}, ("choice_expected", "/rules/0/then/move_stage/to")),
    ({"move_stage": {"to": "active"}}, ("choice_expected", "/rules/0/then/move_stage/to")),
    (
        {"message": {"template": "t", "values": {"who": {"var": "member.tier"}}}},
        ("operand_type", "/rules/0/then/message/values/who"),
    ),
    (
        {"message": {"template": "t", "values": {"x": {"var": "member.phone"}}}},
        ("path_unknown", "/rules/0/then/message/values/x/var"),
    ),
]


@pytest.mark.parametrize(("then", "expected"), WRONG)
def test_what_is_wrong_with_it_is_found(pack: Any, rule: Any, then: Any, expected: tuple[str, str]) -> None:
    assert expected in codes(care(pack, rule(**then)))


def test_each_kind_of_pack_does_its_own(pack: Any, rule: Any) -> None:
    move = pack("promo", rules=[rule(), rule("move", 20, **WANTED["move"])])
    assert codes(move) == {("action_wrong_kind", "/rules/1/then/move_stage")}
    off = pack("off", "discount", rules=[rule(**WANTED["tag"])])
    assert ("action_wrong_kind", "/rules/0/then/tag") in codes(off)


def test_neither_groups_nor_limits_know_of_it(pack: Any, rule: Any) -> None:
    limit = {
        "code": "cap",
        "title": WORDS,
        "of": "points",
        "per": "member",
        "every": "day",
        "at_most": 100,
        "when_reached": "partial",
    }
    stacked = {"group": "all", "pick": "all"}
    document = pack(
        rules=[rule() | {"group": "all"}, rule("tag", 20, **WANTED["tag"])], stacking=stacked, limits=[limit]
    )
    assert codes(document) == set()
    (counted,) = limits_of(compile_pack(version_of(document)))
    assert counted.rule_ids == ("base",)
    named = document | {"limits": [limit | {"rules": ["tag"]}]}
    assert codes(named) == {("limit_of_other_action", "/limits/0/rules/0")}


def test_cases_say_what_is_to_be_done(pack: Any, rule: Any) -> None:
    given = {"purchase": {"lines": [{"sales_minor": 10_000}]}}
    expect = {
        "tagged": {"coffee": 90, "vip": None},
        "untagged": ["newcomer"],
        "messages": {"message": {"spent": 10_000, "next": 2}},
        "moved_to": "at_risk",
    }
    rules = [
        rule(name.replace(" ", "-"), order, when=LARGE, **then)
        for order, (name, then) in enumerate(WANTED.items())
    ]
    nothing: dict[str, Any] = {"tagged": {}, "untagged": [], "messages": {}, "moved_to": None}
    cases = [
        {"name": WORDS, "given": given, "expect": expect},
        {
            "name": WORDS,
            "given": {"purchase": {"lines": [{"sales_minor": 9_999}]}},
            "expect": nothing,
        },
    ]
    assert examine(json.dumps(care(pack, *rules, cases=cases))).findings == ()
    wrong = [cases[0] | {"expect": expect | {"tagged": {"coffee": 30}}}, cases[1]]
    (found,) = examine(json.dumps(care(pack, *rules, cases=wrong))).findings
    assert (found.code, found.pointer) == ("case_failed", "/cases/0/expect/tagged")


def test_it_is_said_in_both_languages(pack: Any, rule: Any) -> None:
    rules = [rule(name.replace(" ", "-"), order, **then) for order, (name, then) in enumerate(WANTED.items())]
    read = Pack.model_validate(care(pack, *rules))
    assert [one.effect for one in sentences(read, "zh")] == [
        "打上标签“coffee”，保留 90 天",
        "打上标签“vip”",
        "去掉标签“newcomer”",
        "转为“有流失风险”",
        "发送消息“thanks”：next = （1 + 1）、spent = 整单销售金额",
    ]
    assert [one.effect for one in sentences(read, "en")] == [
        "Gets the tag “coffee” for 90 days",
        "Gets the tag “vip”",
        "Loses the tag “newcomer”",
        "Is taken to be at risk",
        "Is sent the message “thanks”: next = (1 + 1), spent = sales value of the purchase",
    ]
