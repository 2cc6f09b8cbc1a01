"""Purchases as tills plainly send them, read in one go; whatever is not plain goes the general way.

What is read here is exactly what the schema would have made of it (`tests/api/test_plain_purchases.py`), at a
thirtieth of its cost: reading and checking a body used to take as long as posting it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Final, Literal

import msgspec
import orjson
from msgspec import Meta, Struct
from pydantic import TypeAdapter, ValidationError

from api.schemas.times import Day, Instant
from regulars.rules.catalogue import MAX_DISCOUNTS, MAX_LINE_MINOR, MAX_LINES, MAX_PURCHASE_MINOR

Minor = Annotated[int, Meta(ge=0, le=MAX_LINE_MINOR)]
Word = Annotated[str, Meta(min_length=1, max_length=64)]
_INSTANT: Final[TypeAdapter[datetime]] = TypeAdapter(Instant)
_DAY: Final[TypeAdapter[date]] = TypeAdapter(Day)


class PlainDiscount(Struct, forbid_unknown_fields=True, kw_only=True):
    """As DiscountIn."""

    source: Word
    funder: Literal["chain", "maker", "partner"] = "chain"
    amount_minor: Annotated[int, Meta(gt=0, le=MAX_LINE_MINOR)]


class PlainLine(Struct, forbid_unknown_fields=True, kw_only=True):
    """As LineIn."""

    line: Annotated[int, Meta(ge=1, le=100_000)]
    sku: Word
    department: Annotated[str, Meta(max_length=64)] = ""
    kind: Literal["goods", "labour", "material", "service"] = "goods"
    quantity_milli: Minor = 1000
    list_minor: Minor
    sales_minor: Minor | None = None
    tax_minor: Minor | None = None
    tax_included: bool = True
    promotional: bool = False
    discounts: Annotated[list[PlainDiscount], Meta(max_length=MAX_DISCOUNTS)] = []


class _Said(Struct, forbid_unknown_fields=True, kw_only=True):
    """As PurchaseIn, its times still text; what a plain purchase has not is unknown here."""

    member: Annotated[str, Meta(min_length=1, max_length=120)] | None = None
    occurred_at: str
    channel: Word = "store"
    lines: Annotated[list[PlainLine], Meta(min_length=1, max_length=MAX_LINES)]
    receipt_no: Word
    business_day: str | None = None
    cashier: Word | None = None
    tenders: Annotated[
        dict[Word, Annotated[int, Meta(ge=0, le=MAX_PURCHASE_MINOR)]], Meta(max_length=20)
    ] = {}
    quote: Annotated[str, Meta(max_length=4_000)] | None = None


class PlainPurchase(Struct):
    """As PurchaseIn."""

    member: str | None
    occurred_at: datetime
    channel: str
    lines: list[PlainLine]
    receipt_no: str
    business_day: date | None
    cashier: str | None
    tenders: Mapping[str, int]
    quote: str | None
    original_purchase_id: None = None


_DECODER: Final = msgspec.json.Decoder(_Said)


def read_plain(body: bytes) -> PlainPurchase | None:
    """What a till says it sold, or None where only the general way can tell what that is or what is wrong.

    Args:
        body: raw, already within the size limit.
    """
    if b"\\" in body:
        return None
    try:
        said = _DECODER.decode(body)
        if not _is_plain(said) or _may_repeat_names(body, said.occurred_at):
            return None
        occurred_at = _INSTANT.validate_python(said.occurred_at)
        business_day = None if said.business_day is None else _DAY.validate_python(said.business_day)
    except (msgspec.MsgspecError, orjson.JSONDecodeError, UnicodeDecodeError, ValidationError):
        return None
    return PlainPurchase(
        said.member,
        occurred_at,
        said.channel,
        said.lines,
        said.receipt_no,
        business_day,
        said.cashier,
        said.tenders,
        said.quote,
    )


def _is_plain(said: _Said) -> bool:
    """Whether no word has room around it, which the schema takes away, and tenders have simple names."""
    words = [said.channel, said.receipt_no, said.cashier or ""]
    for line in said.lines:
        words.append(line.sku)
        words += [discount.source for discount in line.discounts]
    return [word.strip() for word in words] == words and all(map(_is_simple, said.tenders))


def _is_simple(tender: str) -> bool:
    return tender.isascii() and tender.replace("_", "a").isalnum()


def _may_repeat_names(body: bytes, occurred_at: str) -> bool:
    """Whether a name may stand twice in one object.

    Each name in the text has a colon, and so has the instant. Any more belong to a name that is lost in
    reading since it comes again, or to a text: the general way tells.
    """
    said = orjson.loads(body)
    names = len(said) + len(said.get("tenders", ())) + occurred_at.count(":")
    for line in said["lines"]:
        names += len(line)
        for discount in line.get("discounts", ()):
            names += len(discount)
    return body.count(b":") != names
