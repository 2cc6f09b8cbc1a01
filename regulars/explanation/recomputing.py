"""A purchase evaluated again on the facts that were stored, and compared with what was posted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from regulars.explanation.domain import Difference, DifferenceKind
from regulars.explanation.errors import RecordUnreadable
from regulars.explanation.limiting import claim_name, claims_of, offered_within_limits, within_limits
from regulars.explanation.shelf import Shelved
from regulars.explanation.stored import StoredPurchase
from regulars.organisation.domain import StorePlace
from regulars.purchases.consequences import told
from regulars.purchases.domain import lines_json, lines_of, pack_discounts, without_pack_discounts
from regulars.purchases.evaluation import offered_by, told_as_offered
from regulars.purchases.member_record import member_recorded
from regulars.purchases.own_facts import as_recorded
from regulars.rules.domain import (
    CalendarFacts,
    Evaluation,
    LifecyclePlan,
    Limit,
    MemberFacts,
    PurchaseFacts,
    RuleOutcome,
    StoreFacts,
)

Discounts = dict[tuple[int, str], int]
_OUR_DISCOUNTS = '"pack:'


@dataclass(frozen=True, slots=True)
class FactsRead:
    """What the rules read."""

    member: MemberFacts
    purchase: PurchaseFacts
    store: StoreFacts
    calendar: CalendarFacts


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What the same packs say of the same facts today.

    Attributes:
        before: the facts without the discounts that were charged in the packs' name: what they were
            offered on.
        offering: the evaluation of `before`.
        differences: where the books have another figure.
        no_longer_failing: what failed then and can be read today, "pack/version#rule" and the error. It is
            told and compared as it was: that rule gave nothing.
    """

    facts: FactsRead
    evaluation: Evaluation
    before: FactsRead
    offering: Evaluation
    offered: Discounts
    charged: Discounts
    differences: tuple[Difference, ...]
    no_longer_failing: tuple[tuple[str, str], ...] = ()


