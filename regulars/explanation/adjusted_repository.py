"""All SQL of points adjusted by hand, as lines among a member's events and one by one; reads only."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.explanation.adjusted import ADJUSTED, Adjusted, AdjustedLot
from regulars.explanation.history import EventLine
from regulars.explanation.lines_between import read_lines
from regulars.security.scope import Scope

_ONE: Final = """
select e.id as entry_id, e.member_id, a.id as adjustment_id, e.effective_at as at, a.points, a.reason, a.note,
       a.within_limit, coalesce(asked.display_name, a.requested_by) as requested_by, a.requested_at,
       coalesce(allowed.display_name, a.decided_by) as decided_by, a.decided_at, a.words, a.reverses,
       (select id from adjustment where reverses = a.id and state = 'posted') as reversed_by,
       (select coalesce(sum(case from_account_id when e.member_id then -amount else amount end), 0)::bigint
        from posting where entry_id = e.id and unit = 'points') as posted,
       (select coalesce(sum(amount), 0)::bigint from posting p
        join ledger_entry paid on paid.id = p.entry_id
        where paid.cause_id = e.cause_id and paid.kind = 'repay' and p.unit = 'points') as repaid,
       s.home_store_id
from ledger_entry e
join standing s on s.member_id = e.member_id
join place h on h.id = s.home_store_id
left join adjustment a on a.id = e.cause_id
left join operator asked on a.requested_by = 'operator:' || asked.id
left join operator allowed on a.decided_by = 'operator:' || allowed.id
where (e.id = $1 or e.cause_id = $1) and e.kind = 'adjust' and ($2::uuid is null or e.member_id = $2)
  and h.path <@ any($3::text[]::ltree[])
"""
_LOTS: Final = """
select l.amount, l.expires_at, null::timestamptz as earned_at from lot l
where l.account_id = $2 and l.entry_id = $1
union all
select c.amount, l.expires_at, earned.effective_at from lot_consumption c
join lot l on l.account_id = $2 and l.id = c.lot_id
join ledger_entry earned on earned.id = l.entry_id
where c.entry_id = $1 order by 2 nulls last, 1
"""
_LINES: Final = """
select t.* from (
  select e.id as event_id, e.cause_id as adjustment_id, e.effective_at, e.recorded_at, p.points,
         (select coalesce(max(event_no), 0) from lifecycle_event
          where member_id = e.member_id and recorded_at <= e.recorded_at)::bigint as after_event_no
  from ledger_entry e
  join standing s on s.member_id = e.member_id
  join place h on h.id = s.home_store_id
  cross join lateral (
    select sum(case from_account_id when e.member_id then -amount else amount end)::bigint as points
    from posting where entry_id = e.id and unit = 'points') p
  where e.member_id = $1 and e.kind = 'adjust' and h.path <@ any($2::text[]::ltree[])) t
where ($3::bigint is null or t.after_event_no < $3) and t.after_event_no >= $4
order by t.after_event_no desc, t.effective_at desc, t.event_id desc
"""


async def lines_of(
    session: AsyncSession, member_id: UUID, scope: Scope, before: int | None, down_to: int
) -> list[tuple[int, EventLine]]:
    """What was adjusted of a member by hand, newest first: the event after which it stands, and the line.

    Args:
        before, down_to: only those after an event numbered below the one, and not below the other.
    """
    return await read_lines(session, _LINES, ADJUSTED, member_id, scope, (before, down_to))


async def find(
    session: AsyncSession, asked_id: UUID, member_id: UUID | None, scope: Scope
) -> tuple[Adjusted, UUID] | None:
    """What one entry adjusted by hand, and the member's home store; None where there is none, it is another
    member's, or out of sight. The id may be the entry's or the adjustment's."""
    connection = await driver(session)
    row = await connection.fetchrow(_ONE, asked_id, member_id, scope.parameters["scope_paths"])
    if row is None:
        return None
    lots = await connection.fetch(_LOTS, row["entry_id"], row["member_id"])
    values = {name: value for name, value in row.items() if name != "home_store_id"}
    return Adjusted(**values, lots=tuple(AdjustedLot(*lot) for lot in lots)), row["home_store_id"]
