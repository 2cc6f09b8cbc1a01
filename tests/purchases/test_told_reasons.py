"""Why a purchase earned less than it might is told, also where it is the discounts that left nothing."""

import pytest

from regulars.purchases.receipt import told_reasons


def test_discounts_that_leave_nothing_are_a_reason() -> None:
    assert told_reasons((), list_minor=1_250, sales_minor=0, points=0) == ("nothing_left",)
    limited = told_reasons(["limited"], list_minor=1_250, sales_minor=0, points=0)
    assert limited == ("limited", "nothing_left")


@pytest.mark.parametrize(
    ("reasons", "list_minor", "sales_minor", "points"),
    [
        ((), 1_250, 1, 0),
        ((), 0, 0, 0),
        ((), 1_250, 0, 5),
        (("no_member",), 1_250, 0, 0),
        (("frozen",), 1_250, 0, 0),
    ],
)
def test_any_other_reason_stands_by_itself(
    reasons: tuple[str, ...], list_minor: int, sales_minor: int, points: int
) -> None:
    told = told_reasons(reasons, list_minor=list_minor, sales_minor=sales_minor, points=points)
    assert told == reasons
