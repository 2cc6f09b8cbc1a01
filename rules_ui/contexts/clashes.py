"""How packs bear on each other."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClashSide:
    """One of two packs that bear on each other.

    Attributes:
        rule: title of the rule that matters; "" where the whole pack is meant.
    """

    href: str
    pack: str
    rule: str


@dataclass(frozen=True, slots=True)
class Clash:
    """Something to know of about two packs that are, or would be, live together.

    Attributes:
        advice: what can be done about it, where the words do not say it; "" for nothing more.
    """

    first: ClashSide
    second: ClashSide
    words: str
    advice: str


@dataclass(frozen=True, slots=True)
class Clashes:
    """What is told of packs that bear on each other.

    Attributes:
        more: so many others are not shown.
    """

    shown: tuple[Clash, ...] = ()
    more: int = 0
