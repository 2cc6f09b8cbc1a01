"""A pack in words, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass

from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.limit_wording import limit_sentences
from regulars.rules.model import Pack
from regulars.rules.sentences import sentences
from regulars.rules.stack_wording import stacking_sentence
from rules_ui.i18n import LANGUAGES, N_, LanguageTag, Speech
from rules_ui.words import WORDS


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One rule: its name, what it gives, and what must hold, in the order of `RuleOutcome.failed`.

    Attributes:
        scope, calendar: where, for whom and when it counts; empty where there is no limit to it.
    """

    title: str
    effect: str
    conditions: tuple[str, ...]
    scope: str
    calendar: str


@dataclass(frozen=True, slots=True)
class PackWords:
    """A pack: its name and its rules by id, in the order in which they act.

    Attributes:
        stacking: which rules count together; empty where the pack says nothing of it.
        limits: how much it may give.
    """

    title: str
    description: str
    rules: Mapping[str, RuleWords]
    stacking: str
    limits: tuple[str, ...]


def pack_words(pack: Pack, say: Speech, catalogue: Catalogue = BUILT_IN) -> PackWords:
    """A pack in the reader's words."""
    titles = {code: say.text(title) for code, title in WORDS["tier"].items()}
    locale = LANGUAGES[say.language]
    exponent, currency = say.money.exponent, say.money.currency
    said = sentences(
        pack, locale, exponent=exponent, tier_names=titles, catalogue=catalogue, currency=currency
    )
    return PackWords(
        title=pack.title.of(locale),
        description=pack.description.of(locale),
        rules={
            rule.rule_id: RuleWords(rule.title, rule.effect, rule.conditions, rule.scope, rule.calendar)
            for rule in said
        },
        stacking=stacking_sentence(pack, locale),
        limits=tuple(
            say.text(N_("%(title)s: %(words)s"), title=limit.title, words=limit.words)
            for limit in limit_sentences(pack, locale, exponent=exponent, currency=currency)
        ),
    )


def titles_alone(pack: Pack, say: Speech) -> PackWords:
    """What a pack and its rules are called, without what they say."""
    locale = LANGUAGES[say.language]
    titles = {rule.id: RuleWords(rule.title.of(locale), "", (), "", "") for rule in pack.rules}
    return PackWords(pack.title.of(locale), "", titles, "", ())


def rule_sentence(rule: RuleWords, language: LanguageTag) -> str:
    """All that a rule says as one sentence."""
    where = [each for each in (rule.scope, rule.calendar) if each]
    if language == "zh":
        asked = "，且".join(rule.conditions)
        said = f"{asked}：{rule.effect}" if asked else rule.effect
        return f"{said}（{'；'.join(where)}）。" if where else f"{said}。"
    asked = " and ".join(each[:1].lower() + each[1:] for each in rule.conditions)
    said = f"{rule.effect}, when {asked}" if asked else rule.effect
    return f"{said} ({'; '.join(where)})." if where else f"{said}."
