"""The only way a purchase is written: lock, advance, read by the rules, post, announce."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.counters import Cause
from regulars.budgets.service import Budget, write_budget
from regulars.db.together import Write, ask_together, write_together
from regulars.kernel.errors import RegularsError
from regulars.ledger import service as ledger
from regulars.ledger.domain import LedgerEntry, Lot, PendingLot, earn_entry, repay_entry
from regulars.lifecycle import repository as standings
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import LifecycleEvent
from regulars.lifecycle.reigns import ReignBook
from regulars.lifecycle.repository import LockedMember
from regulars.lifecycle.window import spans_behind
from regulars.outbox import service as outbox
from regulars.outbox.domain import Change
from regulars.purchases import evaluation, limits, receipt, repository
from regulars.purchases.consequences import Asked, Noted, read_tags
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.domain import Basket
from regulars.purchases.evaluation import Lateness, Reading, Sale
from regulars.purchases.own_facts import OwnRead, own_facts, read_own
from regulars.purchases.pending import Debt, earned_pending, pending_points
from regulars.purchases.repository import NewRow
from regulars.purchases.sorting import Fresh, SortedOut, Told, sort_out
from regulars.rules.repository import STATE


@dataclass(slots=True)
class Booking:
    """One batch on its way: what is known before, and what is to be written."""

    desk: Desk
    book: ReignBook
    at: datetime
    locked: Mapping[UUID, LockedMember]
    times: Mapping[UUID, MemberTime]
    lateness: Mapping[UUID, Lateness]
    balances: dict[UUID, int]
    budget: Budget
    pending: dict[UUID, list[PendingLot]]
    own: OwnRead
    owed: dict[UUID, int]
    cause: Cause = "purchase"
    rows: list[NewRow] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    caused_by: dict[tuple[UUID, int], UUID] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked)


async def record_purchases(
    session: AsyncSession, desk: Desk, baskets: Sequence[Basket], at: datetime
) -> list[Recorded | RegularsError]:
    """Write purchases, each exactly once, with all that they decide, in one transaction.

    Args:
        session: in a transaction; the caller commits, and only then hands out receipts.
        desk: what this process knows of places and packs.
        baskets: each valid by itself; those of one member in the order they are to count.
        at: aware UTC, the time of recording.
    Returns: for each basket, in order: the purchase as it stands (a known key with the same content gives
        the first receipt again), or why it was refused: IdempotencyMismatch, MemberUnknown. A refusal
        leaves the others untouched.
    Raises: UniqueViolationError: another transaction took a key in this instant; nothing is written, and
        trying again finds that purchase.
    Source: docs/semantics.md, "The purchase transaction".
    """
    # What can be worked out beforehand is: under the lock nobody else's purchase of these members goes on.
    told = [Told.of(basket) for basket in baskets]
    member_ids = sorted({basket.member_id for basket in baskets if basket.member_id is not None})
    questions = [STATE, repository.known(baskets), standings.locking(member_ids)]
    state, (known,), (held,) = await ask_together(session, questions)
    locked = await standings.held_members(session, member_ids, held) if member_ids else {}
    book = await desk.refresh(session, state)
    stored = await repository.stored(session, baskets) if known else []
    sorted_out = sort_out(told, stored, locked, desk.new_id)
    fresh = [item for item in sorted_out if isinstance(item, Fresh)]
    await _take_quotes(session, fresh)
    booking = await prepare(session, desk, book, [item.basket for item in fresh], locked, at)
    made = {id(item): _record(booking, item) for item in fresh}
    await _write(session, booking)
    return [_answer(item, made) for item in sorted_out]


async def _take_quotes(session: AsyncSession, fresh: Sequence[Fresh]) -> None:
    """See that a quote serves one purchase; what comes with it again is read anew, and says so."""
    wanted = [(quote_id, each) for each in fresh if (quote_id := limits.redeemed_quote(each.basket))]
    if not wanted:
        return
    pairs = [(quote_id, each.purchase_id) for quote_id, each in wanted]
    taken = await repository.take_quotes(session, pairs)
    for _, each in wanted:
        if each.purchase_id not in taken:
            each.basket = replace(each.basket, flags=(*each.basket.flags, limits.QUOTE_USED))


def _answer(item: SortedOut, made: Mapping[int, Recorded]) -> Recorded | RegularsError:
    return made[id(item)] if isinstance(item, Fresh) else item


async def prepare(
    session: AsyncSession,
    desk: Desk,
    book: ReignBook,
    baskets: Sequence[Basket],
    locked: Mapping[UUID, LockedMember],
    at: datetime,
) -> Booking:
    """Fetch, for the whole batch at once, what its members' windows, lots, late purchases and limits need."""
    until: dict[UUID, datetime] = {}
    late_since: dict[UUID, datetime] = {}
    pending_since: dict[UUID, datetime] = {}
    for basket in baskets:
        if basket.member_id is None:
            continue
        member_id, when = basket.member_id, basket.occurred_at
        reached = max(until.get(member_id, when), _reached(locked[member_id]))
        if when < reached:
            late_since[member_id] = min(when, late_since.get(member_id, when))
        until[member_id] = max(reached, when)
        pending_until = locked[member_id].points_pending_until
        if pending_until is not None and pending_until > when:
            pending_since[member_id] = min(when, pending_since.get(member_id, when))
    present = {member_id: locked[member_id] for member_id in until}
    asking = _asking_since(book, baskets) if book.packs.reads_recent else {}
    times = await lifecycle.load_times(session, present, until, book, desk.places, asking)
    lateness: dict[UUID, Lateness] = {}
    if late_since:
        history = await standings.events_of(session, list(late_since))
        spans = [
            (member_id, *span)
            for member_id, since in late_since.items()
            for span in spans_behind(since, until[member_id])
        ]
        past = await standings.purchases_between(session, spans)
        for member_id in late_since:
            times[member_id].window.past = past.get(member_id, [])
            lateness[member_id] = Lateness(history.get(member_id, []))
        await read_tags(session, [times[member_id] for member_id in late_since], locked)
    balances = {member_id: member.points_balance for member_id, member in present.items()}
    budget = await limits.open_for(session, book, desk.places, baskets, at)
    pending = await ledger.pending_lots(session, pending_since)
    own = await read_own(session, desk, book, baskets)
    owed = {member_id: member.points_owed for member_id, member in present.items() if member.points_owed}
    return Booking(desk, book, at, present, times, lateness, balances, budget, pending, own, owed)


