"""The command that proves the books."""

import asyncio

import typer

from regulars.entrypoints.commands.options import DataDirOption, JsonOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(verify)


def verify(data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """Recompute every balance and cached figure; name each difference and end with 1 if there is any."""
    import orjson

    from regulars.entrypoints.verifying import verify_stack
    from regulars.settings import load_settings

    report = asyncio.run(verify_stack(load_settings(data_dir)))
    if json:
        print(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
    else:
        for result in report.results:
            print(f"{'ok  ' if not result.differences else 'FAIL'}  {result.check}: {result.claim}")
            for found in result.differences:
                print(f"      {found.subject}: kept {found.kept}, recomputed {found.recomputed}")
        print("All figures agree with history." if report.ok else "Some figures disagree with history.")
    raise typer.Exit(0 if report.ok else 1)
