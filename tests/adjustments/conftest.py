"""A small chain in which points are adjusted, whose books agree afterwards."""

from collections.abc import AsyncIterator

import pytest
from adjustments.world import Adjusting
from small_chain import SmallChain

from regulars.entrypoints.verifying import verify


@pytest.fixture
async def world(chain: SmallChain) -> AsyncIterator[Adjusting]:
    yield Adjusting(chain)
    assert (await verify(chain.database)).ok
