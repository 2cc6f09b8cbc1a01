"""All SQL of standings and lifecycle events: whole batches in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import orjson
from sqlalchemy import Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.db.together import Question, Write, ask_together
from regulars.lifecycle.domain import LifecycleEvent, Standing
from regulars.lifecycle.recent import LONGEST, RecentVisits
from regulars.lifecycle.tables import lifecycle_event
from regulars.rules.domain import RecentFacts


@dataclass(frozen=True, slots=True)
class LockedMember:
    """A member under lock: nobody else moves its standing or its balance until the transaction ends."""

    standing: Standing
    tags: tuple[str, ...]
    points_balance: int
    points_pending_until: datetime | None = None
    points_owed: int = 0
    rule_tags: str | None = None


_COLUMNS = [field.name for field in fields(Standing)]
_TYPES = {
    "uuid": {"member_id", "home_store_id"},
    "text": {"tier", "stage", "frozen_reason"},
    "bigint": {
        "last_seq",
        "last_event_no",
        "visits",
        "spend_minor",
        "points_earned",
        "spend_365d_minor",
        "visits_365d",
    },
}
_STANDING_OF = itemgetter(*_COLUMNS)
_VALUES_OF = attrgetter(*_COLUMNS)


def _type_of(column: str) -> str:
    return next((name for name, columns in _TYPES.items() if column in columns), "timestamptz")


_PEEK = f"""
select {", ".join(f"s.{column}" for column in _COLUMNS)}, m.tags, coalesce(b.amount, 0) as points_balance,
       b.pending_until as points_pending_until, coalesce(b.owed, 0) as points_owed,
       m.rule_tags::text as rule_tags
from standing s
join member m on m.id = s.member_id
left join balance b on b.account_id = s.member_id and b.unit = 'points'
where s.member_id = any($1::uuid[])
order by s.member_id
"""  # noqa: S608 — column names of our own dataclass
_LOCKED = """(select count(*) from (
  select from standing where member_id = any($1::uuid[]) order by member_id for update) as held)"""

_FIXED = {"member_id", "home_store_id", "enrolled_at", "care_from"}
_MOVING = [column for column in _COLUMNS if column not in _FIXED]
_MOVING_OF = attrgetter(*_MOVING)
_MOVED = f"""moved as (
update standing s set {", ".join(f"{column} = n.{column}" for column in _MOVING)}
from unnest($1::uuid[], {", ".join(f"${i}::{_type_of(c)}[]" for i, c in enumerate(_MOVING, 2))})
     as n(member_id, {", ".join(_MOVING)})
where s.member_id = n.member_id
)"""  # noqa: S608
_INSERT = f"""
insert into standing ({", ".join(_COLUMNS)})
select * from unnest({", ".join(f"${i}::{_type_of(c)}[]" for i, c in enumerate(_COLUMNS, 1))})
"""  # noqa: S608

_EVENT_COLUMNS = [
    ("id", "uuid"),
    ("member_id", "uuid"),
    ("event_no", "bigint"),
    ("after_seq", "bigint"),
    ("kind", "text"),
    ("effective_at", "timestamptz"),
    ("tier_from", "text"),
    ("tier_to", "text"),
    ("stage_from", "text"),
    ("stage_to", "text"),
    ("pack_version", "text"),
    ("rule_id", "text"),
    ("reason", "jsonb"),
    ("worked", "boolean"),
    ("purchase_id", "uuid"),
]
_EVENT_NAMES = ", ".join(name for name, _ in _EVENT_COLUMNS)
_TOLD = f"""told as (
insert into lifecycle_event ({_EVENT_NAMES}, recorded_at)
select e.*, $16::timestamptz
from unnest({", ".join(f"${i}::{kind}[]" for i, (_, kind) in enumerate(_EVENT_COLUMNS, 1))})
     as e({_EVENT_NAMES})
)"""  # noqa: S608

# Looked up member by member: as a plain join the planner may read every purchase that there is.
_BETWEEN = """
select asked.member_id, p.occurred_at, p.sales_minor
from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) as asked(member_id, since, until)
cross join lateral (
  select occurred_at, sales_minor from purchase
  where member_id = asked.member_id and occurred_at >= asked.since and occurred_at < asked.until
  union all
  select occurred_at, sales_minor from purchase_attribution
  where member_id = asked.member_id and occurred_at >= asked.since and occurred_at < asked.until
) p
"""

_OF_ASKED = "where member_id = asked.member_id and occurred_at"
_LATELY = f"""
select asked.member_id, p.occurred_at, p.sales_minor
from unnest($1::uuid[], $2::timestamptz[]) as asked(member_id, since)
cross join lateral (
  select occurred_at, sales_minor from purchase {_OF_ASKED} >= asked.since
  union all
  select occurred_at, sales_minor from purchase_attribution {_OF_ASKED} >= asked.since
  union all
  (select occurred_at, sales_minor from purchase {_OF_ASKED} < asked.since order by occurred_at desc limit 1)
  union all
  (select occurred_at, sales_minor from purchase_attribution {_OF_ASKED} < asked.since
   order by occurred_at desc limit 1)
) p
"""  # noqa: S608 — our own text

# What was known of a purchase's member when it was recorded: purchases of lower number.
_BEFORE_IT = "where member_id = x.member_id and seq < x.seq and occurred_at"
_BEFORE = f"""
with x as (
  select p.id, p.occurred_at, coalesce(p.member_id, a.member_id) as member_id, coalesce(p.seq, a.seq) as seq
  from purchase p left join purchase_attribution a on a.purchase_id = p.id where p.id = any($1::uuid[]))
