"""The peer: `pgbench` with a frozen script that writes what a bare till posting needs, and nothing else."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import asyncpg

from regulars.entrypoints.stack.postgres import program
from regulars.entrypoints.stack.problems import StackProblem

SCRIPTS: Final = Path(__file__).resolve().parents[3] / "benchmarks" / "pgbench"
FILES: Final = {"spread": "posting.sql", "hot": "posting_hot.sql"}
Way = Literal["spread", "hot"]
_TPS: Final = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_LATENCY: Final = re.compile(r"^latency average = ([0-9.]+) ms", re.MULTILINE)
_FAILED: Final = re.compile(r"^number of failed transactions: ([0-9]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Peer:
    """What one run of pgbench said."""

    per_second: float
    latency_ms: float


async def prepare(url: str) -> None:
    """Make the tables of the frozen script.

    Raises: StackProblem: the scripts are not there, since this is not a checkout.
    """
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_script("schema.sql").read_text())
    finally:
        await connection.close()


async def run(url: str, way: Way, clients: int, seconds: int) -> Peer:
    """Run the frozen script in closed loop.

    Raises: StackProblem: pgbench did not end well.
    """
    command = [program("pgbench"), "-n", "-c", str(clients), "-j", "2", "-T", str(seconds)]
    process = await asyncio.create_subprocess_exec(
        *command,
        *("-f", str(_script(FILES[way])), url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for the bench, which ends it
    )
    try:
        said = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    found, latency, failed = _TPS.search(said), _LATENCY.search(said), _FAILED.search(said)
    if process.returncode or found is None or latency is None or (failed and failed.group(1) != "0"):
        raise StackProblem(f"pgbench ended with code {process.returncode}: {said.strip()[-500:]}")
    return Peer(float(found.group(1)), float(latency.group(1)))


def _script(name: str) -> Path:
    path = SCRIPTS / name
    if not path.is_file():
        raise StackProblem("The frozen pgbench scripts are missing; run this bench in a checkout.")
    return path
