"""Chance that can be had again: every draw of a fault test comes from its seed."""

from random import Random  # noqa: TID251 — seeded, and for tests only

__all__ = ["Random", "chance"]


def chance(seed: int, *names: object) -> Random:
    """A source of its own for whoever is named: what one draws does not move what another draws."""
    return Random("/".join(map(str, (seed, *names))))
