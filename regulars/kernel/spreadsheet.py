"""What a cell of a table must look like so that no spreadsheet runs it, and how it is read again.

Source: OWASP, "CSV Injection": a quote before whatever would begin a formula.
"""

import csv
import re
from collections.abc import Iterable
from io import StringIO
from typing import Final

_QUOTE: Final = "'"
_RUNS: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_END: Final = "\r\n"
"""Given to the writer, who puts quotation marks around what has a part of it, though lines are without."""
_NUMBER: Final = re.compile(r"-[0-9]+", re.ASCII)


def guarded(cell: str) -> str:
    """A cell that every spreadsheet shows and none computes; a number stays one.

    Args:
        cell: any text.
    Returns: the same, or with one quote before it; `bare` gives back exactly what it was.
    """
    return _QUOTE + cell if _RUNS.match(cell) and not _NUMBER.fullmatch(cell) else cell


def bare(cell: str) -> str:
    """What `guarded` was given.

    Args:
        cell: as it stands in a table.
    """
    return cell[1:] if cell.startswith(_QUOTE) and _RUNS.match(cell) else cell


def line_of(cells: Iterable[str]) -> str:
    """One line of a table, without its end, in which no cell is taken for a formula.

    Args:
        cells: any texts.
    """
    line = StringIO()
    csv.writer(line, lineterminator=_END).writerow(map(guarded, cells))
    return line.getvalue().removesuffix(_END)
