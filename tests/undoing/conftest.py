"""A small chain in which something can be undone."""

import pytest
from small_chain import SmallChain
from undoing.world import Undoing


@pytest.fixture
async def undoing(chain: SmallChain) -> Undoing:
    """The starter packs are live; nothing was bought yet."""
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
    return Undoing(chain)
