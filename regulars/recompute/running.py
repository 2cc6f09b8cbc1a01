"""Giving members what a failed rule kept from them: batch after batch, each purchase once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.service import Budget, open_budget, write_budget
from regulars.explanation.shelf import Shelf
from regulars.explanation.stored import StoredPurchase
from regulars.ledger import service as ledger
from regulars.ledger.domain import LedgerEntry, Lot, earn_entry, repay_entry, reverse_entry
from regulars.lifecycle import repository as standings
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import changed, next_due
from regulars.lifecycle.reigns import ReignBook
from regulars.lifecycle.repository import LockedMember, event_id
from regulars.organisation.places import Places
from regulars.outbox import service as outbox
from regulars.outbox.domain import Change
from regulars.recompute import repository
from regulars.recompute.bounds import get_points_alone
from regulars.recompute.dates import Redating
from regulars.recompute.domain import (
    SETTLED,
    Approved,
    Flagged,
    Reckoned,
    RecomputeState,
    name_of,
    needs_second,
    said_reason,
)
from regulars.recompute.reckoning import occasion_of
from regulars.recompute.releases import Releases, released
from regulars.recompute.repository import NewRow, Wanted
from regulars.recompute.service import Previewed, PreviewPage, given_alone, list_flagged, with_records
from regulars.recompute.weighing import Scales, Weighed, occasions_of, open_books
from regulars.rules.live import LivePacks
from regulars.security import audit
from regulars.security.actor import Actor
from regulars.undoing.tiers import KIND, corrected

_MOMENT: Final = timedelta(microseconds=1)
PURCHASES_TOGETHER: Final = 50
"""In one transaction; tills wait for the locks of their members meanwhile."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a process recomputes with.

    Attributes:
        packs: what is live; of the process.
        shelf: pack versions as far as they are known.
        places: refreshed.
        new_id: draws the ids of lots.
    """

    packs: LivePacks
    shelf: Shelf
    places: Places
    new_id: Callable[[], UUID]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be recomputed.

    Attributes:
        wanted: which purchases.
        versions: mended versions; none: those that were live then.
        reason: the words of who orders it.
        listed: what each purchase may get at most, where there is a list; None: whatever is due.
        approved_by: who else has approved that list; None where one person acts alone.
    """

    wanted: Wanted
    versions: tuple[str, ...]
    reason: str
    listed: Mapping[UUID, Approved] | None = None
    approved_by: str | None = None


@dataclass(slots=True)
class _Batch:
    """The purchases of one transaction, under lock, and what is to be written for them.

    Attributes:
        alone: points that the actor has given lately without anybody else; `points_alone`: how many
            the chain lets one person give.
        decided_by: (member, event) → the purchase that decided it.
    """

    means: Means
    order: Order
    actor: Actor
    at: datetime
    locked: Mapping[UUID, LockedMember]
    times: Mapping[UUID, MemberTime]
    budget: Budget
    owed: dict[UUID, int]
    scales: Scales
    alone: int
    points_alone: int
    entries: list[LedgerEntry] = field(default_factory=list)
    rows: list[NewRow] = field(default_factory=list)
    decided_by: dict[tuple[UUID, int], UUID] = field(default_factory=dict)


def entry_id(flagged: Flagged) -> UUID:
    """The id and cause of the entry that mends a purchase: drawn twice it is the same."""
    return uuid5(flagged.purchase_id, f"recompute:{flagged.cause}")


async def recompute_batch(
    session: AsyncSession,
    means: Means,
    order: Order,
    actor: Actor,
    at: datetime,
    *,
    after: UUID | None = None,
    limit: int = PURCHASES_TOGETHER,
) -> PreviewPage:
    """Give the members of the next flagged purchases what these should have given.

    Args:
        session: in a transaction that has itself changed neither packs nor places.
        means: what with.
        order: which purchases, by which versions, and why.
        actor: who does it; the audit says so.
        at: aware UTC, now.
        after: the last id of the batch before; None begins anew, and finds what is still open.
        limit: at most so many purchases.
    Returns: what was done, and where the next batch begins. What fails again, may not be used there, takes
        somebody else's approval or is not what was approved stays open. A purchase that was dealt with is
        not met again.
    Raises: RecomputeVersionUnfit, RecomputeReasonMissing, RecordUnreadable; what the database says where
        somebody is in the way: nothing is then written, and it may be tried again.
    Source: docs/recompute.md.
    """
    order = replace(order, reason=said_reason(order.reason))
    mended = await released(session, order.versions)
    if order.approved_by is None:
        await repository.one_at_a_time(session, name_of(actor))
    page = await list_flagged(session, order.wanted, after=after, limit=limit)
    members = sorted({each.member_id for each in page.items if each.member_id is not None})
    locked = await standings.lock(session, members) if members else {}
    await repository.lock(session, [each.purchase_id for each in page.items])
    ids = tuple(each.purchase_id for each in page.items)
    open_still = await list_flagged(session, replace(order.wanted, purchase_ids=ids), limit=limit)
    # Whom a purchase was given to meanwhile is not locked: it is met in the next run.
    at_hand = [each for each in open_still.items if each.member_id is None or each.member_id in locked]
    work = await with_records(session, at_hand)
    batch = await _begin(session, means, order, actor, at, locked, mended, work)
    done = [await _one(session, batch, flagged, stored) for flagged, stored in work]
    await _write(session, batch)
    return PreviewPage(done, page.next_after)


