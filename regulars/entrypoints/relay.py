"""The relay process: tells the workflows of members and releases what the database has committed."""

import asyncio
import os
import socket

from regulars.db.session import Database, make_engine
from regulars.entrypoints.member_messenger import MemberMessenger
from regulars.entrypoints.ready import announce_ready
from regulars.entrypoints.release_messenger import ReleaseMessenger
from regulars.entrypoints.shutdown import ends_on_signal
from regulars.kernel import clock
from regulars.outbox.listener import listen
from regulars.outbox.relay import Relay
from regulars.settings import Settings
from regulars.temporal import connect

CONNECTIONS = 3


def run(settings: Settings) -> None:
    """Relay until SIGTERM or Ctrl-C."""
    asyncio.run(relay_until(settings))


async def relay_until(settings: Settings, stop: asyncio.Event | None = None) -> None:
    """Relay until `stop` is set; Temporal and PostgreSQL may come and go.

    Args:
        settings: with a database and a Temporal.
        stop: None: a signal of the operating system ends it.
    """
    assert settings.database_url is not None
    stop = stop or ends_on_signal()
    client = await connect(settings, identity="regulars-relay", lazy=True)
    engine = make_engine(settings.database_url, application="regulars-relay", pool_size=CONNECTIONS)
    relay = Relay(
        Database(engine),
        MemberMessenger(client),
        name=f"{socket.gethostname()}:{os.getpid()}",
        now=clock.now,
        stop=stop,
    )
    releases = ReleaseMessenger(relay.database, client, stop)
    beside = (
        asyncio.create_task(listen(settings.database_url, relay.woken)),
        asyncio.create_task(releases.run()),
    )
    announce_ready()
    try:
        await relay.run()
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await relay.database.close()
