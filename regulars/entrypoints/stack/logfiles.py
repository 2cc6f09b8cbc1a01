"""Log files that never fill the disk: a part appends, and the file is begun anew when it has grown."""

import os
import shutil
from pathlib import Path


def cap(file: Path, limit_bytes: int) -> None:
    """Keep a grown file as `<name>.1` and empty it; its writer appends, so it goes on from the start."""
    try:
        if file.stat().st_size <= limit_bytes:
            return
        shutil.copyfile(file, file.with_name(file.name + ".1"))
        os.truncate(file, 0)
    except OSError:
        return  # a full disk must not end the stack; the next round tries again


def last_line(file: Path) -> str:
    """What a part said last, for a sentence about why it ended."""
    try:
        with file.open("rb") as log:
            log.seek(max(0, file.stat().st_size - 4096))
            lines = log.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return "it said nothing"
    return lines[-1] if lines else "it said nothing"
