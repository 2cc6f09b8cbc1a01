"""Turns a pack into what the engine runs: one evaluation a rule, parameters filled in, codes made safe."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from datalogic_py import Rule

from regulars.rules.domain import PackKind, PackVersion, RuleOutcome
from regulars.rules.engine import RefusedByEngine, compile_rule
from regulars.rules.facts import safe_code
from regulars.rules.gates import Gate, gate_of
from regulars.rules.model import Pack, conditions_of
from regulars.rules.model import Rule as PackRule
from regulars.rules.parts import Scope

_LINE_AND_VALUE = [{"var": "line"}, {"var": "sales_minor"}]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule, with its action's numbers and the outcomes that need no arithmetic.

    Attributes:
        rule: None where the engine refuses the rule: it then gives nothing.
        failed: the outcome for each top-level condition that is the first to fail.
        nothing: the outcome of a rule that applies and has nothing to give.
        group: stacking group, of a multiplier or a discount.
        scopes: what a refusal refuses.
        gate: where, when and for whom it counts at all; None everywhere and always.
    """

    pack: str
    id: str
    action: str
    rule: Rule | None
    failed: tuple[RuleOutcome, ...]
    nothing: RuleOutcome
    per: int = 1
    rate_bps: int = 0
    valid_days: int | None = None
    cap_minor: int | None = None
    group: str = ""
    scopes: tuple[Scope, ...] = ()
    reason: str = ""
    tier: str = ""
    rank: int = 0
    gate: Gate | None = None

    def error(self, tag: str) -> RuleOutcome:
        return RuleOutcome(self.pack, self.id, applied=False, error=tag)


@dataclass(frozen=True, slots=True)
class CompiledPack:
    """One pack version, ready to run."""

    version: PackVersion
    kind: PackKind
    priority: int
    pack: Pack
    rules: tuple[CompiledRule, ...]


def compile_pack(version: PackVersion) -> CompiledPack:
    """Compile a version that was checked when it was made.

    Args:
        version: with its document.
    Returns: the pack; a rule that the engine refuses stays in it and gives nothing.
    Raises: pydantic.ValidationError: the document is no pack, which `checker` would have said.
    """
    pack = Pack.model_validate(version.document)
    rules = tuple(_compile(pack, rule, version.name) for rule in pack.rules_in_order())
    return CompiledPack(version, pack.kind, pack.priority, pack, rules)


def rule_text(pack: Pack, rule: PackRule) -> str:
    """The JSON-logic of a rule: the index of its first failing condition as a text, else its result."""
    branches: list[object] = []
    for index, condition in enumerate(conditions_of(rule.when)):
        branches += [{"!": [filled(condition, pack)]}, str(index)]
    result = filled(_result(rule), pack)
    return orjson.dumps({"if": [*branches, result]} if branches else result).decode()


def _result(rule: PackRule) -> object:
    action = rule.then
    if action.earn is not None:
        return action.earn.amount
    if action.discount is not None:
        selected = {"filter": [{"var": "purchase.lines"}, action.discount.lines]}
        return {"map": [selected, _LINE_AND_VALUE]}
    return 1


def filled(tree: object, pack: Pack) -> object:
    """An expression as the engine gets it: parameters filled in, codes made safe, operands in lists."""
    if isinstance(tree, Mapping):
        operator, operands = next(iter(tree.items()))
        if operator == "param":
            return pack.parameters[operands].value
        if operator in ("var", "val"):
            return {operator: operands}
        return {operator: filled(operands if isinstance(operands, list) else [operands], pack)}
    if isinstance(tree, list):
        return [filled(member, pack) for member in tree]
    return safe_code(tree) if isinstance(tree, str) else tree


def _compile(pack: Pack, rule: PackRule, name: str) -> CompiledRule:
    compiled: Rule | None
    try:
        compiled = compile_rule(rule_text(pack, rule))
    except RefusedByEngine:
        compiled = None
    action = rule.then
    reason = action.refuse.reason.code if action.refuse else ""
    part = action.earn or action.multiply or action.discount
    valid_days = getattr(part, "valid_days", None)
    cap = action.discount.cap_minor if action.discount else None
    tier = action.set_tier.tier if action.set_tier else ""
    return CompiledRule(
        pack=name,
        id=rule.id,
        action=action.name,
        rule=compiled,
        failed=tuple(
            RuleOutcome(name, rule.id, applied=False, failed=index)
            for index in range(len(conditions_of(rule.when)))
        ),
        nothing=RuleOutcome(name, rule.id, applied=True, note=reason or None),
        per=pack.value_of(action.earn.per) if action.earn else 1,
        rate_bps=pack.value_of(getattr(part, "rate_bps", 0)),
        valid_days=None if valid_days is None else pack.value_of(valid_days),
        cap_minor=None if cap is None else pack.value_of(cap),
        group=getattr(part, "group", ""),
        scopes=tuple(action.refuse.scopes) if action.refuse else (),
        reason=reason,
        tier=tier,
        rank=next((step.rank for step in pack.tiers or () if step.code == tier), 0),
        gate=gate_of((pack.scope, rule.scope), (pack.calendar, rule.calendar)),
    )
