"""The only place that reads the clock; everything else is given the time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The current instant, aware, in UTC. For entry points only."""
    return datetime.now(UTC)  # noqa: TID251 — the one door to the clock


def business_day(at: datetime, zone: ZoneInfo, cutoff_minutes: int) -> date:
    """The trading day that an instant belongs to.

    Args:
        at: aware instant.
        zone: the store's time zone.
        cutoff_minutes: minutes after local midnight at which the next trading day begins, 0 to 1439.
    Returns: the local date, one day earlier before the cut-off.
    """
    return (at.astimezone(zone) - timedelta(minutes=cutoff_minutes)).date()


def add_local_days(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same wall time some local days later; a time that does not exist moves forward.

    Args:
        at: aware instant.
        days: whole days, any sign.
        zone: the zone whose days are meant.
    Returns: aware UTC.
    """
    wall = at.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    return wall.replace(tzinfo=zone).astimezone(UTC)
