"""The arithmetic of points, step by step: amount, per, multiplier, rounding, each rule's share, its days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor

from regulars.explanation.domain import Said
from regulars.explanation.probing import Probe, source_of
from regulars.explanation.speech import PackSpeech, exact, numbers
from regulars.explanation.stored import RuleKey
from regulars.rules.compiler import CompiledPack, CompiledRule
from regulars.rules.consequences import Consequence, MessageAsked, TagOrder
from regulars.rules.domain import Award, Evaluation, RuleOutcome
from regulars.rules.model import Rule
from regulars.rules.parts import BPS
from regulars.rules.results import result_of

Steps = Mapping[RuleKey, tuple[Said, ...]]
LIMITED = "limited"


@dataclass(frozen=True, slots=True)
class Working:
    """One pack version at work on one document."""

    compiled: CompiledPack
    probe: Probe
    speech: PackSpeech

    @property
    def name(self) -> str:
        return self.compiled.version.name

    def rules(self) -> list[tuple[Rule, CompiledRule]]:
        """Its rules in the order in which they act, as written and as compiled."""
        return list(zip(self.compiled.pack.rules_in_order(), self.compiled.rules, strict=True))


@dataclass(frozen=True, slots=True)
class _Share:
    """What a rule adds to the whole: the exact running total before it and after it.

    Attributes:
        multiplies: the whole before it, rather than earning something of its own.
    """

    key: RuleKey
    first: Said
    before: Fraction
    total: Fraction
    multiplies: bool = False

    @property
    def share(self) -> int:
        """Its own whole points."""
        return floor(self.total) - floor(self.before)


def point_steps(workings: Sequence[Working], evaluation: Evaluation, at: datetime | None) -> Steps:
    """How the points of a purchase came about, rule by rule.

    Args:
        workings: the packs in the order in which they act.
        evaluation: what they gave.
        at: when it was bought, where points that can be spent only later are to be told.
    Returns: the steps of each rule that took part; none where they do not come to what was given, which is
        then told by its result alone.
    """
    outcomes = {(o.pack_version, o.rule_id): o for o in evaluation.outcomes}
    shares = _earned(workings, outcomes)
    shares += _multiplied(workings, outcomes, shares[-1].total) if shares else []
    if not all(_gave(outcomes[share.key], share.share) for share in shares):
        return {}
    awards = {(award.pack_version, award.rule_id): award for award in evaluation.awards}
    speech = workings[0].speech if workings else None
    return {
        share.key: (
            share.first,
            *_rounded(share),
            *_limited(outcomes[share.key], share),
            *(_days(awards[share.key], speech, at) if share.key in awards and speech else ()),
        )
        for share in shares
    }


def _earned(workings: Sequence[Working], outcomes: Mapping[RuleKey, RuleOutcome]) -> list[_Share]:
    shares: list[_Share] = []
    total = Fraction(0)
    for working in workings:
        for rule, compiled in working.rules():
            key = (working.name, rule.id)
            if rule.then.earn is None or not _took_part(outcomes[key]):
                continue
            tree = result_of(working.compiled.pack, rule)
            amount = working.probe.value(tree)
            if not isinstance(amount, int):
                return []
            raised = total + Fraction(amount, compiled.per)
            first = _flat(amount) if rule.then.earn.points is not None else None
            shares.append(_Share(key, first or _divided(working, tree, amount, compiled.per), total, raised))
            total = raised
    return shares


def _multiplied(
    workings: Sequence[Working], outcomes: Mapping[RuleKey, RuleOutcome], total: Fraction
) -> list[_Share]:
    shares: list[_Share] = []
    for working in workings:
        for rule, compiled in working.rules():
            key = (working.name, rule.id)
            if rule.then.multiply is None or not _took_part(outcomes[key]):
                continue
            rate = Fraction(compiled.rate_bps, BPS)
            raised = total * rate
            said = f"{exact(total)} × {exact(rate)} = {exact(raised)}"
            shares.append(_Share(key, Said(said, said), total, raised, multiplies=True))
            total = raised
    return shares


def _took_part(outcome: RuleOutcome) -> bool:
    """Whether its points were computed; a limit that leaves nothing comes after that."""
    return outcome.applied or (outcome.note or "").startswith(LIMITED)


def _gave(outcome: RuleOutcome, share: int) -> bool:
    """Whether the outcome is that share, or what a limit left of it."""
    limited = (outcome.note or "").startswith(LIMITED)
    return outcome.gave <= share if limited else outcome.gave == share


def _flat(points: int) -> Said:
    return Said(f"固定 {points:,} 分", f"{points:,} point{'' if points == 1 else 's'}, whatever was bought")


def _divided(working: Working, tree: object, amount: int, per: int) -> Said:
    speech = working.speech
    money = speech.unit(tree) == "minor"
    whole, each = (
        speech.chain.money(number) if money else Said(f"{number:,}", f"{number:,}")
        for number in (amount, per)
    )
    quotient = exact(Fraction(amount, per))
    said = Said(f"{whole.zh} ÷ {each.zh} = {quotient}", f"{whole.en} ÷ {each.en} = {quotient}")
    source = source_of(tree)
    if source is None:
        return said
    lines = numbers(working.probe.lines(source))
    return Said(f"{said.zh}（{lines.zh}）", f"{said.en} ({lines.en})")


def _rounded(share: _Share) -> tuple[Said, ...]:
    """How the exact total came to the rule's own whole points; nothing where its first step says them."""
    exactly = share.total.denominator == 1
    if not share.before:
        return () if exactly else (_cut(share.total),)
    if exactly and share.before.denominator == 1 and not share.multiplies:
        return ()
    whole, given = floor(share.total), floor(share.before)
    cut = Said("", "") if exactly else Said(f"，向下取整为 {whole:,}", f", rounded down {whole:,}")
    return (
        Said(
            f"累计 {exact(share.total)}{cut.zh} 分；前面的规则已给 {given:,} 分，本条 {share.share:,} 分",
            f"{exact(share.total)} so far{cut.en}; less {given:,} given by the rules before: {share.share:,}",
        ),
    )