async def _begin(
    session: AsyncSession,
    means: Means,
    order: Order,
    actor: Actor,
    at: datetime,
    locked: Mapping[UUID, LockedMember],
    mended: Releases,
    work: Sequence[tuple[Flagged, StoredPurchase]],
) -> _Batch:
    """Members whose time has something due get that decided first; then the counters, for all at once."""
    book = ReignBook(await means.packs.refresh(session), means.places)
    times = await lifecycle.load_times(session, locked, dict.fromkeys(locked, at), book, means.places)
    for time in times.values():
        due = _next_due(time)
        if due is not None and due <= at:  # no further: what a till has still to send would be late
            time.advance(at)
    bought = [stored for _, stored in work]
    occasions = await occasions_of(session, means.shelf, means.places, mended, bought)
    budget = await open_budget(session, occasions, at)
    books = await open_books(session, bought, mended, at)
    for time in times.values():
        books.hear(time)
    scales = Scales(means.shelf, means.places, mended, budget.meter, books)
    alone = await given_alone(session, actor, at) if order.approved_by is None else 0
    owed = {member_id: member.points_owed for member_id, member in locked.items() if member.points_owed}
    bound = await get_points_alone(session)
    return _Batch(means, order, actor, at, locked, times, budget, owed, scales, alone, bound)


async def _one(session: AsyncSession, batch: _Batch, flagged: Flagged, stored: StoredPurchase) -> Previewed:
    """Weigh one purchase; what it does counts before the next is weighed."""
    time = batch.times.get(stored.member_id) if stored.member_id is not None else None
    weighed = await batch.scales.weigh(
        session, stored, time.standing if time is not None else None, _reached(batch, time)
    )
    told = weighed.told
    if told.state == "due" or (told.state == "nothing" and told.dropped):
        told = replace(told, state=_allowed(batch, told, stored.id))
    if told.state not in SETTLED:
        return Previewed(flagged, told)
    row = _row(batch, flagged, told)
    if told.state == "due" and time is not None:
        row = _due(batch, flagged, stored, weighed, time, row)
    batch.rows.append(row)
    await _note(session, batch, stored, told)
    return Previewed(flagged, told)


def _allowed(batch: _Batch, told: Reckoned, purchase_id: UUID) -> RecomputeState:
    """Its state, where it may be done: as it stands on the list, and as far as one person may alone."""
    order = batch.order
    if order.listed is not None:
        most = order.listed.get(purchase_id)
        if most is None or not most.covers(told):
            return "differs"
    if order.approved_by is not None:
        return told.state
    points, tiers = batch.alone + told.points, int(told.tier_to is not None)
    if needs_second(points, tiers, told.redated, len(told.dropped), points_alone=batch.points_alone):
        return "needs_second"
    batch.alone = points
    return told.state


def _due(
    batch: _Batch,
    flagged: Flagged,
    stored: StoredPurchase,
    weighed: Weighed,
    time: MemberTime,
    row: NewRow,
) -> NewRow:
    """Book points and dates, and raise the tier."""
    moved = weighed.redating
    event = _raise(batch, stored, weighed, time)
    if weighed.told.awards or moved is not None:
        entry = _entry(batch, flagged, stored, weighed)
        row = replace(row, entry_id=entry.id)
        if moved is not None:
            taken = _taken(batch, flagged, stored, moved)
            batch.entries.append(taken)
            batch.scales.books.take(entry.member_id, moved)
            row = replace(row, reversal_id=taken.id)
        _book(batch, entry, dated_anew=moved is not None)
    wall = occasion_of(stored, batch.means.places.store(stored.store_id)).wall
    batch.budget.claim("recompute", stored.id, weighed.reckoning.claims, wall)
    return replace(row, tier_event_id=event)


def _raise(batch: _Batch, stored: StoredPurchase, weighed: Weighed, time: MemberTime) -> UUID | None:
    """The event that raises the member's tier; it takes effect now, and names the purchase."""
    if weighed.decided is None or weighed.plan is None:
        return None
    # Two purchases of one list may both raise a member: no two events of a kind share an instant.
    twice = any(event.kind == KIND for event in time.events)
    at = max(batch.at, time.standing.tier_since + _MOMENT) if twice else batch.at
    reason = {"recomputed": str(stored.id), "why": batch.order.reason}
    after, event = corrected(time.standing, weighed.decided, weighed.plan, at, time.zone, reason)
    time.take(after, [event])
    time.standing = changed(time.standing, next_due_at=_next_due(time))
    batch.decided_by[after.member_id, event.event_no] = stored.id
    return event_id(after.member_id, event.event_no)


