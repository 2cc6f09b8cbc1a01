"""Small packs to vary, and the facts of one purchase."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid5

import orjson
import pytest
from hypothesis import settings

from regulars.rules.cases import NO_ID, calendar_at
from regulars.rules.domain import (
    RECENT_FACTS,
    Evaluation,
    MemberFacts,
    PackVersion,
    PurchaseFacts,
    StoreFacts,
)
from regulars.rules.evaluator import PackSet

settings.register_profile("rules", deadline=None)  # the machine may be busy with other tests
settings.load_profile("rules")

FRIDAY = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
WORDS = {"zh": "名称", "en": "name"}
SALES = {"+": [{"map": [{"var": "purchase.lines"}, {"var": "sales_minor"}]}]}

Document = dict[str, Any]
MakePack = Callable[..., Document]
MakeRule = Callable[..., Document]
Evaluate = Callable[..., Evaluation]


def _rule(rule_id: str = "base", order: int = 10, when: object = True, **then: object) -> Document:
    action = then or {"earn": {"unit": "points", "amount": SALES, "per": 100, "valid_days": 730}}
    return {"id": rule_id, "order": order, "title": WORDS, "when": when, "then": action}


def _pack(code: str = "sample", kind: str = "earning", **parts: Any) -> Document:
    case = {"name": WORDS, "given": {}, "expect": {"applied": ["base"]}}
    usual = {
        "priority": 100,
        "title": WORDS,
        "description": WORDS,
        "parameters": {},
        "rules": [_rule()],
        "cases": [case],
    }
    return {"code": code, "kind": kind} | usual | parts


@pytest.fixture(scope="session")
def rule() -> MakeRule:
    """Make a rule: id, order, when, and the action by its name."""
    return _rule


@pytest.fixture(scope="session")
def pack() -> MakePack:
    """Make a pack: code, kind, and any part of it."""
    return _pack


def version_of(document: Document, number: int = 1) -> PackVersion:
    code = document["code"]
    return PackVersion(uuid5(NO_ID, f"{code}/{number}"), code, number, document["kind"], "hash", document)


def member_facts(**facts: Any) -> MemberFacts:
    usual: dict[str, Any] = {
        "known": True,
        "tier": "base",
        "stage": "active",
        "tags": (),
        "spend_365d_minor": 0,
        "visits_365d": 0,
        "qualifying_spend_minor": 0,
        "visits": 0,
        "enrolled_days": 0,
        "frozen": False,
        **dict.fromkeys(RECENT_FACTS, 0),
    }
    return MemberFacts(**usual | facts)


def line(sales_minor: int, number: int = 1, **facts: Any) -> Document:
    return {
        "line": number,
        "sku": "1082185",
        "department": "GROCERY",
        "kind": "goods",
        "quantity_milli": 1_000,
        "list_minor": sales_minor,
        "sales_minor": sales_minor,
        "discount_minor": 0,
        "promotional": False,
    } | facts


@pytest.fixture(scope="session")
def evaluate() -> Evaluate:
    """Evaluate packs on lines (or on the sales values of lines) for a member."""

    def run(documents: list[Document], lines: list[Any], at: datetime = FRIDAY, **member: Any) -> Evaluation:
        full = [line(one, number) if isinstance(one, int) else one for number, one in enumerate(lines, 1)]
        sales = sum(one["sales_minor"] for one in full if isinstance(one["sales_minor"], int))
        purchase = PurchaseFacts(sales, sales, "store", orjson.dumps(full))
        live = PackSet([version_of(document) for document in documents])
        store = StoreFacts("store-001", "east")
        return live.evaluate(member_facts(**member), purchase, store, calendar_at(at), at)

    return run
