"""Integer money: minor units in, minor units out, and no float on the way."""

from collections.abc import Sequence


def share_by_weight(total: int, weights: Sequence[int]) -> list[int]:
    """Split a whole amount by weight so that the parts sum to it exactly.

    Args:
        total: minor units, ≥ 0.
        weights: ≥ 0 each, at least one > 0 where total > 0.
    Returns: one part a weight, largest remainders rounded up first, ties to the earlier weight.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    over = total - sum(parts)
    if over:
        remainders = [total * weight % whole for weight in weights]
        largest = sorted(range(len(weights)), key=remainders.__getitem__, reverse=True)
        for i in largest[:over]:
            parts[i] += 1
    return parts


def format_minor(amount: int, exponent: int) -> str:
    """Minor units as a plain decimal: 123456 with exponent 2 is "1234.56"."""
    sign, digits = ("-" if amount < 0 else ""), str(abs(amount)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else sign + digits