select x.id, x.occurred_at as asked_at, s.enrolled_at, b.occurred_at, b.sales_minor
from x join standing s on s.member_id = x.member_id
left join lateral (
  select occurred_at, sales_minor from purchase
  {_BEFORE_IT} between x.occurred_at - $2::interval and x.occurred_at
  union all
  select occurred_at, sales_minor from purchase_attribution
  {_BEFORE_IT} between x.occurred_at - $2::interval and x.occurred_at
  union all
  (select occurred_at, sales_minor from purchase
   {_BEFORE_IT} < x.occurred_at - $2::interval order by occurred_at desc limit 1)
  union all
  (select occurred_at, sales_minor from purchase_attribution
   {_BEFORE_IT} < x.occurred_at - $2::interval order by occurred_at desc limit 1)
) b on true
"""  # noqa: S608 — our own text

_EVENTS_OF = select(lifecycle_event).where(
    lifecycle_event.c.member_id == any_(bindparam("member_ids", type_=ARRAY(Uuid)))
)


def event_id(member_id: UUID, event_no: int) -> UUID:
    """An event's id follows from its business key, so that writing it twice cannot make two."""
    return uuid5(member_id, str(event_no))


async def lock(session: AsyncSession, member_ids: Sequence[UUID]) -> dict[UUID, LockedMember]:
    """Lock members in id order; unknown ids are left out."""
    ((held,),) = await ask_together(session, [locking(member_ids)])
    return await held_members(session, member_ids, held)


async def held_members(
    session: AsyncSession, member_ids: Sequence[UUID], held: int
) -> dict[UUID, LockedMember]:
    """Members as the one before us left them.

    Args:
        member_ids: as `locking` was given, in a statement before.
        held: what it answered. A member who joined since then is there, and not under lock: once more.
    """
    found = await peek(session, member_ids)
    return found if len(found) == held else await lock(session, member_ids)


def locking(member_ids: Sequence[UUID]) -> Question:
    """To lock members in id order: how many there are.

    `held_members` is to follow, a statement of its own: after a wait it sees what the one before us left.
    """
    return Question((_LOCKED,), (member_ids,))


async def peek(session: AsyncSession, member_ids: Sequence[UUID]) -> dict[UUID, LockedMember]:
    """Members as they stand; unknown ids are left out. Nothing may be written by it but under their locks."""
    return _members(await (await driver(session)).fetch(_PEEK, member_ids))


def _members(rows: Iterable[asyncpg.Record]) -> dict[UUID, LockedMember]:
    return {
        row["member_id"]: LockedMember(
            Standing(*_STANDING_OF(row)),
            tuple(row["tags"]),
            int(row["points_balance"]),
            row["points_pending_until"],
            row["points_owed"],
            row["rule_tags"],
        )
        for row in rows
    }


