"""What an evaluation may still give under its packs' limits: pure, over counters in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.budgets.counters import (
    Claims,
    Counter,
    CounterKey,
    Holding,
    Occasion,
    OpenQuote,
    Promises,
    key_of,
    promise_of,
)
from regulars.kernel.money import share_by_weight
from regulars.rules.domain import Award, Evaluation, Limit, LineDiscount, RuleOutcome

LIMITED: Final = "limited"
NO_MEMBER: Final = "no_member"

Rule = tuple[str, str]
"""Pack version and rule id."""
Taken = dict[CounterKey, dict[str, int]]
"""What each rule takes from each counter."""


@dataclass(frozen=True, slots=True)
class Cut:
    """An evaluation within its limits.

    Attributes:
        evaluation: awards and discounts as far as the limits allow; a rule that got less says so.
        awarded: what the awards take from each counter, > 0.
        discounted: what the discounts take, by counter and rule, counters with nothing left included.
    """

    evaluation: Evaluation
    awarded: Claims
    discounted: Promises

    @property
    def claims(self) -> Claims:
        """What awards and discounts take together, > 0."""
        discounted = {key: promise.amount for key, promise in self.discounted.items() if promise.amount}
        return {**self.awarded, **discounted}


@dataclass(frozen=True, slots=True)
class Charged:
    """What discounts that were charged take from the counters, whether or not it was left.

    Attributes:
        over: codes of the limits that had less left, "<pack>/<limit>", sorted.
    """

    claims: Claims
    over: tuple[str, ...]


class Meter:
    """Counters in memory: what is asked first gets first, and the next sees what is left.

    Attributes:
        counters: by key; one that is missing stands at zero.
        moved: the counters that changed.
    """

    def __init__(self, counters: Mapping[CounterKey, Counter] | None = None) -> None:
        self.counters: dict[CounterKey, Counter] = dict(counters or {})
        self.moved: set[CounterKey] = set()

    def counter(self, key: CounterKey) -> Counter:
        """One counter as it stands."""
        return self.counters.get(key) or Counter()

    def cut(self, evaluation: Evaluation, limits: Sequence[Limit], occasion: Occasion) -> Cut:
        """What of an evaluation may be given; no counter moves.

        Each limit by itself allows a rule all that it gives where that much is left, else what is left
        (partial) or nothing; of several limits the tightest counts. Rules take in the order in which they
        act. A limit of uses allows a rule all or nothing; several rules in one purchase are one use.

        Args:
            evaluation: before limits.
            limits: of the packs that it read, in any order.
            occasion: for whom, where and when.
        Returns: the evaluation within its limits, and what it takes from the counters.
        Source: docs/semantics.md, "Limits and budgets".
        """
        taken: dict[str, Taken] = {"points": {}, "money_minor": {}}
        short: dict[Rule, tuple[int, str]] = {}
        by_rule = _by_rule(limits)
        for unit, rule, wanted in _wants(evaluation) if limits else ():
            binding = [limit for limit in by_rule.get(_pack_and_rule(rule), ()) if limit.of in (unit, "uses")]
            if binding:
                allowed, note = self._allowed(binding, occasion, rule[1], wanted, taken[unit])
                if note:
                    short[rule] = allowed, note
        awarded = {
            key: amount for key, by in taken["points"].items() if (amount := promise_of(key, by).amount)
        }
        discounted = {key: promise_of(key, by) for key, by in taken["money_minor"].items()}
        return Cut(shortened(evaluation, short) if short else evaluation, awarded, discounted)

    def charge(
        self, charged: Mapping[Rule, int], limits: Sequence[Limit], occasion: Occasion, *, later: bool = False
    ) -> Charged:
        """What discounts that a till did charge take: they are the fact, whatever is left; no counter moves.

        Args:
            charged: minor units > 0 by the rule in whose name they were taken off.
            limits: of the live packs.
            occasion: for whom, where and when.
            later: the purchase counted for store and pack already, and is now given to a member.
        Returns: what to claim, and which limits had less left.
        """
        claims: dict[CounterKey, int] = {}
        over: set[str] = set()
        for limit in limits:
            key = key_of(limit, occasion)
            if limit.of == "points" or key is None or (later and limit.per != "member"):
                continue
            amount = sum(minor for rule, minor in charged.items() if _covers(limit, rule))
            if not amount:
                continue
            claims[key] = 1 if limit.of == "uses" else amount
            counter = self.counter(key)
            promise = counter.promise(occasion)
            if claims[key] > max(counter.left(limit.at_most, occasion), promise.amount if promise else 0):
                over.add(f"{limit.pack_code}/{limit.code}")
        return Charged(claims, tuple(sorted(over)))

    def take(self, *claims: Claims) -> None:
        """Move the counters by what was given."""
        for key, amount in (item for some in claims for item in some.items()):
            if amount:
                self._moving(key).used += amount

    def hold(self, occasion: Occasion, quote_id: UUID, promises: Promises, expires_at: datetime) -> None:
        """Reserve for a quote; a later quote of the same holder takes nothing from an earlier one.

        Args:
            occasion: names the holder.
            quote_id: the quote's.
            promises: 0 included: that nothing was left holds as well.
            expires_at: when the promise ends.
        """
        if occasion.holder is None:
            return
        for key, promise in promises.items():
            counter = self._moving(key)
            holding = counter.holdings.setdefault(occasion.holder, Holding({}))
            before = holding.amount
            holding.quotes[quote_id] = OpenQuote(promise, expires_at)
            counter.reserved += holding.amount - before

    def release(self, occasion: Occasion, keys: Iterable[CounterKey]) -> None:
        """Let go what a holder reserved, once one of the holder's quotes is bought."""
        if occasion.holder is None or occasion.quote_id is None:
            return
        for key in keys:
            if occasion.holder in self.counter(key).holdings:
                counter = self._moving(key)
                counter.reserved -= counter.holdings.pop(occasion.holder).amount

    def _moving(self, key: CounterKey) -> Counter:
        self.moved.add(key)
        return self.counters.setdefault(key, Counter())

    def _allowed(
        self, limits: Sequence[Limit], occasion: Occasion, rule_id: str, wanted: int, taken: Taken
    ) -> tuple[int, str]:
        """What a rule may give, and why it is less; noted in `taken`."""
        allowed, note = wanted, ""
        keys: list[CounterKey] = []
        for limit in limits:
            key = key_of(limit, occasion)
            if key is None:
                may, why = 0, NO_MEMBER
            else:
                keys.append(key)
                before = promise_of(key, taken.get(key, {})).amount
                may = self._may(limit, key, occasion, rule_id, wanted, before)
                why = f"{LIMITED}:{limit.code}"
            if may < allowed:
                allowed, note = may, why
        for key in keys:
            taken.setdefault(key, {})[rule_id] = int(allowed > 0) if key.unit == "uses" else allowed
        return allowed, note

    def _may(
        self, limit: Limit, key: CounterKey, occasion: Occasion, rule_id: str, wanted: int, before: int
    ) -> int:
        """What one limit by itself allows a rule, where `before` went to other rules of the purchase."""
        counter = self.counter(key)
        promise = counter.promise(occasion)
        if promise is not None:
            promised = promise.by_rule.get(rule_id, 0)
            return min(wanted, wanted * promised if limit.of == "uses" else promised)
        left = counter.left(limit.at_most, occasion)
        if limit.of == "uses":
            return wanted if before or left else 0
        left = max(0, left - before)
        if wanted <= left:
            return wanted
        return left if limit.partial else 0


