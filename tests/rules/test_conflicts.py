"""What a pack meets where it is to go live."""

import json
from typing import Any

from rules.conftest import version_of

from regulars.rules.checker import check
from regulars.rules.conflicts import conflicts, meetings
from regulars.rules.starters import starter_codes, starter_text

TIER = {"var": "member.tier"}
KNOWN = {"var": "member.known"}
GOLD, SILVER = {"===": [TIER, "gold"]}, {"===": [TIER, "silver"]}
PRODUCE = {"===": [{"var": "department"}, "PRODUCE"]}
MEAT = {"===": [{"var": "department"}, "MEAT"]}
BONUS = {"unit": "points", "points": 5}


def met(document: Any, *live: Any) -> list[tuple[str, str, str]]:
    report = check(json.dumps(document))
    assert report.pack is not None, report.findings
    found = conflicts(report.pack, [version_of(one) for one in live])
    return [(one.code, one.severity, one.pointer) for one in found]


def times(rule: Any, name: str, order: int, group: str, *conditions: object) -> Any:
    when = {"and": list(conditions)} if conditions else True
    return rule(name, order, when, multiply={"rate_bps": 15_000, "group": group})


def off(rule: Any, name: str, lines: object, group: str, *conditions: object) -> Any:
    when = {"and": list(conditions)} if conditions else True
    return rule(name, 10, when, discount={"lines": lines, "rate_bps": 500, "group": group})


def refusal(rule: Any, *conditions: object) -> Any:
    reason = {"code": "why", "words": {"zh": "因为", "en": "because"}}
    when = {"and": list(conditions)} if conditions else True
    return rule("no", 10, when, refuse={"scopes": ["earning"], "reason": reason})


def test_packs_that_have_nothing_to_do_with_each_other_do_not_meet(pack: Any, rule: Any) -> None:
    assert (
        met(
            pack("ours"),
            pack("theirs", rules=[rule(earn=BONUS)]),
            pack("third", "discount", rules=[off(rule, "a", MEAT, "g")]),
        )
        == []
    )


def test_the_starter_packs_get_on_with_each_other() -> None:
    packs = [json.loads(starter_text(code)) for code in starter_codes()]
    for one in packs:
        others = [other for other in packs if other is not one]
        assert [code for code, severity, _ in met(one, *others) if severity == "error"] == []


def test_a_live_version_of_the_same_code_is_replaced(pack: Any) -> None:
    assert met(pack("ours"), pack("ours")) == [("replaces_live", "warning", "/code")]


def test_a_store_has_one_tier_pack() -> None:
    tiers = json.loads(starter_text("classic-tiers"))
    assert met(tiers | {"code": "other-tiers"}, tiers) == [("second_of_kind", "error", "/kind")]


def test_multipliers_of_two_groups_that_can_hold_at_once_are_told(pack: Any, rule: Any) -> None:
    live = pack("theirs", rules=[rule(earn=BONUS), times(rule, "gold", 20, "weekend", GOLD)])

    def ours(*conditions: object, group: str = "tier") -> Any:
        return pack("ours", rules=[rule(earn=BONUS), times(rule, "mine", 20, group, *conditions)])

    assert met(ours(KNOWN), live) == [("multipliers_meet", "warning", "/rules/1")]
    assert met(ours(SILVER), live) == []
    assert met(ours(KNOWN, group="weekend"), live) == []


def test_rules_that_name_no_group_at_all_count_together(pack: Any, rule: Any) -> None:
    def plain(code: str) -> Any:
        return pack(
            code, rules=[rule(earn=BONUS), rule("more", 20, {"and": [KNOWN]}, multiply={"rate_bps": 15_000})]
        )

    assert met(plain("ours"), plain("theirs")) == [("multipliers_meet", "warning", "/rules/1")]


def test_a_pack_with_stacking_of_its_own_stands_in_its_outermost_group(pack: Any, rule: Any) -> None:
    def ours(outermost: str) -> Any:
        stacking = {"group": outermost, "pick": "highest", "members": ["inner"]}
        return pack("ours", "discount", rules=[off(rule, "a", PRODUCE, "inner")], stacking=stacking)

    def live(group: str) -> Any:
        return pack("theirs", "discount", rules=[off(rule, "b", PRODUCE, group)])

    assert met(ours("outer"), live("outer")) == []
    assert met(ours("outer"), live("inner")) == [("discounts_meet", "warning", "/rules/0")]


def test_two_packs_that_are_live_together_are_told_of_once(pack: Any, rule: Any) -> None:
    names = ("ours", "theirs")
    live = [version_of(pack(code, rules=[rule(earn=BONUS), times(rule, code, 20, code)])) for code in names]
    (only,) = meetings(live)
    assert (only.code, only.details) == ("multipliers_meet", {"product": "× 2.25"})
    told = {(only.ours, only.rule), (only.theirs, only.other_rule)}
    assert told == {(f"{code}/1", code) for code in names}
    blanket = version_of(pack("never", "eligibility", rules=[refusal(rule)]))
    assert [one.code for one in meetings([blanket, live[0]])] == ["refuses_live"]
    assert [one.code for one in meetings([live[0], blanket])] == ["refused_by_live"]


