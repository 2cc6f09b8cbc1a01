"""What a purchase lacks is told rule by rule, and never more than it lacks as a whole."""

from datetime import UTC, datetime, timedelta

from regulars.recompute.domain import additions, limited_rules, replaced, still_valid
from regulars.rules.domain import Award

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
NONE = frozenset[tuple[str, str]]()


def award(points: int, version: str = "base/1", rule: str = "r", expires_at: datetime | None = None) -> Award:
    return Award(points, version, rule, expires_at, AT)


def given(*awards: Award) -> list[tuple[str, str, int]]:
    return [(one.pack_version, one.rule_id, one.points) for one in awards]


def test_what_a_failed_rule_gives_now_is_added_and_the_others_stay() -> None:
    found = additions([award(10), award(5, "extra/2")], {("base/1", "r"): 10}, NONE)
    assert given(*found) == [("extra/2", "r", 5)]


def test_a_rule_that_gives_more_is_added_by_what_is_more_whatever_its_version() -> None:
    assert given(*additions([award(15, "base/2")], {("base/1", "r"): 10}, NONE)) == [("base/2", "r", 5)]


def test_a_rule_that_is_outranked_now_is_set_against_what_is_added() -> None:
    found = additions([award(30, "extra/2")], {("base/1", "r"): 10}, NONE)
    assert given(*found) == [("extra/2", "r", 20)]


def test_nothing_is_taken_where_a_purchase_got_more_than_it_would_get() -> None:
    assert additions([award(5, "extra/2")], {("base/1", "r"): 10}, NONE) == ()
    assert additions([], {("base/1", "r"): 10}, NONE) == ()


def test_of_several_rules_the_earlier_are_served_first() -> None:
    found = additions([award(8, "a/1"), award(8, "b/1")], {("base/1", "r"): 6}, NONE)
    assert given(*found) == [("a/1", "r", 8), ("b/1", "r", 2)]


def test_a_rule_that_a_limit_cut_then_gets_no_more_and_pays_for_no_other() -> None:
    limited = limited_rules([{"pack": "base/1", "rule": "r", "note": "limited:cap"}])
    found = additions([award(50), award(5, "extra/2")], {("base/1", "r"): 10}, limited)
    assert given(*found) == [("extra/2", "r", 5)]


def test_a_mended_version_stands_in_for_its_own_pack_alone() -> None:
    assert replaced(("a/1", "b/7"), {"a": "a/2", "c": "c/1"}) == ("a/2", "b/7")


def test_points_that_would_have_expired_are_valid_as_long_from_when_they_are_booked() -> None:
    late = AT + timedelta(days=40)
    assert still_valid(award(1, expires_at=AT + timedelta(days=30)), AT, late).expires_at == late + timedelta(
        days=30
    )
    assert still_valid(award(1, expires_at=AT + timedelta(days=41)), AT, late) == award(
        1, expires_at=AT + timedelta(days=41)
    )
    assert still_valid(award(1), AT, late).expires_at is None
