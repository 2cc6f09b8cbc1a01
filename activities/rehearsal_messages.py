"""What the workflow of a rehearsal and its activity say to each other: an id and a state."""

from dataclasses import dataclass
from uuid import UUID

REHEARSE = "rehearsal.run"


@dataclass(frozen=True, slots=True)
class Rehearse:
    """Carry out a rehearsal that stands in the database."""

    rehearsal_id: UUID


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How it ended: finished, failed or cancelled; the report stands in the database."""

    state: str
