"""What limits left of an evaluation, as its record tells, and what it therefore took of them.

How much was left at that instant depended on what others had bought and held: each rule's record tells it.
Recomputed is all else: that no rule got more than it gives, that a limit of its pack bears on each rule that
got less, and that what was given is what was claimed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from regulars.budgets.counters import Claims, CounterKey, Occasion
from regulars.budgets.domain import LIMITED, NO_MEMBER, Meter, Rule, shortened
from regulars.explanation.stored import StoredPurchase
from regulars.organisation.domain import StorePlace
from regulars.purchases.limits import charged_by_rule
from regulars.rules.catalogue import EXACT_BELOW
from regulars.rules.domain import Evaluation, Limit

Discounts = dict[tuple[int, str], int]


def within_limits(evaluation: Evaluation, limits: Sequence[Limit], stored: StoredPurchase) -> Evaluation:
    """The evaluation, with less for each rule of which the record says that a limit left less.

    Args:
        evaluation: before limits.
        limits: of the packs that it read.
        stored: the purchase with its record.
    """
    if not limits:
        return evaluation
    gives = {(o.pack_version, o.rule_id): o.gave for o in evaluation.outcomes if o.applied}
    short: dict[Rule, tuple[int, str]] = {}
    for told in stored.evaluation["rules"]:
        rule, note, gave = (told["pack"], told["rule"]), told.get("note") or "", told.get("gave") or 0
        if gave < gives.get(rule, 0) and _bears(note, rule, limits, stored):
            short[rule] = gave, note
    return shortened(evaluation, short) if short else evaluation


def offered_within_limits(
    offering: Evaluation, limits: Sequence[Limit], stored: StoredPurchase
) -> Evaluation:
    """The same for the discounts that were offered, of which the record keeps the amounts alone."""
    if not limits:
        return offering
    recorded = charged_by_rule(
        {(d["line"], d["source"]): d["amount_minor"] for d in stored.evaluation["offered"]}
    )
    wanted: dict[Rule, int] = {}
    for discount in offering.discounts:
        rule = discount.pack_version, discount.rule_id
        wanted[rule] = wanted.get(rule, 0) + discount.amount_minor
    short = {
        rule: (recorded.get(rule, 0), note)
        for rule, amount in wanted.items()
        if recorded.get(rule, 0) < amount and (note := _note_of(rule, limits, stored))
    }
    return shortened(offering, short) if short else offering


def claims_of(
    evaluation: Evaluation,
    charged: Discounts,
    limits: Sequence[Limit],
    stored: StoredPurchase,
    site: StorePlace,
) -> Claims:
    """What a purchase takes of its packs' limits: by what it gave, and by what the till charged.

    Args:
        evaluation: within its limits.
        charged: discounts in our packs' names.
        limits: of the packs that it read.
        stored, site: for whom, where and when.
    """
    wall = stored.occurred_at.astimezone(site.zone)
    occasion = Occasion(stored.member_id, stored.store_id, wall)
    endless = [replace(limit, at_most=EXACT_BELOW) for limit in limits]
    given = Meter().cut(evaluation, endless, occasion).awarded
    taken = Meter().charge(charged_by_rule(charged), endless, occasion, later=stored.attributed).claims
    return {**given, **taken}


def claim_name(key: CounterKey) -> str:
    """A counter's name in words that a person can look for."""
    return "/".join((key.pack_code, key.limit_code, key.unit, key.subject, key.period))


def _bears(note: str, rule: Rule, limits: Sequence[Limit], stored: StoredPurchase) -> bool:
    """Whether a limit of the rule's own pack can have left it less, as the note says."""
    if note == NO_MEMBER:
        return stored.member_id is None and any(limit.per == "member" for limit in _covering(rule, limits))
    kind, _, code = note.partition(":")
    return kind == LIMITED and any(limit.code == code for limit in _covering(rule, limits))


def _note_of(rule: Rule, limits: Sequence[Limit], stored: StoredPurchase) -> str | None:
    notes: Mapping[Rule, str] = {
        (told["pack"], told["rule"]): told.get("note") or "" for told in stored.evaluation["rules"]
    }
    if _bears(notes.get(rule, ""), rule, limits, stored):
        return notes[rule]
    covering = [limit for limit in _covering(rule, limits) if limit.of != "points"]
    return f"{LIMITED}:{covering[0].code}" if covering else None


def _covering(rule: Rule, limits: Sequence[Limit]) -> list[Limit]:
    version, rule_id = rule
    code = version.rpartition("/")[0]
    return [limit for limit in limits if limit.pack_code == code and rule_id in limit.rule_ids]
