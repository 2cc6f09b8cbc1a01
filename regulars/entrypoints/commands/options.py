"""Options that all commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="FOLDER",
        readable=False,  # said in our own words, with what to do
        help="Folder that holds everything this machine keeps; default: `.regulars` in the current folder.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table.")]
LanguageOption = Annotated[
    Literal["zh", "en"] | None,
    typer.Option("--language", help="Language of what is found; default: as LANG says."),
]


def _refuse_renamed(typed: str | None) -> None:
    if typed is not None:
        raise typer.BadParameter("--note is called --reason; say why with --reason")


RenamedNote = Annotated[str | None, typer.Option("--note", hidden=True, callback=_refuse_renamed)]
"""The name of `--reason` that people may still have in their scripts."""
