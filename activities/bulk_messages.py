"""What the workflow of a bulk action and its activity say to each other: an id, a state and progress."""

from dataclasses import dataclass
from uuid import UUID

WORK = "bulk_actions.work"


@dataclass(frozen=True, slots=True)
class WorkOnAction:
    """Do the next batches of a bulk action; it stands in the database."""

    action_id: UUID


@dataclass(frozen=True, slots=True)
class ActionProgress:
    """How an action stands.

    Attributes:
        goes_on: there is more to be done without anybody's doing.
    """

    state: str
    goes_on: bool
    done: int
    items: int
