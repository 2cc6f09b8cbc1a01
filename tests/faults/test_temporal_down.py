"""Temporal is stopped, then killed, while tills sell: no till waits for it, and all is told afterwards."""

import asyncio
from pathlib import Path
from statistics import median, quantiles

import pytest
from faults.figures import Figures
from faults.load import Load, selling
from faults.plan import Plan
from faults.proofs import prove_stack
from faults.stack_world import open_stack
from faults.till_log import TillLog

SECONDS = 4.0
LONG_SECONDS = 90.0
SLOWER_AT_MOST = 3.0
"""Times as long as while Temporal is up; what a busy machine adds comes on top."""
NOISE_S = 0.25
TILLS = ("east-1-t1", "east-2-t1")


async def _latencies(load: Load, seconds: float) -> list[float]:
    """How long purchases took that were begun and answered within the next seconds."""
    before = len(load.log.sent)
    await asyncio.sleep(seconds)
    kinds = ("purchase", "late", "anonymous")
    return [one.seconds for one in load.log.sent[before:] if one.kind in kinds and one.status is not None]


def _p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[98]


@pytest.mark.timeout(900)
async def test_tills_do_not_notice_that_temporal_is_away(
    data_dir: Path, plan: Plan, figures: Figures
) -> None:
    name = "temporal down"
    away_s = plan.pick(SECONDS, LONG_SECONDS)
    log = TillLog(data_dir.with_suffix(".sent.jsonl"))
    async with open_stack(data_dir) as world:
        async with selling(world, log, plan.seed, TILLS) as load:
            await _latencies(load, 2)
            up = await _latencies(load, min(away_s, 20))
            world.stop("temporal")
            down = await _latencies(load, away_s)
            waiting = await world.waiting()
            await world.kill("temporal")
        drained_s = await world.heal()
        proof = await prove_stack(world, log)
        figures.note_proof(name, proof, log)
        figures.note(
            name,
            away_s=away_s,
            waiting_at_the_end=waiting,
            drained_s=round(drained_s, 1),
            purchases={"up": len(up), "down": len(down)},
            p50_ms={"up": round(median(up) * 1000), "down": round(median(down) * 1000)},
            p99_ms={"up": round(_p99(up) * 1000), "down": round(_p99(down) * 1000)},
        )
        assert proof.faults == []
        assert waiting > 0
        assert _p99(down) <= SLOWER_AT_MOST * _p99(up) + NOISE_S
        assert median(down) <= SLOWER_AT_MOST * median(up)
