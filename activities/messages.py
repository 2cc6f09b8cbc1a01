"""What workflows and activities say to each other: ids, codes and times, and nothing personal."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

ADVANCE = "lifecycle.advance"
FREEZE = "lifecycle.freeze"
UNFREEZE = "lifecycle.unfreeze"


@dataclass(frozen=True, slots=True)
class AdvanceMember:
    """Decide all that fell due for a member up to `to`, and open the tasks that follow from it."""

    member_id: UUID
    to: datetime


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """Where a member stands.

    Attributes:
        store: code of the home store.
        next_due_at: when time next decides something; None for never.
        last_seq: number of the member's last purchase.
        events: lifecycle events written just now.
        tasks: follow-ups opened just now.
    """

    tier: str
    stage: str
    store: str
    next_due_at: datetime | None
    last_seq: int
    frozen: bool
    events: int
    tasks: int


@dataclass(frozen=True, slots=True)
class FreezeOrder:
    """An operator's wish to freeze or unfreeze a member.

    Attributes:
        order_id: drawn by who asks and kept across retries: an order is carried out once.
        reason: a code; empty where a freeze is lifted.
        by_kind, by_id: who asks, as an opaque id.
        scope_paths: paths of place ids where the asker may; `everywhere` for the product's own commands.
    """

    order_id: UUID
    member_id: UUID
    reason: str
    by_kind: str
    by_id: str
    scope_paths: tuple[str, ...] = ()
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class FreezeDone:
    """Whether the member is frozen now, since when and why."""

    frozen_at: datetime | None
    reason: str | None
