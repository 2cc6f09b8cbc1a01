"""Reads the packs that people name as files: a file that is too large is not read at all."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regulars.rules.checker import Report


def pack_bytes(file: Path) -> bytes:
    """What a file holds.

    Raises: FieldProblem: it is larger than a pack may be.
    """
    from regulars.kernel.errors import FieldProblem
    from regulars.kernel.words import counted
    from regulars.rules.reading import MOST_BYTES

    size = _size(file)
    if size > MOST_BYTES:
        raise FieldProblem(
            f"{file} has {counted(size, 'byte')}, the limit is {MOST_BYTES:,}; split it into several",
            field="file",
        )
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def report_on(file: Path, look: "Callable[[bytes], Report]") -> "Report":
    """What the checker says of a file; that it is too large is a finding like any other."""
    from regulars.rules.checker import Report
    from regulars.rules.findings import finding
    from regulars.rules.reading import MOST_BYTES

    size = _size(file)
    if size > MOST_BYTES:
        return Report((finding("pack_too_large", "", size=size, limit=MOST_BYTES),))
    return look(pack_bytes(file))


def _size(file: Path) -> int:
    return file.stat().st_size
