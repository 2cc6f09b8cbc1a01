"""What the form shows of a draft: every starter pack whole, and each finding beside what it is about."""

import json
from uuid import UUID

import pytest
from editor_world import CODES, document, parts, shown

from regulars.custom_fields.domain import CustomField
from regulars.rules.custom_catalogue import with_custom
from regulars.rules.starters import starter_text
from rules_ui.contexts.base import Choice
from rules_ui.contexts.editor import (
    SUGGESTED_PLACES,
    ConditionView,
    Control,
    EditorBody,
    PartView,
    RuleView,
    SlotView,
)
from rules_ui.editor.sheet import MOST_SHOWN, Offers


def ids_of(body: EditorBody) -> set[str]:
    """The ids that a page of it has, and "" for what has no place."""
    views = (ConditionView, Control, PartView, RuleView, SlotView)
    fixed = {f"{section.id}-title" for section in (body.parameters, *body.sections)}
    rows = (each.id for each in body.case_table.cases)
    return {"", "cases", *fixed, *rows, *(each.id for kind in views for each in parts(body, kind))}


@pytest.mark.parametrize("code", CODES)
def test_a_starter_pack_is_shown_with_every_id_once_and_each_finding_in_a_place(code: str) -> None:
    body = shown(starter_text(code))
    ids = [each.id for each in (*parts(body, Control), *parts(body, ConditionView)) if each.id]
    assert len(ids) == len(set(ids))
    assert body.blocks
    assert not body.homeless
    locked = [each for each in parts(body, ConditionView) if each.kind == "locked"]
    assert [each.words for each in locked if not each.words] == []


def test_of_all_starter_packs_the_code_is_needed_for_one_place_alone() -> None:
    views = [(code, shown(starter_text(code))) for code in CODES]
    locked = {
        (code, each.at)
        for code, body in views
        for each in parts(body, ConditionView)
        if each.kind == "locked"
    }
    assert locked == {("print-shop-offers", "/rules/2/when/and/0")}
    assert not [(code, slot.label) for code, body in views for slot in parts(body, SlotView) if slot.raw]


@pytest.mark.parametrize(
    ("pointer", "value", "place"),
    [
        ("/rules/0/when/and/0/===/0/var", "member.nothing", "#e-rules-"),
        ("/rules/0/then/discount/rate_bps", 99_999, "#e-rules-0-then-discount-rate_5fbps-slot"),
        ("/rules/0/order", "first", "#e-rules-0"),
        ("/rules/0/scope", {}, "#e-rules-0-"),
        ("/parameters/rate_bps/title", {"zh": "", "en": "Rate"}, "#e-parameters-"),
        ("/limits", [{"code": "x"}], "#e-limits-0"),
        ("/stacking", {"group": "g"}, "#stacking-title"),
        ("/calendar", {"hours": [{"from": "8", "until": "20:00"}]}, "#e-calendar-hours-0"),
        ("/priority", -1, "#e-priority-slot"),
        ("/description/zh", 7, "#e-description-slot"),
        ("/unheard", 1, ""),
    ],
)
def test_a_finding_is_shown_once_and_the_list_leads_to_it(pointer: str, value: object, place: str) -> None:
    pack = document("silver-saturday")
    *path, last = pointer.strip("/").split("/")
    holder = pack
    for step in path:
        holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
    holder[last] = value
    body = shown(json.dumps(pack, indent=1))
    assert [each for each in body.remarks if each.href.startswith(place)], body.remarks
    assert {each.href.removeprefix("#") for each in body.remarks} <= ids_of(body)
    assert bool(body.homeless) == (place == "")
    assert any(mark["line"] > 1 for mark in json.loads(body.code_marks))


