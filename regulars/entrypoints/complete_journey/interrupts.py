"""Ends a command in order when it is asked to end, whichever signal asks."""

import asyncio
import signal
from collections.abc import Coroutine

ASKED_TO_END = (signal.SIGTERM, signal.SIGHUP)


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
