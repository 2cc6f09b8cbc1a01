"""Finds what a version did to members besides points, and what becomes of it once that is struck."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle import repository as standings
from regulars.lifecycle.domain import Standing
from regulars.lifecycle.reigns import ReignBook
from regulars.lifecycle.tag_ending import reached
from regulars.undoing import aside_repository
from regulars.undoing.aside_repository import Message, Moved
from regulars.undoing.asides import Aside, end_of, restored
from regulars.undoing.domain import Item, Reach
from regulars.undoing.tag_orders import OfTag, Ordered, Struck, standing, strike

_ASKING: Final = frozenset({"tag", "move_stage", "message"})


def asks(document: Mapping[str, object]) -> bool:
    """Whether a pack's rules want anything done to members besides points, money and tiers."""
    rules = document["rules"]
    return isinstance(rules, Sequence) and any(not _ASKING.isdisjoint(rule["then"]) for rule in rules)


@dataclass(slots=True)
class Found:
    """What a version did besides points, counted where it stays.

    Attributes:
        tagged: members of whose tags it wanted something.
        moves, messages: by member; only what may still be put back.
        stages_since: moves on which something later was decided.
        messages_sent: handed to who sends them.
    """

    tagged: set[UUID] = field(default_factory=set)
    moves: dict[UUID, Moved] = field(default_factory=dict)
    messages: dict[UUID, list[Message]] = field(default_factory=dict)
    stages_since: int = 0
    messages_sent: int = 0

    @property
    def member_ids(self) -> list[UUID]:
        return sorted({*self.tagged, *self.moves, *self.messages}, key=lambda one: one.bytes)

    @property
    def left(self) -> dict[str, int]:
        """For a preview: what stays as it is."""
        return {"stages_since": self.stages_since, "messages_sent": self.messages_sent}


async def find(session: AsyncSession, reach: Reach) -> Found:
    """All that a version asked for within reach."""
    found = Found(tagged=await aside_repository.tagged(session, reach))
    for member_id, moves in (await aside_repository.moves(session, reach)).items():
        last = [move for move in moves if move.is_last]
        if last:
            found.moves[member_id] = last[0]
        found.stages_since += len(moves) - len(last)
    for message in await aside_repository.messages(session, reach):
        if not message.settled:
            found.messages.setdefault(message.member_id, []).append(message)
        found.messages_sent += message.settled and not message.withdrawn
    return found


@dataclass(frozen=True, slots=True)
class TagHistory:
    """A member's tags as all that was wanted of them stands.

    Attributes:
        gone: of each order that was struck (purchase, "version#tag").
    """

    orders: list[Ordered]
    gone: set[OfTag]


async def tag_histories(
    session: AsyncSession, reach: Reach, member_ids: Sequence[UUID], also: Sequence[UUID] = ()
) -> dict[UUID, TagHistory]:
    """Member → what counts of all that was ever wanted of the member's tags.

    Args:
        also: purchases that have their place in it though their rules wanted nothing.
    """
    words = await aside_repository.tag_words(session, member_ids)
    named = {cause for theirs in words.values() for word in theirs for cause in word.causes}
    orders = await aside_repository.tag_orders(session, reach, member_ids, [*named.union(also)])
    return {
        member_id: TagHistory(*standing(theirs, words.get(member_id, ())))
        for member_id, theirs in orders.items()
    }


@dataclass(frozen=True, slots=True)
class AsideFinder:
    """Makes the items of one order while its list is made."""

    undo_id: UUID
    reach: Reach
    book: ReignBook
    found: Found

    async def items(self, session: AsyncSession, member_ids: Sequence[UUID]) -> list[Item]:
        """What becomes of some of the members."""
        seen = await standings.peek(session, member_ids)
        since = {one: reached(seen[one].standing, seen[one].standing.window_as_of) for one in member_ids}
        tagged = {one: since[one] for one in member_ids if one in self.found.tagged}
        tags = await tag_histories(session, self.reach, list(tagged)) if tagged else {}
        items = []
        for member_id in member_ids:
            if member_id in tags:
                found = strike(tags[member_id].orders, self.reach.version, since[member_id])
                items += [tag_item(self.undo_id, member_id, one) for one in found]
            items += self._stage(seen[member_id].standing, since[member_id])
            items += [message_item(one) for one in self.found.messages.get(member_id, ())]
        return items

    def _stage(self, standing: Standing, since: datetime) -> list[Item]:
        move = self.found.moves.get(standing.member_id)
        if move is None:
            return []
        plan = self.book.of(standing.home_store_id)(since).plan
        back = None if plan is None else restored(standing, plan, since, {})
        if back is None or back[1].stage_to is None:
            self.found.stages_since += 1
            return []
        return [stage_item(move, back[1].stage_to)]


def tag_item(undo_id: UUID, member_id: UUID, found: Struck, *, anew: bool = False) -> Item:
    """A tag on the list of an order.

    Args:
        anew: whether another version decides it, and not only the version's orders are struck.
    """
    last = found.causes[-1]
    if last.purchase_id is None or last.store_id is None:
        raise AssertionError("an undo order is about what purchases' rules wanted")
    causes = tuple(order.purchase_id for order in found.causes if order.purchase_id is not None)
    gives = found.gives if anew else None
    aside = Aside("tag", found.tag, end_of(found.before), end_of(found.after), causes, gives)
    entry_id = uuid5(undo_id, f"tag:{member_id}:{found.tag}")
    return item_of(entry_id, member_id, last.purchase_id, last.store_id, found.word.effective_at, aside)


def stage_item(move: Moved, stage_to: str) -> Item:
    """A stage that is put back."""
    aside = Aside("stage", "", move.stage_to, stage_to)
    return item_of(move.event_id, move.member_id, move.purchase_id, move.store_id, move.at, aside)


def message_item(message: Message) -> Item:
    """A message that nobody has read yet."""
    aside = Aside("message", message.template, "", None)
    return item_of(
        message.request_id, message.member_id, message.purchase_id, message.store_id, message.at, aside
    )


def item_of(
    entry_id: UUID, member_id: UUID, cause_id: UUID, store_id: UUID, at: datetime, aside: Aside
) -> Item:
    """It takes and gives no points."""
    return Item(entry_id, member_id, cause_id, store_id, at, 0, 0, 0, (), (), aside=aside)
