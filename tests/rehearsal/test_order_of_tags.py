"""What was done to tags stands between the same purchases as in history."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from regulars.members.tagging import TagChange
from regulars.rehearsal.history import Bought, Retagged

NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
MINUTE = timedelta(minutes=1)
BOUGHT = Bought(
    purchase_id=UUID(int=1),
    member_id=UUID(int=2),
    seq=2,
    store_id=UUID(int=3),
    occurred_at=NOON,
    recorded_at=NOON + MINUTE,
    channel="pos",
    sales_minor=0,
    list_minor=0,
    points=0,
    late=False,
    attributed=False,
    lines="[]",
    packs="{}",
    tags="[]",
    own=None,
    awards="[]",
    offered="[]",
    reached=None,
    rule_tags="[]",
    asked="[]",
    limited="[]",
)
LATE = replace(BOUGHT, late=True, reached=(NOON + 5 * MINUTE).isoformat())


def ended(at: datetime, recorded_at: datetime, **purchases: frozenset[UUID]) -> Retagged:
    change = TagChange("coffee", given=False, effective_at=at, until=None, pack_version="", rule_id="")
    return Retagged(recorded_at, change, **purchases)


NONE = frozenset[UUID]()
BEFORE_AND_AFTER = NOON, NOON + 2 * MINUTE


@pytest.mark.parametrize("recorded_at", BEFORE_AND_AFTER)
def test_how_far_time_was_decided_counts_and_no_clock(recorded_at: datetime) -> None:
    assert ended(NOON - MINUTE, recorded_at).precedes(BOUGHT, NONE)
    assert not ended(NOON + MINUTE, recorded_at).precedes(BOUGHT, NONE)
    assert ended(NOON + 4 * MINUTE, recorded_at).precedes(LATE, NONE)
    assert not ended(NOON + 6 * MINUTE, recorded_at).precedes(LATE, NONE)


@pytest.mark.parametrize("recorded_at", BEFORE_AND_AFTER)
def test_at_the_same_instant_the_order_of_writing_counts(recorded_at: datetime) -> None:
    this = frozenset({BOUGHT.purchase_id})
    assert ended(NOON, recorded_at, later=this).precedes(BOUGHT, NONE)
    assert not ended(NOON, recorded_at, earlier=this).precedes(BOUGHT, NONE)


@pytest.mark.parametrize("recorded_at", BEFORE_AND_AFTER)
def test_a_purchase_that_read_the_tag_came_before_it_was_ended(recorded_at: datetime) -> None:
    assert not ended(NOON, recorded_at).precedes(replace(BOUGHT, rule_tags='["coffee"]'), NONE)


@pytest.mark.parametrize("recorded_at", BEFORE_AND_AFTER)
def test_a_purchase_that_did_not_read_the_tag_came_before_an_order_gave_it(recorded_at: datetime) -> None:
    ending = ended(NOON, recorded_at)
    given = replace(ending, change=replace(ending.change, given=True))
    assert not given.precedes(BOUGHT, NONE)
    assert given.precedes(replace(BOUGHT, tags='["coffee"]', rule_tags='["coffee"]'), NONE)
    assert replace(given, later=frozenset({BOUGHT.purchase_id})).precedes(BOUGHT, NONE)


@pytest.mark.parametrize("recorded_at", BEFORE_AND_AFTER)
def test_what_a_late_purchase_read_at_its_own_instant_tells_nothing(recorded_at: datetime) -> None:
    came_late = replace(LATE, reached=NOON.isoformat())
    ending, giver = ended(NOON, recorded_at, earlier=frozenset({UUID(int=9)})), frozenset({UUID(int=9)})
    for one in (ending, replace(ending, change=replace(ending.change, given=True))):
        assert one.precedes(came_late, giver) == (recorded_at < came_late.recorded_at)


@pytest.mark.parametrize("recorded_at", BEFORE_AND_AFTER)
def test_a_purchase_of_the_same_instant_that_read_nothing_of_it_came_after_whoever_gave_the_tag(
    recorded_at: datetime,
) -> None:
    giver = frozenset({UUID(int=9)})
    assert ended(NOON, recorded_at, earlier=giver).precedes(BOUGHT, giver)
    assert not ended(NOON, recorded_at, earlier=giver).precedes(BOUGHT, NONE)


def test_where_a_record_does_not_say_how_far_time_was_the_hour_counts() -> None:
    unsaid = replace(LATE, reached=None)
    assert ended(NOON + 9 * MINUTE, NOON).precedes(unsaid, NONE)
    assert not ended(NOON - 9 * MINUTE, NOON + 2 * MINUTE).precedes(unsaid, NONE)
