"""Errors as a form shows them: a sentence at each field."""

from api.errors import problem_of
from rules_ui.contexts.base import FieldTrouble
from rules_ui.i18n import LanguageTag

_STOPS = ".!?:"


def troubles_of(error: Exception, language: LanguageTag, *, prefix: str = "") -> tuple[FieldTrouble, ...]:
    """What is wrong with which field, in the reader's words.

    Args:
        error: what a service raised.
        language: zh or en.
        prefix: leading part of the fields' names that the form does not have, e.g. "members[0].".
    Returns: at least one; an error about no field has the field "".
    """
    problem = problem_of(error, language)
    told = [(each.field, each.message) for each in problem.errors] or [(problem.field or "", problem.detail)]
    return tuple(FieldTrouble(field.removeprefix(prefix), sentence(words, language)) for field, words in told)


def trouble_of(error: Exception, language: LanguageTag) -> str:
    """An error as one sentence."""
    problem = problem_of(error, language)
    return sentence(problem.errors[0].message if problem.errors else problem.detail, language)


def sentence(words: str, language: LanguageTag) -> str:
    """Words that stand by themselves on a page; the API's English may stand within a sentence."""
    if not words or language == "zh":
        return words
    first = words.split(maxsplit=1)[0]
    begun = words[0].upper() + words[1:] if first.isalpha() else words
    return begun if begun[-1] in _STOPS else f"{begun}."
