"""Carrying an undo order out: batch after batch of members, each under its lock, nothing twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.ledger import service as ledger
from regulars.ledger.domain import LedgerEntry, OpenPointsLot, reverse_entry
from regulars.lifecycle import repository as standings
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import changed, next_due
from regulars.lifecycle.reigns import ReignBook
from regulars.lifecycle.repository import LockedMember, event_id
from regulars.organisation.places import Places
from regulars.outbox import service as outbox
from regulars.outbox.domain import Change
from regulars.rules.live import LivePacks
from regulars.security.scope import EVERYWHERE
from regulars.undoing import repository
from regulars.undoing.came_after import came_after
from regulars.undoing.correcting import points_of
from regulars.undoing.correction_finder import VERSION_AND_RULE
from regulars.undoing.correction_repository import posted_for
from regulars.undoing.domain import Item, RulePoints, Taking, Undo, by_rule, takings
from regulars.undoing.giving import Gift, gifts, new_entry_id, with_gifts
from regulars.undoing.keeping import BY_WORKFLOW, ended, keep, locked, reach_of
from regulars.undoing.putting_back import put_back
from regulars.undoing.tier_finder import TierFinder
from regulars.undoing.tiers import corrected

COUNTS: Final = (
    *("points_taken", "points_owed", "points_given", "tiers_moved", "tags_changed", "stages_moved"),
    *("messages_withdrawn", "differences", "came_after"),
)
MEMBERS_TOGETHER: Final = 50
"""In one transaction; tills wait for its members' locks meanwhile."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The members of one transaction, under lock and advanced as far as is due."""

    undo: Undo
    at: datetime
    locked: Mapping[UUID, LockedMember]
    times: Mapping[UUID, MemberTime]


async def undo_batch(
    session: AsyncSession,
    packs: LivePacks,
    places: Places,
    undo_id: UUID,
    at: datetime,
    members_together: int = MEMBERS_TOGETHER,
) -> Undo:
    """Take back what is due of the next members of an order.

    Args:
        session: in a transaction that has itself changed neither packs nor places.
        packs, places: the process's; places as they are now.
        undo_id: approved or running; any other is left as it is.
        at: aware UTC, now.
        members_together: at most so many.
    Returns: the order with its progress; finished once nobody is left.
    Raises: UnknownUndo; what the database says where somebody else's lock is in the way: nothing is then
        done, and it may be tried again.
    Source: docs/undoing.md, "How it is carried out"; docs/semantics.md, "The purchase transaction".
    """
    undo = await locked(session, undo_id, EVERYWHERE)
    if undo.state not in ("approved", "running"):
        return undo
    running = replace(undo, state="running", started_at=undo.started_at or at)
    member_ids = await repository.next_members(session, undo_id, undo.done_after, members_together)
    if not member_ids:
        about_tiers = await TierFinder.of(session, undo) is not None
        later = await came_after(session, undo, reach_of(undo, places), tiers=about_tiers)
        finished = replace(ended(running, "finished", at), came_after=later)
        details = {name: getattr(finished, name) for name in COUNTS}
        return await keep(session, undo, finished, "undo.finish", BY_WORKFLOW, at, details=details)
    items = await repository.items_of(session, undo_id, member_ids)
    batch = await _begin(session, packs, places, running, member_ids, at)
    before, to_give = await _done_before(session, undo, items)
    owed = {member_id: member.points_owed for member_id, member in batch.locked.items()}
    found = gifts(undo.id, items, to_give, owed, at)
    lots = with_gifts(await ledger.points_lots(session, list(batch.locked), at), found)
    taken = _taken(running, items, before, lots, at)
    given = {gift.item.entry_id: gift for gift in found}
    tiers = await _move_tiers(session, batch, items, places)
    reach = reach_of(undo, places)
    aside = await put_back(session, undo, reach, batch.times, items, at)
    moves = tiers | aside.made
    await _write(session, batch, taken, given, moves, before, lots)
    progressed = replace(
        running,
        members_done=running.members_done + len(member_ids),
        points_taken=running.points_taken + sum(each.taken for each in taken),
        points_owed=running.points_owed + sum(each.owed for each in taken),
        points_given=running.points_given + sum(gift.points for gift in found),
        tiers_moved=running.tiers_moved + len(tiers),
        tags_changed=running.tags_changed + aside.counts["tag"],
        stages_moved=running.stages_moved + aside.counts["stage"],
        messages_withdrawn=running.messages_withdrawn + aside.counts["message"],
        differences=running.differences + sum(_differs(each, given, moves) for each in taken),
        done_after=member_ids[-1],
    )
    if undo.state == "approved":
        return await keep(session, undo, progressed, "undo.begin", BY_WORKFLOW, at)
    await repository.save(session, progressed)
    return progressed


