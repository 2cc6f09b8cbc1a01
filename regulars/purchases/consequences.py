"""What rules of a purchase want done to its member: tags, a move of stage, messages to be asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle.advance import MemberTime
from regulars.lifecycle.domain import moved_stage
from regulars.lifecycle.repository import LockedMember
from regulars.members import tag_repository
from regulars.members.tagging import CausedChange, TagChange, kept
from regulars.messages import service as messages
from regulars.messages.domain import NewRequest, comes_in_time
from regulars.purchases.domain import Basket
from regulars.rules.consequences import Consequence, MessageAsked, StageMove, TagOrder, move_of


def follow(time: MemberTime, asked: Sequence[Consequence], at: datetime, *, is_late: bool) -> None:
    """Let tags and a move of stage take effect on a member in whom the purchase has counted.

    Args:
        time: the member's; moved on.
        asked: what the rules want, in their order.
        at: the purchase's instant, from which on tags hold.
        is_late: time has passed the purchase by. It then moves the stage only where it is the member's
            newest, and from the latest instant that the member's time has reached.
    Source: docs/semantics.md, "Tags" and "Stage".
    """
    for order in asked:
        if isinstance(order, TagOrder):
            time.tags.note(change_of(order, at))
    move, standing = move_of(asked), time.standing
    if move is None or (is_late and standing.last_purchase_at != at):
        return
    since = max(at, standing.enrolled_at)
    if is_late:
        since = max(since, standing.advanced_to, time.window.as_of)
    if time.reigns(since).plan is None:
        return
    moved = moved_stage(standing, move, since)
    if moved is not None:
        time.take(moved[0], [moved[1]])


def change_of(order: TagOrder, at: datetime) -> TagChange:
    """What an order at an instant comes to."""
    until = None if order.days is None else at + timedelta(days=order.days)
    return TagChange(order.tag, order.gives, at, until, order.pack_version, order.rule_id)


def told(asked: Sequence[Consequence], *, in_time: bool = True) -> list[dict[str, Any]]:
    """What an evaluation record keeps of them.

    Args:
        in_time: whether the purchase came early enough to ask for messages.
    """
    return [_told(one, in_time=in_time) for one in asked]


def _told(one: Consequence, *, in_time: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"pack": one.pack_version, "rule": one.rule_id}
    match one:
        case TagOrder():
            found |= {"tag": one.tag, "given": one.gives}
            return found if one.days is None else found | {"days": one.days}
        case StageMove():
            return found | {"stage": one.stage}
        case MessageAsked():
            found |= {"template": one.template, "values": dict(one.values)}
            return found if in_time else found | {"too_late": True}


@dataclass(frozen=True, slots=True)
class Noted:
    """What an evaluation record keeps beside what the rules read and say.

    Attributes:
        tags_by_rules: which of the member's tags only rules gave.
        in_time: whether the purchase came early enough to ask for messages.
    """

    tags_by_rules: tuple[str, ...] = ()
    in_time: bool = True

    @classmethod
    def of(
        cls, time: MemberTime | None, tags: tuple[str, ...], occurred_at: datetime, recorded_at: datetime
    ) -> "Noted":
        """What is to be noted of a purchase whose rules read these tags."""
        if time is None:
            return NOTHING_NOTED
        return cls(tags[len(time.tags.by_hand) :], comes_in_time(occurred_at, recorded_at))


NOTHING_NOTED = Noted()


@dataclass(slots=True)
class Asked:
    """What a batch of purchases will write of tags and messages."""

    tags: list[CausedChange] = field(default_factory=list)
    tagged: dict[UUID, MemberTime] = field(default_factory=dict)
    requests: list[NewRequest] = field(default_factory=list)

    def take(
        self,
        time: MemberTime,
        asked: Sequence[Consequence],
        basket: Basket,
        purchase_id: UUID,
        recorded_at: datetime,
    ) -> None:
        """Note what a purchase caused, once it is settled."""
        member_id = time.standing.member_id
        if time.tags.fresh:
            self.tags += [CausedChange(member_id, purchase_id, change) for change in time.tags.fresh]
            self.tagged[member_id] = time
            time.tags.fresh = []
        if comes_in_time(basket.occurred_at, recorded_at):
            self.requests += [
                NewRequest(member_id, purchase_id, basket.store_id, basket.occurred_at, one)
                for one in asked
                if isinstance(one, MessageAsked)
            ]

    async def write(self, session: AsyncSession, at: datetime) -> None:
        """Write what was noted; takes the last lock of the transaction where messages are asked for."""
        texts = {member_id: _kept(time) for member_id, time in self.tagged.items()}
        await tag_repository.write(session, self.tags, texts, at)
        await messages.ask_for(session, self.requests, at)


def _kept(time: MemberTime) -> str:
    return kept(time.tags.changes, max(time.standing.advanced_to, time.window.as_of))


async def read_tags(
    session: AsyncSession, times: Sequence[MemberTime], locked: Mapping[UUID, LockedMember]
) -> None:
    """Fetch the whole history of the tags of members to whom something comes late, where there is any.

    Args:
        times: of those members.
    """
    by_rules = [time for time in times if locked[time.standing.member_id].rule_tags is not None]
    found = await tag_repository.changes_of(session, [time.standing.member_id for time in by_rules])
    for time in by_rules:
        time.tags.changes = found.get(time.standing.member_id, [])
