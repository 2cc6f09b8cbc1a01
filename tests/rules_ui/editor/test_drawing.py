"""The form of a draft is drawn as long as a page can bear it; more is left to its code."""

import pytest
from hostile_packs import good_pack

from rules_ui.editor.body import MOST_HELD, can_be_drawn


@pytest.mark.parametrize("pack", [good_pack(**{name: most}) for name, most in MOST_HELD.items()])
def test_what_a_pack_may_hold_is_drawn(pack: dict[str, object]) -> None:
    assert can_be_drawn(pack)


@pytest.mark.parametrize(
    "parts",
    [
        {"rules": [{"id": "r"}] * (MOST_HELD["rules"] + 1)},
        {"cases": [{}] * (MOST_HELD["cases"] + 1)},
        {"rules": [{"id": "r", "when": {"and": [True] * 40}}] * 100},
        {"rules": [{"when": {"and": [{"!": [1]}] * 19_000}}]},
        {"parameters": {f"p{number}": 1 for number in range(MOST_HELD["parameters"] + 1)}},
    ],
)
def test_what_no_pack_may_hold_is_left_to_the_code(parts: dict[str, object]) -> None:
    assert not can_be_drawn(good_pack() | parts)
