"""Putting tags and stages of members back, and withdrawing messages, under the members' locks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.repository import event_id
from regulars.lifecycle.tag_ending import reached
from regulars.members import tag_repository
from regulars.members.tagging import CausedChange, held_until, kept
from regulars.messages import service as messages
from regulars.undoing import aside_finder, aside_repository
from regulars.undoing.asides import AsideKind, Hold, restored, tag_changes
from regulars.undoing.domain import Item, Reach, Undo


@dataclass(slots=True)
class PutBack:
    """What has been put back of a batch of members.

    Attributes:
        made: entry of an item → the change of the tag, the event, or the request that is withdrawn.
        counts: how many of each kind.
    """

    made: dict[UUID, UUID] = field(default_factory=dict)
    counts: dict[AsideKind, int] = field(default_factory=lambda: {"tag": 0, "stage": 0, "message": 0})

    def note(self, item: Item, made: UUID) -> None:
        """An item was put back."""
        if item.aside is not None:
            self.made[item.entry_id] = made
            self.counts[item.aside.kind] += 1


async def put_back(
    session: AsyncSession,
    undo: Undo,
    reach: Reach,
    times: Mapping[UUID, MemberTime],
    items: Sequence[Item],
    at: datetime,
) -> PutBack:
    """Strike what a version did to some members besides points.

    Args:
        session: holds the locks on the members.
        undo: the order.
        reach: which effects it means.
        times: the members', advanced as far as is due; stages are moved in them and not written here.
        items: of these members, on the order's list.
        at: aware UTC, now.
    Source: docs/undoing.md, "Tags, stages and messages".
    """
    found = PutBack()
    asides = [item for item in items if item.aside is not None]
    if not asides:
        return found
    batch = _Batch(session, undo, reach, times, at, found)
    await _stages(batch, _of(asides, "stage"))
    await _tags(batch, _of(asides, "tag"))
    wanted = {item.entry_id: item for item in _of(asides, "message")}
    for request_id in await messages.withdraw(session, list(wanted), undo.id, at):
        found.note(wanted[request_id], request_id)
    return found


def _of(items: Sequence[Item], kind: AsideKind) -> list[Item]:
    return [item for item in items if item.aside is not None and item.aside.kind == kind]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Members of an order under lock; `found` gains what is put back of them."""

    session: AsyncSession
    undo: Undo
    reach: Reach
    times: Mapping[UUID, MemberTime]
    at: datetime
    found: PutBack


async def _stages(batch: _Batch, items: Sequence[Item]) -> None:
    if not items:
        return
    undo = batch.undo
    moves = await aside_repository.moves(batch.session, batch.reach, [item.member_id for item in items])
    for item in items:
        time = batch.times[item.member_id]
        stands = any(move.is_last and move.event_id == item.entry_id for move in moves[item.member_id])
        since = reached(time.standing, time.window.as_of)
        plan = time.reigns(since).plan
        if not stands or plan is None or any(event.stage_to for event in time.events):
            continue
        back = restored(time.standing, plan, since, {"undoes": undo.version_name, "undo": str(undo.id)})
        if back is None or item.aside is None or back[1].stage_to != item.aside.after:
            continue
        time.take(back[0], [back[1]])
        batch.found.note(item, event_id(item.member_id, back[1].event_no))
        due = time.standing.next_due_at
        if due is not None and due <= batch.at:
            time.advance(batch.at)


async def _tags(batch: _Batch, items: Sequence[Item]) -> None:
    if not items:
        return
    session, times = batch.session, batch.times
    member_ids = list(dict.fromkeys(item.member_id for item in items))
    since = {one: reached(times[one].standing, times[one].window.as_of) for one in member_ids}
    struck = await aside_finder.struck(session, batch.reach, since)
    changes = await tag_repository.changes_of(session, member_ids)
    caused: list[CausedChange] = []
    for item in items:
        member_id = item.member_id
        one = next(
            (one for one in struck.get(member_id, ()) if item.aside and one.tag == item.aside.what), None
        )
        if one is None:
            continue
        held = held_until(changes.get(member_id, ()), since[member_id])
        hold = Hold(one.tag in held, held.get(one.tag))
        made = tag_changes(batch.undo.id, member_id, one, hold, since[member_id])
        caused += made
        if made:
            batch.found.note(item, made[0].id)
    texts = {}
    for member_id in dict.fromkeys(one.member_id for one in caused):
        mine = [one.change for one in caused if one.member_id == member_id]
        texts[member_id] = kept([*changes.get(member_id, ()), *mine], since[member_id])
    await tag_repository.write(session, caused, texts, batch.at)
