"""Tells the workflows of releases what the database has committed, and begins those that do not run."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from regulars.db.away import DATABASE_ERRORS
from regulars.db.session import Database
from regulars.releases import service
from workflows.pack_release import PackReleaseWorkflow
from workflows.release_messages import RELEASE_CHANGED, TASK_QUEUE, PackReleaseState, workflow_id

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
TELL_WITHIN_S = 10.0
REST_S = 5.0


@dataclass(frozen=True, slots=True)
class ReleaseMessenger:
    """Looks for releases whose workflow has not heard of the newest change; several may run at once."""

    database: Database
    client: Client
    stop: asyncio.Event
    task_queue: str = TASK_QUEUE

    async def run(self) -> None:
        """Tell until told to stop; outlives PostgreSQL and Temporal going away."""
        while not self.stop.is_set():
            rest = LOOK_EVERY_S
            try:
                await self.tell_all()
            except DATABASE_ERRORS as error:
                log.warning("database_away", error=type(error).__name__)
            except (RPCError, RuntimeError, OSError, TimeoutError) as error:
                log.warning("temporal_away", error=type(error).__name__)
                rest = REST_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), rest)

    async def tell_all(self) -> int:
        """Tell each workflow that has not heard all; how many were told."""
        async with self.database.read() as session:
            waiting = await service.untold(session)
        for release_id, change_no in waiting:
            async with asyncio.timeout(TELL_WITHIN_S):
                await self._tell(release_id, change_no)
            # Only now: a death before costs a second signal, which does no harm.
            async with self.database.begin() as session:
                await service.note_told(session, release_id, change_no)
        return len(waiting)

    async def _tell(self, release_id: UUID, change_no: int) -> None:
        await self.client.start_workflow(
            PackReleaseWorkflow.run,
            PackReleaseState(release_id),
            id=workflow_id(release_id),
            task_queue=self.task_queue,
            start_signal=RELEASE_CHANGED,
            start_signal_args=[change_no],
        )
