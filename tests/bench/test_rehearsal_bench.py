"""The bench of rehearsals finds what was posted, and drafts that differ."""

from pathlib import Path

import pytest

from regulars.entrypoints.bench.rehearsal import measure_days
from regulars.entrypoints.bench.workplace import workplace


@pytest.mark.timeout(300)
async def test_a_rehearsal_of_the_live_packs_equals_what_was_posted(tmp_path: Path) -> None:
    with workplace(tmp_path) as settings:
        measured = await measure_days(settings, 2)
    exact = {name: bar for name, bar in measured.bars.items() if name != "slowest_seconds"}
    assert len(exact) == 6
    assert all(bar.ok for bar in exact.values()), exact
    rehearsals = measured.figures["rehearsals"]
    assert isinstance(rehearsals, dict)
    assert rehearsals["live"]["points_difference"] == 0
    assert rehearsals["points"]["points_difference"] > 0
