"""Finds whose tier rests on what a version decided, and what another makes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle import repository as standings
from regulars.lifecycle.domain import Standing
from regulars.lifecycle.recent import RecentVisits
from regulars.lifecycle.reigns import member_facts
from regulars.lifecycle.window import WINDOW
from regulars.rules import service as rules
from regulars.rules.domain import LifecyclePlan, RecentFacts
from regulars.rules.evaluator import PackSet
from regulars.undoing import tier_repository
from regulars.undoing.domain import Item, Undo
from regulars.undoing.tiers import Decided, TierWord, decide, run_of

_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class TierFinder:
    """Decides the tiers of one order anew."""

    undo: Undo
    packs: PackSet
    plan: LifecyclePlan

    @classmethod
    async def of(cls, session: AsyncSession, undo: Undo) -> "TierFinder | None":
        """None where the order is not about tiers, or names no other version."""
        if undo.to_version is None:
            return None
        stored = await rules.get_version(session, undo.pack_code, undo.to_version)
        packs = PackSet([stored.version])
        if stored.version.kind != "tier" or packs.plan is None:
            return None
        return cls(undo, packs, packs.plan)

    async def decided(
        self, session: AsyncSession, members: Mapping[UUID, Standing], at: datetime
    ) -> dict[UUID, tuple[TierWord, Decided]]:
        """Member → the last word on the tier, and what should be, where it rests on the version."""
        words = await tier_repository.words_of(session, list(members), lately=self.packs.reads_recent)
        spans = [(member_id, at - WINDOW, at + _MOMENT) for member_id in members]
        bought = await standings.purchases_between(session, spans)
        found = {}
        for member_id, standing in members.items():
            run = run_of(words.get(member_id, ()), self.undo.version_name, self.undo.since)
            if not run:
                continue
            spend_minor = sum(sales for _, sales in bought.get(member_id, ()))
            visits = len(bought.get(member_id, ()))
            now = member_facts(standing, (), spend_minor, visits, spend_minor, at)
            now = replace(now, **_lately(bought.get(member_id, ()), standing, at))
            found[member_id] = run[-1], decide(run, self.plan, self.packs.tier_for, now)
        return found

    async def items(
        self, session: AsyncSession, member_ids: Sequence[UUID], at: datetime
    ) -> tuple[list[Item], int]:
        """What has to be moved, and of how many members the tier rests on a later decision."""
        members = {one: seen.standing for one, seen in (await standings.peek(session, member_ids)).items()}
        found = await self.decided(session, members, at)
        items = [
            moved(word, members[member_id].tier, decided)
            for member_id, (word, decided) in found.items()
            if decided.tier != members[member_id].tier
        ]
        return items, len(members) - len(found)


def _lately(bought: Sequence[tuple[datetime, int]], standing: Standing, at: datetime) -> RecentFacts:
    """What has been done lately; who has bought nothing in the longest window may have bought before."""
    before = standing.last_purchase_at
    visits = bought or ([(before, 0)] if before is not None and before <= at - WINDOW else [])
    return RecentVisits(visits, standing.enrolled_at).seen_at(at)


def moved(word: TierWord, tier: str, decided: Decided) -> Item:
    """The item of a move: it takes and gives no points."""
    return Item(
        entry_id=word.event_id,
        member_id=word.member_id,
        cause_id=word.purchase_id or word.event_id,
        store_id=word.store_id,
        occurred_at=word.at,
        points=0,
        due=0,
        takes=0,
        rules=(),
        lots=(),
        tier_from=tier,
        tier_to=decided.tier,
    )
