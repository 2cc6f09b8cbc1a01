"""What a member's workflow has done in the database: time advanced, tasks opened, orders carried out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from temporalio import activity

from activities import messages
from activities.messages import AdvanceMember, FreezeDone, FreezeOrder, MemberStanding
from regulars.db.session import Database
from regulars.lifecycle import freezing, service
from regulars.lifecycle.following_up import follow_up
from regulars.members.errors import UnknownMember
from regulars.organisation.places import Places
from regulars.rules.live import LivePacks
from regulars.security.domain import ActorKind
from regulars.security.scope import EVERYWHERE, Scope


@dataclass(frozen=True, slots=True)
class LifecycleActivities:
    """One process's activities; each is one transaction and may run twice."""

    database: Database
    packs: LivePacks
    places: Places
    now: Callable[[], datetime]

    @property
    def all(self) -> Sequence[Callable[..., Any]]:
        """What the worker registers."""
        return [self.advance, self.freeze, self.unfreeze]

    @activity.defn(name=messages.ADVANCE)
    async def advance(self, request: AdvanceMember) -> MemberStanding:
        """Decide all that fell due for a member, and open the follow-ups that it calls for."""
        at = self._recorded_at(request.to)
        async with self.database.begin() as session:
            await self.places.refresh(session)
            advanced = await service.advance(
                session, self.packs, self.places, [request.member_id], request.to, at
            )
            if not advanced:
                raise UnknownMember
            tasks = await follow_up(session, [request.member_id], at)
        (member,) = advanced
        return MemberStanding(
            tier=member.tier,
            stage=member.stage,
            store=member.home_store_code,
            next_due_at=member.next_due_at,
            last_seq=member.last_seq,
            frozen=member.frozen,
            events=member.events,
            tasks=tasks,
        )

    @activity.defn(name=messages.FREEZE)
    async def freeze(self, order: FreezeOrder) -> FreezeDone:
        """Let a member earn nothing from now on."""
        async with self.database.begin() as session:
            await self.places.refresh(session)
            done = await freezing.freeze(
                session, self.packs, self.places, _order(order), order.reason, self.now()
            )
        return FreezeDone(done.frozen_at, done.reason)

    @activity.defn(name=messages.UNFREEZE)
    async def unfreeze(self, order: FreezeOrder) -> FreezeDone:
        """Let a frozen member earn again."""
        async with self.database.begin() as session:
            await self.places.refresh(session)
            done = await freezing.unfreeze(session, self.packs, self.places, _order(order), self.now())
        return FreezeDone(done.frozen_at, done.reason)

    def _recorded_at(self, to: datetime) -> datetime:
        """Now; but a workflow whose clock was moved forward records on its own time."""
        return max(to, self.now())


def _order(order: FreezeOrder) -> freezing.Order:
    scope = EVERYWHERE if order.everywhere else Scope(order.scope_paths)
    return freezing.Order(
        order.order_id, order.member_id, cast("ActorKind", order.by_kind), order.by_id, scope
    )
