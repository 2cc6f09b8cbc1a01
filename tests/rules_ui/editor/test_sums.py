"""Two facts that are added up are two fields of one condition."""

import json
from typing import Any

import pytest
from editor_world import parts, shown

from regulars.rules.catalogue import BUILT_IN
from regulars.rules.starters import starter_text
from rules_ui.contexts.editor import ConditionView
from rules_ui.editor.bench import Bench, Change, ChangeUnknown
from rules_ui.editor.changes import applied

TEXT = starter_text("often-here")
AT = "/rules/1/when/and/1"


def changed(text: str, do: str, value: str, at: str = AT) -> str:
    return applied(Bench(text, BUILT_IN, 2, ()), Change(do, at, {"value": [value]}))


def asked(text: str) -> Any:
    return json.loads(text)["rules"][1]["when"]["and"]


def test_a_sum_is_shown_as_two_facts_and_one_comparison() -> None:
    (found,) = [each for each in parts(shown(TEXT), ConditionView) if each.at == AT]
    assert [(each.do, each.value) for each in found.controls] == [
        ("set-field", "member.spend_30d_minor"),
        ("set-plus-fact", "purchase.sales_minor"),
        ("set-relation", "ge"),
        ("set-value", "=spend_minor"),
    ]
    offered = {option.value for group in found.controls[1].groups for option in group.options}
    assert {BUILT_IN.document[path].unit for path in offered} == {"minor"}
    assert not {"one_of", "none_of"} & {option.value for option in found.controls[2].options}


def test_either_fact_may_be_another_and_the_second_may_go() -> None:
    text = changed(TEXT, "set-plus-fact", "purchase.list_minor")
    both = [{"var": "member.spend_30d_minor"}, {"var": "purchase.list_minor"}]
    assert asked(text)[1] == {">=": [{"+": both}, {"param": "spend_minor"}]}
    text = changed(TEXT, "set-field", "member.spend_90d_minor")
    assert asked(text)[1][">="][0]["+"][0] == {"var": "member.spend_90d_minor"}
    alone = changed(TEXT, "set-plus-fact", "")
    assert asked(alone)[1] == {">=": [{"var": "member.spend_30d_minor"}, {"param": "spend_minor"}]}
    assert "+" not in json.dumps(asked(changed(TEXT, "set-field", "member.visits"))[1])
    for wrong in ("member.tier", "gone"):
        with pytest.raises(ChangeUnknown):
            changed(TEXT, "set-plus-fact", wrong)
    with pytest.raises(ChangeUnknown):
        changed(TEXT, "set-relation", "one_of")


def test_a_sum_can_be_asked_anew() -> None:
    text = changed(TEXT, "add-condition", "sum", "/rules/1/when")
    assert asked(text)[2][">="][0] == {
        "+": [{"var": "member.spend_30d_minor"}, {"var": "purchase.sales_minor"}]
    }
    assert changed(text, "remove-condition", "", "/rules/1/when/and/2") == TEXT
