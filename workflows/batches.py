"""Long work that an activity does some batches of at a time, until it has ended or waits for somebody."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeVar

from temporalio.common import RetryPolicy

CALLS_PER_RUN = 100
RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(seconds=30)
)


class Progress(Protocol):
    """How long work stands."""

    @property
    def goes_on(self) -> bool:
        """Whether there is more to be done without anybody's doing."""


Told = TypeVar("Told", bound=Progress)


async def call_on(work: Callable[[], Awaitable[Told]]) -> Told:
    """Have it done, call after call, no oftener than one run's history bears.

    Args:
        work: one call of the activity, however often its worker dies.
    Returns: what the last call told; where it goes on, the run continues as new.
    """
    told = await work()
    for _ in range(CALLS_PER_RUN - 1):
        if not told.goes_on:
            break
        told = await work()
    return told
