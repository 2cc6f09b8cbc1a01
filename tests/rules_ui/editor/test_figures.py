"""The numbers that a message carries are fields, each in its own unit; nothing else of the text moves."""

import json
from typing import Any

import pytest
from editor_world import document, parts, shown

from regulars.rules.catalogue import BUILT_IN
from regulars.rules.consequences import unit_of_value
from regulars.rules.errors import PointerUnknown
from regulars.rules.starters import starter_text
from rules_ui.contexts.editor import Addition, Control, RuleView, SlotView
from rules_ui.editor.bench import Bench, Change, ChangeUnknown
from rules_ui.editor.changes import applied
from rules_ui.editor.values import Unreadable

AT = "/rules/1/then/message/values"
CARE = starter_text("auto-repair-care")


def changed(text: str, do: str, at: str, value: str, **more: str) -> str:
    values = {"value": [value], **{name: [said] for name, said in more.items()}}
    return applied(Bench(text, BUILT_IN, 2, ("base", "gold")), Change(do, at, values))


def values_of(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)["rules"][1]["then"]["message"].get("values", {})
    return found


def care(**values: object) -> str:
    pack = document("auto-repair-care")
    pack["rules"][1]["then"]["message"]["values"] = values
    return json.dumps(pack)


def slot_of(text: str, name: str) -> SlotView:
    (found,) = [
        each
        for each in parts(shown(text), SlotView)
        if each.removal == f"{AT}/{name}" and each.controls[0].do == "set-figure-name"
    ]
    return found


def told(slot: SlotView) -> list[tuple[str, str]]:
    return [(each.do, each.value) for each in slot.controls[1:]]


def test_only_the_touched_number_is_written_anew() -> None:
    after = changed(CARE, "set-plus-plain", f"{AT}/visits", "2")
    assert after == CARE.replace(
        '{"+": [{"var": "member.visits"}, 1]}', '{"+": [{"var": "member.visits"}, 2]}'
    )
    assert after != CARE
    assert changed(after, "set-plus-plain", f"{AT}/visits", "1") == CARE


def test_a_fact_is_shown_with_what_is_added_to_it_and_a_total_with_its_lines() -> None:
    assert told(slot_of(CARE, "visits")) == [
        ("set-figure", "fact"),
        ("set-figure-fact", "member.visits"),
        ("set-plus-plain", "1"),
    ]
    labour = slot_of(CARE, "labour_minor")
    assert told(labour) == [("set-figure", "total"), ("set-amount", "sales_minor")]
    assert [each.at for each in labour.conditions] == [f"{AT}/labour_minor/+/0/map/0/filter/1"]
    facts = [option.value for group in slot_of(CARE, "visits").controls[2].groups for option in group.options]
    assert facts
    assert {BUILT_IN.document[path].type for path in facts} == {"integer"}


@pytest.mark.parametrize(
    ("name", "value", "do", "typed", "around"),
    [
        ("voucher_minor", 1_250, "set-number-minor", "12.5", ("CN¥", "")),
        ("grace_days", 7, "set-number-days", "7", ("", "days")),
        ("bonus_points", 300, "set-number-plain", "300", ("", "points")),
        ("valid_on", 20_261_231, "set-number-yyyymmdd", "2026-12-31", ("", "")),
        ("times", 3, "set-number-plain", "3", ("", "")),
    ],
)
def test_a_fixed_number_is_typed_in_the_unit_that_its_name_ends_with(
    name: str, value: int, do: str, typed: str, around: tuple[str, str]
) -> None:
    text = care(**{name: value})
    field = slot_of(text, name).controls[-1]
    assert (field.do, field.value, (field.before, field.after)) == (do, typed, around)
    assert field.kind == ("date" if name == "valid_on" else "number")
    assert values_of(changed(text, do, f"{AT}/{name}", typed)) == {name: value}


def test_a_sentence_says_fixed_numbers_in_their_units() -> None:
    text = care(voucher_minor=1_250, grace_days=7, valid_on=20_261_231)
    (rule,) = [each for each in parts(shown(text), RuleView) if each.at == "/rules/1"]
    assert "grace_days = 7 days, valid_on = " in rule.sentence
    assert "voucher_minor = CN¥12.50" in rule.sentence
    assert unit_of_value("voucher") is None


def test_a_parameter_may_stand_for_a_number_and_be_added() -> None:
    text = changed(CARE, "set-plus-plain", f"{AT}/visits", "=service_days")
    assert values_of(text)["visits"] == {"+": [{"var": "member.visits"}, {"param": "service_days"}]}
    days = json.loads(CARE)["parameters"]["service_days"]["value"]
    assert values_of(changed(text, "set-plus-plain", f"{AT}/visits", ""))["visits"]["+"][1] == days
    fixed = changed(
        changed(CARE, "set-figure", f"{AT}/visits", "number"),
        "set-number-plain",
        f"{AT}/visits",
        "=service_days",
    )
    assert values_of(fixed)["visits"] == {"param": "service_days"}
    assert told(slot_of(fixed, "visits"))[-1] == ("set-number-plain", "=service_days")