def recompute(stored: StoredPurchase, shelved: Shelved, site: StorePlace) -> Recomputed:
    """Evaluate a purchase again, and compare it with the books to the last unit.

    Args:
        stored: the purchase, its evaluation record and what was posted for it.
        shelved: the versions that the record names.
        site: the store, for the places above it and its clock.
    Returns: outcomes and differences.
    Raises: RecordUnreadable: the record is not of the shape that we keep.
    """
    try:
        found = _recomputed(stored, shelved, site)
        mended = _no_longer_failing(stored, found.evaluation)
        if not mended:
            return found
        as_then = replace(shelved, packs=shelved.packs.with_failed(mended))
        told = tuple((f"{pack}#{rule}", error) for (pack, rule), error in sorted(mended.items()))
        return replace(_recomputed(stored, as_then, site), no_longer_failing=told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordUnreadable(f"{type(error).__name__} {error}") from None


def _recomputed(stored: StoredPurchase, shelved: Shelved, site: StorePlace) -> Recomputed:
    facts = facts_of(stored, site)
    packs = shelved.packs
    raw = _evaluated(shelved, facts, stored)
    evaluation = within_limits(raw, packs.limits, stored)
    before, bare, charged = facts, raw, Discounts()
    if _OUR_DISCOUNTS in stored.lines_text:
        lines = lines_of(stored.lines_text)
        charged = pack_discounts(lines)
        plain = without_pack_discounts(lines)
        undiscounted = replace(
            facts.purchase, sales_minor=sum(line.sales_minor for line in plain), lines_json=lines_json(plain)
        )
        before = replace(facts, purchase=undiscounted)
        bare = _evaluated(shelved, before, stored)
    offering = offered_within_limits(bare, packs.limits, stored)
    offered = offered_by(offering)
    as_charged = evaluation
    if charged:
        evaluation = told_as_offered(as_charged, offering, packs)
    found = Recomputed(facts, evaluation, before, offering, offered, charged, ())
    differences = (
        *_pack_differences(stored, shelved),
        *_outcome_differences(stored.evaluation["rules"], evaluation, as_charged),
        *_differences(stored, found, packs.plan),
        *_each("claims", _claims(found, packs.limits, stored, site), stored.claims),
    )
    return replace(found, differences=differences)


def _no_longer_failing(stored: StoredPurchase, evaluation: Evaluation) -> dict[tuple[str, str], str]:
    """The errors of the record that today's engine, with its own limits, does not repeat."""
    failed = {
        (told["pack"], told["rule"]): told["error"]
        for told in stored.evaluation["rules"]
        if told.get("error")
    }
    if not failed:
        return {}
    failing = {(told.pack_version, told.rule_id) for told in evaluation.outcomes if told.error}
    return {rule: error for rule, error in failed.items() if rule not in failing}


def facts_of(stored: StoredPurchase, site: StorePlace) -> FactsRead:
    """The facts as the record keeps them; what the member did lately by the books, where it does not."""
    facts = stored.evaluation["facts"]
    member = member_recorded(facts["member"])
    if stored.lately is not None and member.days_since_visit is None:
        member = replace(member, **stored.lately)
    own = as_recorded(facts.get("custom"))
    member = replace(member, custom=own.member) if own.member else member
    purchase = PurchaseFacts(
        stored.sales_minor, stored.list_minor, stored.channel, stored.lines_text.encode(), own.products
    )
    store = StoreFacts(facts["store"]["code"], facts["store"]["branch"], site.above, site.zone, own.store)
    return FactsRead(member, purchase, store, CalendarFacts(**facts["calendar"]))


def _evaluated(shelved: Shelved, facts: FactsRead, stored: StoredPurchase) -> Evaluation:
    return shelved.packs.evaluate(
        facts.member, facts.purchase, facts.store, facts.calendar, stored.occurred_at
    )


def _pack_differences(stored: StoredPurchase, shelved: Shelved) -> Iterator[Difference]:
    for name in shelved.missing:
        yield Difference("pack_missing", name, "–", stored.evaluation["packs"][name])
    for name, digest in shelved.hashes.items():
        kept = stored.evaluation["packs"][name]
        if not digest.startswith(kept):
            yield Difference("pack_content", name, digest[: len(kept)], kept)


def _differences(
    stored: StoredPurchase, found: Recomputed, plan: LifecyclePlan | None
) -> Iterator[Difference]:
    record = stored.evaluation
    yield from _each("reason", _told(found.evaluation.reasons), _told(record["reasons"]))
    yield from _point_differences(stored, found.evaluation)
    yield from _each("asked", _wanted(told(found.evaluation.asked)), _wanted(record.get("asked", [])))
    yield from _each("offered", _named(found.offered), _recorded(record["offered"]))
    yield from _each("charged", _named(found.charged), _recorded(record["charged"]))
    flags = {
        "discount_differs": found.offered != found.charged,
        "recompute": any(outcome.error for outcome in found.evaluation.outcomes),
    }
    yield from _each("flag", flags, {name: name in stored.flags for name in flags})
    if plan is not None and stored.member_id is not None:
        yield from _tier_differences(stored, found, plan)


def _outcome_differences(
    recorded: list[Mapping[str, Any]], evaluation: Evaluation, as_charged: Evaluation
) -> Iterator[Difference]:
    """A record may tell a discount as it was offered, or by the lines as charged."""
    then = {f"{rule['pack']}#{rule['rule']}": _outcome_text(rule) for rule in recorded}
    other = _outcome_texts(as_charged)
    now = {
        rule: then[rule] if then.get(rule) == other[rule] else text
        for rule, text in _outcome_texts(evaluation).items()
    }
    yield from _each("outcome", now, then)


def _outcome_texts(evaluation: Evaluation) -> dict[str, str]:
    return {f"{o.pack_version}#{o.rule_id}": _outcome_text(_as_recorded(o)) for o in evaluation.outcomes}


def _as_recorded(outcome: RuleOutcome) -> Mapping[str, Any]:
    return {
        "applied": outcome.applied,
        "failed": outcome.failed,
        "error": outcome.error,
        "gave": outcome.gave,
        "note": outcome.note,
    }


def _outcome_text(outcome: Mapping[str, Any]) -> str:
    text = f"applied, gave {outcome.get('gave') or 0}" if outcome["applied"] else "did not apply"
    if outcome.get("failed") is not None:
        text += f", condition {outcome['failed']} failed"
    if outcome.get("error") is not None:
        text += f", error {outcome['error']}"
    if outcome.get("note") is not None:
        text += f", note {_of_rule_alone(outcome['note'])}"
    return text


def _of_rule_alone(note: str) -> str:
    """A record may name what outranks a rule without its pack."""
    kind, _, subject = note.partition(":")
    return f"{kind}:{subject.rpartition('#')[2]}" if kind == "outranked" else note


def _point_differences(stored: StoredPurchase, evaluation: Evaluation) -> Iterator[Difference]:
    """Recomputed, recorded, posted, and the purchase's own figure: all four are one."""
    earned: dict[str, int] = {}
    lots: dict[str, int] = {}
    for award in evaluation.awards if stored.member_id is not None else ():
        key = f"{award.pack_version}#{award.rule_id}"
        earned[key] = earned.get(key, 0) + award.points
        lot = f"{award.available_at.isoformat()}/{award.expires_at and award.expires_at.isoformat()}"
        lots[lot] = lots.get(lot, 0) + award.points
    recorded: dict[str, int] = {}
    for noted in stored.evaluation["awards"]:
        key = f"{noted['pack']}#{noted['rule']}"
        recorded[key] = recorded.get(key, 0) + noted["points"]
    yield from _each("points", earned, recorded)
    posted = {f"{pack}#{rule}": points for (pack, rule), points in stored.postings.items()}
    yield from _each("points", earned, posted, "ledger: ")
    yield from _each("points", {"": sum(earned.values())}, {"": stored.points}, str(stored.id))
    kept: dict[str, int] = {}
    for lying in stored.lots:
        lot = f"{lying.available_at.isoformat()}/{lying.expires_at and lying.expires_at.isoformat()}"
        kept[lot] = kept.get(lot, 0) + lying.amount
    yield from _each("lots", lots, kept)


def _tier_differences(stored: StoredPurchase, found: Recomputed, plan: LifecyclePlan) -> Iterator[Difference]:
    move = found.evaluation.tier
    expected = f"{move.tier} by {move.pack_version}#{move.rule_id}" if move else "none"
    for tier, pack, rule in stored.moves:
        made = f"{tier} by {pack}#{rule}"
        if made != expected:
            yield Difference("tier", str(stored.id), expected, made)
    # Elsewhere the home store's packs may know no such tier; a late one moves up from what is true now.
    if not stored.moves and move is not None and stored.at_home and "late" not in stored.flags:
        ranks = {band.code: band.rank for band in plan.bands}
        if move.rank > ranks.get(found.facts.member.tier, 0):
            yield Difference("tier", str(stored.id), expected, "none")


def _wanted(asked: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What each rule wants done to the member; whether a message came too late is no rule's doing."""
    return {
        f"{one['pack']}#{one['rule']}": ", ".join(
            f"{name} {sorted(value.items()) if isinstance(value, Mapping) else value}"
            for name, value in sorted(one.items())
            if name not in ("pack", "rule", "too_late")
        )
        for one in asked
    }


def _told(reasons: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(reasons, "said")


def _claims(
    found: Recomputed, limits: Sequence[Limit], stored: StoredPurchase, site: StorePlace
) -> dict[str, int]:
    """What the purchase takes of its packs' limits, by the counter's name."""
    if not limits:
        return {}
    claims = claims_of(found.evaluation, found.charged, limits, stored, site)
    return {claim_name(key): amount for key, amount in claims.items() if amount}


def _named(discounts: Discounts) -> dict[str, int]:
    return {f"{source} line {line}": amount for (line, source), amount in discounts.items()}


def _recorded(discounts: list[Mapping[str, Any]]) -> dict[str, int]:
    return {f"{d['source']} line {d['line']}": d["amount_minor"] for d in discounts}


def _each(
    kind: DifferenceKind, recomputed: Mapping[str, object], recorded: Mapping[str, object], prefix: str = ""
) -> Iterator[Difference]:
    if recomputed == recorded:
        return
    for subject in sorted(recomputed.keys() | recorded.keys()):
        now, then = recomputed.get(subject), recorded.get(subject)
        if now != then:
            yield Difference(kind, prefix + subject, _figure(now), _figure(then))


def _figure(value: object) -> str:
    return "–" if value is None else str(value)
