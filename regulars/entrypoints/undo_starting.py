"""Starts the workflows of undo orders that were given, approved or taken up again while Temporal was away."""

import asyncio
from typing import Final, NoReturn

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from regulars.db.away import DATABASE_ERRORS
from regulars.db.session import Database
from regulars.undoing.service import waiting_undos
from workflows.undoing import TASK_QUEUE
from workflows.undoing_start import start_undo

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 15.0


async def keep_starting_undos(database: Database, client: Client) -> NoReturn:
    """Look now and again for as long as the worker works; what cannot be started now is found next time."""
    while True:
        try:
            await start_waiting_undos(database, client)
        except (*DATABASE_ERRORS, RPCError, OSError) as error:
            log.warning("undos_not_started", error=type(error).__name__)
        await asyncio.sleep(LOOK_EVERY_S)


async def start_waiting_undos(database: Database, client: Client, task_queue: str = TASK_QUEUE) -> int:
    """Have every order worked on that waits for nobody.

    Returns: how many there are.
    """
    async with database.read() as session:
        waiting = await waiting_undos(session)
    for undo_id in waiting:
        await start_undo(client, undo_id, task_queue)
    return len(waiting)
