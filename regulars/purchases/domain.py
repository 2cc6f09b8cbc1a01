"""What a basket is, what makes two of them the same, and how one is read by the rules."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from regulars.purchases.errors import BasketInvalid
from regulars.rules.domain import LineKind
from regulars.rules.facts import plain_code, safe_code

Funder = Literal["chain", "maker", "partner"]
PACK_SOURCE = "pack:"  # a discount whose source starts so was given by one of our rules


@dataclass(frozen=True, slots=True)
class Discount:
    """Money off a line: who pays for it, and what caused it."""

    source: str  # "member_price", "coupon", "pack:silver-saturday/1#groceries", …
    funder: Funder
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line item as the till rang it up, and as the rules read it.

    `sales_minor` is what the chain receives: `list_minor` less the discounts the chain funds. A
    discount that a maker or partner funds lowers what the member pays, not the sales value.
    """

    line: int
    sku: str
    department: str  # "" where the product is unknown
    kind: LineKind
    quantity_milli: int
    list_minor: int
    sales_minor: int
    discount_minor: int  # all discounts, whoever funds them
    promotional: bool
    tax_minor: int | None = None
    tax_included: bool = True
    discounts: tuple[Discount, ...] = ()


@dataclass(frozen=True, slots=True)
class Basket:
    """A purchase as a till, a file or the live play hands it in; valid by itself.

    Attributes:
        terminal_id, store_id: where; the store is the terminal's.
        receipt_no: the till's own number, unique within its business day.
        occurred_at: aware; the till's clock.
        business_day: the store's trading day.
        idempotency_key: made by the till and kept across retries; None for imports.
        imported_as: the source's own name of an imported purchase, e.g. "cj-26984851472".
        member_id: None where nobody identified themselves.
        tenders: how it was paid: type → minor units.
        quote_id: the quote that the till charged by, where it had one.
        flags: what the edge noticed and the purchase must not be refused for, e.g. "quote_expired".
    """

    terminal_id: UUID
    store_id: UUID
    receipt_no: str
    occurred_at: datetime
    business_day: date
    lines: tuple[Line, ...]
    member_id: UUID | None = None
    kind: str = "sale"
    idempotency_key: str | None = None
    imported_as: str | None = None
    cashier: str | None = None
    channel: str = "store"
    tenders: Mapping[str, int] = field(default_factory=dict)
    original_purchase_id: UUID | None = None
    quote_id: UUID | None = None
    flags: tuple[str, ...] = ()

    @property
    def business_key(self) -> str:
        """What makes this purchase itself and no other, for ever."""
        if self.imported_as is not None:
            return self.imported_as
        return receipt_key(self.store_id, self.terminal_id, self.business_day, self.receipt_no, self.kind)

    def with_quote(self, quote_id: UUID | None, flags: tuple[str, ...]) -> "Basket":
        """The same basket, charged by a quote, with what is doubtful about it."""
        return replace(self, quote_id=quote_id, flags=flags)

    @property
    def sales_minor(self) -> int:
        return sum(line.sales_minor for line in self.lines)

    @property
    def list_minor(self) -> int:
        return sum(line.list_minor for line in self.lines)


def receipt_key(store_id: UUID, terminal_id: UUID, day: date, receipt_no: str, kind: str = "sale") -> str:
    """The business key of what a till has numbered on one of its business days."""
    return f"{store_id}/{terminal_id}/{day.isoformat()}/{receipt_no}/{kind}"


def lines_json(lines: Sequence[Line]) -> bytes:
    """The lines as JSON text: what is stored, and what the rules read.

    Args:
        lines: in the till's order.
    Returns: a JSON array; codes that the engine would take for durations or dates are marked.
    """
    return orjson.dumps([_safe(line) for line in lines])


def lines_of(text: str | bytes) -> tuple[Line, ...]:
    """What `lines_json` was given, from what it made of it."""
    return tuple(_read(line) for line in orjson.loads(text))


def _read(stored: dict[str, Any]) -> Line:
    discounts = tuple(Discount(**discount) for discount in stored.pop("discounts"))
    sku, department = plain_code(stored.pop("sku")), plain_code(stored.pop("department"))
    return Line(**stored, sku=sku, department=department, discounts=discounts)


