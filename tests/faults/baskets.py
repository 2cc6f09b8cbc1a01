"""What people buy in fault tests: bodies of purchases and quotes, drawn by chance."""

from datetime import timedelta
from typing import Any

from faults.chance import Random

from regulars.kernel import clock

DEPARTMENTS = ("GROCERY", "PRODUCE", "MEAT", "DAIRY", "FUEL", "凉菜")
LATEST_DAYS = 200


def lines(draw: Random, most: int = 9) -> list[dict[str, Any]]:
    """One to nine lines, some with a discount."""
    return [_line(draw, number) for number in range(1, draw.randint(1, most) + 1)]


def _line(draw: Random, number: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "line": number,
        "sku": str(draw.randint(100_000, 999_999)),
        "department": draw.choice(DEPARTMENTS),
        "list_minor": draw.randint(0, 9_000),
    }
    if draw.random() < 0.2:
        made["discounts"] = [{"source": "member_price", "amount_minor": 10}]
        made["list_minor"] += 10
    return made


def purchase(draw: Random, receipt_no: str, member: str | None, *, late: bool = False) -> dict[str, Any]:
    """A purchase of just now, or one that a till kept for hours or months."""
    age = timedelta(minutes=draw.randint(60, LATEST_DAYS * 1440)) if late else timedelta(0)
    body: dict[str, Any] = {
        "receipt_no": receipt_no,
        "occurred_at": (clock.now() - age).isoformat(),
        "lines": lines(draw),
        "cashier": "c-1",
        "tenders": {"cash": 100},
    }
    return body if member is None else body | {"member": member}


def changed(body: dict[str, Any]) -> dict[str, Any]:
    """The same purchase with another price on its first line."""
    first, *others = body["lines"]
    return body | {"lines": [first | {"list_minor": first["list_minor"] + 1}, *others]}
