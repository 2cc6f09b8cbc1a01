"""The way to Temporal, opened when first needed and never by a till's request."""

import asyncio
from typing import Final

from temporalio.client import Client

from regulars.outbox.errors import TemporalAway
from regulars.settings import Settings
from regulars.temporal import connect

_CONNECT_SECONDS: Final = 5.0


class TemporalLink:
    """A client shared by all requests of a process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Client | None = None
        self._opening = asyncio.Lock()

    async def client(self) -> Client:
        """The connected client.

        Raises: TemporalAway: no address is set, or it does not answer within 5 s.
        """
        async with self._opening:
            if self._client is None:
                self._client = await self._connect()
            return self._client

    async def _connect(self) -> Client:
        try:
            return await asyncio.wait_for(connect(self._settings, identity="regulars-web"), _CONNECT_SECONDS)
        except (RuntimeError, TimeoutError):
            raise TemporalAway("Temporal does not answer") from None
