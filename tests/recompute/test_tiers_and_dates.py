"""Which tier is due after all that was said since, and which points move to which dates: pure."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_chain import MONDAY, PACKS

from regulars.explanation.stored import StoredPurchase
from regulars.kernel.ids import new_id
from regulars.ledger.domain import OpenPointsLot
from regulars.lifecycle.domain import Standing
from regulars.recompute.dates import redating
from regulars.recompute.domain import Approved, Reckoned
from regulars.recompute.tiers import tier_due
from regulars.rules.canonical import content_hash
from regulars.rules.domain import ANONYMOUS, Award, PackVersion, TierMove
from regulars.rules.evaluator import PackSet
from regulars.undoing.award_lots import AwardLot
from regulars.undoing.correcting import Posted
from regulars.undoing.tiers import TierWord

DAY = timedelta(days=1)
MEMBER, STORE = new_id(), new_id()
LATE = MONDAY + 100 * DAY
SILVER = TierMove("silver", 1, "classic-tiers/2", "silver")
GOLD = replace(ANONYMOUS, known=True, qualifying_spend_minor=400_000)


def ladder() -> PackSet:
    text = (PACKS / "classic-tiers" / "pack.json").read_text()
    document: dict[str, Any] = orjson.loads(text)
    return PackSet([PackVersion(new_id(), "classic-tiers", 2, "tier", content_hash(text), document)])


def bought(*, applied: bool = False) -> StoredPurchase:
    rules = [{"pack": "classic-tiers/1", "rule": "silver", "applied": applied}]
    record = {"facts": {"member": {"tier": "base"}}, "rules": rules}
    known = {"id": new_id(), "occurred_at": MONDAY, "evaluation_text": orjson.dumps(record).decode()}
    return StoredPurchase(**unknown(StoredPurchase) | known)


def standing(tier: str) -> Standing:
    return Standing(**unknown(Standing) | {"tier": tier})


def unknown(kind: type[Any]) -> dict[str, Any]:
    """Whatever else there is to know of it is not read."""
    return dict.fromkeys(field.name for field in fields(kind))


def word(kind: str, tier_to: str, **changes: Any) -> TierWord:
    at = MONDAY + 10 * DAY
    return replace(
        TierWord(new_id(), MEMBER, kind, at, "base", tier_to, "classic-tiers/1", None, STORE, 0, None),
        **changes,
    )


@pytest.mark.parametrize(
    ("words", "tier", "due"),
    [
        ([], "base", "silver"),
        ([], "silver", None),
        ([], "gold", None),
        ([word("upgraded", "gold", facts=GOLD)], "base", "gold"),
        ([word("downgraded", "base", spend_minor=5)], "base", None),
        ([word("kept", "silver", spend_minor=100_000)], "base", "silver"),
        ([word("tier_corrected", "base")], "base", None),
        ([word("tier_corrected", "silver", facts=GOLD)], "silver", "gold"),
        ([word("tier_corrected", "base", at=MONDAY - DAY)], "base", "silver"),
    ],
)
def test_a_tier_is_due_as_far_as_what_was_said_since_leaves_it(
    words: list[TierWord], tier: str, due: str | None
) -> None:
    found = tier_due(bought(), SILVER, ladder(), words, standing(tier), LATE)
    assert (found.tier if found else None) == due


def test_no_tier_is_due_where_the_rule_applied_then_or_a_tier_year_has_passed() -> None:
    assert tier_due(bought(applied=True), SILVER, ladder(), [], standing("base"), LATE) is None
    assert tier_due(bought(), SILVER, ladder(), [], standing("base"), MONDAY + 366 * DAY) is None
    assert tier_due(bought(), None, ladder(), [], standing("base"), LATE) is None
    assert tier_due(bought(), SILVER, PackSet([]), [], standing("base"), LATE) is None


@given(
    gave=st.lists(st.integers(1, 50), min_size=1, max_size=4),
    gives=st.lists(st.integers(0, 50), min_size=4, max_size=4),
    spent=st.lists(st.integers(0, 60), min_size=4, max_size=4),
    shared=st.booleans(),
    days=st.integers(-100, 400),
)
def test_points_that_move_are_those_that_are_left_and_as_many_come_as_go(
    gave: list[int], gives: list[int], spent: list[int], shared: bool, days: int
) -> None:
    def award(version: int, rule: int, points: int, valid: int) -> Award:
        return Award(points, f"gift/{version}", str(rule), MONDAY + valid * DAY, MONDAY)

    then = [award(1, rule, points, 200 if shared else 200 + rule) for rule, points in enumerate(gave)]
    now = [award(2, rule, gives[rule], 200 + days) for rule, _ in enumerate(gave) if gives[rule]]
    amounts: dict[Any, int] = {}
    for one in then:
        amounts[one.expires_at] = amounts.get(one.expires_at, 0) + one.points
    lots = [AwardLot(uuid5(MEMBER, str(end)), amount, MONDAY, end) for end, amount in amounts.items()]
    left: dict[UUID, OpenPointsLot] = {
        lot.id: OpenPointsLot(lot.id, max(0, lot.amount - spent[n]), MONDAY, lot.expires_at)
        for n, lot in enumerate(lots)
    }
    standing = {(one.pack_version, one.rule_id): one.points for one in then}
    found = redating(now, then, Posted(new_id(), standing, standing, tuple(lots)), left, MONDAY, LATE)
    if found is None:
        return
    assert found.points == sum(points for _, _, points in found.taken)
    assert found.points == sum(one.amount for one in found.consumptions)
    assert all(one.amount <= left[one.lot_id].remaining for one in found.consumptions)
    assert all(one.expires_at is not None and one.expires_at > LATE for one in found.awards)
    for version, rule, points in found.taken:
        assert points <= min(standing[version, rule], gives[int(rule)])


def test_less_than_was_approved_may_be_given_and_nothing_else() -> None:
    most = Approved(points=10, tier_to="silver", redated=5)
    points = (Award(10, "gift/2", "base", None, MONDAY),)
    told = Reckoned("due", (), awards=points, tier_to="silver", redated=5)
    assert most.covers(told)
    assert most.covers(replace(told, awards=(), tier_to=None, redated=0))
    assert not most.covers(replace(told, tier_to="gold"))
    assert not most.covers(replace(told, redated=6))
    assert not most.covers(replace(told, awards=points * 2))
