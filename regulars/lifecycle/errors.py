"""Why a member's standing is not changed by hand."""

from datetime import datetime
from typing import ClassVar

from regulars.kernel.errors import RegularsError


class AlreadyFrozen(RegularsError):
    """The member is frozen already; nothing was changed."""

    code: ClassVar[str] = "already_frozen"

    def __init__(self, since: datetime, reason: str | None) -> None:
        super().__init__(
            f"frozen since {since.isoformat()} as {reason}; unfreeze first to freeze for another reason",
            field="member_id",
            since=since.isoformat(),
            reason=reason,
        )


class NotFrozen(RegularsError):
    """The member is not frozen; nothing was changed."""

    code: ClassVar[str] = "not_frozen"

    def __init__(self) -> None:
        super().__init__("the member is not frozen", field="member_id")


class FreezeReasonUnknown(RegularsError):
    """The reason is none of those that there are."""

    code: ClassVar[str] = "freeze_reason_unknown"

    def __init__(self, allowed: list[str]) -> None:
        super().__init__(f"choose one of {', '.join(allowed)}", field="reason", allowed=allowed)
