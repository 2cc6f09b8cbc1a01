"""Limits in a rehearsal: what was cut stays cut, and what drafts give is metered in order of time.

A pack that read a purchase then and reads it again gives as it did then: what its limits left was decided by
the order in which tills were answered, which no time tells. Only what drafts give, and what they make other
packs give beyond that, is metered. Members are replayed apart from each other, and a limit may be shared by
all. So a first replay notes what rules want; the wants are metered in order of time; and a second replay
gives what that left. It finds the same states as the first, for no fact depends on points or discounts.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from regulars.budgets.counters import CounterKey, Occasion
from regulars.budgets.domain import LIMITED, Cut, Meter, Rule, shortened
from regulars.organisation.domain import StorePlace
from regulars.purchases.domain import PACK_SOURCE
from regulars.purchases.evaluation import Reading, discount_source
from regulars.rehearsal.history import Bought
from regulars.rules.catalogue import EXACT_BELOW
from regulars.rules.domain import Award, Evaluation, Limit, LineDiscount
from regulars.rules.evaluator import PackSet

_NONE: Final = "[]"
Read = tuple[UUID, bool]
"""A purchase, and whether it is read for a member that it was given to afterwards."""


@dataclass(frozen=True, slots=True)
class Want:
    """What limited rules would give a purchase if there were no limits.

    Attributes:
        then: what rules of packs that read it when it happened gave then; as much is never cut.
    """

    read: Read
    then: Mapping[Rule, int]
    occurred_at: datetime
    occasion: Occasion
    evaluation: Evaluation
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a purchase gets within the limits, where that is less than its rules would give."""

    awards: tuple[Award, ...]
    offered: Mapping[tuple[int, str], int]


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How a limit would have been used.

    Attributes:
        limit: "<pack>/<limit>".
        given: in the limit's unit, all counters together.
        withheld: what its rules would have given beyond it, in their own unit.
        counts_used_up: counters that reached the limit.
        first_used_up_on: the first local day on which one did.
    """

    limit: str
    given: int
    withheld: int
    counts_used_up: int
    first_used_up_on: str | None


@dataclass(slots=True)
class Limits:
    """Keeps readings within their limits.

    Attributes:
        allowed: what the wants of a first replay get; None in the first replay, which notes `wants`.
    """

    allowed: Mapping[Read, Allowed] | None = None
    wants: list[Want] = field(default_factory=list)
    _read_again: dict[tuple[str, int], tuple[frozenset[str], bool]] = field(default_factory=dict)

    def keep(self, reading: Reading, bought: Bought, packs: PackSet, site: StorePlace) -> Reading:
        """The reading as far as the limits of its packs let it be."""
        read = (bought.purchase_id, bought.attributed)
        again, whole = self._reading_again(bought, packs)
        if whole:
            reading = _cut_as_then(reading, bought, None)
        else:
            if bought.limited != _NONE:
                limited = {(one["pack"], one["rule"]) for one in orjson.loads(bought.limited)}
                reading = _cut_as_then(reading, bought, {rule for rule in limited if rule[0] in again})
            allowed = self.allowed.get(read) if self.allowed is not None else None
            if allowed is not None:
                evaluation = replace(reading.evaluation, awards=allowed.awards)
                return replace(reading, evaluation=evaluation, offered=dict(allowed.offered))
        wanted = _wanted(reading, bought, packs.limits) if self.allowed is None else None
        if wanted is not None:
            wall = bought.occurred_at.astimezone(site.zone)
            occasion = Occasion(bought.member_id, bought.store_id, wall)
            then = {rule: gave for rule, gave in _given_then(bought).items() if rule[0] in again}
            self.wants.append(Want(read, then, bought.occurred_at, occasion, wanted, packs.limits))
        return reading

    def _reading_again(self, bought: Bought, packs: PackSet) -> tuple[frozenset[str], bool]:
        """The versions that read it then and read it now, and whether those are all of either."""
        key = (bought.packs, id(packs))
        again = self._read_again.get(key)
        if again is None:
            then, now = orjson.loads(bought.packs).keys(), packs.hashes.keys()
            again = self._read_again[key] = frozenset(then & now), then == now
        return again


def meter(wants: Iterable[Want]) -> tuple[dict[Read, Allowed], tuple[LimitUse, ...]]:
    """Give in order of time, until limits are used up; what is offered counts as taken.

    Args:
        wants: of all members, in any order.
    Returns: what those get who get less than they want, and how each limit was used.
    """
    counters, allowed = Meter(), dict[Read, Allowed]()
    uses: dict[tuple[str, str], _Use] = {}
    for want in sorted(wants, key=lambda want: (want.occurred_at, want.read)):
        cut = _cut(counters, want)
        counters.take(cut.claims)
        for limit in want.limits:
            uses.setdefault((limit.pack_code, limit.code), _Use())
        _note_use(uses, counters, cut.claims, want)
        if cut.evaluation is not want.evaluation:
            _note_withheld(uses, want, cut.evaluation)
            allowed[want.read] = Allowed(cut.evaluation.awards, _offered_by(cut.evaluation.discounts))
    return allowed, tuple(use.told(f"{pack}/{code}") for (pack, code), use in sorted(uses.items()))


def _cut(counters: Meter, want: Want) -> Cut:
    """What a purchase gets: as much as then whatever is left, and more as far as something is."""
    amounts = _amounts(want.evaluation)
    as_then = {rule for rule, gave in want.then.items() if amounts.get(rule, 0) <= gave}
    cut = counters.cut(want.evaluation, _apart(want.limits, as_then), want.occasion)
    after = _amounts(cut.evaluation)
    less = {
        (told.pack_version, told.rule_id): told.note or ""
        for told in cut.evaluation.outcomes
        if after.get(rule := (told.pack_version, told.rule_id), 0) < want.then.get(rule, 0)
        and rule not in as_then
    }
    if not less:
        return cut
    no_less = shortened(want.evaluation, {rule: (want.then[rule], note) for rule, note in less.items()})
    return counters.cut(no_less, _apart(want.limits, as_then | less.keys()), want.occasion)


def _apart(limits: Sequence[Limit], as_then: Collection[Rule]) -> Sequence[Limit]:
    """The same limits, which leave some rules whatever they want and count it."""
    if not as_then:
        return limits
    free = {(version.rpartition("/")[0], rule_id) for version, rule_id in as_then}
    found: list[Limit] = []
    for limit in limits:
        counted = tuple(rule_id for rule_id in limit.rule_ids if (limit.pack_code, rule_id) in free)
        bound = tuple(rule_id for rule_id in limit.rule_ids if (limit.pack_code, rule_id) not in free)
        found += (replace(limit, rule_ids=counted, at_most=EXACT_BELOW), replace(limit, rule_ids=bound))
    return found


@dataclass(slots=True)
class _Use:
    given: int = 0
    withheld: int = 0
    used_up: set[CounterKey] = field(default_factory=set)
    first_on: str | None = None

    def told(self, limit: str) -> LimitUse:
        return LimitUse(limit, self.given, self.withheld, len(self.used_up), self.first_on)


def _note_use(
    uses: Mapping[tuple[str, str], _Use], counters: Meter, claims: Mapping[CounterKey, int], want: Want
) -> None:
    most = {(limit.pack_code, limit.code): limit.at_most for limit in want.limits}
    for key, amount in claims.items():
        use = uses[key.pack_code, key.limit_code]
        use.given += amount
        if counters.counter(key).used >= most[key.pack_code, key.limit_code] and key not in use.used_up:
            use.used_up.add(key)
            use.first_on = use.first_on or want.occasion.wall.date().isoformat()


def _note_withheld(uses: Mapping[tuple[str, str], _Use], want: Want, cut: Evaluation) -> None:
    before, after = _amounts(want.evaluation), _amounts(cut)
    for outcome in cut.outcomes:
        if outcome.note is not None and outcome.note.startswith(f"{LIMITED}:"):
            pack = outcome.pack_version.rpartition("/")[0]
            rule = (outcome.pack_version, outcome.rule_id)
            use = uses[pack, outcome.note.removeprefix(f"{LIMITED}:")]
            use.withheld += before.get(rule, 0) - after.get(rule, 0)


def _amounts(evaluation: Evaluation) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for award in evaluation.awards:
        rule = (award.pack_version, award.rule_id)
        found[rule] = found.get(rule, 0) + award.points
    for discount in evaluation.discounts:
        rule = (discount.pack_version, discount.rule_id)
        found[rule] = found.get(rule, 0) + discount.amount_minor
    return found


def _wanted(reading: Reading, bought: Bought, limits: Sequence[Limit]) -> Evaluation | None:
    """What limited and unlimited rules give; None where no limited rule gives anything."""
    awards = reading.evaluation.awards if bought.member_id is not None else ()
    discounts = () if bought.attributed else _discounts_of(reading.offered)
    giving = {(award.pack_version, award.rule_id) for award in awards}
    giving |= {(discount.pack_version, discount.rule_id) for discount in discounts}
    covered = {(limit.pack_code, rule_id) for limit in limits for rule_id in limit.rule_ids}
    if not any((pack.rpartition("/")[0], rule) in covered for pack, rule in giving):
        return None
    outcomes = tuple(o for o in reading.evaluation.outcomes if (o.pack_version, o.rule_id) in giving)
    return Evaluation(awards, discounts, None, outcomes, ())


def _discounts_of(offered: Mapping[tuple[int, str], int]) -> tuple[LineDiscount, ...]:
    found = []
    for (line, source), amount in offered.items():
        found.append(LineDiscount(line, amount, *_rule_of(source)))
    return tuple(found)


def _offered_by(discounts: Iterable[LineDiscount]) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = {}
    for discount in discounts:
        key = (discount.line, discount_source(discount))
        found[key] = found.get(key, 0) + discount.amount_minor
    return found


def _given_then(bought: Bought) -> dict[Rule, int]:
    """What each rule gave a purchase, or offered for it, when it happened."""
    found: dict[Rule, int] = {}
    for one in orjson.loads(bought.awards):
        rule = (one["pack"], one["rule"])
        found[rule] = found.get(rule, 0) + one["points"]
    for one in orjson.loads(bought.offered):
        rule = _rule_of(one["source"])
        found[rule] = found.get(rule, 0) + one["amount_minor"]
    return found


def _rule_of(source: str) -> Rule:
    pack, _, rule = source.removeprefix(PACK_SOURCE).rpartition("#")
    return pack, rule


def _cut_as_then(reading: Reading, bought: Bought, rules: Collection[Rule] | None) -> Reading:
    """What limits left these rules then, or all of them, they leave them now."""
    left = _given_then(bought)
    awards = []
    for award in reading.evaluation.awards:
        rule = (award.pack_version, award.rule_id)
        points = award.points
        if rules is None or rule in rules:
            points = min(points, left.get(rule, 0))
            left[rule] = left.get(rule, 0) - points
        if points:
            awards.append(award if points == award.points else award._replace(points=points))
    then = {(one["line"], one["source"]): one["amount_minor"] for one in orjson.loads(bought.offered)}
    offered = {
        key: min(amount, then.get(key, 0)) if rules is None or _rule_of(key[1]) in rules else amount
        for key, amount in reading.offered.items()
    }
    evaluation = replace(reading.evaluation, awards=tuple(awards))
    return replace(reading, evaluation=evaluation, offered={k: v for k, v in offered.items() if v})
