"""Double points on a weekday: beside a pack that earns, and within its limit of a month."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from regulars.budgets.counters import Occasion
from regulars.budgets.domain import Meter
from regulars.rules.case_model import Given
from regulars.rules.cases import facts_of
from regulars.rules.domain import Evaluation, PackVersion
from regulars.rules.evaluator import PackSet
from regulars.rules.starters import starter_text

STORE, MEMBER = UUID(int=1), UUID(int=2)
TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)


def packs(*codes: str) -> PackSet:
    made = []
    for code in codes:
        document = orjson.loads(starter_text(code))
        made.append(PackVersion(UUID(int=0), code, 1, document["kind"], "test", document))
    return PackSet(made)


def bought(sales_minor: int, at: str = "2026-11-24T10:00") -> Evaluation:
    given = Given.model_validate(
        {
            "at": at,
            "member": {"tier": "silver"},
            "purchase": {"lines": [{"department": "GROCERY", "sales_minor": sales_minor}]},
        }
    )
    return packs("grocery-classic", "double-day").evaluate(*facts_of(given))


@pytest.mark.parametrize(("at", "points"), [("2026-11-24T10:00", 200), ("2026-11-25T10:00", 100)])
def test_what_other_packs_give_is_doubled_on_tuesday_only(at: str, points: int) -> None:
    assert bought(10_000, at).points == points


def test_what_doubling_adds_stops_at_five_hundred_a_month_and_the_plain_points_go_on() -> None:
    meter = Meter()
    limits = packs("grocery-classic", "double-day").limits
    earned = []
    for day in (3, 10, 17):
        occasion = Occasion(MEMBER, STORE, TUESDAY.replace(day=day))
        cut = meter.cut(bought(30_000), limits, occasion)
        meter.take(cut.awarded)
        earned.append(cut.evaluation.points)
    assert earned == [600, 500, 300]
    following = Occasion(MEMBER, STORE, TUESDAY.replace(month=12, day=1))
    assert meter.cut(bought(30_000), limits, following).evaluation.points == 600
