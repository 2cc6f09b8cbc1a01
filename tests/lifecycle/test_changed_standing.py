"""A standing with other values: half a dozen are made for each purchase."""

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from regulars.lifecycle.domain import Newcomer, Standing, changed, opened

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def standing() -> Standing:
    return opened(Newcomer(UUID(int=1), UUID(int=2), NOON, NOON))[0]


def test_a_changed_standing_is_what_replacing_gives(standing: Standing) -> None:
    made = changed(standing, tier="silver", last_seq=4, next_due_at=None)
    assert made == replace(standing, tier="silver", last_seq=4, next_due_at=None)
    assert hash(made) == hash(replace(made))


def test_the_standing_it_was_made_from_stays(standing: Standing) -> None:
    before = replace(standing)
    made = changed(standing, tier="gold")
    assert standing == before
    assert changed(made, tier=standing.tier) == standing
    with pytest.raises(FrozenInstanceError):
        made.tier = "base"  # type: ignore[misc]


def test_a_field_that_a_standing_has_not_is_refused_by_name(standing: Standing) -> None:
    with pytest.raises(TypeError, match="no tire"):
        changed(standing, tire="gold")
