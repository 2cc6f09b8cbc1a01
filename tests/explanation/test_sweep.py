"""What was posted can be recomputed from what is stored, to the unit; what was tampered with is found."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from cj_world import ImportedChain, open_chain
from small_chain import SmallChain

from regulars.entrypoints.complete_journey.source import Slice
from regulars.entrypoints.stack import postgres
from regulars.explanation.shelf import Shelf
from regulars.explanation.sweep import Swept, sweep_purchases

ONE_HOUSEHOLD_IN = 80


@pytest.fixture(scope="module")
async def year(cluster: postgres.Cluster, template: str) -> AsyncIterator[ImportedChain]:
    """Some households of the real data, their whole year."""
    admin = await asyncpg.connect(cluster.url("postgres"))
    await admin.execute(f'create database explained template "{template}" strategy file_copy')
    made = await open_chain(cluster.url("explained"))
    try:
        made.first = await made.load(Slice(0, parts=ONE_HOUSEHOLD_IN))
        yield made
    finally:
        await made.database.close()
        await admin.execute("drop database explained with (force)")
        await admin.close()


async def all_of(chain: SmallChain | ImportedChain) -> list[Swept]:
    return [swept async for swept in sweep_purchases(chain.database.read, Shelf())]


async def test_every_award_of_the_year_is_what_recomputing_gives(year: ImportedChain) -> None:
    swept = await all_of(year)
    assert sum(page.checked for page in swept) == year.first.purchases > 500
    assert sum(page.awards for page in swept) > 500
    assert [found for page in swept for found in page.found] == []
