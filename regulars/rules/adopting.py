"""Lets the cases of a pack expect what the pack now says, after a person has looked at it."""

from copy import deepcopy

import orjson

from regulars.rules.canonical import canonical
from regulars.rules.checker import Report

ERRORS = "errors"


def can_adopt(report: Report) -> bool:
    """Whether failing cases are all that is wrong, and each of them has a result to adopt."""
    failing = [case for case in report.cases if not case.passed]
    return bool(failing) and all(d.what != ERRORS for case in failing for d in case.differences)


def with_new_results(report: Report) -> str:
    """The pack's text with each failed expectation replaced by what was got.

    Args:
        report: of a text whose cases ran, see `can_adopt`.
    Returns: canonical text; what cases did not expect is not added, what passed is not touched.
    Raises: ValueError: the cases did not run, or a rule could not be evaluated.
    Source: rule packs, cases.
    """
    if report.document is None or not can_adopt(report):
        raise ValueError("there is no result that the cases could adopt")
    document = deepcopy(dict(report.document))
    cases = document["cases"]
    assert isinstance(cases, list)
    for case, result in zip(cases, report.cases, strict=True):
        for difference in result.differences:
            case["expect"][difference.what] = orjson.loads(difference.got)
    return canonical(document)
