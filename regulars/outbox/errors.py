"""Why a message did not arrive."""

from typing import ClassVar

from regulars.kernel.errors import RegularsError


class TemporalAway(RegularsError):
    """Temporal does not answer; nothing is wrong with the message."""

    code: ClassVar[str] = "temporal_away"


class MessageRefused(RegularsError):
    """Temporal answered, and would not take this message."""

    code: ClassVar[str] = "message_refused"
