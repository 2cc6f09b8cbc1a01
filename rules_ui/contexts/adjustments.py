"""Adjustments by hand: the request, and the list of those that wait or were decided."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from rules_ui.contexts.base import Choice, FieldTrouble, View


@dataclass(frozen=True, slots=True)
class AdjustmentLine:
    """One adjustment, told so that nobody else learns whose it is.

    Attributes:
        points: with its sign, e.g. "+120".
        alone: posted by the asker's own right.
        reverses: it takes another one back; `reversed`: another one takes it back, or waits to.
        reverse_href: where a reversal may be asked for, or None.
        typed: what was written to decide on it and goes on being shown; `trouble` what is wrong with it.
    """

    id: UUID
    member_href: str
    member_name: str
    member_number: str
    store: str
    points: str
    gives: bool
    reason: str
    note: str
    state: str
    alone: bool
    reverses: bool
    reversed: bool
    requested_by: str
    requested_at: datetime
    decided_by: str
    decided_at: datetime | None
    words: str
    may_decide: bool
    may_withdraw: bool
    reverse_href: str | None
    typed: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class AdjustPage(View):
    """Ask for points to be given or taken.

    Attributes:
        order_id: of the request: sent twice, it asks once.
        left, limit: what the asker may still adjust alone today.
        original: the adjustment that is reversed, or None.
    """

    template: ClassVar[str] = "desk_adjust.html"
    member_id: UUID
    member_name: str
    member_number: str
    points_now: int
    order_id: UUID
    directions: tuple[Choice, ...]
    points: str
    reasons: tuple[Choice, ...]
    note: str
    left: int
    limit: int
    original: AdjustmentLine | None
    problems: tuple[FieldTrouble, ...]


@dataclass(frozen=True, slots=True)
class AdjustmentsPage(View):
    """Adjustments, the latest first."""

    template: ClassVar[str] = "desk_adjustments.html"
    states: tuple[Choice, ...]
    state: str
    lines: tuple[AdjustmentLine, ...]
    next_href: str | None
    first_href: str | None
    trouble: str | None
