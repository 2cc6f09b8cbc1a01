"""What the live packs say of one purchase: facts in, awards, discounts and reasons out. Never raises."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime
from types import MappingProxyType

from regulars.rules import facts
from regulars.rules.compiler import CompiledPack, CompiledRule, compile_pack
from regulars.rules.consequences import Consequence, MessageAsked
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
    StoreFacts,
    TierMove,
)
from regulars.rules.gates import Gate
from regulars.rules.giving import awards_of, discounts_of
from regulars.rules.outcomes import Outcomes
from regulars.rules.plan import limits_of, plan_of
from regulars.rules.product_reading import product_fields_of
from regulars.rules.program import NONE_CLOSED, Program
from regulars.rules.recent_reading import reads_recent
from regulars.rules.stacking import trees_of

KIND_ORDER = ("eligibility", "discount", "earning", "tier", "lifecycle")


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
        self._gates = _gated(self._rules)
        self._trees = {
            kind: tuple(tree for pack_kind, tree in trees_of(packs) if pack_kind == kind)
            for kind in ("discount", "earning")
        }
        self._certain = all(rule.certain for rule in self._rules)
        self._program = Program(self._rules, certain=self._certain)
        self._review = Program([rule for rule in self._rules if rule.action == "set_tier"], certain=False)

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
        closed = self._closed(member, purchase, store, calendar) if self._gates else NONE_CLOSED
        outcomes = self._program.read(lambda: facts.document(member, purchase, store, calendar), closed)
        refused = self._refusals(outcomes)
        withheld = _withheld(member)
        discounts = self._discounts(outcomes, refused.get("discount"))
        awards = self._awards(outcomes, withheld or refused.get("earning"), at, store)
        tier = _highest(outcomes) if member.known else None
        asked = self._asked(outcomes, withheld, refused.get("earning")) if outcomes.values else ()
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
        found._program = Program(self._rules, certain=self._certain, failed=failed)
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
        return _highest(outcomes)

    def _closed(
        self, member: MemberFacts, purchase: PurchaseFacts, store: StoreFacts, calendar: CalendarFacts
    ) -> Mapping[int, str]:
        """Why rules do not count here, now or for this member, by their indexes."""
        closed: dict[int, str] = {}
        for gate, indexes in self._gates:
            note = gate.closed(member, purchase, store, calendar)
            if note is not None:
                closed |= dict.fromkeys(indexes, note)
        return closed

    def _refusals(self, outcomes: Outcomes) -> dict[str, str]:
        refused: dict[str, str] = {}
        for index in outcomes.holding["refuse"]:
            rule = self._rules[index]
            for scope in rule.scopes:
                refused.setdefault(scope, f"excluded:{rule.pack}")
        return refused

    def _discounts(self, outcomes: Outcomes, withheld: str | None) -> tuple[LineDiscount, ...]:
        holding = outcomes.holding["discount"]
        if not holding:
            return ()
        if withheld is not None:
            outcomes.withhold_all(holding, withheld)
            return ()
        return tuple(discounts_of(holding, outcomes, self._trees["discount"]))

    def _asked(
        self, outcomes: Outcomes, withheld: str | None, from_points: str | None
    ) -> tuple[Consequence, ...]:
        """What holds of tags, moves and messages; who is refused points gets none of an earning pack."""
        found: list[Consequence] = []
        for index, values in outcomes.values.items():
            rule = self._rules[index]
            note = withheld or (from_points if rule.kind == "earning" else None)
            if note is not None:
                outcomes.withhold(index, note)
            elif rule.consequence is not None:
                found.append(_with_values(rule.consequence, values))
        return tuple(found)

    def _awards(
        self, outcomes: Outcomes, withheld: str | None, at: datetime, store: StoreFacts
    ) -> tuple[Award, ...]:
        earning, multiplying = outcomes.holding["earn"], outcomes.holding["multiply"]
        if withheld is not None:
            outcomes.withhold_all((*earning, *multiplying), withheld)
            return ()
        if not earning:
            return ()
        return awards_of(earning, multiplying, outcomes, self._trees["earning"], (at, store.zone))


def _place_in_line(pack: CompiledPack) -> tuple[int, int, str]:
    return KIND_ORDER.index(pack.kind), pack.priority, pack.version.code


def _gated(rules: Iterable[CompiledRule]) -> list[tuple[Gate, list[int]]]:
    """The gates with the indexes of the rules behind them: those of one pack mostly share one."""
    behind: dict[Gate, list[int]] = {}
    for index, rule in enumerate(rules):
        if rule.gate is not None:
            behind.setdefault(rule.gate, []).append(index)
    return list(behind.items())


def _with_values(consequence: Consequence, values: Sequence[int]) -> Consequence:
    if not isinstance(consequence, MessageAsked):
        return consequence
    names = (name for name, _ in consequence.values)
    return consequence._replace(values=tuple(zip(names, values, strict=True)))


def _withheld(member: MemberFacts) -> str | None:
    if not member.known:
        return "no_member"
    return "frozen" if member.frozen else None


def _highest(outcomes: Outcomes) -> TierMove | None:
    highest: TierMove | None = None
    for index in outcomes.holding["set_tier"]:
        move = outcomes.rules[index].move
        if move is not None and (highest is None or move.rank > highest.rank):
            highest = move
    return highest
