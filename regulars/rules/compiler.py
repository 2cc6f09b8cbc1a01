"""Turns a pack into what the engine runs: one evaluation a rule, parameters filled in, codes made safe."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import orjson
from datalogic_py import Rule

from regulars.rules.action_model import Discount, Earn, Multiply
from regulars.rules.certain import reads_certain
from regulars.rules.consequences import Consequence, MessageAsked, StageMove, TagOrder
from regulars.rules.discounts import DiscountForm
from regulars.rules.domain import PackKind, PackVersion, RuleOutcome, TierMove
from regulars.rules.engine import RefusedByEngine, compile_rule
from regulars.rules.expiry import Expiry
from regulars.rules.facts import safe_code
from regulars.rules.gates import Gate, gate_of
from regulars.rules.model import Pack, conditions_of
from regulars.rules.model import Rule as PackRule
from regulars.rules.parts import ParameterRef, Scope
from regulars.rules.results import is_plain, result_of


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule, with its action's numbers and the outcomes that need no arithmetic.

    Attributes:
        rule: None where the engine refuses the rule: it then gives nothing.
        text: the same as JSON-logic.
        certain: whether all that it reads is in every purchase's document.
        failed: the outcome for each top-level condition that is the first to fail.
        nothing: the outcome of a rule that applies and has nothing to give.
        form: of a discount that is more than a rate of what lines are sold for.
        group: stacking group; its own where it names none.
        scopes: what a refusal refuses.
        waits: how long points cannot be spent.
        move: the tier that it gives.
        gate: where, when and for whom it counts at all; None everywhere and always.
        kind: its pack's.
        consequence: what it wants done to the member; of a message still without its values.
    """

    pack: str
    id: str
    action: str
    rule: Rule | None
    text: str
    certain: bool
    failed: tuple[RuleOutcome, ...]
    nothing: RuleOutcome
    per: int = 1
    rate_bps: int = 0
    expiry: Expiry | None = None
    waits: timedelta = timedelta()
    cap_minor: int | None = None
    form: DiscountForm | None = None
    group: str = ""
    scopes: tuple[Scope, ...] = ()
    reason: str = ""
    move: TierMove | None = None
    gate: Gate | None = None
    kind: PackKind = "earning"
    consequence: Consequence | None = None

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
    return orjson.dumps(_tree(pack, rule)).decode()


def _tree(pack: Pack, rule: PackRule) -> object:
    branches: list[object] = []
    for index, condition in enumerate(conditions_of(rule.when)):
        branches += [{"!": [filled(condition, pack)]}, str(index)]
    result = filled(result_of(pack, rule), pack)
    return {"if": [*branches, result]} if branches else result


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
    tree = _tree(pack, rule)
    text = orjson.dumps(tree).decode()
    try:
        compiled = compile_rule(text)
    except RefusedByEngine:
        compiled = None
    action = rule.then
    earn, multiply, discount = action.earn, action.multiply, action.discount
    reason = action.refuse.reason.code if action.refuse else ""
    rated = multiply or discount
    return CompiledRule(
        pack=name,
        id=rule.id,
        action=action.name,
        rule=compiled,
        text=text,
        certain=reads_certain(tree),
        failed=tuple(
            RuleOutcome(name, rule.id, applied=False, failed=index)
            for index in range(len(conditions_of(rule.when)))
        ),
        nothing=RuleOutcome(name, rule.id, applied=True, note=reason or None),
        per=_value(pack, earn.per if earn else None) or 1,
        rate_bps=_value(pack, rated.rate_bps if rated else None) or 0,
        expiry=_expiry(pack, earn or multiply),
        waits=_days(pack, earn.pending_days if earn else None),
        cap_minor=_value(pack, discount.cap_minor if discount else None),
        form=_form(pack, discount) if discount and not is_plain(discount) else None,
        group=rule.stacking_group or f"{name}#{rule.id}",
        scopes=tuple(action.refuse.scopes) if action.refuse else (),
        reason=reason,
        move=_move(pack, action.set_tier.tier, name, rule.id) if action.set_tier else None,
        gate=gate_of((pack.scope, rule.scope), (pack.calendar, rule.calendar)),
        kind=pack.kind,
        consequence=_consequence(pack, rule, name),
    )


def _consequence(pack: Pack, rule: PackRule, name: str) -> Consequence | None:
    tag, move, message = rule.then.tag, rule.then.move_stage, rule.then.message
    if tag is not None:
        days = _value(pack, tag.for_days)
        return TagOrder(tag.give or tag.end or "", tag.give is not None, days, name, rule.id)
    if move is not None:
        return StageMove(move.to, name, rule.id)
    if message is not None:
        values = tuple((value, 0) for value in sorted(message.values or ()))
        return MessageAsked(message.template, values, name, rule.id)
    return None


def _value(pack: Pack, number: int | ParameterRef | None) -> int | None:
    return None if number is None else pack.value_of(number)


def _move(pack: Pack, tier: str, name: str, rule_id: str) -> TierMove:
    rank = next((step.rank for step in pack.tiers or () if step.code == tier), 0)
    return TierMove(tier, rank, name, rule_id)


def _days(pack: Pack, number: int | ParameterRef | None) -> timedelta:
    return timedelta(days=_value(pack, number) or 0)


def _expiry(pack: Pack, giving: Earn | Multiply | None) -> Expiry | None:
    if giving is None:
        return None
    if giving.valid_days is not None:
        return Expiry(_days(pack, giving.valid_days))
    expires = giving.expires if isinstance(giving, Earn) else None
    if expires is None:
        return None
    return Expiry(_days(pack, expires.after_days), expires.at, expires.later or 0)


def _form(pack: Pack, discount: Discount) -> DiscountForm:
    base, rounding = discount.base, discount.rounding
    common = DiscountForm(
        form=discount.form,
        after_discounts=base is not None and base.after_discounts,
        rounds=rounding.mode if rounding else "floor",
        to_minor=rounding.to_minor if rounding else 1,
        cap_minor=_value(pack, discount.cap_minor),
    )
    if discount.rate_bps is not None:
        return replace(common, rate_bps=pack.value_of(discount.rate_bps))
    if discount.free_items is not None:
        free = discount.free_items
        every, dearest = pack.value_of(free.every), free.pick == "dearest"
        times = _value(pack, free.times)
        return replace(common, every=every, free=pack.value_of(free.free), dearest=dearest, times=times)
    if discount.nth_item is not None:
        nth = discount.nth_item
        every, rate = pack.value_of(nth.every), pack.value_of(nth.rate_bps)
        dearest, times = nth.pick == "dearest", _value(pack, nth.times)
        return replace(common, every=every, rate_bps=rate, dearest=dearest, times=times)
    if discount.threshold is not None:
        step = discount.threshold
        every, off = pack.value_of(step.every_minor), pack.value_of(step.off_minor)
        return replace(common, every=every, off_minor=off, times=_value(pack, step.times))
    return common
