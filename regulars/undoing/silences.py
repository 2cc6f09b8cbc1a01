"""Whose stage rests on a version's days of silence, and what the days of another version make of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.lifecycle import repository as standings
from regulars.lifecycle.advance import Reigns
from regulars.lifecycle.domain import LifecycleEvent, Standing
from regulars.lifecycle.reigns import ReignBook
from regulars.lifecycle.tag_ending import reached
from regulars.rules import service as rules
from regulars.rules.domain import LifecyclePlan
from regulars.rules.evaluator import PackSet
from regulars.undoing.aside_finder import item_of
from regulars.undoing.asides import Aside, decided_anew
from regulars.undoing.domain import Item, Reach, Undo
from regulars.undoing.effects_repository import IN_REACH, reach_values

SILENCE: Final = "silence"
"""What an item is about where the days of silence had decided the stage."""
DAYS_OF: Final = "days_of"
_MEMBERS_AT_ONCE: Final = 500
_SILENCED: Final = f"""
select x.* from (
  select e.id, e.member_id, s.home_store_id as store_id, e.effective_at as at
  from lifecycle_event e join standing s on s.member_id = e.member_id
  where e.pack_version = $1 and ($5::uuid[] is null or e.member_id = any($5))
    and (e.kind in ('at_risk', 'lapsed') or e.kind = 'silence_corrected' and e.stage_to <> 'active')
    and not exists (select from lifecycle_event l where l.member_id = e.member_id and l.stage_to is not null
                    and (l.effective_at, l.event_no) > (e.effective_at, e.event_no))) x
where {IN_REACH} order by x.member_id
"""  # noqa: S608 — our own text


@dataclass(frozen=True, slots=True)
class Silenced:
    """A member whose stage rests on a silence that a version's days had decided."""

    event_id: UUID
    member_id: UUID
    store_id: UUID
    at: datetime


async def silenced(session: AsyncSession, reach: Reach, member_ids: Sequence[UUID]) -> dict[UUID, Silenced]:
    """Member → the version's silence on which the stage rests, of some members."""
    rows = await (await driver(session)).fetch(_SILENCED, *reach_values(reach), member_ids)
    return {row["member_id"]: Silenced(*row) for row in rows}


async def every_silenced(session: AsyncSession, reach: Reach) -> AsyncIterator[list[Silenced]]:
    """The same of all members, some at a time: there may be as many as the chain has."""
    cursor = await (await driver(session)).cursor(_SILENCED, *reach_values(reach), None)
    while rows := await cursor.fetch(_MEMBERS_AT_ONCE):
        yield [Silenced(*row) for row in rows]


async def days_of(session: AsyncSession, undo: Undo) -> LifecyclePlan | None:
    """The days of the version that should have decided instead; None where it says none."""
    if undo.to_version is None or undo.to_version == undo.version:
        return None
    return PackSet([(await rules.get_version(session, undo.pack_code, undo.to_version)).version]).plan


def reigned_until(reigns: Reigns, version: str, since: datetime, at: datetime) -> datetime | None:
    """From when on a version's days have counted no longer; None where they still do.

    Args:
        reigns: at the member's home store.
        version: as "code/number".
        since: as far as the member's time has been decided: not before then.
        at: now.
    """
    while True:
        reign = reigns(since)
        if reign.plan is None or reign.plan.days_version != version:
            return since
        if reign.until is None or reign.until > at:
            return None
        since = reign.until


def spoken_again(
    standing: Standing,
    other: LifecyclePlan,
    live: LifecyclePlan,
    since: datetime,
    reason: Mapping[str, object],
) -> tuple[Standing, LifecycleEvent] | None:
    """A member in the stage to which silence leads by another version's days, less far than the member is.

    Args:
        standing: the member's; nothing has decided the stage since a silence did.
        other: what should have decided it.
        live: what decides from then on: what it would decide again at once stays.
        since: from `reigned_until`: it takes effect then.
        reason: what the event says of the order.
    Returns: None where silence leads as far by either.
    Source: docs/undoing.md, "Days of silence".
    """
    sooner = replace(
        live,
        at_risk_after_days=min(other.at_risk_after_days, live.at_risk_after_days),
        lapse_after_days=min(other.lapse_after_days, live.lapse_after_days),
    )
    return decided_anew(standing, sooner, since, reason, None)


@dataclass(slots=True)
class SilenceFinder:
    """Makes the items of one order while its list is made.

    Attributes:
        found: on the list.
        still_live: members whose stage stays because the version's days still count at their home store.
    """

    undo: Undo
    other: LifecyclePlan
    book: ReignBook
    found: int = field(default=0)
    still_live: int = field(default=0)

    async def items(self, session: AsyncSession, theirs: Sequence[Silenced], at: datetime) -> list[Item]:
        """What becomes of some members whose stage rests on the version's days."""
        seen = await standings.peek(session, [one.member_id for one in theirs])
        items = [item for one in theirs for item in self._of(one, seen[one.member_id].standing, at)]
        self.found += len(items)
        return items

    def _of(self, one: Silenced, standing: Standing, at: datetime) -> list[Item]:
        reigns = self.book.of(standing.home_store_id)
        decided = reached(standing, standing.window_as_of)
        since = reigned_until(reigns, self.undo.version_name, decided, at)
        if since is None:
            self.still_live += 1
            return []
        live = reigns(since).plan
        to = None if live is None else spoken_again(standing, self.other, live, since, {})
        if to is None or to[1].stage_to is None:
            return []
        aside = Aside("stage", SILENCE, standing.stage, to[1].stage_to)
        return [item_of(one.event_id, one.member_id, one.event_id, one.store_id, one.at, aside)]
