"""Points that a member owns and cannot use yet, told from lots: they mature without anybody's doing."""

from collections.abc import Iterable
from datetime import datetime

from regulars.ledger.domain import PendingLot
from regulars.rules.domain import Evaluation


def awarded_pending(evaluation: Evaluation, at: datetime) -> list[PendingLot]:
    """What an evaluation gives that is not yet available at the instant of its purchase."""
    return [
        PendingLot(award.points, award.available_at, award.expires_at)
        for award in evaluation.awards
        if award.available_at > at
    ]


def pending_points(lots: Iterable[PendingLot], at: datetime) -> int:
    """How much of some lots is pending at an instant."""
    return sum(lot.amount for lot in lots if lot.pends_at(at))
