"""Starts the workflows of rehearsals that were ordered while Temporal was away."""

import asyncio
from typing import Final, NoReturn

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from regulars.db.away import DATABASE_ERRORS
from regulars.db.session import Database
from regulars.rehearsal.service import waiting_rehearsals
from workflows.rehearsal import TASK_QUEUE
from workflows.rehearsal_start import start_rehearsal

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 15.0


async def keep_starting(database: Database, client: Client) -> NoReturn:
    """Look now and again for as long as the worker works; what cannot be started now is found next time."""
    while True:
        try:
            await start_waiting(database, client)
        except (*DATABASE_ERRORS, RPCError, OSError) as error:
            log.warning("rehearsals_not_started", error=type(error).__name__)
        await asyncio.sleep(LOOK_EVERY_S)


async def start_waiting(database: Database, client: Client, task_queue: str = TASK_QUEUE) -> int:
    """Have every rehearsal that has not ended carried out; one whose workflow is at work goes on.

    Returns: how many there are.
    """
    async with database.read() as session:
        waiting = await waiting_rehearsals(session)
    for rehearsal_id in waiting:
        await start_rehearsal(client, rehearsal_id, task_queue)
    return len(waiting)
