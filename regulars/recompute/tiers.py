"""The tier that a purchase should have moved its member up to, followed to the present: pure functions."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from regulars.explanation.stored import StoredPurchase
from regulars.lifecycle.domain import Standing
from regulars.recompute.domain import pack_code
from regulars.rules.domain import TierMove
from regulars.rules.evaluator import PackSet
from regulars.undoing.tiers import KIND, Decided, TierWord, follow, raised


def tier_due(
    stored: StoredPurchase,
    move: TierMove | None,
    packs: PackSet,
    words: Sequence[TierWord],
    standing: Standing,
    at: datetime,
) -> Decided | None:
    """The tier in which the member would be by now, had the purchase moved it.

    Args:
        stored: the purchase, with its record.
        move: what the tier rules give for it now.
        packs: by which it is read; the ladder is theirs.
        words: all that was said of the member's tier, in order of effect.
        standing: the member's, as of now.
        at: now.
    Returns: a higher tier than the member's, else None: nobody is moved down. None as well where the same
        rule applied then, where an undo order has decided the tier since, and where a tier year has passed.
    Source: docs/semantics.md, "Recomputing".
    """
    plan = packs.plan
    if move is None or plan is None or _applied_then(stored, move):
        return None
    if at - stored.occurred_at > timedelta(days=plan.tier_year_days):
        return None
    later = [word for word in words if word.at >= stored.occurred_at]
    if any(word.kind == KIND and word.facts is None for word in later):
        return None
    before = Decided(stored.evaluation["facts"]["member"]["tier"], "")
    decided = follow(raised(before, move, plan), later, plan, packs.tier_for)
    ranks = {band.code: band.rank for band in plan.bands}
    return decided if ranks.get(decided.tier, 0) > ranks.get(standing.tier, 0) else None


def _applied_then(stored: StoredPurchase, move: TierMove) -> bool:
    key = pack_code(move.pack_version), move.rule_id
    return any(
        told["applied"] and (pack_code(told["pack"]), told["rule"]) == key
        for told in stored.evaluation["rules"]
    )
