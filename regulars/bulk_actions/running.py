"""Carrying a bulk action out: batch after batch of its frozen list, each item once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol, cast
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.bulk_actions import repository
from regulars.bulk_actions.domain import AT_WORK, BY_WORKFLOW_HAND, BulkAction, Item, Outcome
from regulars.bulk_actions.service import get_action, keep
from regulars.db.session import Database
from regulars.explanation.shelf import Shelf
from regulars.kernel.errors import RegularsError
from regulars.lifecycle import freezing
from regulars.lifecycle import repository as standings
from regulars.lifecycle.errors import AlreadyFrozen, NotFrozen
from regulars.organisation.places import Places
from regulars.outbox import service as outbox
from regulars.outbox.domain import Change
from regulars.recompute.domain import Approved
from regulars.recompute.repository import Wanted
from regulars.recompute.running import Means as RecomputeMeans
from regulars.recompute.running import Order, recompute_batch
from regulars.rules.live import LivePacks
from regulars.security.actor import Actor
from regulars.security.domain import ActorKind
from regulars.security.scope import EVERYWHERE, Scope

TOGETHER: Final = 20
"""Items of one batch; tills wait for its members' locks meanwhile."""

Done = tuple[int, Outcome, str, int]
"""Number on the list, what became of it, code of the error, points."""


class Hands(Protocol):
    """Who can reach into members' workflows; doing a thing twice does no harm.

    What it cannot do just now it says by raising anything but a `RegularsError`: it is tried again.
    """

    async def retry(self, member_id: UUID) -> Outcome:
        """Have what hangs or fails tried at once."""

    async def restart(self, member_id: UUID) -> Outcome:
        """End a member's workflow and begin another, which reads the member from the database."""


@dataclass(frozen=True, slots=True)
class Means:
    """What bulk actions are carried out with; packs and places are the process's."""

    database: Database
    packs: LivePacks
    places: Places
    hands: Hands
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    together: int = TOGETHER


async def work_on(means: Means, action_id: UUID) -> BulkAction:
    """Do the next batch of an action; nothing where it waits for somebody or has ended.

    Args:
        means: what with.
        action_id: which.
    Returns: the action as it then stands.
    Raises: UnknownBulkAction, or what keeps Temporal or the database from answering: it may be tried again.
    """
    async with means.database.read() as session:
        action = await get_action(session, action_id, EVERYWHERE)
        await means.places.refresh(session)
        batch = await repository.next_items(session, action_id, means.together)
    if action.state not in AT_WORK:
        return action
    by_hand = [await _by_hand(means, action, item) for item in batch] if _is_by_hand(action) else []
    async with means.database.begin() as session:
        found = await repository.find(session, action_id, EVERYWHERE, for_change=True)
        assert found is not None
        if found.state not in AT_WORK:
            return found
        batch = await repository.next_items(session, action_id, means.together)
        if _is_by_hand(action):
            # Another run may have written some of them meanwhile.
            open_still = {item.no for item in batch}
            done = [one for one in by_hand if one[0] in open_still]
        else:
            done = await _in_database(session, means, found, batch)
        return await _note(session, found, done, means.now(), last=not batch)


def _is_by_hand(action: BulkAction) -> bool:
    return action.kind in BY_WORKFLOW_HAND


async def _by_hand(means: Means, action: BulkAction, item: Item) -> Done:
    hand = means.hands.retry if action.kind == "retry" else means.hands.restart
    try:
        return item.no, await hand(item.subject_id), "", 0
    except RegularsError as error:
        return item.no, "refused", error.code, 0


async def _in_database(
    session: AsyncSession, means: Means, action: BulkAction, batch: Sequence[Item]
) -> list[Done]:
    if not batch:
        return []
    if action.kind == "tell":
        return await _tell(session, batch, means.now())
    if action.kind == "recompute":
        return await _recompute(session, means, action, batch)
    return [await _freeze(session, means, action, item) for item in batch]


