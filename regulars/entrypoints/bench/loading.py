"""Starts the load in a process of its own, and takes the parts' processor time while it measures."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import orjson

from regulars.entrypoints.bench.load import Order, Tally
from regulars.entrypoints.bench.processes import CpuMeter
from regulars.entrypoints.stack.problems import StackProblem

_LINE_LIMIT_BYTES = 1 << 20
_MS = 1_000.0


class LoadFailed(StackProblem):
    """The load could not be carried out, or purchases were refused."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load came to.

    Attributes:
        cpu_ms: processor milliseconds that each part, and the load itself, took for a purchase.
    """

    tally: Tally
    cpu_ms: Mapping[str, float]

    def figures(self) -> dict[str, object]:
        """The figures worth keeping."""
        tally = self.tally
        return {
            "purchases_per_second": round(tally.per_second, 1),
            "purchases": tally.answered,
            "p50_ms": tally.latency_ms["p50"],
            "p99_ms": tally.latency_ms["p99"],
            "cpu_ms_per_purchase": {name: round(spent, 3) for name, spent in self.cpu_ms.items()},
            "load_cpu_share": round(tally.cpu_share, 3),
            "answers_checked": tally.checked,
        }


async def run_load(order: Order, parts: Mapping[str, int]) -> Loaded:
    """Carry an order out.

    Args:
        order: what to load.
        parts: process numbers whose processor time is taken, by name.
    Raises: LoadFailed: the load did not come to its end.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "regulars.entrypoints.bench.load",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_LIMIT_BYTES,
        start_new_session=True,  # Ctrl-C is for the bench, which ends it
    )
    meter = CpuMeter(parts)
    try:
        tally = await _follow(process, order, meter)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    each = {name: spent * _MS / max(1, tally.answered) for name, spent in meter.spent_seconds.items()}
    return Loaded(tally, {**each, "load": tally.cpu_us_each / _MS})


async def flawless(order: Order, parts: Mapping[str, int]) -> Loaded:
    """As `run_load`; one purchase that is not taken as it should be ends the bench.

    Raises: LoadFailed.
    """
    loaded = await run_load(order, parts)
    tally = loaded.tally
    if not tally.flawless:
        shown = "; ".join(tally.problems)
        raise LoadFailed(
            f"Of {tally.begun:,} purchases some failed: {tally.failures}, {tally.wrong} with a wrong answer. "
            f"{shown}"
        )
    return loaded


async def _follow(process: asyncio.subprocess.Process, order: Order, meter: CpuMeter) -> Tally:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(orjson.dumps(asdict(order)))
    await process.stdin.drain()
    process.stdin.close()
    while line := await process.stdout.readline():
        said = orjson.loads(line)
        match said["event"]:
            case "begin":
                meter.begin()
            case "end":
                meter.end()
            case "tally":
                return Tally(**said["tally"])
    raise LoadFailed(f"The load ended with code {await process.wait()} before its time.")
