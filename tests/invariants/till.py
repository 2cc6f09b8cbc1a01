"""A sale, and what the starter packs give for it, worked out by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from invariants.packs import Numbers, Packs

ZONE = ZoneInfo("America/New_York")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Item:
    """A line: its price, what the till took off, and what it took off in the name of a rule of ours."""

    number: int
    department: str
    list_minor: int
    off_minor: int = 0
    ours: tuple[tuple[str, int], ...] = ()

    @property
    def plain_minor(self) -> int:
        return self.list_minor - self.off_minor

    @property
    def sales_minor(self) -> int:
        return self.plain_minor - sum(amount for _, amount in self.ours)

    @property
    def discounted(self) -> bool:
        return self.sales_minor != self.list_minor


@dataclass(frozen=True)
class Sale:
    """What was bought, where and when."""

    at: datetime
    store: str
    items: tuple[Item, ...]

    @property
    def sales_minor(self) -> int:
        return sum(item.sales_minor for item in self.items)

    @property
    def weekday(self) -> int:
        return self.at.astimezone(ZONE).isoweekday()

    def charged(self) -> dict[tuple[int, str], int]:
        return {(item.number, source): amount for item in self.items for source, amount in item.ours}


def earn(packs: Packs, sale: Sale, facts: Mapping[str, Any], *, staff: bool) -> tuple[int, datetime | None]:
    """A point for so much of what was bought without a discount; rounded down once, at the very end."""
    earning = packs.live("grocery-classic", sale.store, sale.at)
    if earning is None or facts["frozen"] or (staff and packs.excludes_staff(sale.store, sale.at)):
        return 0, None
    counted = [item for item in sale.items if not item.discounted and item.department != "FUEL"]
    amount = sum(item.sales_minor for item in counted)
    if sale.weekday <= 5:
        amount += sum(item.sales_minor for item in counted if item.department == "PRODUCE")
    steps = [(earning[f"{step}_spend_minor"], earning[f"{step}_rate_bps"]) for step in ("regular", "loyal")]
    rate = max([10_000, *(rate for spend, rate in steps if facts["spend_365d_minor"] >= spend)])
    points = int(Fraction(amount, earning["minor_per_point"]) * Fraction(rate, 10_000))
    return points, sale.at + earning["valid_days"] * DAY if points else None


def tier_for(ladder: Numbers, spend_minor: int) -> str:
    """The highest tier that a spend reaches."""
    reached = [tier for tier in ("silver", "gold") if spend_minor >= ladder[f"{tier}_spend_minor"]]
    return reached[-1] if reached else "base"


def next_tier(ladder: Numbers | None, tier: str, spend_minor: int) -> dict[str, Any] | None:
    if ladder is None or tier == "gold":
        return None
    following = "gold" if tier == "silver" else "silver"
    threshold = ladder[f"{following}_spend_minor"]
    missing = max(0, threshold - spend_minor)
    return {"tier": following, "threshold_minor": threshold, "missing_minor": missing}


def offer(packs: Packs, sale: Sale, tier: str | None, *, staff: bool) -> dict[tuple[int, str], int]:
    """What our rules would take off: (line, source) → minor units; by largest remainder, then in order."""
    found = packs.named("silver-saturday", sale.store, sale.at)
    if found is None or tier not in ("silver", "gold") or sale.weekday != 6:
        return {}
    if staff and packs.excludes_staff(sale.store, sale.at):
        return {}
    name, numbers = found
    lines = [item for item in sale.items if item.department == "GROCERY" and item.plain_minor > 0]
    whole = sum(item.plain_minor for item in lines)
    amount = min(whole * numbers["rate_bps"] // 10_000, numbers["cap_minor"])
    exact = {item.number: Fraction(amount * item.plain_minor, whole) for item in lines}
    shares = {number: int(part) for number, part in exact.items()}
    by_remainder = sorted(exact, key=lambda number: shares[number] - exact[number])
    for number in by_remainder[: amount - sum(shares.values())]:
        shares[number] += 1
    return {(number, f"pack:{name}#groceries"): share for number, share in shares.items() if share}


def receipt(sale: Sale, points: int, expires_at: datetime | None, flags: list[str]) -> dict[str, Any]:
    """What every buyer is told, known or not."""
    return {
        "sales_minor": sale.sales_minor,
        "list_minor": sum(item.list_minor for item in sale.items),
        "points": points,
        "points_expire_at": expires_at,
        "points_pending": 0,  # no pack here lets points wait
        "points_available_at": None,
        "flags": flags,
        "member": None,
    }
