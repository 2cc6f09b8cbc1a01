"""Lets the cases of a pack expect what the pack now says, after a person has looked at it."""

import orjson

from regulars.rules.checker import Report
from regulars.rules.findings import at
from regulars.rules.text_edits import replaced

ERRORS = "errors"


def can_adopt(report: Report) -> bool:
    """Whether failing cases are all that is wrong, and each of them has a result to adopt."""
    failing = [case for case in report.cases if not case.passed]
    return bool(failing) and all(d.what != ERRORS for case in failing for d in case.differences)


def with_new_results(text: str, report: Report) -> str:
    """The pack's text with each failed expectation replaced by what was got; every other byte stays.

    Args:
        text: whose cases ran.
        report: of this text, see `can_adopt`.
    Returns: the new text; what cases did not expect is not added, what passed is not touched.
    Raises: ValueError: the cases did not run, or a rule could not be evaluated.
    Source: rule packs, cases.
    """
    if not can_adopt(report):
        raise ValueError("there is no result that the cases could adopt")
    for index, result in enumerate(report.cases):
        for difference in result.differences:
            pointer = at("", "cases", index, "expect", difference.what)
            text = replaced(text, pointer, orjson.loads(difference.got))
    return text
