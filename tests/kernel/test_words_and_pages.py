"""How a number of things is said, and where a page of a list ends."""

import re
from pathlib import Path

import regulars.entrypoints
from regulars.kernel.paging import page_of
from regulars.kernel.words import counted, difference

BY_HAND = re.compile(r"\{[^{}]+:\+?,\} (?:[a-z]+ )?(?!was\b)[a-z]+[^s]s\b|else ['\"]s['\"]\}")
"""A number before a noun that stands in the plural whatever the number, or takes its s beside `counted`."""


def test_one_thing_is_said_in_the_singular() -> None:
    assert [counted(n, "error") for n in (0, 1, 2, 2_000)] == [
        "0 errors",
        "1 error",
        "2 errors",
        "2,000 errors",
    ]
    assert counted(2, "entry", "entries") == "2 entries"
    assert [difference(n, "point") for n in (-1, 0, 1_000)] == ["-1 point", "+0 points", "+1,000 points"]


def test_commands_count_one_thing_in_the_singular_too() -> None:
    (folder,) = regulars.entrypoints.__path__
    files = [file for file in Path(folder).rglob("*.py") if "bench" not in file.parts]
    assert files
    found = [(file.name, each) for file in files for each in BY_HAND.findall(file.read_text())]
    assert not found


def test_a_page_says_where_the_next_begins_only_where_there_is_more() -> None:
    assert page_of("abc", 2, str.upper) == ("ab", "B")
    assert page_of("ab", 2, str.upper) == ("ab", None)
    assert page_of("", 2, str.upper) == ("", None)
