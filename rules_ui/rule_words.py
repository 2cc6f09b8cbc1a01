"""A pack version in words, made once for each language."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from regulars.rules.model import Pack
from regulars.rules.sentences import pack_of, sentences
from rules_ui.i18n import LANGUAGES, LanguageTag, Speech
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


def words_of(document: str, say: Speech) -> PackWords:
    """A pack version in the reader's words.

    Args:
        document: text of a version that was checked when it was made.
        say: the reader's language.
    """
    titles = tuple((code, say.text(title)) for code, title in WORDS["tier"].items())
    return _words(document, say.language, say.money.exponent, titles)


def pack_words(pack: Pack, say: Speech) -> PackWords:
    """The same for a pack at hand."""
    titles = {code: say.text(title) for code, title in WORDS["tier"].items()}
    return _said(pack, say.language, say.money.exponent, titles)


@lru_cache(maxsize=256)
def _words(
    document: str, language: LanguageTag, exponent: int, titles: tuple[tuple[str, str], ...]
) -> PackWords:
    return _said(pack_of(document), language, exponent, dict(titles))


def _said(pack: Pack, language: LanguageTag, exponent: int, titles: Mapping[str, str]) -> PackWords:
    locale = LANGUAGES[language]
    said = sentences(pack, locale, exponent=exponent, tier_names=titles)
    return PackWords(
        title=pack.title.of(locale),
        description=pack.description.of(locale),
        rules={rule.rule_id: RuleWords(rule.title, rule.effect, rule.conditions) for rule in said},
    )
