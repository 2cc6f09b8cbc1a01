"""No cell of a table is computed by whoever opens it, and each is read as it was."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.spreadsheet import bare, guarded, line_of

FORMULAS = ("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "-", "--5", "-5e1")
TEXTS = st.text(st.sampled_from("'=+-@\t\r\n＝5a,\" "), max_size=6)


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_begins_a_formula_is_guarded(formula: str) -> None:
    assert guarded(formula) == "'" + formula


@pytest.mark.parametrize("cell", ["", "a1", "-5", "007", "5", "true", "a=1", "'tis", "O'Neil"])
def test_what_begins_none_stays_as_it_is_and_a_number_stays_one(cell: str) -> None:
    assert guarded(cell) == bare(cell) == cell


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_every_cell_is_read_again_as_it_was(cells: list[str]) -> None:
    (row,) = csv.reader(StringIO(line_of(cells), newline="")) if any(cells) else [[""] * len(cells)]
    assert [bare(cell) for cell in row] == cells
    assert not [cell for cell in row if cell[:1] in "=+@\t\r\n＝" and cell]
