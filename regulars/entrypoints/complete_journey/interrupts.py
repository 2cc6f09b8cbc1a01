"""What stops a command half way: being asked to end, and a database that goes away."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Final

from regulars.entrypoints.stack.problems import StackProblem

ASKED_TO_END: Final = (signal.SIGTERM, signal.SIGHUP)


def run_until_interrupted(work: Coroutine[None, None, None]) -> None:
    """Run to the end, or until Ctrl-C, SIGTERM or SIGHUP, cleaning up in each case.

    Raises: KeyboardInterrupt: it was asked to end.
    """

    async def watched() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in ASKED_TO_END:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await work

    try:
        asyncio.run(watched())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


class DatabaseAway(StackProblem):
    """PostgreSQL went away in the middle; what was committed stays."""

    def __init__(self) -> None:
        super().__init__("PostgreSQL went away; run the import again, and it goes on where it stopped.")
