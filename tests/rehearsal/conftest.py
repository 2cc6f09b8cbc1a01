"""A chain with a little history."""

import pytest
from rehearsal.world import DAY, Rehearsals
from small_chain import MONDAY, SmallChain, line


@pytest.fixture
async def rehearsals(chain: SmallChain) -> Rehearsals:
    """Two members: one buys groceries for 400.00 every ten days, one fuel once; somebody buys unnamed."""
    regular, passer = await chain.join("Regular"), await chain.join("Passer", store="west-1")
    for number in range(12):
        await chain.buy(regular, line(40_050), occurred_at=MONDAY + number * 10 * DAY)
    west = {"store_id": chain.stores["west-1"], "terminal_id": chain.tills["west-1-t1"]}
    fuel_and_produce = line(9_990, "FUEL"), line(5_000, "PRODUCE", line=2)
    await chain.buy(passer, *fuel_and_produce, occurred_at=MONDAY + DAY, **west)
    await chain.buy(None, line(1_000), occurred_at=MONDAY + 2 * DAY)
    return Rehearsals(chain)
