"""An undo is carried out by processes that are killed at any moment: it goes on, and takes nothing twice."""

import asyncio
import sys
from pathlib import Path

from small_chain import line
from undoing.world import Undoing, give_points

from regulars.undoing.domain import Undo
from regulars.undoing.working import work_through

KILLS = 4
MEMBERS = 40
SCRIPT = """
import asyncio, sys
from uuid import UUID
from regulars.db.session import Database, make_engine
from regulars.kernel import clock
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks
from regulars.undoing.working import Means, work_through

async def main():
    database = Database(make_engine(sys.argv[1], application="regulars-test-undo"))
    means = Means(database, LivePacks(), Places(), clock.now, 1)
    print("working", flush=True)
    await work_through(means, UUID(sys.argv[2]), lambda undo: print(undo.members_done, flush=True))

asyncio.run(main())
"""


async def killed_at_work(undoing: Undoing, undo: Undo, url: str, batches: int) -> None:
    """A process that works on the order until it has told of some batches, and dies."""
    root = Path(__file__).parents[2]
    working = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SCRIPT, url, str(undo.id)), cwd=root, stdout=asyncio.subprocess.PIPE
    )
    assert working.stdout is not None
    try:
        for _ in range(batches + 1):
            await asyncio.wait_for(working.stdout.readline(), 30)
    finally:
        working.kill()
        await working.wait()


async def test_an_undo_outlives_processes_that_are_killed(undoing: Undoing, database_url: str) -> None:
    chain = undoing.chain
    await give_points(chain)
    for number in range(MEMBERS):
        await chain.buy(await chain.join(f"M{number}"), line(1_000))
    undo = await undoing.approve(await undoing.order())
    for kill in range(KILLS):
        await killed_at_work(undoing, undo, database_url, batches=1 + kill)
    stopped = (await undoing.rows("select members_done as done from pack_undo"))[0]["done"]
    assert 0 < stopped < MEMBERS
    done = await work_through(undoing.means, undo.id)
    assert (done.state, done.points_taken, done.differences) == ("finished", 10 * MEMBERS, 0)
    assert set((await undoing.balances()).values()) == {10}
    (kept,) = await undoing.rows(
        "select count(*) as results, (select count(*) from entry_reversal) as reversals from pack_undo_result"
    )
    assert (kept["results"], kept["reversals"]) == (MEMBERS, MEMBERS)
    assert await undoing.verified()
