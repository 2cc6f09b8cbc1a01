"""What a rule wants done to the member besides points and discounts: tags, a move of stage, messages."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

MovedStage = Literal["at_risk", "lapsed"]
"""Where a rule may move a member: a purchase itself makes the member active, and nobody joins twice."""
_ENDINGS: Final[Mapping[str, Literal["minor", "days", "yyyymmdd"]]] = {
    "minor": "minor",
    "days": "days",
    "on": "yyyymmdd",
}
STAGE_RANKS: Final[Mapping[str, int]] = {"joined": 0, "active": 0, "at_risk": 1, "lapsed": 2}


class TagOrder(NamedTuple):
    """A tag that a rule gives or takes away.

    Attributes:
        days: how long it lasts, of 24 hours each; None without an end, and where it is taken away.
    """

    tag: str
    gives: bool
    days: int | None
    pack_version: str
    rule_id: str


class StageMove(NamedTuple):
    """A stage to which a rule moves the member."""

    stage: MovedStage
    pack_version: str
    rule_id: str


class MessageAsked(NamedTuple):
    """A message that a rule asks for.

    Attributes:
        template: code of the text in the system that sends it.
        values: (name, whole number), in the order of the names.
    """

    template: str
    values: tuple[tuple[str, int], ...]
    pack_version: str
    rule_id: str


Consequence = TagOrder | StageMove | MessageAsked


def unit_of_value(name: str) -> Literal["minor", "days", "yyyymmdd"] | None:
    """What a number of a message counts, by the ending of its name, as all integers are named."""
    return next((unit for ending, unit in _ENDINGS.items() if f"_{name}".endswith(f"_{ending}")), None)


def move_of(consequences: Iterable[Consequence]) -> StageMove | None:
    """The move that counts: of several the one that leads furthest, and of those the first."""
    moves = [one for one in consequences if isinstance(one, StageMove)]
    return max(moves, key=lambda move: STAGE_RANKS[move.stage], default=None)
