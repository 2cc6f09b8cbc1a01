"""What the live packs say of one purchase: facts in, awards, discounts and reasons out. Never raises."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from datetime import datetime
from types import MappingProxyType
from typing import cast

import orjson
from datalogic_py import BatchItemError

from regulars.rules import facts
from regulars.rules.catalogue import EXACT_BELOW
from regulars.rules.compiler import CompiledPack, CompiledRule, compile_pack
from regulars.rules.consequences import Consequence, MessageAsked
from regulars.rules.discounts import DiscountForm, SelectedLine, Selection
from regulars.rules.domain import (
    Award,
    CalendarFacts,
    Evaluation,
    LifecyclePlan,
    Limit,
    LineDiscount,
    MemberFacts,
    PackVersion,
    PurchaseFacts,
    RuleOutcome,
    StoreFacts,
    TierMove,
)
from regulars.rules.engine import EngineFailed, compile_rule, run
from regulars.rules.giving import awards_of, discounts_of
from regulars.rules.outcomes import Outcomes, Selected
from regulars.rules.plan import limits_of, plan_of
from regulars.rules.product_reading import product_fields_of
from regulars.rules.recent_reading import reads_recent
from regulars.rules.stacking import trees_of

KIND_ORDER = ("eligibility", "discount", "earning", "tier", "lifecycle")
NOT_WHOLE = "NotWhole"
REFUSED_RULE = "RuleRefused"
WITH_AMOUNT = ("amount_minor", "price_minor")
_REFUSAL = '"refused"'
_REFUSED = compile_rule(_REFUSAL)
"""Runs in the place of a rule that the engine refuses."""


class PackSet:
    """The pack versions that are live together somewhere at some time."""

    def __init__(self, versions: Sequence[PackVersion]) -> None:
        packs = sorted((compile_pack(version) for version in versions), key=_place_in_line)
        self.versions: tuple[PackVersion, ...] = tuple(pack.version for pack in packs)
        self.hashes: Mapping[str, str] = MappingProxyType({v.name: v.hash for v in self.versions})
        self.packs: tuple[CompiledPack, ...] = tuple(packs)
        self.plan: LifecyclePlan | None = plan_of(packs)
        self.limits: tuple[Limit, ...] = tuple(limit for pack in packs for limit in limits_of(pack))
        self.product_fields = product_fields_of(version.document for version in self.versions)
        self.reads_recent = reads_recent(version.document for version in self.versions)
        self._rules = tuple(rule for pack in packs for rule in pack.rules)
        self._gates = [(i, rule.gate) for i, rule in enumerate(self._rules) if rule.gate is not None]
        self._trees = {
            kind: tuple(tree for pack_kind, tree in trees_of(packs) if pack_kind == kind)
            for kind in ("discount", "earning")
        }
        self._program = _Program(self._rules)
        self._review = _Program(tuple(rule for rule in self._rules if rule.action == "set_tier"))
        self._asking = [i for i, rule in enumerate(self._rules) if rule.consequence is not None]
        self._by_action = {
            action: [i for i, rule in enumerate(self._rules) if rule.action == action]
            for action in ("refuse", "discount", "earn", "multiply", "set_tier")
        }

    def evaluate(
        self,
        member: MemberFacts,
        purchase: PurchaseFacts,
        store: StoreFacts,
        calendar: CalendarFacts,
        at: datetime,
    ) -> Evaluation:
        """What all live packs give for one purchase.

        Args:
            member: the member before this purchase, or `ANONYMOUS`.
            purchase: the basket; discounts are computed on its lines as they are.
            store, calendar: where and when, on the store's wall clock.
            at: aware instant of the purchase; expiry counts from here.
        Returns: awards, discounts, tier and every rule's outcome. A rule that cannot be evaluated gives
            nothing and says so in its outcome.
        Raises: nothing.
        Source: docs/semantics.md, "What is kept for each purchase".
        """
        outcomes = self._program.read(lambda: facts.document(member, purchase, store, calendar))
        for index, gate in self._gates:
            closed = gate.closed(member, purchase, store, calendar)
            if closed is not None:
                outcomes.close(index, closed)
        refused = self._refusals(outcomes)
        discounts = self._discounts(outcomes, refused.get("discount"))
        withheld = _withheld(member) or refused.get("earning")
        awards = self._awards(outcomes, withheld, at, store)
        tier = _highest(self._rules, outcomes) if member.known else None
        asked = self._asked(outcomes, member, refused) if self._asking else ()
        reasons = [
            code for code, holds in (("no_member", not member.known), ("frozen", member.frozen)) if holds
        ]
        if refused:
            reasons.append("excluded")
        return Evaluation(awards, discounts, tier, tuple(outcomes.known), tuple(reasons), asked)

    def with_failed(self, failed: Mapping[tuple[str, str], str]) -> "PackSet":
        """The same packs, in which some rules cannot be evaluated whatever they read.

        Args:
            failed: the error of each, by pack version and rule.
        Returns: what gives as these packs gave when those rules failed.
        """
        found = copy(self)
        found._program = _Program(self._rules, failed)
        return found

    def tier_for(
        self, member: MemberFacts, calendar: CalendarFacts | None = None, store: StoreFacts | None = None
    ) -> TierMove | None:
        """The highest tier whose rule the member fulfils; None where none does.

        Args:
            member: with `qualifying_spend_minor` of the window under review.
            calendar, store: not read: tier rules see the member only.
        Returns: the move, or None.
        Raises: nothing; a rule that cannot be evaluated gives nothing.
        Source: docs/semantics.md, "Tier".
        """
        del calendar, store
        outcomes = self._review.read(lambda: facts.member_document(member))
        return _highest(self._review.rules, outcomes)

    def _refusals(self, outcomes: Outcomes) -> dict[str, str]:
        refused: dict[str, str] = {}
        for index in self._by_action["refuse"]:
            if index in outcomes.amounts:
                rule = self._rules[index]
                for scope in rule.scopes:
                    refused.setdefault(scope, f"excluded:{rule.pack}")
        return refused

    def _discounts(self, outcomes: Outcomes, withheld: str | None) -> tuple[LineDiscount, ...]:
        holding = [index for index in self._by_action["discount"] if index in outcomes.selected]
        if not holding:
            return ()
        if withheld is not None:
            for index in holding:
                outcomes.withhold(index, withheld)
            return ()
        return tuple(discounts_of(holding, outcomes, self._trees["discount"]))

    def _asked(
        self, outcomes: Outcomes, member: MemberFacts, refused: Mapping[str, str]
    ) -> tuple[Consequence, ...]:
        """What holds of tags, moves and messages; who is refused points gets none of an earning pack."""
        withheld = _withheld(member)
        found: list[Consequence] = []
        for index in self._asking:
            rule, values = self._rules[index], outcomes.values.get(index)
            if values is None:
                continue
            note = withheld or (refused.get("earning") if rule.kind == "earning" else None)
            if note is not None:
                outcomes.withhold(index, note)
            elif rule.consequence is not None:
                found.append(_with_values(rule.consequence, values))
        return tuple(found)

    def _awards(
        self, outcomes: Outcomes, withheld: str | None, at: datetime, store: StoreFacts
    ) -> tuple[Award, ...]:
        earning = [index for index in self._by_action["earn"] if index in outcomes.amounts]
        multiplying = [index for index in self._by_action["multiply"] if index in outcomes.amounts]
        if withheld is not None:
            for index in (*earning, *multiplying):
                outcomes.withhold(index, withheld)
            return ()
        if not earning:
            return ()
        return awards_of(earning, multiplying, outcomes, self._trees["earning"], (at, store.zone))


def _place_in_line(pack: CompiledPack) -> tuple[int, int, str]:
    return KIND_ORDER.index(pack.kind), pack.priority, pack.version.code


def _with_values(consequence: Consequence, values: Sequence[int]) -> Consequence:
    if not isinstance(consequence, MessageAsked):
        return consequence
    names = (name for name, _ in consequence.values)
    return consequence._replace(values=tuple(zip(names, values, strict=True)))


def _withheld(member: MemberFacts) -> str | None:
    if not member.known:
        return "no_member"
    return "frozen" if member.frozen else None


def _highest(rules: Sequence[CompiledRule], outcomes: Outcomes) -> TierMove | None:
    reached = [rules[i] for i in outcomes.amounts if rules[i].action == "set_tier"]
    if not reached:
        return None
    top = max(reached, key=lambda rule: rule.rank)
    return TierMove(top.tier, top.rank, top.pack, top.id)


class _Program:
    """Rules that run together on one document."""

    def __init__(
        self, rules: Sequence[CompiledRule], failed: Mapping[tuple[str, str], str] = MappingProxyType({})
    ) -> None:
        self.rules = rules
        errors = [failed.get((rule.pack, rule.id)) for rule in rules]
        self._runnable = [
            _REFUSED if error else rule.rule or _REFUSED for rule, error in zip(rules, errors, strict=True)
        ]
        self._decided = [
            {_REFUSAL: rule.error(error)} if error else _decided(rule)
            for rule, error in zip(rules, errors, strict=True)
        ]

    def read(self, document: Callable[[], str]) -> Outcomes:
        """Run the rules, and sort their results into outcomes and values."""
        try:
            results = run(self._runnable, document())
        except EngineFailed as failed:
            return self._all_failed(str(failed))
        except (TypeError, ValueError) as error:  # a fact that is no JSON
            return self._all_failed(type(error).__name__)
        # Most rules of most events fail; a look-up by the text that says where is the fast way out.
        known = [
            decided.get(result)  # type: ignore[arg-type]
            for decided, result in zip(self._decided, results, strict=True)
        ]
        holding = [index for index, outcome in enumerate(known) if outcome is None]
        outcomes = Outcomes(self.rules, cast("list[RuleOutcome]", known))
        for index in holding:
            rule, result = self.rules[index], results[index]
            if isinstance(result, BatchItemError):
                known[index] = rule.error(result.tag)
            else:
                known[index] = rule.nothing
                _take(outcomes, index, rule, result)
        return outcomes

    def _all_failed(self, tag: str) -> Outcomes:
        return Outcomes(self.rules, [rule.error(tag) for rule in self.rules])


def _decided(rule: CompiledRule) -> Mapping[str, RuleOutcome]:
    """The outcomes that a rule's result names by itself."""
    if rule.rule is None:
        return {_REFUSAL: rule.error(REFUSED_RULE)}
    return {f'"{failed}"': outcome for failed, outcome in enumerate(rule.failed)}


