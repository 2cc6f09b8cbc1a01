"""Giving members what a failed rule kept from them: batch after batch, each purchase once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.counters import Occasion
from regulars.budgets.service import Budget, open_budget, write_budget
from regulars.explanation.shelf import Shelf
from regulars.explanation.stored import StoredPurchase
from regulars.ledger import service as ledger
from regulars.ledger.domain import LedgerEntry, Lot, earn_entry, repay_entry
from regulars.lifecycle import repository as standings
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import changed, next_due
from regulars.lifecycle.reigns import ReignBook
from regulars.lifecycle.repository import LockedMember
from regulars.organisation.places import Places
from regulars.outbox import service as outbox
from regulars.outbox.domain import Change
from regulars.recompute import repository
from regulars.recompute.domain import REASON_MAX, REASON_MIN, SETTLED, Flagged, Reckoned
from regulars.recompute.errors import RecomputeReasonMissing
from regulars.recompute.reckoning import bearing_limits, occasion_of, reckon
from regulars.recompute.releases import Releases, released
from regulars.recompute.repository import NewRow, Wanted
from regulars.recompute.service import Previewed, PreviewPage, list_flagged, shelved_for, with_records
from regulars.rules.domain import Limit
from regulars.rules.live import LivePacks
from regulars.security import audit
from regulars.security.actor import Actor

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
    """

    wanted: Wanted
    versions: tuple[str, ...]
    reason: str


@dataclass(slots=True)
class _Batch:
    """The purchases of one transaction, under lock, and what is to be written for them."""

    means: Means
    order: Order
    actor: Actor
    at: datetime
    locked: Mapping[UUID, LockedMember]
    times: Mapping[UUID, MemberTime]
    budget: Budget
    owed: dict[UUID, int]
    entries: list[LedgerEntry] = field(default_factory=list)
    rows: list[NewRow] = field(default_factory=list)


def said_reason(reason: str) -> str:
    """The reason without surrounding blanks. Raises: RecomputeReasonMissing."""
    clean = reason.strip()
    if not REASON_MIN <= len(clean) <= REASON_MAX:
        raise RecomputeReasonMissing(REASON_MAX)
    return clean


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
    Returns: what was done, and where the next batch begins. What fails again, or may not be used there,
        stays open. A purchase that was dealt with is not met again.
    Raises: RecomputeVersionUnfit, RecomputeReasonMissing, RecordUnreadable; what the database says where
        somebody is in the way: nothing is then written, and it may be tried again.
    Source: docs/recompute.md.
    """
    order = replace(order, reason=said_reason(order.reason))
    mended = await released(session, order.versions)
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
    done = [await _one(session, batch, mended, flagged, stored) for flagged, stored in work]
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
    occasions: list[tuple[Sequence[Limit], Occasion]] = []
    for _, stored in work:
        site = means.places.store(stored.store_id)
        shelved = await shelved_for(session, means.shelf, mended, stored)
        occasions.append((bearing_limits(stored, shelved, site), occasion_of(stored, site)))
    budget = await open_budget(session, occasions, at)
    owed = {member_id: member.points_owed for member_id, member in locked.items() if member.points_owed}
    return _Batch(means, order, actor, at, locked, times, budget, owed)


async def _one(
    session: AsyncSession, batch: _Batch, mended: Releases, flagged: Flagged, stored: StoredPurchase
) -> Previewed:
    """Reckon one purchase; its claims count before the next is reckoned."""
    means, at = batch.means, batch.at
    site = means.places.store(stored.store_id)
    shelved = await shelved_for(session, means.shelf, mended, stored)
    found = reckon(stored, shelved, site, batch.budget.meter, _reached(batch, stored))
    found = await mended.within_rights(session, found, stored, means.places.get(stored.store_id).path)
    told = found.reckoned
    if told.state not in SETTLED:
        return Previewed(flagged, told)
    entry = _entry(batch, flagged, stored, told) if told.awards else None
    if entry is not None:
        _book(batch, entry)
        wall = occasion_of(stored, site).wall
        batch.budget.claim("recompute", stored.id, found.claims, wall)
    batch.rows.append(_row(batch, flagged, told, entry))
    await audit.record(
        session,
        actor_kind=batch.actor.kind,
        actor_id=batch.actor.id,
        action="purchase.recomputed",
        subject_kind="purchase",
        subject_id=str(stored.id),
        at=at,
        place_id=stored.store_id,
        before={"points": stored.points},
        after={"points": stored.points + told.points, "versions": list(told.versions), "state": told.state},
        reason=batch.order.reason,
    )
    return Previewed(flagged, told)


def _reached(batch: _Batch, stored: StoredPurchase) -> datetime:
    """When it is booked, or how far its member's time was decided, if further."""
    time = batch.times.get(stored.member_id) if stored.member_id is not None else None
    return batch.at if time is None else max(batch.at, time.standing.advanced_to, time.window.as_of)


def _entry(batch: _Batch, flagged: Flagged, stored: StoredPurchase, told: Reckoned) -> LedgerEntry:
    """Points that are earned now, in lots dated by the purchase."""
    assert stored.member_id is not None
    made = entry_id(flagged)
    lot_ids = iter(batch.means.new_id, None)
    entry = earn_entry(made, lot_ids, made, stored.member_id, batch.at, told.awards)
    return replace(entry, kind="correct")


def _book(batch: _Batch, entry: LedgerEntry) -> None:
    """Post what is added; a member in debt pays with it first."""
    batch.entries.append(entry)
    lots: Sequence[Lot] = entry.lots
    owed = batch.owed.get(entry.member_id, 0)
    if owed:
        payment, lots = repay_entry(batch.means.new_id(), entry, owed)
        batch.entries.append(payment)
        batch.owed[entry.member_id] -= sum(posting.amount for posting in payment.postings)
    time = batch.times[entry.member_id]
    dates = [time.standing.next_expiry_at, *(lot.expires_at for lot in lots)]
    soonest = min((date for date in dates if date is not None), default=None)
    time.standing = changed(time.standing, next_expiry_at=soonest)
    time.standing = changed(time.standing, next_due_at=_next_due(time))


def _row(batch: _Batch, flagged: Flagged, told: Reckoned, entry: LedgerEntry | None) -> NewRow:
    outcome = {
        "state": told.state,
        "awards": [{"pack": a.pack_version, "rule": a.rule_id, "points": a.points} for a in told.awards],
        "offered_minor": told.offered_minor,
        "offered_before_minor": told.offered_before_minor,
        "tier": told.tier,
    }
    return NewRow(
        purchase_id=flagged.purchase_id,
        cause=flagged.cause,
        member_id=flagged.member_id,
        points=told.points,
        entry_id=entry.id if entry is not None else None,
        versions=told.versions,
        outcome=orjson.dumps(outcome).decode(),
        reason=batch.order.reason,
        actor=f"{batch.actor.kind}:{batch.actor.id}",
    )


async def _write(session: AsyncSession, batch: _Batch) -> None:
    at = batch.at
    await ledger.post(session, batch.entries, at)
    touched = {entry.member_id for entry in batch.entries}
    await lifecycle.write_times(session, batch.locked, batch.times.values(), at, {})
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