def body_hash(basket: Basket, lines: bytes) -> bytes:
    """SHA-256 of what the till says happened; the retry key is no part of it.

    Args:
        basket: the basket.
        lines: its `lines_json`.
    Returns: 32 bytes, equal for equal content whatever order the till wrote its fields in.
    """
    head = (
        basket.business_key,
        basket.member_id,
        basket.occurred_at,
        basket.cashier,
        basket.channel,
        sorted(basket.tenders.items()),
        basket.original_purchase_id,
        basket.quote_id,
    )
    return hashlib.sha256(orjson.dumps(head, default=str, option=orjson.OPT_UTC_Z) + lines).digest()


def check_lines(lines: Sequence[Line]) -> None:
    """See that a basket's arithmetic holds.

    Args:
        lines: in the till's order.
    Raises: BasketInvalid: naming the field of the first line at fault.
    """
    seen: set[int] = set()
    for index, line in enumerate(lines):
        at = f"lines.{index}"
        if line.line in seen:
            raise BasketInvalid(f"line number {line.line} is used twice; number each line once", f"{at}.line")
        seen.add(line.line)
        discounts = line.discounts
        chain_funded = sum(d.amount_minor for d in discounts if d.funder == "chain") if discounts else 0
        # A maker's voucher may exceed its line: tills ring it up on a line of its own, worth nothing.
        if chain_funded > line.list_minor:
            message = f"the chain's discounts of {chain_funded} exceed list_minor {line.list_minor}"
            raise BasketInvalid(message, f"{at}.discounts")
        if line.sales_minor != line.list_minor - chain_funded:
            raise BasketInvalid(
                f"sales_minor {line.sales_minor} is not list_minor {line.list_minor} less the discounts "
                f"the chain funds {chain_funded}; correct one of them",
                f"{at}.sales_minor",
            )


def pack_discounts(lines: Sequence[Line]) -> dict[tuple[int, str], int]:
    """What our own rules' discounts amount to in a basket: (line, source) → minor units."""
    found: dict[tuple[int, str], int] = {}
    for line in lines:
        for discount in line.discounts:
            if _is_ours(discount):
                key = (line.line, discount.source)
                found[key] = found.get(key, 0) + discount.amount_minor
    return found


def without_pack_discounts(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines as they were before our rules took anything off."""
    return tuple(_stripped(line) if line.discounts else line for line in lines)


def with_discounts(lines: Sequence[Line], extra: Mapping[tuple[int, str], int]) -> tuple[Line, ...]:
    """The lines with the chain-funded discounts that our rules give: (line, source) → minor units."""
    by_line: dict[int, list[Discount]] = {}
    for (number, source), amount in extra.items():
        by_line.setdefault(number, []).append(Discount(source, "chain", amount))
    return tuple(
        _discounted(line, tuple(by_line[line.line])) if line.line in by_line else line for line in lines
    )


def _safe(line: Line) -> Line:
    sku, department = safe_code(line.sku), safe_code(line.department)
    if sku is line.sku and department is line.department:
        return line
    return replace(line, sku=sku, department=department)


def _is_ours(discount: Discount) -> bool:
    """Whether a rule of ours took it off; what others pay for lowers no sales value, and is no rule's."""
    return discount.funder == "chain" and discount.source.startswith(PACK_SOURCE)


def _stripped(line: Line) -> Line:
    ours = [d for d in line.discounts if _is_ours(d)]
    if not ours:
        return line
    kept = tuple(d for d in line.discounts if not _is_ours(d))
    return _with(line, kept, -sum(d.amount_minor for d in ours))


def _discounted(line: Line, extra: tuple[Discount, ...]) -> Line:
    return _with(line, line.discounts + extra, sum(d.amount_minor for d in extra))


def _with(line: Line, discounts: tuple[Discount, ...], more_minor: int) -> Line:
    return replace(
        line,
        sales_minor=line.sales_minor - more_minor,
        discount_minor=line.discount_minor + more_minor,
        discounts=discounts,
    )
