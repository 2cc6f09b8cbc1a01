"""Putting tags and stages of members back, and withdrawing messages, under the members' locks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import LifecycleEvent, Standing
from regulars.lifecycle.repository import event_id
from regulars.lifecycle.tag_ending import reached
from regulars.members import tag_repository
from regulars.members.tagging import CausedChange, TagChange, held_until, kept
from regulars.messages import service as messages
from regulars.undoing import aside_finder, aside_repository
from regulars.undoing.aside_finder import TagHistory
from regulars.undoing.asides import AsideKind, clear_of, decided_anew, restored, rests_on
from regulars.undoing.domain import Item, Reach, Undo
from regulars.undoing.silences import DAYS_OF, SILENCE, days_of, reigned_until, silenced, spoken_again
from regulars.undoing.tag_orders import (
    Hold,
    OfTag,
    Struck,
    replaced,
    retold,
    tag_changes,
    wanted_of,
    without,
)


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
    stages = _of(asides, "stage")
    moved = [item for item in stages if item.aside is not None and item.aside.what != SILENCE]
    await (_stages if undo.to_version is None else _stages_anew)(batch, moved)
    await _silences(batch, [item for item in stages if item not in moved])
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
    member_ids = [item.member_id for item in items]
    moves = await aside_repository.moves(batch.session, batch.reach, member_ids)
    words = await aside_repository.stage_words(batch.session, member_ids)
    for item in items:
        time = batch.times[item.member_id]
        stands = any(move.is_last and move.event_id == item.entry_id for move in moves[item.member_id])
        since = clear_of(words[item.member_id], reached(time.standing, time.window.as_of))
        plan = time.reigns(since).plan
        if not stands or plan is None or any(event.stage_to for event in time.events):
            continue
        back = restored(time.standing, plan, since, {"undoes": undo.version_name, "undo": str(undo.id)})
        _move(batch, item, back)


async def _stages_anew(batch: _Batch, items: Sequence[Item]) -> None:
    """Stages as another version's rules move members, where the stage still rests on the same purchase."""
    if not items:
        return
    undo = batch.undo
    words = await aside_repository.stage_words(batch.session, [item.member_id for item in items])
    for item in items:
        time, said = batch.times[item.member_id], words.get(item.member_id, ())
        since = clear_of(said, reached(time.standing, time.window.as_of))
        plan = time.reigns(since).plan
        bought = {item.cause_id: item.occurred_at}
        rests = rests_on(said, undo.pack_code, bought, time.standing.last_purchase_at)
        if rests is None or plan is None or any(event.stage_to for event in time.events):
            continue
        reason = {"corrects": undo.version_name, "undo": str(undo.id)}
        move = item.aside.move if item.aside is not None else None
        _move(batch, item, decided_anew(time.standing, plan, since, reason, move))


async def _silences(batch: _Batch, items: Sequence[Item]) -> None:
    """Stages as another version's days of silence lead to them, where they still rest on the same silence."""
    undo = batch.undo
    other = await days_of(batch.session, undo) if items else None
    if other is None:
        return
    rest = await silenced(batch.session, batch.reach, [item.member_id for item in items])
    for item in items:
        time, last = batch.times[item.member_id], rest.get(item.member_id)
        decided = reached(time.standing, time.window.as_of)
        since = reigned_until(time.reigns, undo.version_name, decided, batch.at)
        if last is None or last.event_id != item.entry_id or since is None:
            continue
        time.advance(since)  # else the version's days would count again up to there
        live = time.reigns(since).plan
        if live is None or any(event.stage_to for event in time.events):
            continue
        reason = {"corrects": undo.version_name, "undo": str(undo.id), DAYS_OF: undo.to_name}
        _move(batch, item, spoken_again(time.standing, other, live, since, reason))


def _move(batch: _Batch, item: Item, to: tuple[Standing, LifecycleEvent] | None) -> None:
    """Take a member's new stage, where it comes out as the list says; time then decides on from there."""
    if to is None or item.aside is None or to[1].stage_to != item.aside.after:
        return
    time = batch.times[item.member_id]
    time.take(to[0], [to[1]])
    batch.found.note(item, event_id(item.member_id, to[1].event_no))
    due = time.standing.next_due_at
    if due is not None and due <= batch.at:
        time.advance(batch.at)


async def _tags(batch: _Batch, items: Sequence[Item]) -> None:
    if not items:
        return
    session, times = batch.session, batch.times
    member_ids = list(dict.fromkeys(item.member_id for item in items))
    since = {one: reached(times[one].standing, times[one].window.as_of) for one in member_ids}
    causes = [cause for item in items if item.aside is not None for cause in item.aside.causes]
    histories = await aside_finder.tag_histories(session, batch.reach, member_ids, causes)
    changes = await tag_repository.changes_of(session, member_ids)
    caused: list[CausedChange] = []
    for member_id in member_ids:
        mine = [item for item in items if item.member_id == member_id]
        by_tag = _on_the_list(batch.undo, histories.get(member_id), mine, since[member_id])
        held = held_until(changes.get(member_id, ()), since[member_id])
        for item in mine:
            one = by_tag.get(item.aside.what) if item.aside is not None else None
            if one is None:
                continue
            hold = Hold(one.tag in held, held.get(one.tag))
            made = tag_changes(batch.undo.id, member_id, one, hold, since[member_id])
            caused += made
            if made:
                batch.found.note(item, made[0].id)
    texts = {}
    for member_id in dict.fromkeys(one.member_id for one in caused):
        theirs = [one.change for one in caused if one.member_id == member_id]
        texts[member_id] = kept([*changes.get(member_id, ()), *theirs], since[member_id])
    await tag_repository.write(session, caused, texts, batch.at)


def _on_the_list(
    undo: Undo, history: TagHistory | None, items: Sequence[Item], since: datetime
) -> dict[str, Struck]:
    """Tag → what becomes of it once the purchases on the list, and no later ones, are struck or read anew."""
    if history is None:
        return {}
    asides = [item.aside for item in items if item.aside is not None]
    if undo.to_version is None:
        meant = {(cause, one.what) for one in asides for cause in one.causes}
        after = without(history.orders, undo.version_name, meant)
    else:
        wanted: dict[OfTag, tuple[TagChange, ...]] = {}
        for one in asides:
            wanted |= wanted_of(one.what, one.causes, one.gives or ())
        after = replaced(history.orders, wanted)
    return {one.tag: one for one in retold(history.orders, after, since)}