async def insert(session: AsyncSession, standings: Sequence[Standing]) -> None:
    """Write the standings of newcomers."""
    columns = list(zip(*(_VALUES_OF(one) for one in standings), strict=True))
    await (await driver(session)).execute(_INSERT, *columns)


def standings_moved(standings: Sequence[Standing]) -> list[Write]:
    """To write back what moved; the caller holds the locks."""
    if not standings:
        return []
    columns = zip(*map(_MOVING_OF, standings), strict=True)
    return [Write((_MOVED,), ([s.member_id for s in standings], *columns))]


def events_told(
    events: Sequence[LifecycleEvent], at: datetime, purchase_of: Mapping[tuple[UUID, int], UUID]
) -> list[Write]:
    """To append events; `purchase_of` names the purchase that caused one: (member, event_no) → purchase."""
    if not events:
        return []
    rows = [
        (
            event_id(e.member_id, e.event_no),
            e.member_id,
            e.event_no,
            e.after_seq,
            e.kind,
            e.effective_at,
            e.tier_from,
            e.tier_to,
            e.stage_from,
            e.stage_to,
            e.pack_version,
            e.rule_id,
            orjson.dumps(e.reason).decode(),
            e.worked,
            purchase_of.get((e.member_id, e.event_no)),
        )
        for e in events
    ]
    return [Write((_TOLD,), (*zip(*rows, strict=True), at))]


async def purchases_between(
    session: AsyncSession, spans: Sequence[tuple[UUID, datetime, datetime]]
) -> dict[UUID, list[tuple[datetime, int]]]:
    """Each member's (occurred_at, sales_minor) in [since, until), in order of time."""
    if not spans:
        return {}
    members, since, until = zip(*spans, strict=True)
    found: dict[UUID, list[tuple[datetime, int]]] = {}
    for row in await (await driver(session)).fetch(_BETWEEN, members, since, until):
        found.setdefault(row["member_id"], []).append((row["occurred_at"], row["sales_minor"]))
    for purchases in found.values():
        purchases.sort()
    return found


async def purchases_lately(
    session: AsyncSession, since: Mapping[UUID, datetime]
) -> dict[UUID, list[tuple[datetime, int]]]:
    """Each member's (occurred_at, sales_minor) from an instant on, and the last before it; in any order."""
    found: dict[UUID, list[tuple[datetime, int]]] = {}
    for row in await (await driver(session)).fetch(_LATELY, list(since), list(since.values())):
        found.setdefault(row["member_id"], []).append((row["occurred_at"], row["sales_minor"]))
    return found


async def recent_before(session: AsyncSession, purchase_ids: Sequence[UUID]) -> dict[UUID, RecentFacts]:
    """What the member of each purchase had done lately when it was recorded; of those that have one."""
    rows = await (await driver(session)).fetch(_BEFORE, purchase_ids, LONGEST)
    found: dict[UUID, RecentFacts] = {}
    for purchase_id, of_it in groupby(sorted(rows, key=itemgetter("id")), key=itemgetter("id")):
        same = list(of_it)
        bought = [(row["occurred_at"], row["sales_minor"]) for row in same if row["occurred_at"] is not None]
        lately = RecentVisits(bought, same[0]["enrolled_at"])
        found[purchase_id] = lately.seen_at(same[0]["asked_at"])
    return found


async def events_of(session: AsyncSession, member_ids: Sequence[UUID]) -> dict[UUID, list[LifecycleEvent]]:
    """Each member's events, in order of effect, then of writing."""
    rows = await session.execute(_EVENTS_OF, {"member_ids": list(member_ids)})
    found: dict[UUID, list[LifecycleEvent]] = {}
    for row in rows:
        found.setdefault(row.member_id, []).append(_event(row))
    for events in found.values():
        events.sort(key=lambda event: (event.effective_at, event.event_no))
    return found


def _event(row: Any) -> LifecycleEvent:  # noqa: ANN401 — a SQLAlchemy row
    return LifecycleEvent(
        member_id=row.member_id,
        event_no=row.event_no,
        after_seq=row.after_seq,
        kind=row.kind,
        effective_at=row.effective_at,
        tier_from=row.tier_from,
        tier_to=row.tier_to,
        stage_from=row.stage_from,
        stage_to=row.stage_to,
        pack_version=row.pack_version,
        rule_id=row.rule_id,
        reason=row.reason,
        worked=row.worked,
    )
