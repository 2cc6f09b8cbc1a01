"""Work that needs nothing but a processor, done beside the loop that serves tills: one piece at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Final, ParamSpec, TypeVar

# Two at once would share one interpreter: neither would be done sooner, and tills would wait for both.
_LANE: Final = ThreadPoolExecutor(1, "beside")
Given = ParamSpec("Given")
Result = TypeVar("Result")


async def beside(work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
    """Do a piece of work in the one thread that the process keeps for such work.

    Args:
        work: pure: it asks no database, and touches nothing that the loop changes meanwhile.
        args, kwargs: what it works on.
    Returns: what it returns; what it raises is raised. Who comes while another's work is done waits.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_LANE, partial(copy_context().run, work, *args, **kwargs))
