"""A chain that a slice of the real data was imported into, once for all tests that only look at it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from cj_world import ImportedChain, open_chain

from regulars.entrypoints.complete_journey.source import Slice
from regulars.entrypoints.stack import postgres

ONE_HOUSEHOLD_IN = 60


@pytest.fixture(scope="session")
async def imported(cluster: postgres.Cluster, template: str) -> AsyncIterator[ImportedChain]:
    """Every sixtieth household, its whole year."""
    admin = await asyncpg.connect(cluster.url("postgres"))
    await admin.execute(f'create database complete_journey template "{template}" strategy file_copy')
    made = await open_chain(cluster.url("complete_journey"))
    try:
        made.first = await made.load(Slice(0, parts=ONE_HOUSEHOLD_IN))
        yield made
    finally:
        await made.database.close()
        await admin.execute("drop database complete_journey with (force)")
        await admin.close()
