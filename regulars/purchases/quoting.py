"""What a basket would cost and earn: a promise the till can hold us to, and what it needs of a budget."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.counters import Occasion
from regulars.budgets.domain import Meter
from regulars.budgets.service import open_budget, peek_budget, sweep_reservations, write_budget
from regulars.db.session import Database
from regulars.ledger import service as ledger
from regulars.ledger.domain import PendingLot
from regulars.lifecycle import repository as standings
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.reigns import ReignBook
from regulars.lifecycle.repository import LockedMember
from regulars.purchases import evaluation, limits, receipt
from regulars.purchases.desk import Desk
from regulars.purchases.domain import Basket, Line, lines_json, without_pack_discounts
from regulars.purchases.errors import MemberUnknown
from regulars.purchases.evaluation import OwnFacts, Reading, Sale, discounted
from regulars.purchases.limits import Within
from regulars.purchases.own_facts import own_facts, read_own
from regulars.purchases.pending import awarded_pending, pay, pending_points
from regulars.rules.evaluator import PackSet


@dataclass(frozen=True, slots=True)
class Quote:
    """What the live packs say of a basket now.

    Attributes:
        lines: with our discounts taken off: what to charge.
        outcome: the receipt and the evaluation record that this purchase would get.
        token: the promise, signed; the till sends it along with the purchase.
    """

    id: UUID
    lines: tuple[Line, ...]
    outcome: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    expires_at: datetime
    token: str


@dataclass(frozen=True, slots=True)
class Promise:
    """A quote as a till hands it back, its signature checked.

    Attributes:
        digest: of the lines it was made for, our discounts left out.
    """

    id: UUID
    terminal_id: UUID
    member_id: UUID | None
    digest: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Looked:
    """A basket, and all that reading it needs; its own discounts of ours are left out."""

    basket: Basket
    sale: Sale
    packs: PackSet
    occasion: Occasion
    time: MemberTime | None
    tags: tuple[str, ...]
    balance: int
    pending: Sequence[PendingLot]
    owed: int


async def quote(
    session: AsyncSession, desk: Desk, basket: Basket, key: bytes, life: timedelta, at: datetime
) -> Quote:
    """Read a basket by the packs that are live now, as if it were bought now; change nothing.

    What is left of budgets is shown, but nobody else is kept from using it up: a till asks for an `offer`.

    Args:
        session: any; only read from.
        basket: as the till has rung it up; pack discounts in it are ignored and computed anew.
        key: signs the promise.
        life: how long it holds.
        at: aware UTC, now.
    Returns: the discounts to charge, points, tier and progress, and what became of each rule.
    Raises: MemberUnknown.
    """
    looked = await _look(session, desk, basket, at)
    meter = await peek_budget(session, [(looked.packs.limits, looked.occasion)], at)
    return _quoted(looked, meter, desk.new_id(), at + life, key)


async def offer(
    database: Database, desk: Desk, basket: Basket, key: bytes, life: timedelta, at: datetime
) -> Quote:
    """The same, and what its discounts take of a budget is reserved until it is bought, or can be no more.

    Args:
        database: where; where no limit bears on the discounts of the basket, nothing is written.
        basket, key, life, at: as for `quote`.
    Returns: the quote; its reservation is committed.
    Raises: MemberUnknown.
    Source: docs/semantics.md, "Limits and budgets".
    """
    async with database.read() as session:
        looked = await _look(session, desk, basket, at)
        meter = await peek_budget(session, [(looked.packs.limits, looked.occasion)], at)
    quote_id, expires_at = desk.new_id(), at + life
    offered = _offered(looked, meter)
    wanted = limits.wanted_limits(looked.packs.limits, looked.occasion, offered.promises)
    if not wanted:
        return _quoted(looked, meter, quote_id, expires_at, key)
    async with database.begin() as session:
        budget = await open_budget(session, [(wanted, looked.occasion)], at)
        budget.meter.counters = meter.counters | budget.meter.counters
        found = _quoted(looked, budget.meter, quote_id, expires_at, key)
        await write_budget(session, budget, at)
        await sweep_reservations(session, at)
    return found


async def _look(session: AsyncSession, desk: Desk, basket: Basket, at: datetime) -> _Looked:
    book = await desk.refresh(session)
    time, tags, balance, pending, owed = await _member(session, desk, book, basket, at)
    if time is not None:
        # A till's clock may lie behind what time has decided; nothing can be bought in the past.
        latest = max(basket.occurred_at, time.standing.advanced_to, time.window.as_of)
        basket = replace(basket, occurred_at=latest)
    packs = book.packs.at(basket.store_id, basket.occurred_at)
    own = own_facts(desk, await read_own(session, desk, book, [basket]), basket, packs)
    sale = _sale(desk, basket, without_pack_discounts(basket.lines), own)
    occasion = replace(limits.occasion_of(basket, sale.site), quote_id=None)
    return _Looked(basket, sale, packs, occasion, time, tags, balance, pending, owed)


def _offered(looked: _Looked, meter: Meter) -> Reading:
    facts = evaluation.facts_for(looked.time, looked.tags, looked.sale, None, looked.packs)
    return evaluation.read(looked.packs, facts, looked.sale, Within(meter, looked.occasion))


def _quoted(looked: _Looked, meter: Meter, quote_id: UUID, expires_at: datetime, key: bytes) -> Quote:
    """The quote; in the meter it holds what its discounts need."""
    offered, time, packs = _offered(looked, meter), looked.time, looked.packs
    meter.hold(looked.occasion, quote_id, offered.promises, expires_at + limits.DELIVERED_WITHIN)
    charged = discounted(looked.sale, offered.offered)
    facts = evaluation.facts_for(time, looked.tags, charged, None, packs)
    bought = Within(meter, replace(looked.occasion, quote_id=quote_id))
    reading = evaluation.read(packs, facts, charged, bought)
    events = evaluation.settle(time, charged, reading, (), None) if time is not None else []
    debt = pay(looked.owed, reading.evaluation.points) if looked.owed else None
    balance = looked.balance + reading.evaluation.points - (debt.repaid if debt is not None else 0)
    later = awarded_pending(reading.evaluation, charged.occurred_at)
    pending = pending_points([*looked.pending, *later], charged.occurred_at)
    outcome = receipt.receipt_of(charged, reading, time, balance, events, (), min(pending, balance), debt)
    promise = _promise(quote_id, looked.basket, looked.sale.lines, outcome, packs.hashes, expires_at)
    return Quote(
        id=quote_id,
        lines=charged.lines,
        outcome=outcome,
        evaluation=receipt.evaluation_record(packs, reading, charged),
        expires_at=expires_at,
        token=_signed(promise, key),
    )


async def _member(
    session: AsyncSession, desk: Desk, book: ReignBook, basket: Basket, at: datetime
) -> tuple[MemberTime | None, tuple[str, ...], int, Sequence[PendingLot], int]:
    if basket.member_id is None:
        return None, (), 0, (), 0
    seen = await standings.peek(session, [basket.member_id])
    if basket.member_id not in seen:
        raise MemberUnknown(basket.member_id)
    member = seen[basket.member_id]
    until = max(at, basket.occurred_at, member.standing.advanced_to)
    asking = {basket.member_id: basket.occurred_at} if book.packs.reads_recent else {}
    times = await lifecycle.load_times(session, seen, {basket.member_id: until}, book, desk.places, asking)
    time = times[basket.member_id]
    time.advance(until)
    since = {basket.member_id: until} if _pends_after(member, until) else {}
    pending = await ledger.pending_lots(session, since)
    balance = member.points_balance - sum(expiry.points for expiry in time.expiries)
    return time, time.tags.at(until), balance, pending.get(basket.member_id, ()), member.points_owed


def _pends_after(member: LockedMember, at: datetime) -> bool:
    return member.points_pending_until is not None and member.points_pending_until > at


def _sale(desk: Desk, basket: Basket, lines: tuple[Line, ...], own: OwnFacts) -> Sale:
    return Sale(
        site=desk.places.store(basket.store_id),
        occurred_at=basket.occurred_at,
        channel=basket.channel,
        lines=lines,
        lines_text=lines_json(lines),
        sales_minor=sum(line.sales_minor for line in lines),
        list_minor=basket.list_minor,
        own=own,
    )


def _promise(
    quote_id: UUID,
    basket: Basket,
    plain: tuple[Line, ...],
    outcome: Mapping[str, Any],
    hashes: Mapping[str, str],
    expires_at: datetime,
) -> bytes:
    return orjson.dumps(
        {
            "id": quote_id,
            "terminal": basket.terminal_id,
            "member": basket.member_id,
            "lines": digest_of(plain),
            "packs": list(hashes),
            "sales_minor": outcome["sales_minor"],
            "points": outcome["points"],
            "expires_at": expires_at,
        },
        default=str,  # the driver has a UUID type of its own
    )


def digest_of(lines: tuple[Line, ...]) -> str:
    """What identifies a basket's content, our own discounts left out."""
    return hashlib.sha256(lines_json(without_pack_discounts(lines))).hexdigest()


