"""The starter packs with other numbers in them, their cases expecting what they then say."""

import json
from functools import cache

from invariants.packs import Numbers
from small_chain import PACKS

from regulars.rules.adopting import can_adopt, with_new_results
from regulars.rules.checker import examine
from regulars.rules.text_edits import with_parameters

VARIANTS: dict[str, tuple[Numbers, ...]] = {
    "grocery-classic": (
        {},
        {"valid_days": 40, "minor_per_point": 70},
        {"regular_spend_minor": 20_000, "regular_rate_bps": 13_333, "loyal_spend_minor": 50_000},
        {"valid_days": 10, "regular_rate_bps": 20_000, "loyal_rate_bps": 10_000},
    ),
    "classic-tiers": (
        {},
        {"silver_spend_minor": 30_000, "gold_spend_minor": 120_000, "tier_year_days": 60},
        {"at_risk_after_days": 20, "lapse_after_days": 35, "revisit_every_days": 15},
        {"at_risk_after_days": 75, "lapse_after_days": 80, "first_revisit_after_days": 30},
    ),
    "silver-saturday": ({}, {"rate_bps": 777, "cap_minor": 311}, {"rate_bps": 10_000, "cap_minor": 50_000}),
    "staff-excluded": ({},),
}


@cache
def pack_text(code: str, variant: int) -> tuple[Numbers, str]:
    """A pack's numbers and its text, green."""
    starter = (PACKS / code / "pack.json").read_text()
    document = with_parameters(starter, VARIANTS[code][variant])
    report = examine(document)
    if not report.green:
        assert can_adopt(report), report.findings
        document = with_new_results(document, report)
    parameters = json.loads(document)["parameters"]
    return {name: parameter["value"] for name, parameter in parameters.items()}, document
