"""Why something is not explained."""

from typing import ClassVar

from regulars.kernel.errors import RegularsError


class EventUnknown(RegularsError):
    """No lifecycle event has this id, or it is out of sight for who asks."""

    code: ClassVar[str] = "event_unknown"

    def __init__(self) -> None:
        super().__init__("no such event", field="event_id")


class RecordUnreadable(RegularsError):
    """What was kept of an evaluation is not what we keep: it was changed, or no till wrote it."""

    code: ClassVar[str] = "record_unreadable"

    def __init__(self, part: str) -> None:
        super().__init__(
            f"the record of this purchase cannot be read: {part}", field="purchase_id", part=part
        )