async def _tell(session: AsyncSession, batch: Sequence[Item], at: datetime) -> list[Done]:
    """An event is claimed, so that the workflow looks at once instead of taking the hint for old news."""
    known = await standings.peek(session, [item.subject_id for item in batch])
    news = [
        Change(member_id, member.standing.last_seq, events=1, next_due_at=member.standing.next_due_at)
        for member_id, member in known.items()
    ]
    await outbox.announce(session, news, at)
    return [(item.no, "told" if item.subject_id in known else "unchanged", "", 0) for item in batch]


async def _freeze(session: AsyncSession, means: Means, action: BulkAction, item: Item) -> Done:
    who = _orderer(means, action)
    order = freezing.Order(
        uuid5(action.id, str(item.subject_id)), item.subject_id, who.kind, who.id, who.scope, action.reason
    )
    try:
        if action.kind == "freeze":
            reason = action.freeze_reason or ""
            await freezing.freeze(session, means.packs, means.places, order, reason, means.now())
            return item.no, "frozen", "", 0
        await freezing.unfreeze(session, means.packs, means.places, order, means.now())
    except (AlreadyFrozen, NotFrozen):
        return item.no, "unchanged", "", 0
    except RegularsError as error:
        return item.no, "refused", error.code, 0
    return item.no, "unfrozen", "", 0


async def _recompute(
    session: AsyncSession, means: Means, action: BulkAction, batch: Sequence[Item]
) -> list[Done]:
    """All together; where one cannot be read, each by itself, so that it keeps none of the others back."""
    try:
        async with session.begin_nested():
            return await _recompute_together(session, means, action, batch)
    except RegularsError as error:
        if len(batch) == 1:
            return [(batch[0].no, "refused", error.code, 0)]
    return [done for item in batch for done in await _recompute(session, means, action, [item])]


async def _recompute_together(
    session: AsyncSession, means: Means, action: BulkAction, batch: Sequence[Item]
) -> list[Done]:
    who = _orderer(means, action)
    listed = {
        item.subject_id: Approved(item.points, item.tier_to, item.redated, item.dropped) for item in batch
    }
    order = Order(
        Wanted(who.scope.paths, None, tuple(listed)),
        action.versions,
        action.reason or "",
        listed,
        action.decided_by,
    )
    tools = RecomputeMeans(means.packs, Shelf(), means.places, means.new_id)
    page = await recompute_batch(session, tools, order, who, means.now(), limit=len(listed))
    told = {one.flagged.purchase_id: one.reckoned for one in page.items}
    done: list[Done] = []
    for item in batch:
        found = told.get(item.subject_id)
        if found is None or found.state in ("nothing", "no_member"):
            done.append((item.no, "unchanged", "", 0))
        elif found.state == "due":
            done.append((item.no, "given", "", found.points))
        else:
            done.append((item.no, "refused", found.state, 0))
    return done


def _orderer(means: Means, action: BulkAction) -> Actor:
    """Whoever ordered it acts, where it was ordered."""
    kind, _, name = action.ordered_by.partition(":")
    path = means.places.get(action.place_id).path
    return Actor(cast("ActorKind", kind), name, name, (), scope=Scope((path,)))


async def _note(
    session: AsyncSession, action: BulkAction, done: Sequence[Done], at: datetime, *, last: bool
) -> BulkAction:
    if done:
        await repository.write_results(session, action.id, done, at)
    unchanged = sum(outcome == "unchanged" for _, outcome, _, _ in done)
    refused = sum(outcome == "refused" for _, outcome, _, _ in done)
    after = replace(
        action,
        state="finished" if last else "running",
        started_at=action.started_at or at,
        ended_at=at if last else None,
        changed=action.changed + len(done) - unchanged - refused,
        unchanged=action.unchanged + unchanged,
        refused=action.refused + refused,
        points_given=action.points_given + sum(points for _, _, _, points in done),
    )
    if last:
        return await keep(session, action, after, "bulk_action.finish", None, at, None)
    await repository.save(session, after)
    return after
