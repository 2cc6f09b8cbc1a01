"""Carrying out rehearsals in the worker: in processes of their own, one at a time, told of by heartbeats."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import rehearsal_messages as messages
from activities.rehearsal_messages import Rehearse, Rehearsed
from regulars.db.away import is_away
from regulars.db.session import Database
from regulars.kernel.errors import RegularsError
from regulars.rehearsal.errors import RehearsalBusy, RehearsalInterrupted
from regulars.rehearsal.running import Means, cancelled_rehearsal, fail_rehearsal, run_rehearsal
from regulars.rehearsal.service import get_rehearsal
from regulars.security.scope import EVERYWHERE

log = structlog.get_logger(__name__)

ATTEMPTS_MOST: Final = 3
"""A rehearsal that breaks off so often is given up."""

ASK_AGAIN: Final = timedelta(seconds=3)
"""How long one that waits for another waits between two looks."""


@dataclass(frozen=True, slots=True)
class RehearsalActivities:
    """One process's activities; an attempt that was killed is followed by one that begins anew."""

    database: Database
    now: Callable[[], datetime]
    processes: int | None = None

    @property
    def all(self) -> Sequence[Callable[..., Any]]:
        """What the worker registers."""
        return [self.run]

    @activity.defn(name=messages.REHEARSE)
    async def run(self, request: Rehearse) -> Rehearsed:
        """Replay history, and keep the report."""
        means = Means(self.database, self.now, self.processes, told=activity.heartbeat)
        try:
            return Rehearsed((await run_rehearsal(means, request.rehearsal_id)).state)
        except RehearsalBusy as busy:
            raise ApplicationError(busy.code, type=busy.code, next_retry_delay=ASK_AGAIN) from None
        except RehearsalInterrupted as broken:
            return await self._try_again(request.rehearsal_id, broken.code, broken.message)
        except RegularsError as error:
            await fail_rehearsal(self.database, request.rehearsal_id, error.code, self.now())
            return Rehearsed("failed")
        except Exception as error:
            if is_away(error):
                raise
            log.exception("rehearsal_failed", rehearsal=str(request.rehearsal_id))
            return await self._try_again(request.rehearsal_id, "internal_error", type(error).__name__)
        except asyncio.CancelledError:
            details = activity.cancellation_details()
            if details is not None and details.cancel_requested:  # not the worker going home
                await asyncio.shield(cancelled_rehearsal(self.database, request.rehearsal_id, self.now()))
            raise

    async def _try_again(self, rehearsal_id: UUID, code: str, why: str) -> Rehearsed:
        log.warning("rehearsal_broke_off", rehearsal=str(rehearsal_id), why=why)
        async with self.database.read() as session:
            attempts = (await get_rehearsal(session, rehearsal_id, EVERYWHERE)).attempts
        if attempts < ATTEMPTS_MOST:
            raise ApplicationError(code, type=code) from None
        await fail_rehearsal(self.database, rehearsal_id, code, self.now())
        return Rehearsed("failed")
