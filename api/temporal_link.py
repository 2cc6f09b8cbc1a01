"""The way to Temporal, opened when first needed and never by a till's request."""

import asyncio
from typing import Final

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from regulars.outbox.errors import TemporalAway
from regulars.settings import Settings

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
        settings = self._settings
        if settings.temporal_address is None:
            raise TemporalAway("no Temporal address is set")
        connecting = Client.connect(
            settings.temporal_address,
            namespace=settings.temporal_namespace,
            tls=settings.temporal_tls,
            api_key=settings.temporal_api_key,
            data_converter=pydantic_data_converter,
        )
        try:
            return await asyncio.wait_for(connecting, _CONNECT_SECONDS)
        except (RuntimeError, TimeoutError):
            raise TemporalAway("Temporal does not answer") from None
