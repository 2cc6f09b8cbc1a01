"""From a request to a basket: which till, which member, which day, and does it add up."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from api.container import Container
from api.plain_purchases import PlainLine, PlainPurchase
from api.schemas.purchases import BasketIn, LineIn, PurchaseIn, QuoteIn
from regulars.kernel.clock import business_day
from regulars.kernel.errors import InvalidInput
from regulars.organisation.domain import Till
from regulars.organisation.errors import UnknownPlace
from regulars.purchases.domain import Basket, Discount, Line, check_lines
from regulars.purchases.errors import (
    BusinessDayFar,
    MemberNotKnown,
    OccurredInFuture,
    OccurredTooLongAgo,
    RetryKeyNeeded,
    TerminalNeeded,
)
from regulars.purchases.quoting import doubts, opened
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission

CLOCK_SKEW: Final = timedelta(minutes=15)
"""How far a till's clock may run ahead: time that was decided too early cannot be taken back."""
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""A clock that shows less was never set."""
DAY_SKEW: Final = timedelta(days=2)
KEY_MAX: Final = 200


async def till_of(parts: Container, actor: Actor, code: str | None, permission: Permission) -> Till:
    """The terminal that a request is about: the key's own, or the one an operator names.

    Raises: InvalidInput: an operator names none, or none that exists; PermissionDenied: out of scope.
    """
    await parts.places.refresh_now_and_then(parts.database)
    if actor.kind == "terminal":
        return await _till(parts, lambda: UUID(actor.id))
    if code is None:
        raise InvalidInput([TerminalNeeded()])
    try:
        till = await _till(parts, lambda: parts.places.by_code(code).id)
    except UnknownPlace:
        raise InvalidInput([TerminalNeeded()]) from None
    if not actor.may_at(permission, till.path):
        raise PermissionDenied(permission)
    return till


async def _till(parts: Container, terminal_id: Callable[[], UUID]) -> Till:
    try:
        return parts.places.till(terminal_id())
    except UnknownPlace:  # opened this very second
        await parts.refresh_places()
    return parts.places.till(terminal_id())


async def member_id_of(parts: Container, reference: str | None) -> UUID | None:
    """The member whom a till names; a till that holds a reference may look everywhere.

    Raises: InvalidInput: nobody is known by it.
    """
    if reference is None:
        return None
    try:
        return UUID(reference)  # the purchase itself tells whether the member exists
    except ValueError:
        await parts.places.refresh_now_and_then(parts.database)
        found = await parts.members.find(reference, parts.member_rules)
    if found is None:
        raise InvalidInput([MemberNotKnown()])
    return found


def quote_basket(body: QuoteIn, till: Till, member_id: UUID | None, at: datetime) -> Basket:
    """The basket that a quote is asked for.

    Raises: BasketInvalid, InvalidInput.
    """
    return Basket(
        terminal_id=till.id,
        store_id=till.store.id,
        receipt_no="",
        occurred_at=_in_time(body, at),
        business_day=_day(till, at),
        lines=_lines(body),
        member_id=member_id,
        channel=body.channel,
    )


def purchase_basket(
    body: PurchaseIn | PlainPurchase,
    till: Till,
    member_id: UUID | None,
    idempotency_key: str,
    quote_key: bytes,
    at: datetime,
) -> Basket:
    """The basket as it was bought.

    Raises: BasketInvalid, InvalidInput.
    """
    occurred_at = _in_time(body, at)
    basket = Basket(
        terminal_id=till.id,
        store_id=till.store.id,
        receipt_no=body.receipt_no,
        occurred_at=occurred_at,
        business_day=_given_day(body, till, occurred_at),
        lines=_lines(body),
        member_id=member_id,
        idempotency_key=idempotency_key,
        cashier=body.cashier,
        channel=body.channel,
        tenders=body.tenders,
        original_purchase_id=body.original_purchase_id,
    )
    if body.quote is None:
        return basket
    promise = opened(body.quote, quote_key)
    return basket.with_quote(promise.id if promise else None, doubts(promise, basket))


def check_key(key: str | None) -> str:
    """The till's retry key. Raises: InvalidInput: it is missing, or too long."""
    if key is None or not 1 <= len(key.strip()) <= KEY_MAX:
        raise InvalidInput([RetryKeyNeeded(KEY_MAX)])
    return key.strip()


def _in_time(body: BasketIn | PlainPurchase, at: datetime) -> datetime:
    occurred_at = body.occurred_at or at
    if occurred_at > at + CLOCK_SKEW:
        raise InvalidInput([OccurredInFuture()])
    if occurred_at < EARLIEST:
        raise InvalidInput([OccurredTooLongAgo(EARLIEST.date().isoformat())])
    return occurred_at.astimezone(UTC)  # the same instant is the same content, however it was written


def _day(till: Till, at: datetime) -> date:
    return business_day(at, till.store.zone, till.store.cutoff_minutes)


def _given_day(body: PurchaseIn | PlainPurchase, till: Till, occurred_at: datetime) -> date:
    usual = _day(till, occurred_at)
    if body.business_day is None:
        return usual
    if abs(body.business_day - usual) > DAY_SKEW:
        raise InvalidInput([BusinessDayFar(usual.isoformat())])
    return body.business_day


def _lines(body: BasketIn | PlainPurchase) -> tuple[Line, ...]:
    lines = tuple(_line(line) for line in body.lines)
    check_lines(lines)
    return lines


def _line(line: LineIn | PlainLine) -> Line:
    discounts: tuple[Discount, ...] = ()
    chain_funded = discount_minor = 0
    for given in line.discounts:
        discounts += (Discount(given.source, given.funder, given.amount_minor),)
        discount_minor += given.amount_minor
        chain_funded += given.amount_minor if given.funder == "chain" else 0
    # In order, not by name: told by name, nine lines take a tenth longer.
    return Line(
        line.line,
        line.sku,
        line.department,
        line.kind,
        line.quantity_milli,
        line.list_minor,
        line.list_minor - chain_funded if line.sales_minor is None else line.sales_minor,
        discount_minor,
        line.promotional,
        line.tax_minor,
        line.tax_included,
        discounts,
    )
