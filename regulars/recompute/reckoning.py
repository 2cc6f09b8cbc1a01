"""A purchase in which a rule failed, read again: by the facts that it was recorded with, within limits."""

from dataclasses import dataclass, replace
from datetime import datetime

from regulars.budgets.counters import Claims, Occasion, key_of
from regulars.budgets.domain import Meter
from regulars.explanation.errors import RecordUnreadable
from regulars.explanation.limiting import claim_name
from regulars.explanation.recomputing import facts_of
from regulars.explanation.shelf import Shelved
from regulars.explanation.stored import StoredPurchase
from regulars.organisation.domain import StorePlace
from regulars.purchases.domain import lines_json, lines_of, without_pack_discounts
from regulars.recompute.domain import (
    SETTLED,
    FailedRule,
    Reckoned,
    RecomputeState,
    additions,
    dropped_rules,
    failed_rules,
    limited_rules,
    pack_code,
    still_valid,
)
from regulars.rules.domain import Award, Evaluation, Limit, TierMove


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What recomputing came to, and what it takes of limits.

    Attributes:
        move: the highest tier whose rule applies.
        gives: what each rule gives, before limits, with the dates of the purchase.
    """

    reckoned: Reckoned
    claims: Claims
    move: TierMove | None = None
    gives: tuple[Award, ...] = ()

    @property
    def is_settled(self) -> bool:
        return self.reckoned.state in SETTLED


def occasion_of(stored: StoredPurchase, site: StorePlace) -> Occasion:
    """For whom, where and when a purchase counts."""
    return Occasion(stored.member_id, stored.store_id, stored.occurred_at.astimezone(site.zone))


def bearing_limits(stored: StoredPurchase, shelved: Shelved, site: StorePlace) -> list[Limit]:
    """The limits that bear on what is added: a purchase that used one already is not a second use of it."""
    occasion = occasion_of(stored, site)
    found = []
    for limit in shelved.packs.limits:
        key = key_of(limit, occasion)
        if limit.of == "points" or (limit.of == "uses" and not (key and claim_name(key) in stored.claims)):
            found.append(limit)
    return found


def reckon(
    stored: StoredPurchase, shelved: Shelved, site: StorePlace, meter: Meter, at: datetime
) -> Reckoning:
    """Read a purchase again, and tell what is missing.

    Args:
        stored: with its record and what was posted for it.
        shelved: the versions to read it by.
        site: its store.
        meter: the counters of `bearing_limits`; they do not move.
        at: when it would be booked.
    Returns: what is to be added; nothing where a rule fails again.
    Raises: RecordUnreadable: the record is not of the shape that we keep.
    Source: docs/semantics.md, "Recomputing".
    """
    try:
        return _reckoned(stored, shelved, site, meter, at)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordUnreadable(f"{type(error).__name__} {error}") from None


def _reckoned(
    stored: StoredPurchase, shelved: Shelved, site: StorePlace, meter: Meter, at: datetime
) -> Reckoning:
    evaluation, offering = _evaluated(stored, shelved, site)
    record = stored.evaluation
    failed = tuple(
        FailedRule(outcome.pack_version, outcome.rule_id, outcome.error)
        for outcome in evaluation.outcomes
        if outcome.error is not None
    )
    found = Reckoned(
        state="nothing",
        versions=tuple(shelved.packs.hashes),
        failed=failed,
        offered_minor=sum(discount.amount_minor for discount in offering.discounts),
        offered_before_minor=sum(discount["amount_minor"] for discount in record["offered"]),
        tier=evaluation.tier.tier if evaluation.tier is not None else None,
        dropped=dropped_rules(
            failed_rules(record["rules"]),
            {(pack_code(outcome.pack_version), outcome.rule_id) for outcome in evaluation.outcomes},
        ),
    )
    if failed:
        return _nothing(found, "failing")
    if stored.member_id is None:
        return _nothing(found, "no_member")
    missing = additions(evaluation.awards, stored.postings, limited_rules(record["rules"]))
    added = replace(evaluation, awards=missing, discounts=())
    cut = meter.cut(added, bearing_limits(stored, shelved, site), occasion_of(stored, site))
    awards = tuple(still_valid(award, stored.occurred_at, at) for award in cut.evaluation.awards)
    told = replace(found, state="due" if awards else "nothing", awards=awards)
    return Reckoning(told, cut.awarded, evaluation.tier, evaluation.awards)


def _nothing(found: Reckoned, state: RecomputeState) -> Reckoning:
    return Reckoning(replace(found, state=state), {})


def _evaluated(stored: StoredPurchase, shelved: Shelved, site: StorePlace) -> tuple[Evaluation, Evaluation]:
    """On the lines as charged, and on those before our own discounts."""
    facts = facts_of(stored, site)
    lines = lines_of(stored.lines_text)
    plain = without_pack_discounts(lines)
    evaluate, at = shelved.packs.evaluate, stored.occurred_at
    as_charged = evaluate(facts.member, facts.purchase, facts.store, facts.calendar, at)
    if plain == lines:
        return as_charged, as_charged
    before = replace(
        facts.purchase, sales_minor=sum(line.sales_minor for line in plain), lines_json=lines_json(plain)
    )
    return as_charged, evaluate(facts.member, before, facts.store, facts.calendar, at)


def given_then(stored: StoredPurchase, shelved: Shelved, site: StorePlace) -> tuple[Award, ...]:
    """What the versions that were live then gave, before limits, with its dates.

    Args:
        shelved: those versions.
    Raises: RecordUnreadable: the record is not of the shape that we keep.
    """
    try:
        failed = {(one.pack, one.rule): one.error for one in failed_rules(stored.evaluation["rules"])}
        as_then = replace(shelved, packs=shelved.packs.with_failed(failed))
        return _evaluated(stored, as_then, site)[0].awards
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordUnreadable(f"{type(error).__name__} {error}") from None