def _signed(payload: bytes, key: bytes) -> str:
    mac = hmac.digest(key, payload, "sha256")
    return f"{_text(payload)}.{_text(mac)}"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def opened(token: str, key: bytes) -> Promise | None:
    """Read a promise that we signed.

    Args:
        token: as the till sent it.
        key: signs promises.
    Returns: the promise, or None where we never made it.
    """
    payload_text, _, mac_text = token.partition(".")
    try:
        payload = base64.urlsafe_b64decode(payload_text + "=" * (-len(payload_text) % 4))
        mac = base64.urlsafe_b64decode(mac_text + "=" * (-len(mac_text) % 4))
    except ValueError:
        return None
    if not hmac.compare_digest(mac, hmac.digest(key, payload, "sha256")):
        return None
    found = orjson.loads(payload)
    return Promise(
        id=UUID(found["id"]),
        terminal_id=UUID(found["terminal"]),
        member_id=UUID(found["member"]) if found["member"] else None,
        digest=found["lines"],
        expires_at=datetime.fromisoformat(found["expires_at"]),
    )


def doubts(promise: Promise | None, basket: Basket) -> tuple[str, ...]:
    """What a person should look at where a purchase names a quote; the sale has happened all the same.

    Args:
        promise: from `opened`.
        basket: what was bought.
    Returns: flags: "quote_invalid", "quote_expired", "quote_for_another_basket"; whether it was used already
        ("quote_used") is found out where the purchase is written.
    """
    if promise is None:
        return ("quote_invalid",)
    found = []
    if basket.occurred_at > promise.expires_at:
        found.append("quote_expired")
    same = (promise.terminal_id, promise.member_id) == (basket.terminal_id, basket.member_id)
    if not same or promise.digest != digest_of(basket.lines):
        found.append("quote_for_another_basket")
    return tuple(found)
