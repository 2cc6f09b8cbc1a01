"""Commands that bring a chain's data to safety, and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.entrypoints.commands.options import DataDirOption, JsonOption
from regulars.kernel.words import counted

if TYPE_CHECKING:
    from regulars.entrypoints.backup.making import Made
    from regulars.entrypoints.backup.manifest import Manifest
    from regulars.entrypoints.backup.restoring import Restored

_MB = 1_048_576


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    data_dir: DataDirOption = None,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="File to make, or a folder for it; default: `backups` in the data folder.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Back up everything as of one instant into one encrypted file, while the tills go on.

    The keys are not in it: keep the data folder's secrets.json apart from the backups. Without it nobody can
    read them, you neither.
    """
    import asyncio

    from regulars.entrypoints.backup.making import make_backup
    from regulars.entrypoints.backup.teller import Terminal
    from regulars.secret_keys import FILE_NAME
    from regulars.settings import load_settings

    settings = load_settings(data_dir)
    with Terminal() as teller:
        made = asyncio.run(make_backup(settings, to, teller))
    if json:
        _print_json(_as_json(made))
        return
    print(
        f"Backed up {_whose(made.manifest)} as of {made.manifest.as_of} to "
        f"{made.file} ({made.file_bytes / _MB:,.1f} MB, {made.seconds:.1f} s)."
    )
    print(
        f"The keys are not in it: keep a copy of {settings.data_dir / FILE_NAME} apart from the backups, for "
        "without it they cannot be read."
    )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `regulars backup` made.")],
    data_dir: DataDirOption = None,
    secrets: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="The chain's secrets.json; default: the one in the data folder, or the environment.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Restore a backup into a new data folder, and prove that it is what was backed up.

    The folder may hold secrets.json and regulars.toml, and nothing else. Ends with 1 where the books did not
    add up when the backup was made.
    """
    import asyncio

    from regulars.entrypoints.backup.restoring import restore as restore_backup
    from regulars.entrypoints.backup.teller import Terminal
    from regulars.settings import load_settings

    settings = load_settings(data_dir)
    with Terminal() as teller:
        done = asyncio.run(restore_backup(settings, file.absolute(), secrets, teller))
    if json:
        _print_json(_restored_as_json(done))
    else:
        print("\n".join(_restored_in_words(done)))
    raise typer.Exit(0 if done.report.ok else 1)


def _as_json(made: "Made") -> dict[str, object]:
    return {
        "file": str(made.file),
        "file_bytes": made.file_bytes,
        "seconds": round(made.seconds, 3),
        "as_of": made.manifest.as_of,
        "rows": made.manifest.rows,
        "figures": made.manifest.figures,
    }


def _restored_as_json(done: "Restored") -> dict[str, object]:
    return {
        "data_dir": str(done.data_dir),
        "seconds": round(done.seconds, 3),
        "as_of": done.manifest.as_of,
        "rows": done.manifest.rows,
        "figures": done.manifest.figures,
        "revisions": done.revisions,
        "reopened": done.reopened,
        "ok": done.report.ok,
        "differences": [found for result in done.report.results for found in result.differences],
    }


def _whose(manifest: "Manifest") -> str:
    return f"{counted(manifest.purchases, 'purchase')} of {counted(manifest.members, 'member')}"


def _restored_in_words(done: "Restored") -> list[str]:
    lines = [
        f"Restored {_whose(done.manifest)} as of {done.manifest.as_of} to {done.data_dir} "
        f"({done.seconds:.1f} s); rows and totals are as backed up."
    ]
    if done.revisions:
        lines.append(f"The schema went forward: {', '.join(done.revisions)}.")
    lines += [
        f"FAIL  {result.check}: {found.subject}: kept {found.kept}, recomputed {found.recomputed}"
        for result in done.report.results
        for found in result.differences
    ]
    lines.append(
        "All figures agree with history."
        if done.report.ok
        else "Some figures disagree with history, as they did when the backup was made."
    )
    lines.append(
        f"`regulars up --data-dir {done.data_dir}` goes on from here; it opens the workflows of "
        f"{counted(done.reopened, 'member')}. Tills may now send again what they sent since that instant."
    )
    return lines


def _print_json(shown: object) -> None:
    import orjson

    print(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