def test_a_case_that_fails_is_listed_once_in_words_and_leads_to_its_row() -> None:
    pack = document("grocery-classic")
    pack["parameters"]["regular_rate_bps"]["value"] = 13_000
    body = shown(json.dumps(pack))
    failing = [case for case in body.case_table.cases if not case.green]
    assert [each.href for each in body.remarks] == [f"#{case.id}" for case in failing] != []
    assert body.verdict == f"{len(failing)} to mend"
    said = body.remarks[0].message
    assert said.startswith("The case “× 1.25 from 1,000.00” fails. Expected: 12 pts; ")
    assert ". Result: 13 pts; " in said
    assert "{" not in said
    marks = [mark["message"] for mark in json.loads(body.code_marks)]
    assert len(marks) >= len(failing)
    assert "{" not in "".join(marks)


def test_code_marks_can_stand_in_a_page() -> None:
    pack = document("silver-saturday")
    pack["</script><script>"] = 1
    body = shown(json.dumps(pack, indent=1))
    assert "<" not in body.code_marks
    assert any("</script>" in mark["message"] for mark in json.loads(body.code_marks))


def test_own_facts_stand_under_headings_of_their_own() -> None:
    own = CustomField(
        id=UUID(int=1),
        subject="member",
        code="pets",
        type="integer",
        title_zh="宠物数",
        title_en="pets",
        help_zh="",
        help_en="",
        low=0,
        high=9,
        default=0,
        choices=(),
        retired_at=None,
    )
    body = shown(starter_text("silver-saturday"), with_custom([own]))
    fact = next(each for each in parts(body, Control) if each.do == "set-field" and each.groups)
    headings = {group.label: [option.value for option in group.options] for group in fact.groups}
    assert headings["Own facts of members"] == ["member.custom.pets"]
    assert {"Member", "Purchase", "Store", "Day and time"} <= set(headings)
    assert sum(option.chosen for group in fact.groups for option in group.options) == 1


def test_a_text_that_is_no_pack_is_shown_as_code_alone() -> None:
    body = shown("{ not json")
    assert not body.readable
    assert body.remarks
    assert body.code_marks == "[]"


def test_of_two_thousand_stores_a_rule_shows_those_it_names_and_the_others_are_typed() -> None:
    pack = document("grocery-classic")
    pack["rules"][0]["scope"] = {"places": ["s-7", "gone", "east"]}
    places = [Choice(code, code.title()) for code in ("HQ", "east", *(f"s-{n}" for n in range(2_000)))]
    body = shown(json.dumps(pack), offers=Offers(tuple(places), upper=2))
    (control,) = [each for each in parts(body, Control) if each.at == "/rules/0/scope/places"]
    assert [(each.value, each.chosen) for each in control.options] == [
        ("HQ", False),
        ("east", True),
        ("s-7", True),
        ("gone", True),
    ]
    assert (control.more, control.suggest) == ("text", SUGGESTED_PLACES)
    few = shown(json.dumps(pack), offers=Offers(tuple(places[:MOST_SHOWN]), upper=2))
    (control,) = [each for each in parts(few, Control) if each.at == "/rules/0/scope/places"]
    assert (len(control.options), control.more, control.suggest) == (MOST_SHOWN + 1, "", "")


def test_how_to_follow_a_parameter_is_written_on_its_control_and_numbers_carry_what_they_count() -> None:
    pack = document("grocery-classic")
    pack["parameters"]["regular_rate_bps"] |= {
        "type": "count",
        "unit": "visits",
        "minimum": 0,
        "maximum": 1500,
    }
    body = shown(json.dumps(pack))
    fixed = [each for each in parts(body, Control) if each.kind == "number" and each.options]
    assert {each.options[0].label for each in fixed} == {"Parameter…"}
    followed = next(each for each in parts(body, Control) if each.value == "=valid_days")
    assert followed.options[0].label == "a fixed number"
    assert "Points are valid for (730 days)" in [each.label for each in followed.options]
    told = {slot.label: slot.help for part in body.parameters.parts for slot in part.slots if slot.help}
    assert told["Points are valid for"] == "from 1 to 3,650 days"
    assert told["Amount for one point"] == "from CN¥0.01 to CN¥1,000.00"
    assert told["First multiplier"] == "from 0 to 1,500 visits"
