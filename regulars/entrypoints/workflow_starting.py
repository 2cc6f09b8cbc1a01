"""Starts the workflows of what was ordered, approved or taken up again while Temporal was away."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client
from temporalio.service import RPCError

from regulars.bulk_actions.service import waiting_actions
from regulars.db.away import DATABASE_ERRORS
from regulars.db.session import Database
from regulars.rehearsal.service import waiting_rehearsals
from regulars.undoing.service import waiting_undos
from workflows.bulk_action import TASK_QUEUE as BULK_TASK_QUEUE
from workflows.bulk_action_start import start_bulk_action
from workflows.rehearsal import TASK_QUEUE as REHEARSAL_TASK_QUEUE
from workflows.rehearsal_start import start_rehearsal
from workflows.undoing import TASK_QUEUE as UNDOING_TASK_QUEUE
from workflows.undoing_start import start_undo

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work that a workflow carries out.

    Attributes:
        waiting: the ids of what has not ended and waits for nobody.
        start: has one carried out; one whose workflow is at work goes on.
    """

    name: str
    waiting: Callable[[AsyncSession], Awaitable[Sequence[UUID]]]
    start: Callable[[Client, UUID, str], Awaitable[None]]
    task_queue: str


REHEARSALS: Final = Kind("rehearsals", waiting_rehearsals, start_rehearsal, REHEARSAL_TASK_QUEUE)
UNDOS: Final = Kind("undos", waiting_undos, start_undo, UNDOING_TASK_QUEUE)
BULK_ACTIONS: Final = Kind("bulk_actions", waiting_actions, start_bulk_action, BULK_TASK_QUEUE)


async def keep_starting(kind: Kind, database: Database, client: Client) -> NoReturn:
    """Look now and again for as long as the worker works; what cannot be started now is found next time."""
    while True:
        try:
            await start_waiting(kind, database, client)
        except (*DATABASE_ERRORS, RPCError, OSError) as error:
            log.warning("workflows_not_started", kind=kind.name, error=type(error).__name__)
        await asyncio.sleep(LOOK_EVERY_S)


async def start_waiting(kind: Kind, database: Database, client: Client, task_queue: str | None = None) -> int:
    """Have everything of a kind that waits carried out.

    Args:
        task_queue: None: the kind's own.
    Returns: how many there are.
    """
    async with database.read() as session:
        waiting = await kind.waiting(session)
    for one in waiting:
        await kind.start(client, one, task_queue or kind.task_queue)
    return len(waiting)
