"""Message requests on the wire."""

from datetime import datetime
from uuid import UUID

from api.schemas.base import Out


class MessageRequestOut(Out):
    """A message to be sent to a member; nothing personal but the member's id.

    `id` stays the same however often it is read. `values` are whole numbers by the names that the text uses.
    """

    no: int
    id: UUID
    member_id: UUID
    purchase_id: UUID
    store_id: UUID
    template: str
    values: dict[str, int]
    pack_version: str
    rule_id: str
    occurred_at: datetime
    requested_at: datetime


class MessageRequestPageOut(Out):
    """Requests in order, and what to send as `after` for those that follow, now or later."""

    items: list[MessageRequestOut]
    next_after: int