def test_discounts_meet_only_on_lines_that_both_can_select(pack: Any, rule: Any) -> None:
    live = pack("theirs", "discount", rules=[off(rule, "b", PRODUCE, "other")])
    assert met(pack("ours", "discount", rules=[off(rule, "a", PRODUCE, "g")]), live) == [
        ("discounts_meet", "warning", "/rules/0")
    ]
    assert met(pack("ours", "discount", rules=[off(rule, "a", MEAT, "g")]), live) == []


def test_points_for_the_same_amounts_from_two_packs_are_told(pack: Any, rule: Any) -> None:
    def ours(lines: object, *conditions: object) -> Any:
        when = {"and": list(conditions)} if conditions else True
        return pack("ours", rules=[rule(when=when, earn={"unit": "points", "lines": lines, "per": 100})])

    meat = ours(MEAT) | {"code": "theirs"}
    assert met(ours(MEAT), meat) == [("earnings_meet", "warning", "/rules/0")]
    assert met(ours(PRODUCE), meat) == []
    assert met(ours(MEAT, GOLD), ours(MEAT, SILVER) | {"code": "theirs"}) == []
    assert met(ours(MEAT), pack("theirs", rules=[rule(earn=BONUS)])) == []


def test_a_tier_that_the_ladder_beside_it_lacks_is_told_from_both_sides(pack: Any, rule: Any) -> None:
    ladder = json.loads(starter_text("classic-tiers"))
    line = {"and": [MEAT, {"===": [{"val": [[2], "member", "tier"]}, "platinum"]}]}
    rules = [rule(when={"and": [{"in": [TIER, ["gold", "god"]]}]}, discount={"lines": line, "rate_bps": 500})]
    ours = pack("ours", "discount", rules=rules, scope={"tiers": ["silver", "sliver"]})
    told = ("/scope/tiers/1", "/rules/0/when/and/0/in/1/1", "/rules/0/then/discount/lines/and/1/===/1")
    assert met(ours, ladder) == [("tier_not_live", "warning", pointer) for pointer in told]
    assert met(ladder, ours) == [("tier_missing", "warning", "/tiers")] * 3
    assert met(ours, pack("theirs", rules=[rule(earn=BONUS)])) == []
    known = pack("ours", "discount", rules=[off(rule, "a", MEAT, "g", GOLD)], scope={"tiers": ["silver"]})
    assert met(known, ladder) == met(ladder, known) == []


def test_one_group_with_two_ways_of_choosing_is_an_error(pack: Any, rule: Any) -> None:
    stacking = {"group": "g", "pick": "all"}
    ours = pack("ours", "discount", rules=[off(rule, "a", MEAT, "g")], stacking=stacking)
    live = pack("theirs", "discount", rules=[off(rule, "b", PRODUCE, "g")])
    assert met(ours, live) == [("group_pick_differs", "error", "/rules/0")]
    assert met(live | {"code": "ours"}, live) == []


def test_a_pack_that_is_always_refused_is_told_so(pack: Any, rule: Any) -> None:
    gold_only = pack("ours", rules=[rule(when={"and": [GOLD]})])
    both = pack("ours", rules=[rule(when={"and": [GOLD]}), rule("more", 20, {"and": [KNOWN]})])
    blanket = pack("theirs", "eligibility", rules=[refusal(rule)])
    of_gold = pack("theirs", "eligibility", rules=[refusal(rule, {"in": [TIER, ["gold", "platinum"]]})])
    assert met(gold_only, blanket) == met(gold_only, of_gold) == [("refused_by_live", "warning", "/rules")]
    assert met(both, of_gold) == []
    assert met(of_gold, gold_only) == [("refuses_live", "warning", "/rules/0")]
    assert met(of_gold, both) == []


def test_a_live_document_of_another_time_is_passed_over(pack: Any) -> None:
    assert met(pack("ours"), pack("theirs") | {"rules": "none"}) == []


def test_many_meetings_end_in_a_list_of_readable_length(pack: Any, rule: Any) -> None:
    live = pack("theirs", rules=[times(rule, f"t{i}", i, f"a{i}") for i in range(60)])
    ours = pack("ours", rules=[times(rule, f"o{i}", i, f"b{i}") for i in range(60)])
    ours["cases"] = live["cases"] = [{"name": ours["title"], "given": {}, "expect": {"applied": ["o0"]}}]
    assert len(met(ours, live)) == 101
    tiers = json.loads(starter_text("classic-tiers"))
    assert ("second_of_kind", "error", "/kind") in met(tiers | {"code": "ours"}, *[live] * 3, tiers)
