"""Finds what another version would have done to members besides points, and what becomes of what was done."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle import repository as standings
from regulars.lifecycle.domain import Standing
from regulars.lifecycle.reigns import ReignBook
from regulars.lifecycle.tag_ending import reached
from regulars.messages.domain import comes_in_time
from regulars.purchases.consequences import change_of
from regulars.rules import service as rules
from regulars.rules.consequences import Consequence, MessageAsked, StageMove, TagOrder, move_of
from regulars.undoing import aside_repository
from regulars.undoing.aside_finder import (
    TagHistory,
    asks,
    item_of,
    message_item,
    tag_histories,
    tag_item,
)
from regulars.undoing.aside_repository import Message
from regulars.undoing.asides import Aside, StageWord, clear_of, decided_anew, rests_on
from regulars.undoing.domain import Item, Reach, Undo
from regulars.undoing.tag_orders import instead, retold

_MEMBERS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """A purchase that another version has read.

    Attributes:
        at: when it was bought.
        asked: what the rules want then of tags, stage and messages.
        wanted: whether they wanted anything when it was bought.
    """

    purchase_id: UUID
    member_id: UUID
    store_id: UUID
    at: datetime
    asked: tuple[Consequence, ...]
    wanted: bool


@dataclass(slots=True)
class Left:
    """What stays as it is, counted.

    Attributes:
        stages_since: moves of stage that would be others, but something later has decided the stage.
        messages_sent: that the other version would not have asked for, and were handed over for sending.
        messages_missed: that only the other version asks for; nothing is sent late.
    """

    stages_since: int = 0
    messages_sent: int = 0
    messages_missed: int = 0


@dataclass(frozen=True, slots=True)
class AsideCorrector:
    """Makes the items of one order while its list is made.

    Attributes:
        again: whether an order on the pack decided such things before: then what stands may be another's.
    """

    undo: Undo
    reach: Reach
    book: ReignBook
    again: bool
    left: Left = field(default_factory=Left)

    @classmethod
    async def of(
        cls, session: AsyncSession, undo: Undo, reach: Reach, book: ReignBook
    ) -> "AsideCorrector | None":
        """None where neither version, nor an earlier order on their pack, touched more than points."""
        again = await aside_repository.was_corrected(session, undo.pack_code)
        for number in (undo.version, undo.to_version or undo.version):
            version = (await rules.get_version(session, undo.pack_code, number)).version
            # Who is excluded by an eligibility pack gets no tags and messages of others.
            if again or version.kind == "eligibility" or asks(version.document):
                return cls(undo, reach, book, again)
        return None

    async def items(self, session: AsyncSession, read: Sequence[ReadAgain]) -> list[Item]:
        """What becomes of the members of some purchases; those of one member are all among them."""
        by_member: dict[UUID, list[ReadAgain]] = {}
        for one in read:
            by_member.setdefault(one.member_id, []).append(one)
        member_ids = [
            member_id
            for member_id, theirs in by_member.items()
            if self.again or any(one.wanted or one.asked for one in theirs)
        ]
        items: list[Item] = []
        for start in range(0, len(member_ids), _MEMBERS_AT_ONCE):
            some = member_ids[start : start + _MEMBERS_AT_ONCE]
            items += await self._of_members(session, {one: by_member[one] for one in some})
        return items

    async def _of_members(self, session: AsyncSession, by_member: dict[UUID, list[ReadAgain]]) -> list[Item]:
        member_ids = list(by_member)
        bought = [one.purchase_id for theirs in by_member.values() for one in theirs]
        seen = await standings.peek(session, member_ids)
        histories = await tag_histories(session, self.reach, member_ids, bought)
        words = await aside_repository.stage_words(session, member_ids)
        messages: dict[UUID, list[Message]] = {}
        for message in await aside_repository.asked_with(session, member_ids, bought):
            messages.setdefault(message.purchase_id, []).append(message)
        items = []
        for member_id, theirs in by_member.items():
            standing = seen[member_id].standing
            history = histories.get(member_id, TagHistory([], set()))
            items += self._tags(standing, history, theirs)
            items += self._stage(standing, words.get(member_id, ()), theirs)
            recorded = {one.purchase_id: one.recorded_at for one in history.orders}
            for one in theirs:
                items += self._messages(one, recorded[one.purchase_id], messages.get(one.purchase_id, ()))
        return items

    def _tags(self, standing: Standing, history: TagHistory, read: Sequence[ReadAgain]) -> list[Item]:
        wanted = {
            one.purchase_id: [change_of(order, one.at) for order in one.asked if isinstance(order, TagOrder)]
            for one in read
        }
        after = [
            replace(one, changes=instead(one, wanted[one.purchase_id], history.gone, self.undo.pack_code))
            if one.purchase_id in wanted
            else one
            for one in history.orders
        ]
        since = reached(standing, standing.window_as_of)
        found = retold(history.orders, after, since)
        return [tag_item(self.undo.id, standing.member_id, one, anew=True) for one in found]

    def _stage(self, standing: Standing, words: Sequence[StageWord], read: Sequence[ReadAgain]) -> list[Item]:
        rests = rests_on(
            words,
            self.undo.pack_code,
            {one.purchase_id: one.at for one in read},
            standing.last_purchase_at,
        )
        moved = {word.purchase_id for word in words if word.kind == "stage_moved"}
        self.left.stages_since += sum(
            one.purchase_id != rests and (move_of(one.asked) is not None) != (one.purchase_id in moved)
            for one in read
        )
        last = next((one for one in read if one.purchase_id == rests), None)
        if last is None:
            return []
        since = clear_of(words, reached(standing, standing.window_as_of))
        plan = self.book.of(standing.home_store_id)(since).plan
        move = move_of(last.asked)
        to = None if plan is None else decided_anew(standing, plan, since, {}, move)
        if to is None or to[1].stage_to is None:
            return []
        by: StageMove | None = move if to[1].pack_version is not None else None
        aside = Aside("stage", "", standing.stage, to[1].stage_to, (last.purchase_id,), (), by)
        entry_id = uuid5(self.undo.id, f"stage:{standing.member_id}")
        return [item_of(entry_id, standing.member_id, last.purchase_id, last.store_id, last.at, aside)]

    def _messages(self, read: ReadAgain, recorded_at: datetime, requests: Sequence[Message]) -> list[Item]:
        """What nobody has read yet and would not have been asked for is withdrawn; nothing is sent late."""
        wanted = [_text_of(one) for one in read.asked if isinstance(one, MessageAsked)]
        items = []
        for one in requests:
            text = (one.pack_version.rpartition("/")[0], one.rule_id, one.template, orjson.loads(one.values))
            if text in wanted:
                wanted.remove(text)
                self.left.messages_missed += one.withdrawn
            elif not one.settled:
                items.append(message_item(one))
            else:
                self.left.messages_sent += not one.withdrawn
        if comes_in_time(read.at, recorded_at):
            self.left.messages_missed += len(wanted)
        return items


def _text_of(message: MessageAsked) -> tuple[str, str, str, dict[str, int]]:
    code = message.pack_version.rpartition("/")[0]
    return code, message.rule_id, message.template, dict(message.values)