def _asking_since(book: ReignBook, baskets: Sequence[Basket]) -> dict[UUID, datetime]:
    """The first purchase of each member of whom a pack asks what was done lately."""
    since: dict[UUID, datetime] = {}
    for basket in baskets:
        member_id, when = basket.member_id, basket.occurred_at
        if member_id is None:
            continue
        if book.packs.tiers_read_recent or book.packs.at(basket.store_id, when).reads_recent:
            since[member_id] = min(when, since.get(member_id, when))
    return since


def _reached(member: LockedMember) -> datetime:
    standing = member.standing
    return max(standing.advanced_to, standing.window_as_of)


def _record(booking: Booking, item: Fresh) -> Recorded:
    """Let one purchase happen in memory, and note the row to write."""
    purchase_id = item.purchase_id
    happened = happen(booking, item.basket, item.lines, purchase_id)
    sale, time = happened.sale, happened.time
    booking.rows.append(
        NewRow(
            id=purchase_id,
            basket=item.basket,
            body_hash=item.body_hash,
            seq=time.standing.last_seq if time is not None else None,
            sales_minor=sale.sales_minor,
            list_minor=sale.list_minor,
            points=happened.points,
            flags=happened.flags,
            lines=item.lines.decode(),
            evaluation=happened.evaluation_text,
            receipt=happened.receipt_text,
        )
    )
    return Recorded(purchase_id, happened.receipt_text, happened.evaluation_text, replayed=False)


@dataclass(frozen=True, slots=True)
class Happened:
    """What a purchase came to."""

    sale: Sale
    time: MemberTime | None
    points: int
    flags: tuple[str, ...]
    evaluation_text: str
    receipt_text: str


def happen(booking: Booking, basket: Basket, lines: bytes, purchase_id: UUID) -> Happened:
    """Let one purchase happen in memory: its member's time, its reading, its booking.

    Args:
        booking: the batch; gains what is to be written of ledger, lifecycle and outbox.
        basket: what was bought; its member, if any, is locked.
        lines: the basket's `lines_json`.
    """
    desk = booking.desk
    packs = booking.book.packs.at(basket.store_id, basket.occurred_at)
    sale = Sale(
        site=desk.places.store(basket.store_id),
        occurred_at=basket.occurred_at,
        channel=basket.channel,
        lines=basket.lines,
        lines_text=lines,
        sales_minor=basket.sales_minor,
        list_minor=basket.list_minor,
        own=own_facts(desk, booking.own, basket, packs),
    )
    time, late, tags = _member_of(booking, basket)
    expired = len(time.expiries) if time is not None else 0
    if time is not None and late is None:
        time.advance(basket.occurred_at)
    within = limits.within(booking.budget, basket, sale.site, booking.cause) if packs.limits else None
    reading = evaluation.read(packs, evaluation.facts_for(time, tags, sale, late, packs), sale, within)
    if within is not None and reading.takings is not None:
        limits.book_takings(booking.budget, within, packs.limits, reading.takings, booking.cause, purchase_id)
    flags = _flags(basket, reading, late)
    owed = booking.owed.get(basket.member_id, 0) if basket.member_id is not None else 0
    events = _count(booking, basket, time, sale, reading, late, purchase_id) if time is not None else []
    for expiry in time.expiries[expired:] if time is not None else ():
        booking.balances[expiry.member_id] -= expiry.points
    noted = Noted.of(time, tags, basket.occurred_at, booking.at)
    balance, pending = _owned(booking, time, basket.occurred_at)
    debt = Debt(owed, booking.owed[time.standing.member_id]) if owed and time is not None else None
    return Happened(
        sale=sale,
        time=time,
        points=reading.evaluation.points if time is not None else 0,
        flags=flags,
        evaluation_text=_text(receipt.evaluation_record(packs, reading, sale, late, noted)),
        receipt_text=_text(receipt.receipt_of(sale, reading, time, balance, events, flags, pending, debt)),
    )


