"""Points that a member owns and cannot use yet, and points that a member owes, told from lots."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from regulars.ledger.domain import Lot, PendingLot
from regulars.rules.domain import Evaluation


@dataclass(frozen=True, slots=True)
class Debt:
    """What a member owed before a purchase, and owes after it."""

    before: int
    after: int

    @property
    def repaid(self) -> int:
        return self.before - self.after


def pay(owed: int, earned: int) -> Debt:
    """What becomes of a debt when something is earned."""
    return Debt(owed, owed - min(owed, earned))


def awarded_pending(evaluation: Evaluation, at: datetime) -> list[PendingLot]:
    """What an evaluation gives that is not yet available at the instant of its purchase."""
    return [
        PendingLot(award.points, award.available_at, award.expires_at)
        for award in evaluation.awards
        if award.available_at > at
    ]


def earned_pending(lots: Iterable[Lot], at: datetime) -> list[PendingLot]:
    """What of some lots is not yet available at the instant of the purchase that earned them."""
    return [PendingLot(lot.amount, lot.available_at, lot.expires_at) for lot in lots if lot.available_at > at]


def pending_points(lots: Iterable[PendingLot], at: datetime) -> int:
    """How much of some lots is pending at an instant."""
    return sum(lot.amount for lot in lots if lot.pends_at(at))
