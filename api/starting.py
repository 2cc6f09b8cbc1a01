"""Having workflows begin for what stands in the database: at once if Temporal answers, else by the worker."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from api.container import Container
from regulars.outbox.errors import TemporalAway
from workflows.bulk_action_start import start_bulk_action
from workflows.rehearsal_start import start_rehearsal
from workflows.undoing_start import start_undo

log = structlog.get_logger(__name__)

ANSWER_WITHIN_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Starter:
    """Begins one kind of work; one that is at work already goes on.

    Attributes:
        kind: as the log calls it.
    """

    kind: str
    begin: Callable[[Client, UUID], Awaitable[None]]

    async def start(self, parts: Container, order_id: UUID) -> None:
        """Start the workflow of an order; doing it twice does no harm."""
        try:
            client = await parts.temporal.client()
            await asyncio.wait_for(self.begin(client, order_id), ANSWER_WITHIN_S)
        except (TemporalAway, RPCError, RuntimeError, TimeoutError) as error:
            log.info("workflow_starts_later", kind=self.kind, id=str(order_id), why=type(error).__name__)


REHEARSALS: Final = Starter("rehearsal", start_rehearsal)
UNDOS: Final = Starter("undo", start_undo)
BULK_ACTIONS: Final = Starter("bulk_action", start_bulk_action)