async def _note(session: AsyncSession, batch: _Batch, stored: StoredPurchase, told: Reckoned) -> None:
    after: dict[str, object] = {
        "points": stored.points + told.points,
        "versions": list(told.versions),
        "state": told.state,
    }
    if told.dropped:
        after["dropped"] = [f"{one.pack}#{one.rule}" for one in told.dropped]
    if told.redated:
        after["redated"] = told.redated
    if told.tier_to is not None:
        after["tier"] = told.tier_to
    if batch.order.approved_by is not None:
        after["approved_by"] = batch.order.approved_by
    await audit.record(
        session,
        actor_kind=batch.actor.kind,
        actor_id=batch.actor.id,
        action="purchase.recomputed",
        subject_kind="purchase",
        subject_id=str(stored.id),
        at=batch.at,
        place_id=stored.store_id,
        before={"points": stored.points},
        after=after,
        reason=batch.order.reason,
    )


def _reached(batch: _Batch, time: MemberTime | None) -> datetime:
    """When it is booked, or how far its member's time was decided, if further."""
    return batch.at if time is None else max(batch.at, time.standing.advanced_to, time.window.as_of)


def _entry(batch: _Batch, flagged: Flagged, stored: StoredPurchase, weighed: Weighed) -> LedgerEntry:
    """Points that are earned now, in lots dated by the purchase."""
    assert stored.member_id is not None
    made = entry_id(flagged)
    lot_ids = iter(batch.means.new_id, None)
    awards = [*weighed.told.awards, *(weighed.redating.awards if weighed.redating else ())]
    entry = earn_entry(made, lot_ids, made, stored.member_id, batch.at, awards)
    return replace(entry, kind="correct")


def _taken(batch: _Batch, flagged: Flagged, stored: StoredPurchase, moved: Redating) -> LedgerEntry:
    """Points that leave their lots, to be given with other dates in the same transaction."""
    assert stored.member_id is not None
    made = uuid5(entry_id(flagged), "dates")
    return reverse_entry(
        made, made, stored.member_id, batch.at, moved.original_id, moved.taken, moved.consumptions
    )


def _book(batch: _Batch, entry: LedgerEntry, *, dated_anew: bool) -> None:
    """Post what is added; a member in debt pays with it first."""
    batch.entries.append(entry)
    lots: Sequence[Lot] = entry.lots
    owed = batch.owed.get(entry.member_id, 0)
    if owed:
        payment, lots = repay_entry(batch.means.new_id(), entry, owed)
        batch.entries.append(payment)
        batch.owed[entry.member_id] -= sum(posting.amount for posting in payment.postings)
    books = batch.scales.books
    books.give(entry.member_id, lots)
    time = batch.times[entry.member_id]
    dates = [time.standing.next_expiry_at, *(lot.expires_at for lot in lots)]
    if dated_anew:  # what expired next may lie elsewhere now
        dates = [lot.expires_at for lot in books.lots[entry.member_id].values() if lot.remaining]
    soonest = min((date for date in dates if date is not None), default=None)
    time.standing = changed(time.standing, next_expiry_at=soonest)
    time.standing = changed(time.standing, next_due_at=_next_due(time))


def _row(batch: _Batch, flagged: Flagged, told: Reckoned) -> NewRow:
    outcome = {
        "state": told.state,
        "awards": [{"pack": a.pack_version, "rule": a.rule_id, "points": a.points} for a in told.awards],
        "offered_minor": told.offered_minor,
        "offered_before_minor": told.offered_before_minor,
        "tier": told.tier,
        "tier_from": told.tier_from,
        "tier_to": told.tier_to,
        **({"dropped": [f"{one.pack}#{one.rule}" for one in told.dropped]} if told.dropped else {}),
    }
    return NewRow(
        purchase_id=flagged.purchase_id,
        cause=flagged.cause,
        member_id=flagged.member_id,
        points=told.points,
        entry_id=None,
        versions=told.versions,
        outcome=orjson.dumps(outcome).decode(),
        reason=batch.order.reason,
        actor=name_of(batch.actor),
        redated=told.redated,
        approved_by=batch.order.approved_by,
    )


async def _write(session: AsyncSession, batch: _Batch) -> None:
    at = batch.at
    await ledger.post(session, batch.entries, at)
    touched = {entry.member_id for entry in batch.entries}
    await lifecycle.write_times(session, batch.locked, batch.times.values(), at, batch.decided_by)
    changes = [
        Change(member_id, time.standing.last_seq, len(time.events), time.standing.next_due_at)
        for member_id, time in batch.times.items()
        if member_id in touched or time.events
    ]
    await outbox.announce(session, changes, at)
    await write_budget(session, batch.budget, at)
    if batch.rows:
        await repository.write(session, batch.rows, at)


def _next_due(time: MemberTime) -> datetime | None:
    return next_due(time.standing, time.reigns(time.standing.advanced_to).plan)
