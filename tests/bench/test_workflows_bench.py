"""The bench of workflows measures what it says, and takes everything away again."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from regulars.entrypoints.bench.due_dates import Look, most_at_once
from regulars.entrypoints.bench.workflows import Sizes, measure_sizes
from regulars.entrypoints.bench.workplace import workplace

TINY = Sizes(40, purchases=200, per_second=40, seconds=1.0, herd=4)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.timeout(300)
async def test_every_bar_and_figure_of_the_workflows_is_measured(tmp_path: Path) -> None:
    with workplace(tmp_path) as settings:
        measured = await measure_sizes(settings, TINY)
    assert left_in(tmp_path) == []
    figures: Mapping[str, dict[str, float]] = measured.figures  # type: ignore[assignment]
    assert all(bar.value >= 0 for bar in measured.bars.values())
    assert figures["opening"]["workflow_tasks_per_member"] >= 1
    assert figures["opening"]["disk_bytes_per_member"] > 0
    assert figures["absorbing"]["signals_per_1000_purchases"] == pytest.approx(200, abs=50)
    assert figures["steady"]["events_told"] == 5
    for herd in ("due_at_one_instant", "due_at_one_instant_with_jitter"):
        assert figures[herd]["looks_found"] == figures[herd]["members"] == 4
        assert figures[herd]["late_max_seconds"] >= 0


def test_the_queue_is_as_long_as_tasks_overlap() -> None:
    spans = [(0, 4), (1, 2), (1, 5), (6, 7)]
    looks = [Look(NOON, NOON + timedelta(seconds=a), NOON + timedelta(seconds=b)) for a, b in spans]
    assert most_at_once(looks) == 3
    assert most_at_once([]) == 0
