"""Tells what became of each rule of an evaluation: conditions, reasons and arithmetic, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from regulars.budgets.domain import LIMITED
from regulars.explanation import words
from regulars.explanation.conditions import Telling
from regulars.explanation.discount_workings import discount_steps
from regulars.explanation.domain import Condition, PackSaid, RuleSaid, RuleState, Said
from regulars.explanation.probing import Probe
from regulars.explanation.recomputing import FactsRead
from regulars.explanation.speech import Speech
from regulars.explanation.stored import RuleKey
from regulars.explanation.workings import Steps, Working, asked_steps, point_steps
from regulars.rules import facts as documents
from regulars.rules.compiler import CompiledPack, CompiledRule
from regulars.rules.domain import Evaluation, RuleOutcome
from regulars.rules.evaluator import PackSet
from regulars.rules.model import Pack, Rule, conditions_of
from regulars.rules.sentences import sentences

GIVING = frozenset({"earn", "multiply", "discount"})


@dataclass(frozen=True, slots=True)
class Told:
    """An evaluation to be told, with what it read.

    Attributes:
        at: when it was bought.
        unknown: paths of facts that nobody knows yet.
    """

    facts: FactsRead
    evaluation: Evaluation
    at: datetime
    unknown: frozenset[str] = frozenset()


def tell_packs(packs: PackSet, told: Told, offering: Told, speech: Speech) -> tuple[PackSaid, ...]:
    """All packs of an evaluation, in the order in which they act.

    Args:
        packs: as they were evaluated.
        told: on the lines as charged; points and tiers are told by it.
        offering: on the lines without our discounts; discounts are told by it.
        speech: the chain's.
    """
    plain = [_working(compiled, told, speech) for compiled in packs.packs]
    bare = plain
    if offering.facts is not told.facts:
        bare = [_working(compiled, offering, speech) for compiled in packs.packs]
    steps = point_steps(plain, told.evaluation, told.at)
    elsewhere = {
        f"{one.version.name}#{rule.id}": Said(rule.title.zh, rule.title.en)
        for one in packs.packs
        for rule in one.pack.rules
    }
    return tuple(
        _pack(
            compiled,
            elsewhere,
            bare_one if compiled.kind == "discount" else plain_one,
            offering if compiled.kind == "discount" else told,
            steps,
        )
        for compiled, plain_one, bare_one in zip(packs.packs, plain, bare, strict=True)
    )


def document_of(facts: FactsRead) -> str:
    """The document that the rules read."""
    return documents.document(facts.member, facts.purchase, facts.store, facts.calendar)


def _working(compiled: CompiledPack, told: Told, speech: Speech) -> Working:
    bare = replace(told.facts, purchase=replace(told.facts.purchase, lines_json=b"[]"))
    probe = Probe(compiled.pack, document_of(told.facts), document_of(bare))
    return Working(compiled, probe, speech.in_pack(compiled.pack))


def _pack(
    compiled: CompiledPack, elsewhere: Mapping[str, Said], working: Working, told: Told, steps: Steps
) -> PackSaid:
    pack, name = compiled.pack, compiled.version.name
    outcomes = {o.rule_id: o for o in told.evaluation.outcomes if o.pack_version == name}
    telling = Telling(working.probe, working.speech, told.unknown)
    said = _sentences(pack, working)
    names = {**elsewhere, **_subjects(pack)}
    return PackSaid(
        pack=name,
        title=Said(pack.title.zh, pack.title.en),
        kind=compiled.kind,
        hash=compiled.version.hash,
        rules=tuple(
            _rule(_Rule(working, telling, rule, ready, outcomes[rule.id], said[rule.id], names, told), steps)
            for rule, ready in working.rules()
            if rule.id in outcomes
        ),
    )


def _sentences(pack: Pack, working: Working) -> Mapping[str, Said]:
    """What each rule gives where it holds."""
    chain = working.speech.chain
    in_zh = {code: name.zh for code, name in chain.tier_names.items()}
    in_en = {code: name.en for code, name in chain.tier_names.items()}
    said_as = partial(sentences, exponent=chain.exponent, catalogue=chain.catalogue, currency=chain.currency)
    zh = said_as(pack, "zh", tier_names=in_zh)
    en = said_as(pack, "en", tier_names=in_en)
    return {one.rule_id: Said(one.effect, other.effect) for one, other in zip(zh, en, strict=True)}


def _subjects(pack: Pack) -> Mapping[str, Said]:
    """What a note may name: rules and limits of the pack."""
    found = {rule.id: Said(rule.title.zh, rule.title.en) for rule in pack.rules}
    found |= {limit.code: Said(limit.title.zh, limit.title.en) for limit in pack.limits or ()}
    return found


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule with its outcome, about to be told."""

    working: Working
    telling: Telling
    rule: Rule
    compiled: CompiledRule
    outcome: RuleOutcome
    effect: Said
    names: Mapping[str, Said]
    told: Told