async def _done_before(
    session: AsyncSession, undo: Undo, items: Sequence[Item]
) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """Entry → what is no longer due; entry → what is still missing, of what is on the list."""
    if undo.to_version is None:
        entry_ids = [item.entry_id for item in items]
        return await repository.taken_before(session, undo.version_name, entry_ids), {}
    posted = await posted_for(session, undo.version_name, [item.cause_id for item in items])
    before, to_give = {}, {}
    gone: dict[UUID, int] = {}
    for item in items:
        stands = points_of(posted.get(item.cause_id, ()), item)
        fewer = gone.setdefault(item.cause_id, max(0, item.stood - stands))
        before[item.entry_id] = min(fewer, item.points)
        gone[item.cause_id] -= before[item.entry_id]
        to_give[item.entry_id] = min(max(0, item.to_give + item.stood - stands), item.to_give)
    return before, to_give


def _differs(taking: Taking, given: Mapping[UUID, Gift], moves: Mapping[UUID, UUID]) -> bool:
    item = taking.item
    gift = given.get(item.entry_id)
    points = gift.points if gift is not None else 0
    moved = item.entry_id in moves
    return moved != item.to_change or (taking.taken, points) != (item.takes, item.to_give)


async def _move_tiers(
    session: AsyncSession, batch: Batch, items: Sequence[Item], places: Places
) -> dict[UUID, UUID]:
    """Event that decided last → the one that corrects it, where that is decided as when the list was made."""
    finder = await TierFinder.of(session, batch.undo) if any(item.tier_to for item in items) else None
    if finder is None:
        return {}
    members = {member_id: time.standing for member_id, time in batch.times.items()}
    found = await finder.decided(session, members, batch.at)
    reason = {"corrects": batch.undo.version_name, "undo": str(batch.undo.id)}
    moves = {}
    for item in items:
        standing = members[item.member_id]
        if any(event.tier_to for event in batch.times[item.member_id].events):
            continue  # time has decided it in this moment
        word, decided = found.get(item.member_id, (None, None))
        if word is None or decided is None or word.event_id != item.entry_id:
            continue
        if (standing.tier, decided.tier) != (item.tier_from, item.tier_to):
            continue
        zone = places.store(standing.home_store_id).zone
        after, event = corrected(standing, decided, finder.plan, batch.at, zone, reason)
        batch.times[item.member_id].take(after, [event])
        moves[item.entry_id] = event_id(item.member_id, event.event_no)
    return moves


async def _begin(
    session: AsyncSession,
    packs: LivePacks,
    places: Places,
    undo: Undo,
    member_ids: Sequence[UUID],
    at: datetime,
) -> Batch:
    """Lock the members; whose time has something due gets that decided first, as a purchase would."""
    members = await standings.lock(session, member_ids)
    book = ReignBook(await packs.refresh(session), places)
    times = await lifecycle.load_times(session, members, dict.fromkeys(members, at), book, places)
    for time in times.values():
        due = _next_due(time)
        if (
            due is not None and due <= at
        ):  # no further than needed: what a till has still to send would be late
            time.advance(at)
    return Batch(undo, at, members, times)


