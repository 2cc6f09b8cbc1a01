"""Working on bulk actions in the worker: some batches a call, told of by heartbeats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from temporalio import activity

from activities import bulk_messages as messages
from activities.batches import work_in_batches
from activities.bulk_messages import ActionProgress, WorkOnAction
from regulars.bulk_actions.domain import AT_WORK, BulkAction
from regulars.bulk_actions.running import Means, work_on

BATCHES_PER_CALL: Final = 10


@dataclass(frozen=True, slots=True)
class BulkActivities:
    """One process's activities; each batch is kept by itself, so a killed call loses nothing."""

    means: Means

    @property
    def all(self) -> Sequence[Callable[..., Any]]:
        """What the worker registers."""
        return [self.work]

    @activity.defn(name=messages.WORK)
    async def work(self, request: WorkOnAction) -> ActionProgress:
        """Do the action's next batches."""
        action = await work_in_batches(
            lambda: work_on(self.means, request.action_id), _goes_on, BATCHES_PER_CALL
        )
        return ActionProgress(action.state, _goes_on(action), action.done, action.items)


def _goes_on(action: BulkAction) -> bool:
    return action.state in AT_WORK
