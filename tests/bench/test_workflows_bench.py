"""The bench of workflows measures what it says, and takes everything away again."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from regulars.entrypoints.bench.due_dates import Look, jitter_of, most_at_once
from regulars.entrypoints.bench.due_hour import Hour, measure_hour, planned
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


def test_the_hour_lets_each_member_fall_due_once_half_of_them_together() -> None:
    herd = [UUID(int=60 * one + (one // 60) * 7) for one in range(240)]
    spread, together = planned(herd, NOON, Hour(members=240, due=240))
    assert {wake.member_id for wake in (*spread, *together)} == set(herd)
    assert len(spread) == len(together) == 120
    for wake in (*spread, *together):
        assert wake.told == wake.at - jitter_of(wake.member_id)
    assert {wake.at.second for wake in together} == {0}
    assert len({wake.at for wake in spread}) > len({wake.at for wake in together})


@pytest.mark.timeout(300)
async def test_due_dates_of_an_hour_are_all_looked_at(tmp_path: Path) -> None:
    with workplace(tmp_path) as settings:
        measured = await measure_hour(settings, Hour(members=300, due=8, steps=2, step_seconds=2.0))
    assert left_in(tmp_path) == []
    assert measured.bars["looked_share"].ok
    for half in ("with_jitter", "without_jitter"):
        assert measured.figures[half]["late_max_seconds"] >= 0  # type: ignore[index]