def _next_due(time: MemberTime) -> datetime | None:
    return next_due(time.standing, time.reigns(time.standing.advanced_to).plan)


def _taken(
    undo: Undo,
    items: Sequence[Item],
    before: Mapping[UUID, int],
    lots: Mapping[UUID, Sequence[OpenPointsLot]],
    at: datetime,
) -> list[Taking]:
    by_member: dict[UUID, list[Item]] = {}
    for item in items:
        by_member.setdefault(item.member_id, []).append(item)
    return [
        taking
        for member_id, theirs in by_member.items()
        for taking in takings(theirs, before, lots.get(member_id, ()), undo.policy, at)
    ]


async def _write(
    session: AsyncSession,
    batch: Batch,
    taken: Sequence[Taking],
    given: Mapping[UUID, Gift],
    moves: Mapping[UUID, UUID],
    before: Mapping[UUID, int],
    lots: Mapping[UUID, Sequence[OpenPointsLot]],
) -> None:
    undo, at = batch.undo, batch.at
    done = [each for each in taken if each.taken or each.owed]
    entries = [_entry(undo, each, before.get(each.item.entry_id, 0), at) for each in done]
    used: dict[UUID, int] = {}
    for entry in entries:  # what gifts pay of debts is not in `lots` any more
        for consumption in entry.consumptions:
            used[consumption.lot_id] = used.get(consumption.lot_id, 0) + consumption.amount
    entries += [entry for gift in given.values() for entry in gift.entries]
    await ledger.post(session, entries, at)
    for member_id, time in batch.times.items():
        _settle(time, lots.get(member_id, ()), used)
    await lifecycle.write_times(session, batch.locked, batch.times.values(), at, {})
    touched = {entry.member_id for entry in entries}
    changes = [
        Change(member_id, time.standing.last_seq, len(time.events), time.standing.next_due_at)
        for member_id, time in batch.times.items()
        if member_id in touched or time.events
    ]
    await outbox.announce(session, changes, at)
    results = [_result(undo, each, given.get(each.item.entry_id), moves) for each in taken]
    await repository.write_results(session, undo, results, at)


def _result(
    undo: Undo, taking: Taking, gift: Gift | None, moves: Mapping[UUID, UUID]
) -> tuple[UUID, int, int, int, int, bool, UUID | None]:
    entry_id, points = taking.item.entry_id, gift.points if gift is not None else 0
    made = new_entry_id(undo.id, entry_id) if taking.taken or taking.owed or points else moves.get(entry_id)
    return entry_id, taking.due, taking.taken, taking.owed, points, entry_id in moves, made


def _entry(undo: Undo, taking: Taking, skipped: int, at: datetime) -> LedgerEntry:
    item = taking.item
    made = new_entry_id(undo.id, item.entry_id)
    rules = _named(undo, by_rule(item.rules, skipped, taking.taken))
    owed = _named(undo, by_rule(item.rules, skipped + taking.taken, taking.owed))
    return reverse_entry(made, made, item.member_id, at, item.entry_id, rules, taking.consumptions, owed)


def _named(undo: Undo, rules: Sequence[RulePoints]) -> list[tuple[str, str, int]]:
    """With the version: a correction names it with each rule."""
    parts = [(*name.rpartition(VERSION_AND_RULE), points) for name, points in rules]
    return [(version or undo.version_name, rule_id, points) for version, _, rule_id, points in parts]


def _settle(time: MemberTime, lots: Sequence[OpenPointsLot], used: Mapping[UUID, int]) -> None:
    """What is left decides when the next points expire, and so when the member next falls due."""
    left = [lot.expires_at for lot in lots if lot.remaining > used.get(lot.id, 0)]
    soonest = min((expires_at for expires_at in left if expires_at is not None), default=None)
    time.standing = changed(time.standing, next_expiry_at=soonest)
    time.standing = changed(time.standing, next_due_at=_next_due(time))
