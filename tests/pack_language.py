"""Packs as plain values, made into what the till evaluates, and what the checker says of them."""

import json
from typing import Any

from regulars.rules.cases import NO_ID
from regulars.rules.checker import check
from regulars.rules.domain import PackVersion
from regulars.rules.evaluator import PackSet

WORDS = {"zh": "名称", "en": "name"}


def live(*documents: dict[str, Any]) -> PackSet:
    """The packs, live together, each in its first version."""
    return PackSet([PackVersion(NO_ID, d["code"], 1, d["kind"], "hash", d) for d in documents])


def errors(document: dict[str, Any]) -> set[tuple[str, str]]:
    """The errors that the checker finds, each with its place."""
    return {(f.code, f.pointer) for f in check(json.dumps(document)).findings if f.severity == "error"}
