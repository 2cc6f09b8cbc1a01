"""Rules that differ in a few values alone are a decision table; whatever is more stays rules."""

import json
from typing import Any

import pytest
from editor_world import document, shown

from regulars.rules.catalogue import BUILT_IN
from regulars.rules.checker import examine
from regulars.rules.errors import PointerUnknown
from regulars.rules.starters import starter_text
from rules_ui.contexts.editor import BandTable, EditorBody
from rules_ui.editor.bands import bands_of
from rules_ui.editor.bench import Bench, Change
from rules_ui.editor.changes import applied


def tables(body: EditorBody) -> list[BandTable]:
    return [block.table for block in body.blocks if block.table]


def sent(text: str, do: str, at: str, value: str = "") -> str:
    return applied(Bench(text, BUILT_IN, 2, ("base", "silver", "gold")), Change(do, at, {"value": [value]}))


def wrong(text: str) -> list[str]:
    """What the checker refuses besides cases, which expect what was before."""
    errors = [found.code for found in examine(text).findings if found.severity == "error"]
    return [code for code in errors if code != "case_failed"]


def by_tier(*bands: tuple[str, int], **more: Any) -> str:
    """A discount by tier: a rule a tier."""
    pack = document("silver-saturday")
    pack["cases"] = []
    pack["rules"] = [
        {
            "id": f"for-{tier}",
            "order": number * 10,
            "title": {"zh": tier, "en": tier},
            "when": {"and": [{"===": [{"var": "member.tier"}, tier]}, {"var": "member.known"}]},
            "then": {"discount": {"rate_bps": rate}},
        }
        for number, (tier, rate) in enumerate(bands, start=1)
    ]
    pack["rules"][-1] |= more
    return json.dumps(pack, indent=1, ensure_ascii=False)


def test_spend_bands_are_a_table_whose_cells_change_the_parameters() -> None:
    (table,) = tables(shown(starter_text("grocery-classic")))
    assert [[cell.control.value for cell in row.cells] for row in table.rows] == [
        ["1000", "125"],
        ["3000", "150"],
    ]
    assert {cell.control.at for row in table.rows for cell in row.cells} >= {
        "/parameters/regular_spend_minor/value"
    }
    assert len(table.heads) == 2


def test_a_discount_by_tier_is_a_table_and_says_what_all_rows_ask() -> None:
    (table,) = tables(shown(by_tier(("silver", 500), ("gold", 800))))
    assert [[cell.control.value for cell in row.cells] for row in table.rows] == [
        ["silver", "5"],
        ["gold", "8"],
    ]
    assert len(table.also) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"scope": {"channels": ["app"]}},
        {"note": "by hand"},
        {"when": True},
        {"then": {"discount": {"rate_bps": 800, "cap_minor": 100}}},
        {"then": {"discount": {"amount_minor": 800}}},
        {"when": {"or": [{"===": [{"var": "member.tier"}, "gold"]}, {"var": "member.known"}]}},
        {"when": {"and": [{"===": [{"var": "member.tier"}, "silver"]}, {"var": "member.known"}]}},
    ],
)
def test_rules_that_differ_otherwise_are_no_table(more: dict[str, Any]) -> None:
    text = by_tier(("silver", 500), ("gold", 800), **more)
    assert bands_of(json.loads(text)) == ()
    assert tables(shown(text)) == []


def test_a_row_is_added_below_the_last_and_goes_on_as_they_did() -> None:
    text = starter_text("grocery-classic")
    table = bands_of(json.loads(text))[0]
    last = f"/rules/{table.rules[-1]}"
    after = sent(text, "add-band", last)
    (grown,) = tables(shown(after))
    assert [cell.control.value for cell in grown.rows[-1].cells] == ["5000", "175"]
    assert wrong(after) == []
    assert sent(after, "remove-band", grown.rows[-1].at) == text


def test_a_tier_is_added_with_its_step_of_the_ladder_and_removed_with_it() -> None:
    text = starter_text("classic-tiers")
    table = bands_of(json.loads(text))[0]
    after = sent(text, "add-band", f"/rules/{table.rules[-1]}")
    made = json.loads(after)
    assert made["tiers"][-1]["threshold"] == {"param": "gold_spend_minor_2"}
    assert made["parameters"]["gold_spend_minor_2"]["value"] == 500_000
    assert made["rules"][-1]["then"] == {"set_tier": {"tier": made["tiers"][-1]["code"]}}
    assert wrong(after) == []
    assert sent(after, "remove-band", "/rules/2") == text


def test_a_threshold_that_is_written_out_is_changed_in_the_rule_and_in_the_ladder() -> None:
    written = starter_text("classic-tiers").replace('{"param": "gold_spend_minor"}', "300000")
    moved = sent(written, "set-threshold", "/rules/1", "8000")
    assert json.loads(moved)["tiers"][-1]["threshold"] == 800_000
    assert [found for found in wrong(moved) if found != "parameter_unused"] == []
    grown = json.loads(sent(moved, "add-band", "/rules/1"))
    assert grown["rules"][2]["when"]["and"][0][">="][1] == grown["tiers"][3]["threshold"] == 1_500_000


def test_what_is_no_row_of_a_table_is_left_alone() -> None:
    for do, at in (("add-band", "/rules/0"), ("remove-band", "/rules/9"), ("set-threshold", "/cases/0")):
        with pytest.raises(PointerUnknown):
            sent(starter_text("silver-saturday"), do, at, "1")
