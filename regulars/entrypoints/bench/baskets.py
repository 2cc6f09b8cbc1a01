"""Baskets as a grocery's tills ring them up: nine lines, 20 to 40 in the currency, always the same ones."""

from collections.abc import Iterator
from typing import Final

BASKETS: Final = 64
LINES: Final = 9
# As in Complete Journey: half of all lines are groceries, and about half have a member price.
_DEPARTMENTS: Final = (
    *("GROCERY",) * 10,
    *("PRODUCE",) * 3,
    *("DRUG GM",) * 3,
    *("MEAT-PCKGD", "MEAT", "DELI", "PASTRY", "NUTRITION"),
)
_LIST_MINOR: Final = (99, 129, 179, 199, 229, 249, 299, 349, 399, 489, 599, 799)
_OFF_BPS: Final = (0, 0, 1_000, 2_000)
_BPS: Final = 10_000


def baskets(count: int = BASKETS) -> list[list[dict[str, object]]]:
    """The lines of so many baskets, as `/v1/purchases` takes them; each has a line that earns."""
    draws = drawn(1)
    return [[_line(number, draws) for number in range(1, LINES + 1)] for _ in range(count)]


def drawn(seed: int) -> Iterator[int]:
    """Numbers that look drawn and are the same in every run, below 2^31."""
    state = seed
    while True:
        state = (state * 1_103_515_245 + 12_345) & 0x7FFF_FFFF
        # The low bits of this generator repeat soon.
        yield (state >> 12) | ((state & 0xFFF) << 19)


def _line(number: int, draws: Iterator[int]) -> dict[str, object]:
    department = _DEPARTMENTS[next(draws) % len(_DEPARTMENTS)]
    list_minor = _LIST_MINOR[next(draws) % len(_LIST_MINOR)]
    # The first line is never reduced, so that every basket earns points and an answer can be checked.
    rate_bps = 0 if number == 1 else _OFF_BPS[next(draws) % len(_OFF_BPS)]
    off_minor = list_minor * rate_bps // _BPS
    line: dict[str, object] = {
        "line": number,
        "sku": f"{800_000 + next(draws) % 200_000}",
        "department": department,
        "list_minor": list_minor,
        "sales_minor": list_minor - off_minor,
    }
    if off_minor:
        line["discounts"] = [{"source": "member_price", "amount_minor": off_minor}]
        line["promotional"] = next(draws) % 4 == 0
    return line
