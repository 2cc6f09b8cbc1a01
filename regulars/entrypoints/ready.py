"""How a part tells the stack that it is ready."""

import os
from pathlib import Path

READY_FILE_VARIABLE = "REGULARS_READY_FILE"


def announce_ready() -> None:
    """Say that this process now does its work; where no stack listens, nothing happens."""
    if path := os.environ.get(READY_FILE_VARIABLE):
        file = Path(path)
        draft = file.with_suffix(".new")
        draft.write_text(str(os.getpid()))
        draft.replace(file)
