"""Working on undo orders in the worker: some batches a call, told of by heartbeats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from temporalio import activity

from activities import undoing_messages as messages
from activities.batches import work_in_batches
from activities.undoing_messages import UndoProgress, WorkOnUndo
from regulars.undoing.domain import AT_WORK, Undo
from regulars.undoing.working import Means, work_on

BATCHES_PER_CALL: Final = 100


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
        undo = await work_in_batches(lambda: work_on(self.means, request.undo_id), _goes_on, BATCHES_PER_CALL)
        return UndoProgress(undo.state, _goes_on(undo), undo.members_done, undo.members_in_all)


def _goes_on(undo: Undo) -> bool:
    return undo.state in AT_WORK
