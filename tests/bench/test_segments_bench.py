"""The bench of segments runs small, finds members by both ways, and takes everything away again."""

from pathlib import Path

import pytest

from regulars.entrypoints.bench.segments import CONDITIONS, measure_members
from regulars.entrypoints.bench.workplace import workplace


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.timeout(120)
async def test_segments_are_measured_beside_a_bare_count_and_nothing_is_left(tmp_path: Path) -> None:
    with workplace(tmp_path) as settings:
        measured = await measure_members(settings, 2_000)
    assert left_in(tmp_path) == []
    assert measured.bars.keys() == {*(f"{name}_ms" for name in CONDITIONS), "members"}
    for name in CONDITIONS:
        figures = measured.figures[name]
        assert isinstance(figures, dict)
        assert 0 < figures["matching"] < 2_000
        assert figures["bare_count_ms"] > 0
        assert 0 < figures["count_ms"] <= figures["count_slowest_ms"]
    rows = measured.figures["row_by_row"]
    assert isinstance(rows, dict)
    assert (rows["way"], rows["failed"]) == ("rows", 0)
