"""What the workflow of a release is told and carries over."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

TASK_QUEUE = "release"
WORKFLOW = "PackReleaseWorkflow"
RELEASE_CHANGED = "release_changed"
STATE = "state"


def workflow_id(release_id: UUID) -> str:
    """The one workflow of a release."""
    return f"pack-release/{release_id}"


@dataclass(slots=True)
class PackReleaseState:
    """All that a release's workflow knows; the release itself stands in the database.

    Attributes:
        state, next_due_at: as last read.
        heard_no: the newest change that it was told of; seen_no: that it has read.
        must_look: a look is owed.
        stir_for, stir_after: for which change, and how far, members are being looked at anew.
        rest_until: no look before then, unless something new is heard.
        trouble: code of the error that the last look ended with, or None.
        looks, moved, runs: counted since the start.
    """

    release_id: UUID
    state: str = ""
    next_due_at: datetime | None = None
    heard_no: int = 1
    seen_no: int = 0
    must_look: bool = False
    stir_for: datetime | None = None
    stir_after: UUID | None = None
    rest_until: datetime | None = None
    trouble: str | None = None
    looks: int = 0
    moved: int = 0
    runs: int = 1
