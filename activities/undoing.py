"""Working on undo orders in the worker: some batches a call, told of by heartbeats."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from temporalio import activity

from activities import undoing_messages as messages
from activities.undoing_messages import UndoProgress, WorkOnUndo
from regulars.undoing.domain import AT_WORK, Undo
from regulars.undoing.working import Means, work_on

BATCHES_PER_CALL: Final = 100
BEAT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class UndoingActivities:
    """One process's activities; each batch is a transaction of its own, so a killed call loses nothing."""

    means: Means

    @property
    def all(self) -> Sequence[Callable[..., Any]]:
        """What the worker registers."""
        return [self.work]

    @activity.defn(name=messages.WORK)
    async def work(self, request: WorkOnUndo) -> UndoProgress:
        """Make the order's list, or do its next batches."""
        async with _beating():
            undo = await work_on(self.means, request.undo_id)
            for _ in range(BATCHES_PER_CALL - 1):
                if undo.state not in AT_WORK:
                    break
                undo = await work_on(self.means, request.undo_id)
        return _progress(undo)


def _progress(undo: Undo) -> UndoProgress:
    return UndoProgress(undo.state, undo.state in AT_WORK, undo.members_done, undo.members_in_all)


@asynccontextmanager
async def _beating() -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(BEAT_SECONDS)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.wait({beating})
