"""How a number of things is said, and where a page of a list ends."""

from regulars.kernel.paging import page_of
from regulars.kernel.words import counted


def test_one_thing_is_said_in_the_singular() -> None:
    assert [counted(n, "error") for n in (0, 1, 2, 2_000)] == [
        "0 errors",
        "1 error",
        "2 errors",
        "2,000 errors",
    ]
    assert counted(2, "entry", "entries") == "2 entries"


def test_a_page_says_where_the_next_begins_only_where_there_is_more() -> None:
    assert page_of("abc", 2, str.upper) == ("ab", "B")
    assert page_of("ab", 2, str.upper) == ("ab", None)
    assert page_of("", 2, str.upper) == ("", None)
