"""Runs one bench: gives it a workplace, and prints what it found as JSON or as a table."""

import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

import orjson
from rich.console import Console
from rich.table import Table

from regulars.entrypoints.bench.machine import Machine, commit, describe
from regulars.entrypoints.bench.measured import Bar, Measured
from regulars.entrypoints.bench.workplace import workplace
from regulars.kernel.clock import now
from regulars.settings import Settings

MODULES: Final[Mapping[str, str]] = {
    "purchases": "regulars.entrypoints.bench.purchases",
    "import": "regulars.entrypoints.bench.imports",
    "workflows": "regulars.entrypoints.bench.workflows",
    "rules": "regulars.entrypoints.bench.rules",
    "rehearsal": "regulars.entrypoints.bench.rehearsal",
    "segments": "regulars.entrypoints.bench.segments",
    "pages": "regulars.entrypoints.bench.pages",
    "hostile": "regulars.entrypoints.bench.hostile",
    "due-dates": "regulars.entrypoints.bench.due_hour",
}
"""The benches by name; each module has `measure`."""


class Bench(Protocol):
    """A module that measures something."""

    async def measure(self, settings: Settings, *, quick: bool) -> Measured:
        """Take the figures.

        Args:
            settings: of an empty folder of the bench's own, removed afterwards; start servers in it by
                `running(settings, …)`.
            quick: small and short: shows that the bench works, not what the product can do.
        """


@dataclass(frozen=True, slots=True)
class Report:
    """What is printed of one run."""

    bench: str
    quick: bool
    commit: str
    at: datetime
    machine: Machine
    measured: Measured

    @property
    def ok(self) -> bool:
        """Whether every bar is kept."""
        return all(bar.ok for bar in self.measured.bars.values())


async def run_bench(name: str, *, base: Path | None, quick: bool) -> Report:
    """Run one bench in a workplace that is gone when this returns, however it returns.

    Args:
        name: one of MODULES.
        base: the folder to make the workplace in; None: where temporary files go.
        quick: small and short.
    Raises: StackProblem: one sentence about what cannot be had.
    """
    bench: Bench = import_module(MODULES[name])
    machine = await describe()
    started = now()
    with workplace(base) as own:
        measured = await bench.measure(own, quick=quick)
    return Report(name, quick, commit(), started, machine, measured)


def tell(sentence: str) -> None:
    """Say how a bench gets on; standard output is kept for the result."""
    print(sentence, file=sys.stderr, flush=True)


def as_json(report: Report) -> str:
    """One JSON object; a bar that could not be measured has the value null and is not ok."""
    document = {
        "bench": report.bench,
        "quick": report.quick,
        "commit": report.commit,
        "at": report.at.isoformat(timespec="seconds"),
        "machine": asdict(report.machine),
        "bars": {name: _bar(bar) for name, bar in report.measured.bars.items()},
        "figures": report.measured.figures,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()


def _bar(bar: Bar) -> dict[str, object]:
    value = None if math.isnan(bar.value) else round(bar.value, 3)
    return {"value": value, "limit": bar.limit, "kind": bar.kind, "ok": bar.ok}


def show(report: Report) -> None:
    """Print for people: the bars, then every figure."""
    console = Console()
    bars = Table("bar", "value", "limit", "", box=None, title=f"bench {report.bench}")
    for name, bar in report.measured.bars.items():
        sign = "≥" if bar.kind == "at_least" else "≤"
        bars.add_row(name, f"{bar.value:,.3g}", f"{sign} {bar.limit:g}", "ok" if bar.ok else "MISSED")
    console.print(bars)
    console.print()
    figures = Table(show_header=False, box=None)
    for name, value in _flat("", report.measured.figures):
        figures.add_row(name, value)
    console.print(figures)
    machine = report.machine
    console.print(
        f"\n{machine.cores} cores, {machine.cpu}, {machine.memory_gib} GiB; Python {machine.python}; "
        f"{machine.postgres}; {machine.temporal}; commit {report.commit}",
        highlight=False,
    )


def _flat(prefix: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [row for name, part in value.items() for row in _flat(f"{prefix}{name}.", part)]
    return [(prefix.rstrip("."), f"{value:,.3f}" if isinstance(value, float) else str(value))]
