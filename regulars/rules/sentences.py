"""A pack in words: what each rule asks and what it gives, for receipts and pages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from regulars.kernel.written import Language
from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.effects import said_effect
from regulars.rules.model import Pack, Rule, conditions_of
from regulars.rules.reach_wording import said_reach, said_season
from regulars.rules.wording import Wording


@dataclass(frozen=True, slots=True)
class RuleSentence:
    """One rule in words.

    Attributes:
        conditions: in the order of `RuleOutcome.failed`.
        effect: what it gives where all of them hold.
        scope: where and for whom it counts, its pack's scope included; empty where there is no limit to it.
        calendar: when it counts, likewise.
    """

    rule_id: str
    title: str
    conditions: tuple[str, ...]
    effect: str
    scope: str = ""
    calendar: str = ""


def pack_of(document: str | bytes | Mapping[str, object]) -> Pack:
    """The pack of a stored version, which was checked when it was made."""
    return Pack.model_validate(document if isinstance(document, Mapping) else json.loads(document))


def sentences(
    pack: Pack,
    locale: str,
    *,
    exponent: int = 2,
    tier_names: Mapping[str, str] | None = None,
    catalogue: Catalogue = BUILT_IN,
    currency: str = "",
) -> tuple[RuleSentence, ...]:
    """Each rule and each condition of a pack in words.

    Args:
        pack: checked.
        locale: "zh…" for Chinese, else English.
        exponent: decimal places of the chain's currency.
        tier_names: what tiers are called, by code.
        catalogue: what the chain's facts are called; a fact that is not in it goes by its path.
        currency: its ISO code, written with each amount; "": amounts are written bare.
    Returns: one sentence a rule, in the order in which they act.
    """
    language: Language = "zh" if locale.startswith("zh") else "en"
    wording = Wording(language, pack, exponent, tier_names or {}, catalogue=catalogue, currency=currency)
    return tuple(_rule(wording, rule) for rule in pack.rules_in_order())


def _rule(wording: Wording, rule: Rule) -> RuleSentence:
    conditions = tuple(_capital(wording.words(condition)) for condition in conditions_of(rule.when))
    title = wording.pick(rule.title.zh, rule.title.en)
    return RuleSentence(
        rule.id,
        title,
        conditions,
        _capital(said_effect(wording, rule.then)),
        _capital(said_reach(wording, (wording.pack.scope, rule.scope))),
        _capital(said_season(wording, (wording.pack.calendar, rule.calendar))),
    )


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
