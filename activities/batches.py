"""Some batches of a long list in one call: each is kept by itself, and the call is told of by heartbeats."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from temporalio import activity

BEAT_SECONDS: Final = 5.0
Order = TypeVar("Order")


async def work_in_batches(
    do_next: Callable[[], Awaitable[Order]], goes_on: Callable[[Order], bool], most: int
) -> Order:
    """Do batch after batch while there is something to be done; a call that is killed loses nothing.

    Args:
        do_next: does one batch in transactions of its own, and says how the order then stands.
        goes_on: whether there is more to be done without anybody's doing.
        most: batches in this call, ≥ 1.
    Returns: the order as it stands after the last one.
    """
    async with _beating():
        order = await do_next()
        for _ in range(most - 1):
            if not goes_on(order):
                break
            order = await do_next()
    return order


@asynccontextmanager
async def _beating() -> AsyncIterator[None]:
    """A batch may take longer than the server waits for a sign of life."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(BEAT_SECONDS)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.wait({beating})
