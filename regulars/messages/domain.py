"""What a message request is, and until when a purchase still asks for one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from regulars.rules.consequences import MessageAsked

TOO_LATE: Final = timedelta(days=3)
"""What was bought longer ago than this asks for no message: importing history sends none."""
PAGE_MOST: Final = 500


def comes_in_time(occurred_at: datetime, recorded_at: datetime) -> bool:
    """Whether a purchase that is recorded now still asks for messages.

    Source: docs/semantics.md, "Messages".
    """
    return recorded_at - occurred_at <= TOO_LATE


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A message to be asked for.

    Attributes:
        store_id: where the purchase happened.
        occurred_at: when.
    """

    member_id: UUID
    purchase_id: UUID
    store_id: UUID
    occurred_at: datetime
    message: MessageAsked

    @property
    def id(self) -> UUID:
        """Follows from the business key: a purchase asks once for each rule."""
        return uuid5(self.purchase_id, f"message:{self.message.pack_version}#{self.message.rule_id}")


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """A message that was asked for.

    Attributes:
        no: grows with each request, in the order in which they can be seen: nothing appears later before
            what has been read.
    """

    no: int
    id: UUID
    member_id: UUID
    purchase_id: UUID
    store_id: UUID
    template: str
    values: Mapping[str, int]
    pack_version: str
    rule_id: str
    occurred_at: datetime
    requested_at: datetime
