"""Commands that run the parts: all of them on this machine, or one alone."""

import asyncio
from typing import Annotated

import typer

from regulars.entrypoints.commands.options import DataDirOption, JsonOption


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, status, migrate, web, worker, relay):
        app.command()(command)


def up(
    data_dir: DataDirOption = None,
    port: Annotated[int | None, typer.Option(help="Port of the web pages and the API.")] = None,
    host: Annotated[str | None, typer.Option(help="Address that the web part listens on.")] = None,
) -> None:
    """Run everything on this machine: PostgreSQL, Temporal, worker, relay and web."""
    from regulars.entrypoints.stack.up import up as run_everything
    from regulars.settings import load_settings

    asyncio.run(run_everything(load_settings(data_dir, port=port, host=host)))


def status(data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """Tell each part's state; ends with 1 unless every part is ready."""
    import orjson

    from regulars.entrypoints.stack.datadir import DataDir
    from regulars.entrypoints.stack.status import as_lines, report
    from regulars.settings import load_settings

    found = report(DataDir(load_settings(data_dir).data_dir))
    if json:
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        print("\n".join(as_lines(found)))
    raise typer.Exit(0 if found.ready else 1)


def migrate(data_dir: DataDirOption = None) -> None:
    """Bring the database's schema to the newest revision."""
    from regulars.db.migrate import upgrade
    from regulars.entrypoints.stack.running import running
    from regulars.settings import load_settings

    settings = load_settings(data_dir)

    async def run() -> list[str]:
        if settings.database_url:
            return await upgrade(settings.database_url)
        async with running(settings, ("postgres",)) as stack:
            return await upgrade(stack.database_url)

    revisions = asyncio.run(run())
    print("\n".join(revisions) if revisions else "The schema is up to date.")


def web(
    data_dir: DataDirOption = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
) -> None:
    """Run the API and the pages alone, against REGULARS_DATABASE_URL and REGULARS_TEMPORAL_ADDRESS."""
    from regulars.entrypoints.stack.alone import alone
    from regulars.entrypoints.web import run

    run(alone("web", data_dir, port=port, host=host))


def worker(data_dir: DataDirOption = None) -> None:
    """Run the workflows and activities alone."""
    from regulars.entrypoints.stack.alone import alone
    from regulars.entrypoints.worker import run

    run(alone("worker", data_dir))


def relay(data_dir: DataDirOption = None) -> None:
    """Run alone what tells the workflows about committed purchases."""
    from regulars.entrypoints.relay import run
    from regulars.entrypoints.stack.alone import alone

    run(alone("relay", data_dir))
