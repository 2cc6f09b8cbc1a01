"""Each bench runs, prints one JSON object with its bars, and takes everything away again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from regulars.entrypoints.bench.frame import Report, as_json, show
from regulars.entrypoints.bench.imports import measure_days
from regulars.entrypoints.bench.machine import describe
from regulars.entrypoints.bench.measured import Bar, Measured, at_least, at_most, median, percentile
from regulars.entrypoints.bench.purchases import Sizes, measure_sizes
from regulars.entrypoints.bench.workplace import workplace
from regulars.kernel.clock import now

TINY = Sizes(
    members=200,
    tills=(4,),
    rounds=1,
    seconds=1,
    workflows=10,
    seconds_at_half=2.0,
    few=100,
    many=300,
    stage_seconds=0.5,
)
CLI = [sys.executable, "-m", "regulars.entrypoints.cli", "bench"]


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def printed(measured: Measured) -> dict[str, Any]:
    report = Report("any", True, "unknown", now(), await describe(), measured)
    document: dict[str, Any] = json.loads(as_json(report))
    assert {"bench", "quick", "commit", "at", "machine", "bars", "figures"} == document.keys()
    return document


@pytest.mark.timeout(300)
async def test_purchases_are_measured_beside_pgbench_and_nothing_is_left(tmp_path: Path) -> None:
    with workplace(tmp_path) as settings:
        measured = await measure_sizes(settings, TINY)
    assert left_in(tmp_path) == []
    document = await printed(measured)
    assert document["bars"].keys() == {
        "spread_ratio_4_tills",
        "hot_ratio_4_tills",
        "p99_ms_at_half",
        "signal_lag_median_ms",
        "million_member_cost_ratio",
        "verify_differences",
    }
    assert document["bars"]["verify_differences"]["ok"]
    assert all(bar["value"] is not None for bar in document["bars"].values())
    figures: Mapping[str, Any] = document["figures"]
    for way in ("spread", "hot"):
        point = figures["tills"][way]["4"]
        assert point["purchases_per_second"] > 0 < point["pgbench_per_second"]
        assert point["cpu_ms_per_purchase"]["web"] > 0 < point["cpu_ms_per_purchase"]["postgres"]
    stages = figures["stages"]["1_tills"]
    assert sum(stages["ms"].values()) == pytest.approx(stages["till_waits_ms_mean"], rel=0.01)
    # Some are differences of two clocks, which a busy machine may push a little apart.
    assert all(ms > -0.05 * stages["till_waits_ms_mean"] - 0.5 for ms in stages["ms"].values())
    assert figures["at_half"]["signal_lag_ms"]["count"] > 0


@pytest.mark.timeout(300)
async def test_an_import_is_measured_and_nothing_is_left(tmp_path: Path) -> None:
    with workplace(tmp_path) as settings:
        measured = await measure_days(settings, 1)
    assert left_in(tmp_path) == []
    document = await printed(measured)
    assert document["bars"]["verify_differences"]["ok"]
    assert document["figures"]["purchases"] > 100
    assert document["figures"]["workflows_caught_up_seconds"] > 0


def heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_bench_that_is_interrupted_leaves_nothing_behind(tmp_path: Path) -> None:
    base = tmp_path / "new" / "folder"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    process = subprocess.Popen(
        [*CLI, "import", "--quick", "--json", "--data-dir", str(base)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        # Whoever runs the tests in the background may have it ignored, and the ignoring is inherited.
        preexec_fn=heed_interrupts,
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == "Importing …\n"
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert said == ""
    assert list(tmp_path.iterdir()) == []


def test_a_chain_in_the_folder_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "regulars.toml").write_text('chain_name = "Ours"\n')
    (tmp_path / "postgres").mkdir()
    with workplace(tmp_path) as settings:
        assert settings.data_dir.parent == tmp_path
        assert settings.chain_name != "Ours"
        assert settings.database_url is None
        (settings.data_dir / "postgres").mkdir()
    assert {path.name for path in tmp_path.iterdir()} == {"regulars.toml", "postgres"}


async def test_a_bar_that_could_not_be_measured_is_missed() -> None:
    bars = {"a": at_least(float("nan"), 1), "b": at_most(1.0, 1), "c": at_least(0.5, 1)}
    document = await printed(Measured(bars, {}))
    assert document["bars"]["a"] == {"value": None, "limit": 1, "kind": "at_least", "ok": False}
    assert [bar["ok"] for bar in document["bars"].values()] == [False, True, False]


async def test_a_result_names_no_host_and_no_path(capsys: pytest.CaptureFixture[str]) -> None:
    measured = Measured({"speed": Bar(2.0, 1.0, "at_least")}, {"nested": {"figure": 1.5}})
    report = Report("any", False, "unknown", now(), await describe(), measured)
    show(report)
    for told in (as_json(report), capsys.readouterr().out):
        assert str(Path(__file__).parents[2]) not in told
        assert os.uname().nodename not in told.split()
    assert report.ok


def test_percentiles_take_values_that_occurred() -> None:
    assert percentile([1, 2, 3, 4], 0.5) == 2
    assert percentile([1, 2, 3, 4], 0.99) == 4
    assert median([4, 1, 3, 2]) == 2.5
