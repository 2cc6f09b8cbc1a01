"""How every process of ours reaches Temporal."""

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from regulars.settings import Settings


async def connect(settings: Settings, *, identity: str, lazy: bool = False) -> Client:
    """A client on the settings' Temporal.

    Args:
        settings: with an address.
        identity: shown in Temporal's UI, e.g. "regulars-relay".
        lazy: connect at the first call instead; such a client cannot run a worker.
    Raises: RuntimeError: nobody answers.
    """
    if settings.temporal_address is None:
        raise RuntimeError("no Temporal is named; set REGULARS_TEMPORAL_ADDRESS")
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        tls=settings.temporal_tls,
        api_key=settings.temporal_api_key,
        data_converter=pydantic_data_converter,
        identity=identity,
        lazy=lazy,
    )
