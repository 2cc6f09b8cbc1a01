"""When points that are given now end."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from regulars.rules.action_model import Period

_MONTHS: Final[dict[Period, int]] = {"month_end": 1, "quarter_end": 3, "year_end": 12}


@dataclass(frozen=True, slots=True)
class Expiry:
    """After so long, or with the end of a month, a quarter or a year and `later` more of them."""

    lasts: timedelta = timedelta()
    at: Period | None = None
    later: int = 0

    def after(self, available_at: datetime, zone: tzinfo | None) -> datetime:
        """The instant at which points end.

        Args:
            available_at: aware; from when they can be spent.
            zone: of the store's clock; None where `available_at` is told on it.
        Returns: aware; for a period the midnight that ends it on the store's clock, as UTC.
        """
        if self.at is None:
            return available_at + self.lasts
        local = available_at.astimezone(zone) if zone is not None else available_at
        length = _MONTHS[self.at]
        begun = (local.year * 12 + local.month - 1) // length
        ends = (begun + 1 + self.later) * length
        return datetime(ends // 12, ends % 12 + 1, 1, tzinfo=local.tzinfo).astimezone(UTC)
