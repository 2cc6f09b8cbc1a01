"""Replays a rehearsal part by part: a few members, or a stretch of anonymous purchases, on one snapshot each.

A snapshot lasts as long as its part: one for the whole rehearsal would keep the database from tidying up
behind the tills. A member's history is always read whole, so that every comparison is with what stood.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter_ns
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.session import Database
from regulars.organisation.places import Places
from regulars.rehearsal import reading_repository
from regulars.rehearsal.drafts import Draft, RehearsedPacks, Rules
from regulars.rehearsal.limited import Allowed, Limits, Read
from regulars.rehearsal.replay import Stage, replay_anonymous, replay_member
from regulars.rehearsal.sums import Frame, Sums
from regulars.rehearsal.tally import Tally

MEMBERS_TOGETHER: Final = 25
ANONYMOUS_TOGETHER: Final = timedelta(days=7)
_FIRST_ID: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Job:
    """What all parts of one rehearsal share.

    Attributes:
        allowed: what a first replay found that limits leave; None for a first replay.
    """

    rules: Rules
    draft: Draft
    frame: Frame
    allowed: Mapping[Read, Allowed] | None = None


@dataclass(frozen=True, slots=True)
class MembersPart:
    """The members with `after` < id ≤ `last`."""

    after: UUID
    last: UUID


@dataclass(frozen=True, slots=True)
class AnonymousPart:
    """Purchases in [since, until) that named no member."""

    since: datetime
    until: datetime


Part = MembersPart | AnonymousPart


async def parts_of(session: AsyncSession, frame: Frame) -> AsyncIterator[Part]:
    """All parts of a rehearsal, in the order in which they should be begun."""
    after = _FIRST_ID
    for last in await reading_repository.bounds_of_members(session, MEMBERS_TOGETHER):
        yield MembersPart(after, last)
        after = last
    span = await reading_repository.anonymous_span(session, frame.span.since, frame.span.until)
    if span is None:
        return
    since, last_at = span
    while since <= last_at:
        until = min(since + ANONYMOUS_TOGETHER, frame.span.until)
        yield AnonymousPart(since, until)
        since = until


class PartReplayer:
    """Replays parts in one process, and keeps their sums."""

    def __init__(self, job: Job, database: Database, places: Places) -> None:
        self._database = database
        self._limits = Limits(job.allowed)
        packs = RehearsedPacks(job.rules, job.draft, places)
        self._stage = Stage(packs, places, self._limits)
        self._product_fields = packs.product_fields
        self._tally = Tally(job.frame)
        self._tally.sums.wants = self._limits.wants

    @property
    def sums(self) -> Sums:
        """What the parts so far come to."""
        return self._tally.sums

    async def replay(self, part: Part) -> int:
        """Replay one part.

        Returns: how many purchases it had.
        """
        began = perf_counter_ns()
        async with self._database.read() as session:
            await self._stage.own.refresh(session, self._stage.places.version)
            if self._product_fields and self._stage.products is None:
                products = await self._stage.own.of_all_products(session, self._product_fields)
                self._stage = replace(self._stage, products=products)
            if isinstance(part, MembersPart):
                count = await self._replay_members(session, part)
            else:
                count = await self._replay_anonymous(session, part)
        self.sums.work_ns += perf_counter_ns() - began
        return count

    async def _replay_members(self, session: AsyncSession, part: MembersPart) -> int:
        count = 0
        member_ids = await reading_repository.members_between(session, part.after, part.last)
        own = await self._stage.own.of_members(session, member_ids)
        async for history in reading_repository.histories(session, member_ids):
            history.own_now = self._stage.own.of_member(own, history.member_id)
            began = perf_counter_ns()
            self._tally.begin(history)
            self._tally.end(history, replay_member(self._stage, history, self._tally))
            self.sums.replay_ns += perf_counter_ns() - began
            count += len(history.bought)
        return count

    async def _replay_anonymous(self, session: AsyncSession, part: AnonymousPart) -> int:
        count = 0
        async for bought in reading_repository.anonymous(session, part.since, part.until):
            replay_anonymous(self._stage, bought, self._tally)
            count += 1
        return count
