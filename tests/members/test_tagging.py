"""What givings and endings of tags come to at an instant, whatever order they were recorded in."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from regulars.members.tagging import TagChange, Tagging, held_until, kept, of_kept

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def giving(day: int, days: int | None = None, tag: str = "coffee") -> TagChange:
    at = START + day * DAY
    return TagChange(tag, given=True, effective_at=at, until=at + days * DAY if days else None, **BY)


def ending(day: int, tag: str = "coffee") -> TagChange:
    return TagChange(tag, given=False, effective_at=START + day * DAY, until=None, **BY)


BY = {"pack_version": "care/1", "rule_id": "coffee"}


def held(changes: list[TagChange], day: int) -> list[str]:
    return list(held_until(changes, START + day * DAY))


def test_a_tag_holds_from_its_giving_until_its_end() -> None:
    changes = [giving(1, 30)]
    assert [held(changes, day) for day in (0, 1, 30, 31)] == [[], ["coffee"], ["coffee"], []]
    assert held([giving(1)], 10_000) == ["coffee"]


def test_of_several_givings_the_longest_counts_in_whatever_order_they_came() -> None:
    for changes in permutations([giving(1, 30), giving(5, 10), giving(8, 40)]):
        assert held_until(changes, START + 10 * DAY) == {"coffee": START + 48 * DAY}


def test_an_ending_ends_what_took_effect_before_it_and_no_other_tag() -> None:
    for changes in permutations([giving(1), ending(5), giving(1, tag="vip"), giving(7, 2)]):
        story = [held(list(changes), day) for day in (4, 5, 7, 9)]
        assert story == [["coffee", "vip"], ["vip"], ["coffee", "vip"], ["vip"]]


def test_what_makes_no_difference_is_not_written() -> None:
    tagging = Tagging()
    for change in (
        ending(0),
        giving(1, 30),
        giving(2, 29),
        giving(3, 30),
        giving(4),
        giving(5),
        giving(6, 9),
    ):
        tagging.note(change)
    assert tagging.fresh == [giving(1, 30), giving(3, 30), giving(4)]


def test_rules_end_only_what_rules_gave() -> None:
    tagging = Tagging(by_hand=("vip",))
    tagging.note(ending(1, "vip"))
    tagging.note(giving(2, 5, "vip"))
    assert tagging.at(START + 3 * DAY) == ("vip",)
    assert tagging.by_rules(START + 3 * DAY) == ()
    tagging.note(ending(3, "vip"))
    assert tagging.at(START + 4 * DAY) == ("vip",)


def test_what_is_kept_says_the_same_from_there_on() -> None:
    changes = [
        giving(1, 30),
        giving(2, tag="vip"),
        giving(3, 2, "short"),
        ending(6, "short"),
        giving(4, 5, "x"),
    ]
    text = kept(changes, START + 10 * DAY)
    for day in (10, 30, 31, 500):
        assert held(of_kept(text), day) == held(changes, day)
    assert kept([giving(1, 1)], START + 5 * DAY) == "{}"
    assert of_kept(None) == of_kept("{}") == []
