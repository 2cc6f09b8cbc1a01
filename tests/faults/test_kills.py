"""Parts are killed at random points while tills sell: nothing acknowledged is lost, nothing happens twice."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.chance import Random, chance
from faults.figures import Figures, spans
from faults.load import selling
from faults.plan import Plan
from faults.proofs import prove_stack
from faults.stack_world import StackWorld, open_stack
from faults.till_log import TillLog

from regulars.entrypoints.stack.parts import ALL_PARTS

BACKEND = "postgres-backend"
VICTIMS = (*ALL_PARTS, BACKEND)
KILLS_PER_ROUND = 14
STOP_EVERY = 7
"""So often a part is not killed but stopped for seconds: nobody is told, and nothing is closed."""


def _victims(draw: Random) -> Iterator[str]:
    """Every part once before any part again; the relay first, whose claims outlive it the longest."""
    deck = [name for name in VICTIMS if name != "relay"]
    yield "relay"
    while True:
        draw.shuffle(deck)
        yield from deck
        deck = list(VICTIMS)


async def _kill_some(world: StackWorld, victims: Iterator[str], kills: int, draw: Random) -> Counter[str]:
    """Kill one after the other, now and then before the one before is back."""
    killed: Counter[str] = Counter()
    under_way: dict[str, asyncio.Task[None]] = {}
    for number in range(kills):
        victim = next(victims)
        await asyncio.sleep(draw.uniform(0.2, 1.5))
        if number % STOP_EVERY == STOP_EVERY - 1:
            await world.stop_for(draw.choice(ALL_PARTS), draw.uniform(1, 4))
        if victim in under_way:
            await under_way[victim]
        if draw.random() < 0.6:
            await asyncio.gather(*under_way.values())
        under_way[victim] = asyncio.create_task(_kill(world, victim))
        killed[victim] += 1
    await asyncio.gather(*under_way.values())
    return killed


async def _kill(world: StackWorld, victim: str) -> None:
    for part in ALL_PARTS:
        if part == victim:
            await world.kill(part)
    if victim == BACKEND:
        await world.kill_a_backend()


@pytest.mark.timeout(1500)
async def test_parts_are_killed_while_tills_sell(data_dir: Path, plan: Plan, figures: Figures) -> None:
    name = "kills"
    draw = chance(plan.seed, name)
    victims = _victims(draw)
    killed: Counter[str] = Counter()
    drains: list[tuple[str, float]] = []
    async with open_stack(data_dir) as world:
        log = TillLog(data_dir.with_suffix(".sent.jsonl"))
        async with selling(world, log, plan.seed) as load:
            while (left := plan.kills - killed.total()) > 0:
                killed += await _kill_some(world, victims, min(left, KILLS_PER_ROUND), draw)
        drains.append(("drain", await world.heal()))
        await load.replay_all()
        await world.heal()
        proof = await prove_stack(world, log)
        figures.note_proof(name, proof, log)
        figures.note(name, kills=dict(killed), recovered=spans(world.recoveries), drain=spans(drains))
        assert proof.faults == []
        assert killed.total() == plan.kills
        assert proof.acknowledged > plan.kills
