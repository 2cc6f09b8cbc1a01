"""Hears the NOTIFY of a committed purchase; the relay's sweep catches what this misses."""

import asyncio
from contextlib import suppress

import asyncpg
import structlog

from regulars.outbox.domain import CHANNEL

log = structlog.get_logger(__name__)

CONNECT_WITHIN_S = 10.0
RETRY_S = 1.0


async def listen(url: str, woken: asyncio.Event) -> None:
    """Set `woken` at every NOTIFY, for ever; a lost connection is made again.

    Args:
        url: `postgresql://…`.
        woken: shared with the relay.
    """
    while True:
        try:
            await _listen_once(url, woken)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("listener_away", error=type(error).__name__)
        await asyncio.sleep(RETRY_S)


async def _listen_once(url: str, woken: asyncio.Event) -> None:
    connection = await asyncpg.connect(
        url, timeout=CONNECT_WITHIN_S, server_settings={"application_name": "regulars-relay-listen"}
    )
    lost = asyncio.Event()

    def hear(*_: object) -> None:
        woken.set()

    def lose(*_: object) -> None:
        lost.set()

    try:
        connection.add_termination_listener(lose)
        await connection.add_listener(CHANNEL, hear)
        woken.set()  # whatever came while nobody listened
        await lost.wait()
    finally:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()
