"""The ladder of a tier pack must hold together."""

import json
from typing import Any

import pytest

from regulars.rules.checker import check, examine
from regulars.rules.starters import starter_text

Document = dict[str, Any]


def ladder() -> Document:
    found: Document = json.loads(starter_text("classic-tiers"))
    return found


def codes_of(document: Document) -> set[str]:
    return {found.code for found in check(json.dumps(document)).findings}


def test_the_starters_ladder_holds() -> None:
    assert codes_of(ladder()) == set()


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("tiers", 0, "threshold"), 1, "tier_base_missing"),
        (("tiers", 0, "code"), "ordinary", "tier_base_code"),
        (("tiers", 1, "rank"), 2, "id_repeated"),
        (("tiers", 1, "code"), "gold", "id_repeated"),
        (("parameters", "gold_spend_minor", "value"), 100_000, "tier_not_ascending"),
        (("rules", 0, "then", "set_tier", "tier"), "platinum", "tier_unknown"),
        (("rules", 0, "then", "set_tier", "tier"), "gold", "tier_without_rule"),
        (("rules", 0, "when"), True, "tier_rule_differs"),
        (("parameters", "lapse_after_days", "value"), 60, "lapse_before_risk"),
        (("lifecycle", "tier_year_days"), 0, "amount_out_of_bounds"),
        (("lifecycle", "revisit_every_days"), {"param": "never"}, "parameter_unknown"),
        (("lifecycle",), None, "tier_part_missing"),
        (("tiers",), None, "tier_part_missing"),
    ],
)
def test_a_ladder_that_does_not_hold_is_found(path: tuple[Any, ...], value: object, code: str) -> None:
    document = ladder()
    here: Any = document
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    assert code in codes_of(document)


def test_only_a_tier_pack_has_a_ladder(pack: Any) -> None:
    parts = {name: ladder()[name] for name in ("tiers", "lifecycle", "parameters")}
    report = examine(json.dumps(pack(**parts)))
    found = [f.pointer for f in report.findings if f.code == "tier_part_misplaced"]
    assert found == ["/tiers", "/lifecycle"]
