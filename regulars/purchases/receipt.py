"""What is kept of an evaluation, and what the till and the member are told."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import LifecycleEvent
from regulars.purchases.consequences import NOTHING_NOTED, Noted, told
from regulars.purchases.evaluation import NO_OWN_FACTS, Lateness, Reading, Sale
from regulars.purchases.member_record import member_record
from regulars.purchases.own_facts import recorded
from regulars.purchases.pending import Debt, awarded_pending
from regulars.rules.domain import ENGINE, LifecyclePlan, RuleOutcome
from regulars.rules.evaluator import PackSet

HASH_SHOWN = 16
"""Hex digits of a pack's hash that are kept with each purchase; the whole stands with the version."""


def evaluation_record(
    packs: PackSet, reading: Reading, sale: Sale, late: Lateness | None = None, noted: Noted = NOTHING_NOTED
) -> dict[str, Any]:
    """All that is needed to say, years later, why a purchase earned what it did.

    Args:
        packs: the versions that were live.
        reading: what they said.
        sale: where and when.
        late: how far time had been decided, where that was further; no later look could tell.
        noted: which tags rules gave, and whether messages are still asked for.
    Returns: plain JSON values: facts read, pack hashes, engine, the outcome of each rule.
    """
    member, calendar, evaluation = reading.member, reading.calendar, reading.evaluation
    return {
        "engine": ENGINE,
        "packs": {name: digest[:HASH_SHOWN] for name, digest in packs.hashes.items()},
        "facts": {
            "member": member_record(member) if member.known else None,
            "store": {"code": sale.site.code, "branch": sale.site.branch_code},
            "calendar": {name: getattr(calendar, name) for name in _CALENDAR_FACTS},
            **({"custom": recorded(sale.own)} if sale.own is not NO_OWN_FACTS else {}),
            **({"tags_by_rules": list(noted.tags_by_rules)} if noted.tags_by_rules else {}),
        },
        "rules": [_outcome(outcome) for outcome in evaluation.outcomes],
        "awards": [
            {"pack": a.pack_version, "rule": a.rule_id, "points": a.points} for a in evaluation.awards
        ],
        "reasons": list(evaluation.reasons),
        "offered": _discounts(reading.offered),
        "charged": _discounts(reading.charged),
        **({"asked": told(evaluation.asked, in_time=noted.in_time)} if evaluation.asked else {}),
        **({"reached": late.reached.isoformat()} if late is not None and late.reached is not None else {}),
    }


_CALENDAR_FACTS = ("date", "weekday", "hour", "minute", "month", "day")


def receipt_of(
    sale: Sale,
    reading: Reading,
    time: MemberTime | None,
    balance: int,
    events: Sequence[LifecycleEvent],
    flags: Sequence[str],
    pending: int = 0,
    debt: Debt | None = None,
) -> dict[str, Any]:
    """What goes back to the till, less the outcomes of the rules, which the evaluation record keeps.

    Args:
        sale: as charged.
        time: the member's after this purchase; None without a member.
        balance: the member's points after it.
        events: lifecycle events that it caused.
        flags: what a person should look at, e.g. "discount_differs".
        pending: what of `balance` the member cannot use yet.
        debt: of a member who owed points; those who owe none are told nothing of it.
    """
    later = awarded_pending(reading.evaluation, sale.occurred_at)
    expiries = [award.expires_at for award in reading.evaluation.awards if award.expires_at is not None]
    return {
        "sales_minor": sale.sales_minor,
        "list_minor": sale.list_minor,
        "points": reading.evaluation.points,
        "points_expire_at": min(expiries).isoformat() if expiries else None,
        "points_pending": sum(lot.amount for lot in later),
        "points_available_at": min(lot.available_at for lot in later).isoformat() if later else None,
        "flags": list(flags),
        "member": _member_part(time, balance, pending, events, sale, debt) if time is not None else None,
        **({"points_repaid": debt.repaid} if debt is not None else {}),
    }


def _member_part(
    time: MemberTime,
    balance: int,
    pending: int,
    events: Sequence[LifecycleEvent],
    sale: Sale,
    debt: Debt | None,
) -> dict[str, Any]:
    standing = time.standing
    moved = next((event for event in events if event.kind == "upgraded"), None)
    return {
        "member_id": str(standing.member_id),
        "seq": standing.last_seq,
        "points_balance": balance,
        "pending_points": pending,
        **({"points_owed": debt.after} if debt is not None else {}),
        "tier": standing.tier,
        "tier_before": moved.tier_from if moved else standing.tier,
        "stage": standing.stage,
        "reactivated": any(event.kind == "reactivated" for event in events),
        "spend_365d_minor": time.window.spend_minor,
        "next_tier": progress(standing.tier, time.window.spend_minor, time.reigns(sale.occurred_at).plan),
    }


def progress(tier: str, spend_minor: int, plan: LifecyclePlan | None) -> dict[str, Any] | None:
    """How far it is to the next tier.

    Args:
        tier: the member's.
        spend_minor: in the window that tiers count.
        plan: the ladder, or None where no tier pack is live.
    Returns: tier, its threshold and what is missing in minor units; None at the top.
    """
    if plan is None:
        return None
    ranks = {band.code: band.rank for band in plan.bands}
    above = [band for band in plan.bands if band.rank > ranks.get(tier, 0)]
    if not above:
        return None
    band = min(above, key=lambda band: band.rank)
    return {
        "tier": band.code,
        "threshold_minor": band.threshold_minor,
        "missing_minor": max(0, band.threshold_minor - spend_minor),
    }


NOTHING_LEFT = "nothing_left"


def told_reasons(
    reasons: Sequence[str], *, list_minor: int, sales_minor: int, points: int
) -> tuple[str, ...]:
    """Why less was given than might be, as people are told.

    Args:
        reasons: of the evaluation record.
        list_minor, sales_minor: of the basket before and after all discounts.
        points: that it earned.
    Returns: the same; and "nothing_left" where it is the discounts alone that left nothing to earn on.
    """
    if sales_minor > 0 or list_minor <= 0 or points or not _WITHHELD.isdisjoint(reasons):
        return tuple(reasons)
    return (*reasons, NOTHING_LEFT)


_WITHHELD = frozenset({"no_member", "frozen"})


def _outcome(outcome: RuleOutcome) -> dict[str, Any]:
    found: dict[str, Any] = {
        "pack": outcome.pack_version,
        "rule": outcome.rule_id,
        "applied": outcome.applied,
    }
    if outcome.failed is not None:
        found["failed"] = outcome.failed
    if outcome.error is not None:
        found["error"] = outcome.error
    if outcome.gave:
        found["gave"] = outcome.gave
    if outcome.note is not None:
        found["note"] = outcome.note
    return found


def _discounts(found: Mapping[tuple[int, str], int]) -> list[dict[str, Any]]:
    return [
        {"line": line, "source": source, "amount_minor": amount}
        for (line, source), amount in sorted(found.items())
    ]
