"""The commands that measure: each prints one JSON object or a table, and leaves nothing behind."""

from pathlib import Path
from typing import Annotated

import typer

from regulars.entrypoints.commands.options import JsonOption

WorkInOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="FOLDER",
        readable=False,
        help="Folder to work in; the bench makes a folder of its own there and removes it again. "
        "Default: where temporary files go.",
    ),
]
QuickOption = Annotated[
    bool, typer.Option("--quick", help="Small and short: shows that the bench works, not what it measures.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    bench = typer.Typer(help="Measure this machine with a chain made for it.", no_args_is_help=True)
    bench.command("purchases")(bench_purchases)
    bench.command("import")(bench_import)
    bench.command("workflows")(bench_workflows)
    bench.command("segments")(bench_segments)
    bench.command("rules")(bench_rules)
    bench.command("due-dates")(bench_due_dates)
    bench.command("rehearsal")(bench_rehearsal)
    bench.command("pages")(bench_pages)
    bench.command("hostile")(bench_hostile)
    bench.command("load", hidden=True)(bench_load)
    app.add_typer(bench, name="bench")


def bench_purchases(
    data_dir: WorkInOption = None, json: JsonOption = False, quick: QuickOption = False
) -> None:
    """Purchases a second through HTTP, beside pgbench on the same PostgreSQL."""
    _run("purchases", data_dir, json=json, quick=quick)


def bench_import(data_dir: WorkInOption = None, json: JsonOption = False, quick: QuickOption = False) -> None:
    """A year of purchases into a fresh chain, until every workflow has caught up."""
    _run("import", data_dir, json=json, quick=quick)


def bench_workflows(
    data_dir: WorkInOption = None, json: JsonOption = False, quick: QuickOption = False
) -> None:
    """What the members' workflows take in, and what they cost."""
    _run("workflows", data_dir, json=json, quick=quick)


def bench_due_dates(
    data_dir: WorkInOption = None, json: JsonOption = False, quick: QuickOption = False
) -> None:
    """Ten thousand members fall due within one hour, with and without jitter; takes that hour."""
    _run("due-dates", data_dir, json=json, quick=quick)


def bench_rules(data_dir: WorkInOption = None, json: JsonOption = False, quick: QuickOption = False) -> None:
    """48 rules on 20 lines, beside the same by hand, json-logic-qubit and a dict for each rule."""
    _run("rules", data_dir, json=json, quick=quick)


def bench_segments(
    data_dir: WorkInOption = None, json: JsonOption = False, quick: QuickOption = False
) -> None:
    """Six conditions over a million members in PostgreSQL, beside a bare count."""
    _run("segments", data_dir, json=json, quick=quick)


def bench_rehearsal(
    data_dir: WorkInOption = None, json: JsonOption = False, quick: QuickOption = False
) -> None:
    """A year of purchases rehearsed: as it was live, to the unit, and under drafts."""
    _run("rehearsal", data_dir, json=json, quick=quick)


def bench_pages(data_dir: WorkInOption = None, json: JsonOption = False, quick: QuickOption = False) -> None:
    """Every page of the web, with a year of purchases and 100,000 members more."""
    _run("pages", data_dir, json=json, quick=quick)


def bench_hostile(
    data_dir: WorkInOption = None, json: JsonOption = False, quick: QuickOption = False
) -> None:
    """Each hostile pack at each door, and what tills wait meanwhile."""
    _run("hostile", data_dir, json=json, quick=quick)


def _run(name: str, base: Path | None, *, json: bool, quick: bool) -> None:
    """Measure, print, and end with 1 if a bar is missed; a quick run is too short to be held to them."""
    from regulars.entrypoints.bench.frame import Report, as_json, run_bench, show
    from regulars.entrypoints.complete_journey.interrupts import run_until_interrupted

    reports: list[Report] = []

    async def measure() -> None:
        reports.append(await run_bench(name, base=base, quick=quick))

    run_until_interrupted(measure())
    for report in reports:
        if json:
            print(as_json(report))
        else:
            show(report)
        if not report.ok and not quick:
            raise typer.Exit(1)


def bench_load(
    data_dir: Annotated[Path, typer.Option("--data-dir", metavar="FOLDER", help="Of a bench's own chain.")],
    tills: Annotated[int, typer.Option(min=1, max=1_000)] = 32,
    seconds: Annotated[float, typer.Option(min=0.1)] = 5,
    members: Annotated[int, typer.Option(min=1)] = 10_000,
    hot: Annotated[bool, typer.Option("--hot", help="All on one member.")] = False,
    rate: Annotated[float | None, typer.Option(min=0.1, help="Purchases a second, in open loop.")] = None,
) -> None:
    """Load a bench's chain once, for whoever profiles the till's path; the folder is kept."""
    from dataclasses import asdict

    import orjson

    from regulars.entrypoints.bench.loading import Loaded
    from regulars.entrypoints.bench.trying import Trial, try_load
    from regulars.entrypoints.complete_journey.interrupts import run_until_interrupted

    found: list[Loaded] = []

    async def load() -> None:
        found.append(await try_load(data_dir, Trial(tills, seconds, members, hot, rate)))

    run_until_interrupted(load())
    for loaded in found:
        print(orjson.dumps(asdict(loaded), option=orjson.OPT_INDENT_2).decode())
        raise typer.Exit(0 if loaded.tally.flawless else 1)
