"""What a figure was measured on: the machine and the code, without naming either's place."""

import asyncio
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from regulars.entrypoints.stack import postgres, temporal
from regulars.kernel import processors

_PACKAGE: Final = Path(__file__).resolve().parent
_GIB: Final = 1 << 30
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Machine:
    """One computer, as far as it explains a figure."""

    cores: int
    cpu: str
    memory_gib: float
    system: str
    python: str
    postgres: str
    temporal: str


async def describe() -> Machine:
    """This machine."""
    return Machine(
        cores=processors.usable(),
        cpu=_cpu_model(),
        memory_gib=round(psutil.virtual_memory().total / _GIB, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        postgres=await asyncio.to_thread(_first_line, postgres.program("postgres"), "--version"),
        temporal=await asyncio.to_thread(_first_line, temporal.program(), "--version"),
    )


def commit() -> str:
    """The commit that runs, marked where files of it have changed since; "unknown" outside a checkout."""
    head = _first_line("git", "-C", str(_PACKAGE), "rev-parse", "HEAD")
    if head == UNKNOWN:
        return head
    changed = _first_line("git", "-C", str(_PACKAGE), "status", "--porcelain", "--untracked-files=no", ":/")
    return head if changed == UNKNOWN else f"{head}-changed"


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or UNKNOWN


def _first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN
    return next(iter(done.stdout.strip().splitlines()), UNKNOWN)