def _cut(total: Fraction) -> Said:
    return Said(f"向下取整：{floor(total):,} 分", f"rounded down: {floor(total):,}")


def _limited(outcome: RuleOutcome, share: _Share) -> tuple[Said, ...]:
    if outcome.gave == share.share:
        return ()
    return (
        Said(
            f"限额只剩 {outcome.gave:,} 分，实得 {outcome.gave:,} 分",
            f"a limit left {outcome.gave:,} of {share.share:,}",
        ),
    )


def asked_steps(asked: Consequence, at: datetime, speech: PackSpeech) -> tuple[Said, ...]:
    """The figures of what a rule wants done to the member: until when a tag holds, what a message names."""
    if isinstance(asked, MessageAsked):
        values = tuple(f"{name} = {value:,}" for name, value in asked.values)
        return (Said("、".join(values), ", ".join(values)),) if values else ()
    if isinstance(asked, TagOrder) and asked.days is not None:
        until = speech.chain.moment(at + timedelta(days=asked.days))
        return (Said(f"保留至 {until.zh}", f"until {until.en}"),)
    return ()


def _days(award: Award, speech: PackSpeech, at: datetime | None) -> tuple[Said, ...]:
    """From when the points can be spent, and until when."""
    said: list[Said] = []
    if at is not None and award.available_at > at:
        begins = speech.chain.moment(award.available_at)
        said.append(Said(f"{begins.zh} 起可用", f"can be spent from {begins.en}"))
    if award.expires_at is not None:
        until = speech.chain.moment(award.expires_at)
        said.append(Said(f"有效期至 {until.zh}", f"valid until {until.en}"))
    return tuple(said)
