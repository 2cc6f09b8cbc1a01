"""Having bulk actions carried out: at once where Temporal answers, else by the worker as soon as it does."""

import asyncio
from typing import Final
from uuid import UUID

import structlog
from temporalio.service import RPCError

from api.container import Container
from regulars.outbox.errors import TemporalAway
from workflows.bulk_action_start import start_bulk_action

log = structlog.get_logger(__name__)

ANSWER_WITHIN_S: Final = 3.0


async def start(parts: Container, action_id: UUID) -> None:
    """Start the workflow of an action that stands in the database; doing it twice does no harm."""
    try:
        client = await parts.temporal.client()
        await asyncio.wait_for(start_bulk_action(client, action_id), ANSWER_WITHIN_S)
    except (TemporalAway, RPCError, RuntimeError, TimeoutError) as error:
        log.info("bulk_action_starts_later", action=str(action_id), why=type(error).__name__)
