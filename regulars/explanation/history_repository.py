"""All SQL of members' pasts: reads only, whole pages of members in one statement each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.explanation.history import Bought, EventLine, Expired, ExpiredLot, MemberHistory, StoredEvent
from regulars.lifecycle.event_rows import event_of
from regulars.security.scope import Scope

_EVENTS: Final = """
select e.id, e.member_id, e.event_no, e.after_seq, e.kind, e.effective_at, e.recorded_at, e.tier_from,
       e.tier_to, e.stage_from, e.stage_to, e.purchase_id, e.pack_version, e.rule_id,
       e.reason::text as reason, e.worked, case when e.kind = 'upgraded' then
         (coalesce(a.evaluation, p.evaluation) #>> '{facts,member,qualifying_spend_minor}')::bigint
       end as qualifying_minor
from lifecycle_event e
left join purchase p on p.id = e.purchase_id and e.kind = 'upgraded'
left join purchase_attribution a on a.purchase_id = p.id
where e.member_id = any($1::uuid[])
order by e.member_id, e.event_no
"""
_BOUGHT: Final = """
select member_id, id, seq, occurred_at, sales_minor from purchase where member_id = any($1::uuid[])
union all
select member_id, purchase_id, seq, occurred_at, sales_minor from purchase_attribution
where member_id = any($1::uuid[])
order by 1, 3
"""
_EXPIRED: Final = """
select e.cause_id, c.amount, l.expires_at, earned.effective_at as earned_at,
       case when earned.kind <> 'adjust' then earned.cause_id end as purchase_id,
       (select sum(amount) from posting where entry_id = e.id)::bigint as posted
from ledger_entry e
join lot_consumption c on c.entry_id = e.id
join lot l on l.id = c.lot_id
join ledger_entry earned on earned.id = l.entry_id
where e.member_id = any($1::uuid[]) and e.kind = 'expire'
order by earned.effective_at
"""
_MEMBERS: Final = """
select member_id, home_store_id, enrolled_at from standing where member_id = any($1::uuid[]) order by 1
"""
_PAGE: Final = """
select member_id from standing s where member_id > $1 and ($2::timestamptz is null or exists (
  select from lifecycle_event e where e.member_id = s.member_id and e.recorded_at >= $2))
order by member_id limit $3
"""
_MEMBER_OF: Final = """
select e.member_id from lifecycle_event e
join standing s on s.member_id = e.member_id
join place h on h.id = s.home_store_id
where e.id = $1 and ($2::uuid is null or e.member_id = $2) and h.path <@ any($3::text[]::ltree[])
"""
_LIST: Final = """
select e.id as event_id, e.event_no, e.kind, e.effective_at, e.recorded_at, e.tier_from, e.tier_to,
       e.stage_from, e.stage_to, e.purchase_id, e.pack_version as pack, e.rule_id as rule
from lifecycle_event e
join standing s on s.member_id = e.member_id
join place h on h.id = s.home_store_id
where e.member_id = $1 and h.path <@ any($2::text[]::ltree[])
  and ($3::text is null or e.kind = $3) and ($4::bigint is null or e.event_no < $4)
order by e.event_no desc limit $5
"""


async def events_of(
    session: AsyncSession, member_id: UUID, scope: Scope, kind: str | None, before: int | None, limit: int
) -> list[EventLine]:
    """A member's events, the newest written first; none where the member is at home out of sight."""
    roots = scope.parameters["scope_paths"]
    rows = await (await driver(session)).fetch(_LIST, member_id, roots, kind, before, limit)
    return [EventLine(**row) for row in rows]


async def member_of_event(
    session: AsyncSession, event_id: UUID, member_id: UUID | None, scope: Scope
) -> UUID | None:
    """Whose event this is; None where there is none, or the member is at home out of sight."""
    roots = scope.parameters["scope_paths"]
    found: UUID | None = await (await driver(session)).fetchval(_MEMBER_OF, event_id, member_id, roots)
    return found


async def page_of_members(
    session: AsyncSession, after: UUID, since: datetime | None, limit: int
) -> list[UUID]:
    """Members in order of their ids: those with an event recorded since an instant, or all."""
    rows = await (await driver(session)).fetch(_PAGE, after, since, limit)
    return [row["member_id"] for row in rows]


async def histories(session: AsyncSession, member_ids: Sequence[UUID]) -> list[MemberHistory]:
    """The whole pasts of members, in order of their ids."""
    connection = await driver(session)
    events: dict[UUID, list[StoredEvent]] = {}
    for row in await connection.fetch(_EVENTS, member_ids):
        events.setdefault(row["member_id"], []).append(_event(row))
    bought: dict[UUID, list[Bought]] = {}
    for row in await connection.fetch(_BOUGHT, member_ids):
        bought.setdefault(row["member_id"], []).append(
            Bought(row["id"], row["seq"], row["occurred_at"], row["sales_minor"])
        )
    expired = _expired(await connection.fetch(_EXPIRED, member_ids))
    return [
        MemberHistory(
            row["member_id"],
            row["home_store_id"],
            row["enrolled_at"],
            events.get(row["member_id"], ()),
            bought.get(row["member_id"], ()),
            expired,
        )
        for row in await connection.fetch(_MEMBERS, member_ids)
    ]


def _expired(rows: Sequence[asyncpg.Record]) -> dict[UUID, Expired]:
    posted: dict[UUID, int] = {}
    lots: dict[UUID, list[ExpiredLot]] = {}
    for row in rows:
        posted[row["cause_id"]] = row["posted"]
        lot = ExpiredLot(row["amount"], row["earned_at"], row["purchase_id"], row["expires_at"])
        lots.setdefault(row["cause_id"], []).append(lot)
    return {cause: Expired(points, tuple(lots[cause])) for cause, points in posted.items()}


def _event(row: asyncpg.Record) -> StoredEvent:
    return StoredEvent(
        row["id"], row["recorded_at"], row["purchase_id"], row["qualifying_minor"], event_of(row)
    )
