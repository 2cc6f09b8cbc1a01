"""The worker keeps the features young, through trouble, and ends when it is told."""

import asyncio
from datetime import timedelta

from small_chain import SmallChain
from sqlalchemy import text

from regulars.entrypoints.feature_keeper import keep_features
from regulars.segments import repository

OFTEN = timedelta(milliseconds=50)


async def members_known(chain: SmallChain) -> int | None:
    async with chain.database.read() as session:
        state = await repository.state(session)
    return None if state is None else state.members


async def until_known(chain: SmallChain, members: int) -> None:
    async with asyncio.timeout(20):
        while await members_known(chain) != members:  # noqa: ASYNC110 — only the database can tell
            await asyncio.sleep(0.02)


async def test_features_follow_while_the_worker_runs_and_survive_an_outage(chain: SmallChain) -> None:
    stop = asyncio.Event()
    keeping = asyncio.create_task(keep_features(chain.database, stop, OFTEN))
    await chain.join("First")
    await until_known(chain, 1)
    async with chain.database.begin() as session:
        await session.execute(text("alter table member_feature rename to gone"))
    await asyncio.sleep(0.2)
    await chain.join("Second")
    assert not keeping.done()
    async with chain.database.begin() as session:
        await session.execute(text("alter table gone rename to member_feature"))
    await until_known(chain, 2)
    stop.set()
    await asyncio.wait_for(keeping, 5)
