"""A small chain in which ops do things to many at once."""

import pytest
from bulk_actions.world import Bulk, NoHands
from small_chain import SmallChain


@pytest.fixture
async def bulk(chain: SmallChain) -> Bulk:
    """The starter packs are live; nobody has joined yet."""
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
    return Bulk(chain, NoHands())
