"""What the workflow of an undo order and its activity say to each other: an id, a state and progress."""

from dataclasses import dataclass
from uuid import UUID

WORK = "undoing.work"


@dataclass(frozen=True, slots=True)
class WorkOnUndo:
    """Do what an undo order needs next; it stands in the database."""

    undo_id: UUID


@dataclass(frozen=True, slots=True)
class UndoProgress:
    """How an order stands.

    Attributes:
        goes_on: there is more to be done without anybody's doing.
    """

    state: str
    goes_on: bool
    members_done: int
    members_in_all: int