def _take(outcomes: Outcomes, index: int, rule: CompiledRule, result: str) -> None:
    if rule.action == "discount":
        selected = _selected(result) if rule.form is None else _selection(rule.form, result)
        if selected is not None:
            outcomes.selected[index] = selected
            return
    elif rule.consequence is not None:
        values = _values(rule.consequence, result)
        if values is not None:
            outcomes.values[index] = values
            return
    elif result.isdecimal():
        amount = int(result)
        if amount < EXACT_BELOW:
            outcomes.amounts[index] = amount
            return
    outcomes.known[index] = rule.error(NOT_WHOLE)


def _values(consequence: Consequence, result: str) -> tuple[int, ...] | None:
    """The values of a message; of what has none, none."""
    if not isinstance(consequence, MessageAsked) or not consequence.values:
        return ()
    try:
        found = tuple(orjson.loads(result))
    except (TypeError, ValueError):
        return None
    whole = all(type(value) is int and abs(value) < EXACT_BELOW for value in found)
    return found if whole and len(found) == len(consequence.values) else None


def _selected(result: str) -> Selected | None:
    try:
        return [(number, value) for number, value in orjson.loads(result) if 0 < value < EXACT_BELOW]
    except (TypeError, ValueError):
        return None


def _selection(form: DiscountForm, result: str) -> Selection | None:
    try:
        found = orjson.loads(result)
        rows, amount = found if form.form in WITH_AMOUNT else (found, 0)
        lines = tuple(
            SelectedLine(number, sales, value, quantity // 1_000 if quantity % 1_000 == 0 else 0)
            for number, sales, value, quantity in rows
            if 0 < sales < EXACT_BELOW and 0 < value < EXACT_BELOW
        )
        if type(amount) is int and 0 <= amount < EXACT_BELOW:
            return Selection(lines, amount)
    except (TypeError, ValueError):
        pass
    return None