def test_what_is_added_goes_when_it_is_emptied() -> None:
    text = changed(CARE, "set-plus-plain", f"{AT}/visits", "", optional="1")
    assert values_of(text)["visits"] == {"var": "member.visits"}
    assert values_of(changed(text, "set-plus-plain", f"{AT}/visits", "1")) == values_of(CARE)


def test_another_fact_keeps_what_is_added_where_both_count_the_same() -> None:
    same = changed(CARE, "set-figure-fact", f"{AT}/visits", "member.visits_30d")
    assert values_of(same)["visits"] == {"+": [{"var": "member.visits_30d"}, 1]}
    other = changed(CARE, "set-figure-fact", f"{AT}/visits", "purchase.sales_minor")
    assert values_of(other)["visits"] == {"var": "purchase.sales_minor"}
    with pytest.raises(ChangeUnknown):
        changed(CARE, "set-figure-fact", f"{AT}/visits", "member.tier")


def test_a_total_takes_conditions_on_its_lines_and_loses_them() -> None:
    text = changed(CARE, "add-condition", f"{AT}/labour_minor/+/0/map/0/filter/1", "condition")
    assert len(slot_of(text, "labour_minor").conditions) == 2
    bare = changed(CARE, "remove-condition", f"{AT}/labour_minor/+/0/map/0/filter/1", "")
    assert values_of(bare)["labour_minor"]["+"][0]["map"][0] == {"var": "purchase.lines"}


def test_a_number_is_added_named_and_removed_and_the_cases_follow_its_name() -> None:
    (add,) = [each for each in parts(shown(CARE), Addition) if each.do == "add-figure" and each.at == AT]
    more = changed(CARE, add.do, add.at, add.what)
    assert values_of(more) == {**values_of(CARE), "sales_minor": {"var": "purchase.sales_minor"}}
    assert changed(more, "remove-part", f"{AT}/sales_minor", "") == CARE
    text = changed(CARE, "set-figure-name", f"{AT}/visits", "visit_no")
    assert list(values_of(text)) == ["labour_minor", "visit_no"]
    assert not shown(text).remarks
    assert changed(text, "set-figure-name", f"{AT}/visit_no", "visits") == CARE
    for said, reason in (("labour_minor", "taken"), ("Visits", "name"), ("", "name"), ("x" * 61, "name")):
        with pytest.raises(Unreadable) as refused:
            changed(CARE, "set-figure-name", f"{AT}/visits", said)
        assert refused.value.reason == reason


def test_the_last_number_takes_the_list_with_it_and_the_first_brings_it() -> None:
    none = changed(changed(CARE, "remove-part", f"{AT}/visits", ""), "remove-part", f"{AT}/labour_minor", "")
    assert "values" not in json.loads(none)["rules"][1]["then"]["message"]
    assert values_of(changed(none, "add-figure", AT, "fact")) == {
        "sales_minor": {"var": "purchase.sales_minor"}
    }


def test_what_no_field_can_say_stays_locked_under_its_name_and_can_be_made_anew() -> None:
    text = care(odd={"*": [{"var": "member.visits"}, 2]}, visits={"var": "member.visits"})
    odd = slot_of(text, "odd")
    assert (told(odd), odd.raw) == ([("set-figure", "computed")], '{"*": [{"var": "member.visits"}, 2]}')
    assert odd.help
    anew = changed(text, "set-figure", f"{AT}/odd", "fact")
    assert values_of(anew)["odd"] == {"var": "purchase.sales_minor"}


def test_a_finding_stands_beside_its_number() -> None:
    gone = slot_of(care(visits=1, gone={"var": "member.nothing"}), "gone")
    assert ([each.tone for each in gone.remarks], told(gone)) == (["bad"], [("set-figure", "computed")])
    text = slot_of(care(tier={"var": "member.tier"}), "tier")
    assert [each.tone for each in text.remarks] == ["bad"]
    assert [each.tone for each in slot_of(care(Bad=1), "Bad").remarks] == ["bad"]


@pytest.mark.parametrize("do", ["set-figure", "set-figure-name", "set-figure-fact", "set-plus-plain"])
def test_only_numbers_of_messages_are_changed_so(do: str) -> None:
    for at in ("/rules/1/then/message/template", "/rules/1/when/and/0", "/parameters", f"{AT}/gone"):
        with pytest.raises((PointerUnknown, ChangeUnknown)):
            changed(CARE, do, at, "fact")


def test_every_number_field_is_one_control_of_its_own() -> None:
    controls = [each.id for each in parts(shown(CARE), Control)]
    assert len(controls) == len(set(controls))
