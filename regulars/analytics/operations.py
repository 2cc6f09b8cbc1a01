"""Who is behind, unheard or flagged: what ops find in the database, and on whom a bulk action would fall."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.security.scope import Scope

OVERDUE_AFTER: Final = timedelta(minutes=3)
"""A workflow wakes within a minute of what falls due; more than this and something holds it up."""

_MEMBERS: Final = """
select s.member_id, s.home_store_id from standing s join place p on p.id = s.home_store_id
where p.path <@ any($1::text[]::ltree[])
  and ($2::uuid[] is null or s.member_id = any($2))
  and ($3::text is null or s.stage = $3) and ($4::text is null or s.tier = $4)
  and (not $5::boolean or s.next_due_at < $6)
  and (not $7::boolean or exists (select from outbox o where o.member_id = s.member_id and o.attempts > 0))
order by s.member_id limit $8
"""
_WHO: Final = """
select s.member_id, m.name, m.number, s.home_store_id, s.stage, s.tier, s.next_due_at, s.last_seq,
       s.frozen_at, coalesce(b.amount, 0)::bigint as points
from standing s join member m on m.id = s.member_id join place p on p.id = s.home_store_id
left join balance b on b.account_id = s.member_id and b.unit = 'points'
where s.member_id = any($1::uuid[]) and p.path <@ any($2::text[]::ltree[])
"""
_OVERDUE: Final = """
select s.member_id from standing s join place p on p.id = s.home_store_id
where s.next_due_at < $1 and p.path <@ any($2::text[]::ltree[]) order by s.next_due_at limit $3
"""
_TOLD_LATELY: Final = """
select t.member_id from workflow_told t join standing s on s.member_id = t.member_id
join place p on p.id = s.home_store_id
where p.path <@ any($1::text[]::ltree[]) order by t.told_at desc limit $2
"""
_REFUSED: Final = """
select o.member_id, max(o.attempts) as attempts, min(o.created_at) as since, max(o.claimed_until) as next_at
from outbox o join standing s on s.member_id = o.member_id join place p on p.id = s.home_store_id
where o.attempts > 0 and p.path <@ any($1::text[]::ltree[])
group by o.member_id order by min(o.created_at), o.member_id limit $2
"""


@dataclass(frozen=True, slots=True)
class Who:
    """A member as ops see one.

    Attributes:
        points: held now.
    """

    member_id: UUID
    name: str
    number: str
    home_store_id: UUID
    stage: str
    tier: str
    next_due_at: datetime | None
    last_seq: int
    frozen_at: datetime | None
    points: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that Temporal did not take, and that rests until it is tried again."""

    member_id: UUID
    attempts: int
    since: datetime
    next_at: datetime | None


async def find_members(
    session: AsyncSession,
    scope: Scope,
    at: datetime,
    limit: int,
    *,
    member_ids: Sequence[UUID] | None = None,
    stage: str | None = None,
    tier: str | None = None,
    overdue: bool = False,
    unheard: bool = False,
) -> list[tuple[UUID, UUID]]:
    """(member, home store) of those within the scope for whom all of it holds, by id."""
    rows = await (await driver(session)).fetch(
        _MEMBERS,
        scope.parameters["scope_paths"],
        None if member_ids is None else list(member_ids),
        stage,
        tier,
        overdue,
        at - OVERDUE_AFTER,
        unheard,
        limit,
    )
    return [(row["member_id"], row["home_store_id"]) for row in rows]


async def who_are(session: AsyncSession, member_ids: Sequence[UUID], scope: Scope) -> dict[UUID, Who]:
    """Those of the members who are within the scope."""
    rows = await (await driver(session)).fetch(_WHO, list(member_ids), scope.parameters["scope_paths"])
    return {row["member_id"]: Who(**dict(row)) for row in rows}


async def overdue_members(session: AsyncSession, scope: Scope, at: datetime, limit: int) -> list[UUID]:
    """Members for whom something should have been decided a while ago, the longest first."""
    rows = await (await driver(session)).fetch(
        _OVERDUE, at - OVERDUE_AFTER, scope.parameters["scope_paths"], limit
    )
    return [row["member_id"] for row in rows]


async def lately_told(session: AsyncSession, scope: Scope, limit: int) -> list[UUID]:
    """Members whose workflow was told something last."""
    rows = await (await driver(session)).fetch(_TOLD_LATELY, scope.parameters["scope_paths"], limit)
    return [row["member_id"] for row in rows]


async def refused_messages(session: AsyncSession, scope: Scope, limit: int) -> list[Refused]:
    """Messages that rest after a refusal, the oldest first."""
    rows = await (await driver(session)).fetch(_REFUSED, scope.parameters["scope_paths"], limit)
    return [Refused(**dict(row)) for row in rows]
