"""How a part learns that it is to end."""

import asyncio
import signal


def ends_on_signal() -> asyncio.Event:
    """An event that SIGTERM or Ctrl-C sets, in the running loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    return stop
