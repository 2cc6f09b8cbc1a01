"""Having undo orders worked on: at once where Temporal answers, else by the worker as soon as it does."""

import asyncio
from typing import Final
from uuid import UUID

import structlog
from temporalio.service import RPCError

from api.container import Container
from regulars.outbox.errors import TemporalAway
from workflows.undoing_start import start_undo

log = structlog.get_logger(__name__)

ANSWER_WITHIN_S: Final = 3.0


async def start(parts: Container, undo_id: UUID) -> None:
    """Start the workflow of an order that stands in the database; doing it twice does no harm."""
    try:
        client = await parts.temporal.client()
        await asyncio.wait_for(start_undo(client, undo_id), ANSWER_WITHIN_S)
    except (TemporalAway, RPCError, RuntimeError, TimeoutError) as error:
        log.info("undo_starts_later", undo=str(undo_id), why=type(error).__name__)
