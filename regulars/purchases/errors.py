"""Why a purchase is not taken."""

from typing import ClassVar
from uuid import UUID

from regulars.kernel.errors import FieldProblem, RegularsError


class BasketInvalid(RegularsError):
    """The basket contradicts itself."""

    code: ClassVar[str] = "basket_invalid"

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message, field=field)


class IdempotencyMismatch(RegularsError):
    """A key that was used before comes with different content; nothing was changed."""

    code: ClassVar[str] = "idempotency_mismatch"

    def __init__(self, field: str) -> None:
        super().__init__(
            "this key was used before with different content; other content needs a new key", field=field
        )


class MemberUnknown(RegularsError):
    """No member has this id."""

    code: ClassVar[str] = "member_unknown"

    def __init__(self, member_id: UUID) -> None:
        super().__init__(
            "no such member; look the member up again", field="member_id", member_id=str(member_id)
        )


class PurchaseUnknown(RegularsError):
    """No purchase has this id, or it is out of sight for who asks."""

    code: ClassVar[str] = "purchase_unknown"

    def __init__(self) -> None:
        super().__init__("no such purchase", field="purchase_id")


class AlreadyAttributed(RegularsError):
    """The purchase belongs to a member already."""

    code: ClassVar[str] = "already_attributed"

    def __init__(self) -> None:
        super().__init__("this purchase belongs to a member already", field="purchase_id")


class AttributionTooLate(RegularsError):
    """The window in which a purchase may still be attributed has passed."""

    code: ClassVar[str] = "attribution_too_late"

    def __init__(self, window_days: int) -> None:
        super().__init__(
            f"points can be claimed within {window_days} days of the purchase",
            field="purchase_id",
            window_days=window_days,
        )


class TerminalNeeded(FieldProblem):
    """An operator asked for a quote and named no terminal, or none that exists."""

    code: ClassVar[str] = "terminal_needed"

    def __init__(self) -> None:
        super().__init__("name an open terminal by its code", field="terminal")


class MemberNotKnown(FieldProblem):
    """Nobody is known by what the till sent."""

    code: ClassVar[str] = "member_not_known"

    def __init__(self) -> None:
        message = "no member is known by this number, reference or phone; look the member up, or enrol first"
        super().__init__(message, field="member")


class RetryKeyNeeded(FieldProblem):
    """A purchase came without the key that makes retrying safe."""

    code: ClassVar[str] = "retry_key_needed"

    def __init__(self, maximum: int) -> None:
        super().__init__(
            f"send a key of 1 to {maximum} characters, made once for this purchase and kept for retries",
            field="Idempotency-Key",
            maximum=maximum,
        )


class OccurredInFuture(FieldProblem):
    """The till's clock runs ahead; time decided too early could not be taken back."""

    code: ClassVar[str] = "occurred_in_future"

    def __init__(self) -> None:
        super().__init__(
            "lies in the future; set the till's clock, and send the purchase again", field="occurred_at"
        )


class BusinessDayFar(FieldProblem):
    """The trading day that the till names is not near the purchase."""

    code: ClassVar[str] = "business_day_far"

    def __init__(self, usual: str) -> None:
        super().__init__(
            f"is far from occurred_at, which lies in the trading day {usual}",
            field="business_day",
            usual=usual,
        )


class OccurredTooLongAgo(FieldProblem):
    """The till's clock was never set."""

    code: ClassVar[str] = "occurred_too_long_ago"

    def __init__(self, earliest: str) -> None:
        super().__init__(
            f"lies before {earliest}; set the till's clock, and send the purchase again",
            field="occurred_at",
            earliest=earliest,
        )


class PurchaseHeldUp(RegularsError):
    """Somebody else held the member, or was in the way again and again; nothing was written."""

    code: ClassVar[str] = "purchase_held_up"

    def __init__(self) -> None:
        super().__init__(
            "somebody else holds this member just now; send the same purchase again", retry_after_seconds=2
        )


class PurchaseFailed(RegularsError):
    """One purchase of a list could not be written; nothing of it was."""

    code: ClassVar[str] = "purchase_failed"

    def __init__(self) -> None:
        super().__init__("this purchase could not be written; the others of its list were")
