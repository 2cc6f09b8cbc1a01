"""A pack in words, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass

from regulars.rules.model import Pack
from regulars.rules.sentences import sentences
from rules_ui.i18n import LANGUAGES, Speech
from rules_ui.words import WORDS


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One rule: its name, what it gives, and what must hold, in the order of `RuleOutcome.failed`."""

    title: str
    effect: str
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackWords:
    """A pack: its name and its rules by id, in the order in which they act."""

    title: str
    description: str
    rules: Mapping[str, RuleWords]


def pack_words(pack: Pack, say: Speech) -> PackWords:
    """A pack in the reader's words."""
    titles = {code: say.text(title) for code, title in WORDS["tier"].items()}
    locale = LANGUAGES[say.language]
    said = sentences(pack, locale, exponent=say.money.exponent, tier_names=titles)
    return PackWords(
        title=pack.title.of(locale),
        description=pack.description.of(locale),
        rules={rule.rule_id: RuleWords(rule.title, rule.effect, rule.conditions) for rule in said},
    )