def _owned(booking: Booking, time: MemberTime | None, at: datetime) -> tuple[int, int]:
    """A member's points after a purchase, and how many of them are pending by the time told of the member."""
    if time is None:
        return 0, 0
    member_id = time.standing.member_id
    reached = max(at, time.standing.advanced_to, time.window.as_of)
    return booking.balances[member_id], pending_points(booking.pending.get(member_id, ()), reached)


def _count(
    booking: Booking,
    basket: Basket,
    time: MemberTime,
    sale: Sale,
    reading: Reading,
    late: Lateness | None,
    purchase_id: UUID,
) -> list[LifecycleEvent]:
    """Book a member's purchase: points, standing, and word to the workflow."""
    lots = _earn(booking, basket, reading, purchase_id)
    events = evaluation.settle(time, sale, reading, lots, late)
    booking.caused_by.update(((event.member_id, event.event_no), purchase_id) for event in events)
    if reading.evaluation.asked:
        booking.asked.take(time, reading.evaluation.asked, basket, purchase_id, booking.at)
    standing = time.standing
    booking.changes.append(
        Change(
            standing.member_id,
            standing.last_seq,
            len(time.events),
            standing.next_due_at,
            bulk=booking.desk.bulk,
        )
    )
    return events


def _text(document: Mapping[str, object]) -> str:
    return orjson.dumps(document).decode()


def _member_of(
    booking: Booking, basket: Basket
) -> tuple[MemberTime | None, Lateness | None, tuple[str, ...]]:
    if basket.member_id is None:
        return None, None, ()
    time = booking.times[basket.member_id]
    passed = max(time.standing.advanced_to, time.window.as_of)
    late = None
    if basket.occurred_at < passed:
        known = booking.lateness[basket.member_id]
        history = sorted([*known.history, *time.events], key=lambda e: (e.effective_at, e.event_no))
        late = Lateness(history, passed)
    return time, late, time.tags.at(basket.occurred_at)


def _flags(basket: Basket, reading: Reading, late: Lateness | None) -> tuple[str, ...]:
    flags = list(basket.flags)
    if reading.differs:
        flags.append("discount_differs")
    if reading.takings is not None and reading.takings.over:
        flags.append("over_budget")
    if late is not None:
        flags.append("late")
    if any(outcome.error for outcome in reading.evaluation.outcomes):
        flags.append("recompute")  # it gave nothing: what it should have given is for later
    return tuple(flags)


def _earn(booking: Booking, basket: Basket, reading: Reading, purchase_id: UUID) -> Sequence[Lot]:
    """Book what a purchase earns; a member in debt pays with it first. Returns: the lots that are left."""
    awards = [award for award in reading.evaluation.awards if award.points > 0]
    if not awards or basket.member_id is None:
        return ()
    new_id = booking.desk.new_id
    entry = earn_entry(
        new_id(), iter(new_id, None), purchase_id, basket.member_id, basket.occurred_at, awards
    )
    booking.entries.append(entry)
    lots = _repay(booking, entry) if booking.owed.get(basket.member_id) else entry.lots
    booking.balances[basket.member_id] += sum(lot.amount for lot in lots)
    later = earned_pending(lots, basket.occurred_at)
    if later:
        booking.pending.setdefault(basket.member_id, []).extend(later)
    return lots


def _repay(booking: Booking, earned: LedgerEntry) -> Sequence[Lot]:
    payment, left = repay_entry(booking.desk.new_id(), earned, booking.owed[earned.member_id])
    booking.entries.append(payment)
    booking.owed[earned.member_id] -= sum(posting.amount for posting in payment.postings)
    return left


async def _write(session: AsyncSession, booking: Booking) -> None:
    await write_booking(session, booking, repository.written(booking.rows, booking.at))


async def write_booking(session: AsyncSession, booking: Booking, purchases: Sequence[Write] = ()) -> None:
    """Write what a batch did to ledger and members, and announce it; with it, the purchases' own rows."""
    at = booking.at
    times, expiries = lifecycle.times_written(booking.locked, booking.times.values(), at, booking.caused_by)
    writes = [*purchases, *ledger.posted(booking.entries, at), *times, *outbox.announced(booking.changes, at)]
    await write_together(session, writes)
    await ledger.post_relations(session, booking.entries)
    await ledger.post(session, expiries, at)
    await write_budget(session, booking.budget, booking.at)
    await booking.asked.write(session, booking.at)
