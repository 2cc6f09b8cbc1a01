"""The form of a draft is drawn as long as a page can bear it; more is left to its code."""

import pytest
from hostile_packs import good_pack

from rules_ui.editor.body import MOST_CASES, can_be_drawn


@pytest.mark.parametrize(
    "pack", [good_pack(rules=200), good_pack(parameters=100), good_pack(cases=MOST_CASES)]
)
def test_what_a_pack_may_hold_is_drawn(pack: dict[str, object]) -> None:
    assert can_be_drawn(pack)


@pytest.mark.parametrize(
    "parts",
    [
        {"rules": [{"id": "r"}] * 5_000},
        {"cases": [{}] * (MOST_CASES + 1)},
        {"rules": [{"when": {"and": [{"!": [1]}] * 19_000}}]},
        {"parameters": {f"p{number}": 1 for number in range(10_000)}},
    ],
)
def test_what_no_pack_may_hold_is_left_to_the_code(parts: dict[str, object]) -> None:
    assert not can_be_drawn(good_pack() | parts)
