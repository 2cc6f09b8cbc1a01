"""The disk fills up while tills sell: they are told so, and with room again all goes on, nothing lost."""

import asyncio
from pathlib import Path

import asyncpg
import httpx
import pytest
from faults.figures import Figures
from faults.load import selling
from faults.plan import Plan
from faults.proofs import prove_stack
from faults.small_disk import fill, make_room, may_mount, run_where_one_may_mount, small_disk
from faults.stack_world import StackWorld, open_stack
from faults.till_log import TillLog
from member_world import until

DISK_MB = 320
FULL_S = 2.0
LONG_FULL_S = 15.0
BACK_WITHIN_S = 90.0
JOURNAL_FILES = 40


async def _refused(log: TillLog) -> None:
    """Wait until tills are told that nothing can be written."""

    async def told() -> bool:
        return log.unsettled["503"] > 0

    await until(told, within_s=60)


async def _use_up_the_journal(world: StackWorld) -> None:
    """Ask for new journal files until none can be made: PostgreSQL then ends itself."""
    connection = await asyncpg.connect(world.url)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await _write_journal_files(connection)
    connection.terminate()


async def _write_journal_files(connection: asyncpg.Connection) -> None:
    for _ in range(JOURNAL_FILES):
        await connection.execute("select pg_logical_emit_message(true, 'fault', repeat('x', 1000))")
        await connection.execute("select pg_switch_wal()")


async def _says_it_lives(world: StackWorld) -> bool:
    async with httpx.AsyncClient(base_url=world.web, trust_env=False) as probe:
        return (await probe.get("/healthz")).status_code == httpx.codes.OK


async def _sells_again(log: TillLog) -> None:
    sold = len(log.purchases())

    async def more() -> bool:
        return len(log.purchases()) > sold + 5

    await until(more, within_s=BACK_WITHIN_S)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("panic", [False, True], ids=["data", "journal"])
async def test_a_full_disk_stops_sales_and_loses_none(
    data_dir: Path, plan: Plan, figures: Figures, request: pytest.FixtureRequest, panic: bool
) -> None:
    if not may_mount():
        await asyncio.to_thread(run_where_one_may_mount, __file__, request.node.name)
        return
    await _fill_the_disk(data_dir, plan, figures, panic=panic)


async def _fill_the_disk(data_dir: Path, plan: Plan, figures: Figures, *, panic: bool) -> None:
    name = f"disk full, {'PostgreSQL panics' if panic else 'PostgreSQL goes on'}"
    log = TillLog(data_dir.with_suffix(".sent.jsonl"))
    async with small_disk(data_dir, DISK_MB), open_stack(data_dir) as world:
        async with selling(world, log, plan.seed) as load:
            load.pause_s = 0.01
            await asyncio.sleep(1)
            fill(data_dir)
            if panic:
                await _use_up_the_journal(world)
            await _refused(log)
            alive = await _says_it_lives(world)
            await asyncio.sleep(plan.pick(FULL_S, LONG_FULL_S))
            started = asyncio.get_running_loop().time()
            make_room(data_dir)
            await _sells_again(log)
            back_s = asyncio.get_running_loop().time() - started
        await world.heal()
        await load.replay_all()
        await world.heal()
        proof = await prove_stack(world, log)
        restarts = {part: kept.restarts for part, kept in world.supervisor.state.parts.items()}
        figures.note_proof(name, proof, log)
        assert panic == (b"PANIC" in (data_dir / "logs" / "postgres.log").read_bytes())
        figures.note(name, sells_again_after_s=round(back_s, 1), restarts=restarts)
        assert alive
        assert proof.faults == []
