"""Errors as a form shows them: a sentence at each field."""

from api.errors import problem_of
from rules_ui.contexts.base import FieldTrouble
from rules_ui.i18n import LanguageTag


def troubles_of(error: Exception, language: LanguageTag, *, prefix: str = "") -> tuple[FieldTrouble, ...]:
    """What is wrong with which field, in the reader's words.

    Args:
        error: what a service raised.
        language: zh or en.
        prefix: leading part of the fields' names that the form does not have, e.g. "members[0].".
    Returns: at least one; an error about no field has the field "".
    """
    problem = problem_of(error, language)
    if problem.errors:
        return tuple(FieldTrouble(each.field.removeprefix(prefix), each.message) for each in problem.errors)
    return (FieldTrouble((problem.field or "").removeprefix(prefix), problem.detail),)


def trouble_of(error: Exception, language: LanguageTag) -> str:
    """An error as one sentence."""
    problem = problem_of(error, language)
    return problem.errors[0].message if problem.errors else problem.detail
