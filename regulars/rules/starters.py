"""The packs that a chain can begin with."""

from pathlib import Path
from typing import Final

from regulars.rules.errors import UnknownPack

FOLDER: Final = Path(__file__).resolve().parents[2] / "rule_packs"


def starter_codes() -> list[str]:
    """The codes of all starter packs, sorted."""
    return sorted(file.parent.name for file in FOLDER.glob("*/pack.json"))


def starter_text(code: str) -> str:
    """A starter pack's text.

    Raises: UnknownPack: there is no such starter pack.
    """
    if code not in starter_codes():
        raise UnknownPack(code)
    return (FOLDER / code / "pack.json").read_text(encoding="utf-8")
