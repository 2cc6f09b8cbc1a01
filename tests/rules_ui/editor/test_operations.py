"""A change in the form writes anew what was touched, and nothing else."""

import json
from typing import Any

import pytest

from regulars.rules.catalogue import BUILT_IN
from regulars.rules.errors import PointerUnknown
from rules_ui.editor.nodes import Comparison, Literally, Locked, Parameter
from rules_ui.editor.operations import (
    add_condition,
    remove_condition,
    set_comparison,
    set_join,
    set_lines,
    set_measure,
    set_quantifier,
    set_total,
)

WHEN = """{ "and" : [
  {"===":[ {"var": "member.tier"} , "gold"]},
  {"or":[{"%":[1,2]},{"var": "member.known"}]} ] }"""
LINES = '{"filter":[ {"var": "purchase.lines"}, {"var":"promotional"}]}'
TOTAL = f'{{">=": [{{"+": [{{"map": [{LINES}, {{"var": "sales_minor"}}]}}]}}, 5]}}'
TIER = BUILT_IN.document["member.tier"]
VISITS = BUILT_IN.document["member.visits"]


def pack(when: str = WHEN) -> str:
    return f'{{"z": [1,2 ,3],\n "rules": [ {{"when": {when}, "id": "one"}} ] }}'


ROOT = "/rules/0/when"


def asked(text: str) -> Any:
    return json.loads(text)["rules"][0]["when"]


def test_a_comparison_is_written_and_its_neighbours_keep_their_characters() -> None:
    changed = set_comparison(pack(), Comparison(f"{ROOT}/and/0", TIER, "ne", (Literally("silver"),)))
    old, new = '{"===":[ {"var": "member.tier"} , "gold"]}', '{"!==": [{"var": "member.tier"}, "silver"]}'
    assert changed == pack().replace(old, new)


def test_all_becomes_any_by_one_word() -> None:
    assert set_join(pack(), ROOT, "or") == pack().replace('"and"', '"or"')
    assert set_join(pack(), f"{ROOT}/and/1", "and") == pack().replace('"or"', '"and"')
    with pytest.raises(PointerUnknown):
        set_join(pack(), f"{ROOT}/and/0", "or")


def test_a_condition_is_added_at_the_end_of_a_group() -> None:
    new = Comparison("", VISITS, "ge", (Parameter("visits"),))
    after = add_condition(pack(), ROOT, new)
    assert asked(after)["and"][2] == {">=": [{"var": "member.visits"}, {"param": "visits"}]}
    assert remove_condition(after, f"{ROOT}/and/2", ROOT) == pack()


def test_the_first_condition_of_a_rule_that_always_acts_and_the_last_one_taken_away() -> None:
    new = Comparison("", VISITS, "ge", (Literally(3),))
    after = add_condition(pack("true"), ROOT, new)
    assert asked(after) == {"and": [{">=": [{"var": "member.visits"}, 3]}]}
    assert remove_condition(after, f"{ROOT}/and/0", ROOT) == pack("true")
    assert remove_condition(pack('{"var": "member.known"}'), ROOT, ROOT) == pack("true")


def test_a_condition_beside_one_that_is_no_group_makes_both_hold() -> None:
    locked = '{"%":[ 7 , 2]}'
    after = add_condition(pack(locked), ROOT, Comparison("", VISITS, "ge", (Literally(3),)))
    assert after == pack(f'{{"and": [{locked}, {{">=": [{{"var": "member.visits"}}, 3]}}]}}')


def test_a_group_that_is_left_without_conditions_goes_too() -> None:
    once = remove_condition(pack(), f"{ROOT}/and/1/or/0", ROOT)
    assert asked(once)["and"][1] == {"or": [{"var": "member.known"}]}
    assert asked(remove_condition(once, f"{ROOT}/and/1/or/0", ROOT)) == {
        "and": [{"===": [{"var": "member.tier"}, "gold"]}]
    }


def test_what_all_lines_must_be_cannot_be_left_empty() -> None:
    each = '{"all": [{"var": "purchase.lines"}, {"and": [{"var": "promotional"}]}]}'
    with pytest.raises(PointerUnknown):
        remove_condition(pack(each), f"{ROOT}/all/1/and/0", ROOT)
    assert asked(set_quantifier(pack(each), ROOT, "none")) == json.loads(each.replace("all", "none"))


def test_a_total_is_compared_anew_and_what_it_adds_up_keeps_its_characters() -> None:
    after = set_total(pack(TOTAL), ROOT, f"{ROOT}/>=/0", "between", (Literally(1), Parameter("most")))
    measure = TOTAL[len('{">=": [') : -len(", 5]}")]
    assert after == pack(f'{{"<=": [1, {measure}, {{"param": "most"}}]}}')
    counted = set_measure(pack(TOTAL), f"{ROOT}/>=/0", None)
    assert asked(counted) == {
        ">=": [{"length": [{"filter": [{"var": "purchase.lines"}, {"var": "promotional"}]}]}, 5]
    }
    assert set_measure(counted, f"{ROOT}/>=/0", BUILT_IN.lines["sales_minor"]) == pack(TOTAL)


def test_a_total_is_of_chosen_lines_or_of_all() -> None:
    everything = set_lines(pack(TOTAL), f"{ROOT}/>=/0", None)
    assert asked(everything)[">="][0] == {"+": [{"map": [{"var": "purchase.lines"}, {"var": "sales_minor"}]}]}
    some = set_lines(everything, f"{ROOT}/>=/0", Locked("", '{"var": "promotional"}'))
    assert asked(some) == json.loads(TOTAL)
