"""Packs as plain values, made into what the till evaluates, and what the checker says of them."""

import json
from typing import Any

from regulars.rules.case_model import Given
from regulars.rules.cases import NO_ID, facts_of
from regulars.rules.checker import check
from regulars.rules.domain import Evaluation, PackVersion
from regulars.rules.evaluator import PackSet

WORDS = {"zh": "名称", "en": "name"}


def live(*documents: dict[str, Any]) -> PackSet:
    """The packs, live together, each in its first version."""
    return PackSet([PackVersion(NO_ID, d["code"], 1, d["kind"], "hash", d) for d in documents])


def errors(document: dict[str, Any]) -> set[tuple[str, str]]:
    """The errors that the checker finds, each with its place."""
    return {(f.code, f.pointer) for f in check(json.dumps(document)).findings if f.severity == "error"}


def evaluated(document: dict[str, Any], **given: Any) -> Evaluation:
    """What one pack says of the facts of a case; by default of nothing bought."""
    return live(document).evaluate(*facts_of(Given.model_validate(given)))


def basket(*lines: int | dict[str, Any], **more: Any) -> dict[str, Any]:
    """A purchase of lines, each given by its sales value or by its facts."""
    full = [{"sales_minor": line} if isinstance(line, int) else line for line in lines]
    return {"lines": full} | more


def notes(evaluation: Evaluation) -> dict[str, str | None]:
    """The note of each rule."""
    return {outcome.rule_id: outcome.note for outcome in evaluation.outcomes}