def _rule(one: _Rule, steps: Steps) -> RuleSaid:
    rule, outcome = one.rule, one.outcome
    conditions = tuple(one.telling.tell(tree) for tree in conditions_of(rule.when))
    state = _state(outcome, rule.then.name)
    better = _better(one)
    # Discounts are weighed on what is bought; multipliers are what they are.
    weighed = better is not None and rule.then.discount is not None
    if one.told.unknown and (state in ("failed", "idle") or weighed):
        return _undecided(one, conditions)
    return RuleSaid(
        rule=rule.id,
        title=Said(rule.title.zh, rule.title.en),
        effect=one.effect,
        state=state,
        why=_why(one, state, conditions),
        gave=outcome.gave,
        conditions=conditions,
        steps=_steps(one, state, steps),
        outranked_by=better,
    )


def _undecided(one: _Rule, conditions: tuple[Condition, ...]) -> RuleSaid:
    """Without a basket: what is known may rule it out, else it is open."""
    failing = next((each for each in conditions if each.holds is False), None)
    return RuleSaid(
        rule=one.rule.id,
        title=Said(one.rule.title.zh, one.rule.title.en),
        effect=one.effect,
        state="open" if failing is None else "failed",
        why=words.OPEN if failing is None else _failing(failing, one.working.compiled.kind),
        gave=0,
        conditions=conditions,
    )


def _steps(one: _Rule, state: RuleState, steps: Steps) -> tuple[Said, ...]:
    if one.rule.then.discount is not None and state == "applied":
        return discount_steps(one.working, one.rule, one.compiled, one.told.evaluation)
    key: RuleKey = (one.working.name, one.rule.id)
    if one.compiled.consequence is not None and state == "applied":
        return tuple(
            step
            for asked in one.told.evaluation.asked
            if (asked.pack_version, asked.rule_id) == key
            for step in asked_steps(asked, one.told.at, one.working.speech)
        )
    return steps.get(key, ())


def _state(outcome: RuleOutcome, action: str) -> RuleState:
    if outcome.error is not None:
        return "error"
    if outcome.applied:
        return "idle" if action in GIVING and not outcome.gave else "applied"
    return "failed" if outcome.failed is not None else "withheld"


def _why(one: _Rule, state: RuleState, conditions: Sequence[Condition]) -> Said:
    outcome, kind = one.outcome, one.working.compiled.kind
    if state == "error":
        return words.filled(words.FAILED, tag=outcome.error or "")
    if outcome.failed is not None and outcome.failed < len(conditions):
        return _failing(conditions[outcome.failed], kind)
    if outcome.note is not None and not (kind == "eligibility" and outcome.applied):
        told = words.note_words(outcome.note, one.names)
        limited = _limited_winner(one)
        return told if limited is None else Said.joined([told, limited], zh="", en=" ")
    if kind == "tier" and outcome.applied:
        return words.filled(words.REACHED, condition=Said.joined([each.words for each in conditions]))
    return {"applied": one.effect, "idle": words.IDLE}.get(state, words.NOTHING)


def _better(one: _Rule) -> RuleKey | None:
    """The rule that outranks it."""
    kind, _, subject = (one.outcome.note or "").partition(":")
    if kind != "outranked":
        return None
    pack, _, rule_id = subject.rpartition("#")
    return pack or one.outcome.pack_version, rule_id


def _limited_winner(one: _Rule) -> Said | None:
    """That what outranks a rule was cut by a limit, and that the rule stays outranked all the same."""
    better = _better(one)
    if better is None:
        return None
    cut = any(
        (other.pack_version, other.rule_id) == better and (other.note or "").startswith(f"{LIMITED}:")
        for other in one.told.evaluation.outcomes
    )
    subject = (one.outcome.note or "").partition(":")[2]
    name = one.names.get(subject, Said(subject, subject))
    return words.filled(words.LIMITED_WINNER, subject=name) if cut else None


def _failing(condition: Condition, kind: str) -> Said:
    template = words.NOT_CONCERNED if kind == "eligibility" else words.NOT_SO
    told = words.filled(template, condition=condition.words)
    return told if condition.needed is None else Said.joined([told, condition.needed])


def first_reasons(codes: Iterable[str], table: Mapping[str, Said]) -> tuple[Said, ...]:
    """Codes in words, in their order."""
    return tuple(words.word(table, code) for code in codes)
