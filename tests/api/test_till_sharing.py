"""Busy tills are shared out among the processes that serve them; few come in anew for it."""

import pytest

from api.till_sharing import TOLERATED, Shares, too_many
from regulars.entrypoints.bench.baskets import drawn


@pytest.mark.parametrize(
    ("here", "everywhere", "go"),
    [
        (16, [16, 16], 0),
        (17, [17, 15], 0),
        (22, [22, 10], 12),
        (10, [22, 10], 0),
        (3, [3, 0], 2),
        (2, [2, 0], 0),
        (12, [12, 4, 4, 4], 8),
        (6, [6, 9, 3], 0),
    ],
)
def test_only_who_has_too_many_lets_tills_go(here: int, everywhere: list[int], go: int) -> None:
    assert too_many(here, everywhere) == go


@pytest.mark.parametrize("processes", [2, 3, 4])
def test_tills_are_soon_shared_out_whatever_chance_led_them_to(processes: int) -> None:
    chance = drawn(20261122)  # the kernel's part
    for _ in range(50):
        selling = [0] * processes
        for _ in range(32):
            selling[next(chance) // 1_000 % processes] += 1
        came_anew = 0
        for _ in range(12):
            for own in range(processes):
                gone = Shares(selling, own).surplus(selling[own])
                selling[own] -= gone
                came_anew += gone
                for _ in range(gone):
                    selling[next(chance) // 1_000 % processes] += 1
        assert max(selling) - min(selling) <= TOLERATED + 1
        assert came_anew <= 64
