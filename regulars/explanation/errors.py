"""Why something is not explained."""

from typing import ClassVar

from regulars.kernel.errors import RegularsError


class EventUnknown(RegularsError):
    """No lifecycle event has this id, or it is out of sight for who asks."""

    code: ClassVar[str] = "event_unknown"

    def __init__(self) -> None:
        super().__init__("no such event", field="event_id")
