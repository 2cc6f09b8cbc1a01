"""The packs that a chain can begin with."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from regulars.rules.errors import UnknownPack

FOLDER: Final = Path(__file__).resolve().parents[2] / "rule_packs"
STARTERS: Final = ("classic-tiers", "grocery-classic", "silver-saturday", "staff-excluded")
"""What a new chain publishes where it says nothing else."""
GALLERY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "grocery": (*STARTERS, "double-day", "grocery-weekend", "often-here", "welcome-back"),
        "print-shop": ("print-shop-offers", "print-shop-points"),
        "auto-repair": (
            "auto-repair-care",
            "auto-repair-points",
            "auto-repair-prices",
            "auto-repair-tiers",
        ),
    }
)
"""The packs to begin with, by trade."""


def starter_codes() -> list[str]:
    """The codes of the packs that a new chain publishes, sorted."""
    return list(STARTERS)


def gallery_codes() -> list[str]:
    """The codes of all packs to begin with, sorted."""
    return sorted(file.parent.name for file in FOLDER.glob("*/pack.json"))


def starter_text(code: str) -> str:
    """A pack's text, of whatever trade.

    Raises: UnknownPack: there is no such starter pack.
    """
    if code not in gallery_codes():
        raise UnknownPack(code)
    return (FOLDER / code / "pack.json").read_text(encoding="utf-8")
