"""A lifecycle pack whose rules tag members, move their stage and ask for messages."""

from typing import Any

WORDS = {"zh": "名称", "en": "name"}


def sold(sku: str) -> Any:
    return {"and": [{"some": [{"var": "purchase.lines"}, {"===": [{"var": "sku"}, sku]}]}]}


def tagged(tag: str) -> Any:
    return {"and": [{"in": [tag, {"var": "member.tags"}]}]}


RULES: dict[str, tuple[Any, Any]] = {
    "give": (sold("COFFEE"), {"tag": {"give": "coffee", "for_days": 30}}),
    "end": (sold("TEA"), {"tag": {"end": "coffee"}}),
    "close": (sold("CLOSING"), {"move_stage": {"to": "at_risk"}}),
    "cancel": (sold("CANCELLING"), {"move_stage": {"to": "lapsed"}}),
    "thank": (
        tagged("coffee"),
        {"message": {"template": "thanks", "values": {"spent": {"var": "purchase.sales_minor"}}}},
    ),
}
CARE = {
    "code": "care",
    "kind": "lifecycle",
    "priority": 100,
    "title": WORDS,
    "description": WORDS,
    "parameters": {},
    "lifecycle": {
        "at_risk_after_days": 90,
        "lapse_after_days": 180,
        "first_revisit_after_days": 7,
        "revisit_every_days": 90,
    },
    "rules": [
        {"id": name, "order": order, "title": WORDS, "when": when, "then": then}
        for order, (name, (when, then)) in enumerate(RULES.items())
    ],
    "cases": [
        {
            "name": WORDS,
            "given": {
                "member": {"tags": ["coffee"]},
                "purchase": {
                    "lines": [
                        {"sku": sku, "sales_minor": 100} for sku in ("COFFEE", "TEA", "CLOSING", "CANCELLING")
                    ]
                },
            },
            "expect": {"moved_to": "lapsed"},
        },
        {"name": WORDS, "given": {}, "expect": {"moved_to": None}},
    ],
}
