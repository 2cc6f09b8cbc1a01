"""Options that all commands share."""

from pathlib import Path
from typing import Annotated

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