def _wants(evaluation: Evaluation) -> list[tuple[str, Rule, int]]:
    """What each rule gives, in the order in which rules act."""
    found: dict[tuple[str, Rule], int] = {}
    for discount in evaluation.discounts:
        at = "money_minor", (discount.pack_version, discount.rule_id)
        found[at] = found.get(at, 0) + discount.amount_minor
    for award in evaluation.awards:
        at = "points", (award.pack_version, award.rule_id)
        found[at] = found.get(at, 0) + award.points
    place = {(o.pack_version, o.rule_id): index for index, o in enumerate(evaluation.outcomes)}
    wants = [(unit, rule, amount) for (unit, rule), amount in found.items() if amount > 0]
    return sorted(wants, key=lambda want: place.get(want[1], len(place)))


def _pack_and_rule(rule: Rule) -> Rule:
    version, rule_id = rule
    return version.rpartition("/")[0], rule_id


def _by_rule(limits: Sequence[Limit]) -> dict[Rule, list[Limit]]:
    found: dict[Rule, list[Limit]] = {}
    for limit in sorted(limits, key=lambda limit: (limit.pack_code, limit.code)):
        for rule_id in limit.rule_ids:
            found.setdefault((limit.pack_code, rule_id), []).append(limit)
    return found


def _covers(limit: Limit, rule: Rule) -> bool:
    pack_code, rule_id = _pack_and_rule(rule)
    return pack_code == limit.pack_code and rule_id in limit.rule_ids


def shortened(evaluation: Evaluation, short: Mapping[Rule, tuple[int, str]]) -> Evaluation:
    """An evaluation in which some rules give less: what is left for each, and the note that says why."""
    limited = any(note != NO_MEMBER for _, note in short.values())
    reasons = evaluation.reasons
    return replace(
        evaluation,
        awards=_fewer_points(evaluation.awards, short),
        discounts=_less_money(evaluation.discounts, short),
        outcomes=tuple(_told(outcome, short) for outcome in evaluation.outcomes),
        reasons=(*reasons, LIMITED) if limited and LIMITED not in reasons else reasons,
    )


def _fewer_points(awards: Sequence[Award], short: Mapping[Rule, tuple[int, str]]) -> tuple[Award, ...]:
    left = {rule: allowed for rule, (allowed, _) in short.items()}
    kept: list[Award] = []
    for award in awards:
        rule = award.pack_version, award.rule_id
        points = min(award.points, left.get(rule, award.points))
        if rule in left:
            left[rule] -= points
        if points:
            kept.append(award if points == award.points else award._replace(points=points))
    return tuple(kept)


def _less_money(
    discounts: Sequence[LineDiscount], short: Mapping[Rule, tuple[int, str]]
) -> tuple[LineDiscount, ...]:
    """A discount that is cut loses on every line alike, to the unit."""
    parts: dict[Rule, list[int]] = {}
    for rule, (allowed, _) in short.items():
        full = [d.amount_minor for d in discounts if (d.pack_version, d.rule_id) == rule]
        parts[rule] = share_by_weight(allowed, full)[::-1]
    kept: list[LineDiscount] = []
    for discount in discounts:
        shares = parts.get((discount.pack_version, discount.rule_id))
        amount = discount.amount_minor if shares is None else shares.pop()
        if amount:
            kept.append(discount._replace(amount_minor=amount))
    return tuple(kept)


def _told(outcome: RuleOutcome, short: Mapping[Rule, tuple[int, str]]) -> RuleOutcome:
    cut = short.get((outcome.pack_version, outcome.rule_id))
    if cut is None:
        return outcome
    allowed, note = cut
    return outcome._replace(applied=allowed > 0, gave=allowed, note=note)
