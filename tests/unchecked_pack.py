"""A pack that no checker saw, as a defect of ours might leave one: how a live rule can fail in use."""

import json
from typing import Any

from small_chain import ACTOR, OPENED, SmallChain

from regulars.kernel.ids import new_id
from regulars.rules import repository
from regulars.rules import service as rules
from regulars.rules.canonical import content_hash
from regulars.rules.domain import PackVersion
from regulars.rules.stored import StoredVersion

LINES = {"var": "purchase.lines"}
FAILING_LINES = 3
"""A purchase of so many lines makes the rule divide by nothing."""


def failing_pack(code: str = "failing", **changes: Any) -> dict[str, Any]:
    """A point for each 1.00 by a rule `listed`, which fails on a purchase of `FAILING_LINES` lines."""
    words = {"zh": "名单商品", "en": "Products listed"}
    sales = {"+": [{"map": [LINES, {"var": "sales_minor"}]}]}
    wrong = {"/": [1, {"-": [{"length": [LINES]}, FAILING_LINES]}]}
    amount = {"if": [{"===": [{"length": [LINES]}, FAILING_LINES]}, wrong, sales]}
    earn = {"unit": "points", "amount": amount, "per": 100, "valid_days": 365}
    rule = {"id": "listed", "order": 10, "title": words, "when": True, "then": {"earn": earn}}
    return {
        "code": code,
        "kind": "earning",
        "priority": 100,
        "title": words,
        "description": words,
        "parameters": {},
        "rules": [rule],
        "cases": [{"name": words, "given": {}, "expect": {"applied": ["listed"]}}],
    } | changes


async def publish_unchecked(chain: SmallChain, document: dict[str, Any], version: int = 1) -> None:
    """Put a version live everywhere, since `OPENED`, past every check."""
    text = json.dumps(document)
    made = PackVersion(new_id(), document["code"], version, document["kind"], content_hash(text), document)
    async with chain.database.begin() as session:
        await repository.insert_version(session, StoredVersion(made, text, OPENED, "tests"))
        await rules.activate(
            session, made.code, version, place_id=chain.hq, live_from=OPENED, actor=ACTOR, at=OPENED
        )
