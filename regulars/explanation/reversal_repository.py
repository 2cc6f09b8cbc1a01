"""All SQL of points that were taken back: reads only, of purchases, of members, or of one entry."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.explanation.history import EventLine
from regulars.explanation.lines_between import read_lines
from regulars.explanation.reversals import TAKEN_BACK, Reversal, TakenFrom
from regulars.security.scope import Scope


def _purchase_of(entry: str) -> str:
    """The purchase for which an entry gave points: at the till, by recomputing, or by an order's correction;
    null of what was given by hand."""
    return f"""
case {entry}.kind when 'earn' then {entry}.cause_id when 'correct' then coalesce(
  (select purchase_id from purchase_recompute where entry_id = {entry}.id),
  (select made.cause_id from pack_undo_item made
   join pack_undo_result by_it on by_it.undo_id = made.undo_id and by_it.entry_id = made.entry_id
   where by_it.reversal_id = {entry}.id and by_it.given > 0), {entry}.cause_id) end
"""  # noqa: S608 — our own text, as below


_COLUMNS: Final = f"""
select e.id as entry_id, e.member_id, o.id as original_id, {_purchase_of("o")} as purchase_id,
       o.effective_at as bought_at, e.effective_at as at, p.points, p.owed, p.pack, p.rules, p.amounts,
       (select coalesce(sum(amount), 0)::bigint from posting
        where entry_id = o.id and unit = 'points'
          and pack_version in (select pack_version from posting where entry_id = e.id)) as given,
       u.id as undo_id, u.policy, coalesce(u.ordered_at, again.recorded_at) as ordered_at,
       coalesce(wanted.display_name, u.ordered_by, again.actor) as ordered_by,
       u.decided_at as approved_at,
       coalesce(allowed.display_name, u.decided_by, again.approved_by) as approved_by,
       coalesce(u.note, again.reason) as reason, u.words as approval,
       coalesce(d.result, again.redated) as result, coalesce(whole.points, 0)::bigint as order_points,
       whole.entries as order_entries, again.entry_id as redated_by
"""  # noqa: S608
_FROM: Final = """
from entry_reversal r
join ledger_entry e on e.id = r.entry_id
join ledger_entry o on o.id = r.original_id
cross join lateral (
  select coalesce(sum(amount) filter (where from_account_id = e.member_id), 0)::bigint as points,
         coalesce(sum(amount) filter (where from_account_id <> e.member_id), 0)::bigint as owed,
         min(pack_version) as pack, array_agg(rule_id order by leg) as rules,
         array_agg(amount order by leg) as amounts
  from posting where entry_id = e.id and unit = 'points') p
left join lateral (
  select undo_id, (taken + owed)::bigint as result from pack_undo_result
  where entry_id = o.id and reversal_id = e.id) d on true
left join pack_undo u on u.id = d.undo_id
left join purchase_recompute again on again.reversal_id = e.id
left join operator wanted on coalesce(u.ordered_by, again.actor) = 'operator:' || wanted.id
left join operator allowed on coalesce(u.decided_by, again.approved_by) = 'operator:' || allowed.id
cross join lateral (
  select sum(done.taken) as points, count(*) as entries
  from ledger_entry x join entry_reversal y on y.entry_id = x.id
  join pack_undo_result done on done.entry_id = y.original_id and done.reversal_id = x.id
  where x.member_id = e.member_id and x.kind = 'reverse' and done.undo_id = u.id) whole
"""
_OF_PURCHASES: Final = f"""{_COLUMNS}{_FROM}
where r.original_id in (
  select id from ledger_entry where cause_id = any($1::uuid[]) and kind = 'earn'
  union all select entry_id from purchase_recompute where purchase_id = any($1::uuid[])
  union all select by_it.reversal_id from pack_undo_item made
  join pack_undo_result by_it on by_it.undo_id = made.undo_id and by_it.entry_id = made.entry_id
  where made.cause_id = any($1::uuid[]) and by_it.given > 0)
  and again.entry_id is null
order by e.effective_at, e.id
"""  # noqa: S608
_ONE: Final = f"""{_COLUMNS}, s.home_store_id {_FROM}
join standing s on s.member_id = e.member_id
join place h on h.id = s.home_store_id
where r.entry_id = $1 and ($2::uuid is null or e.member_id = $2) and h.path <@ any($3::text[]::ltree[])
"""
_SOURCES: Final = f"""
select {_purchase_of("earned")}, earned.effective_at, c.amount
from lot_consumption c
join lot l on l.account_id = $2 and l.id = c.lot_id
join ledger_entry earned on earned.id = l.entry_id
where c.entry_id = $1 order by earned.effective_at, l.id
"""  # noqa: S608
# One line for each order and member, after the last event that was written before it.
_LINES: Final = """
select (array_agg(t.entry_id order by t.entry_id))[1] as event_id, t.after_event_no, t.undo_id, t.pack,
       min(t.at) as effective_at, min(t.recorded_at) as recorded_at, sum(t.points)::bigint as points
from (
  select e.id as entry_id, e.effective_at as at, e.recorded_at, d.undo_id, p.pack, p.points,
         (select coalesce(max(event_no), 0) from lifecycle_event
          where member_id = e.member_id and recorded_at <= e.recorded_at)::bigint as after_event_no
  from ledger_entry e
  join standing s on s.member_id = e.member_id
  join place h on h.id = s.home_store_id
  join entry_reversal r on r.entry_id = e.id
  cross join lateral (
    select coalesce(sum(amount) filter (where from_account_id = e.member_id), 0)::bigint as points,
           min(pack_version) as pack
    from posting where entry_id = e.id and unit = 'points') p
  left join pack_undo_result d on d.entry_id = r.original_id and d.reversal_id = e.id
  where e.member_id = $1 and e.kind = 'reverse' and h.path <@ any($2::text[]::ltree[])
    and not exists (select from purchase_recompute where reversal_id = e.id)) t
where ($3::bigint is null or t.after_event_no < $3) and t.after_event_no >= $4
group by t.after_event_no, t.undo_id, t.pack
order by t.after_event_no desc, min(t.at) desc, 1 desc
"""


async def of_purchases(session: AsyncSession, purchase_ids: Sequence[UUID]) -> list[Reversal]:
    """What was taken back of purchases, in order of time; what was given again with other dates was not."""
    rows = await (await driver(session)).fetch(_OF_PURCHASES, purchase_ids)
    return [_reversal(row) for row in rows]


async def find(
    session: AsyncSession, entry_id: UUID, member_id: UUID | None, scope: Scope
) -> tuple[Reversal, UUID] | None:
    """One entry that takes back, with its sources, and the member's home store; None where there is none,
    or its member is out of sight."""
    connection = await driver(session)
    row = await connection.fetchrow(_ONE, entry_id, member_id, scope.parameters["scope_paths"])
    if row is None:
        return None
    sources = await connection.fetch(_SOURCES, entry_id, row["member_id"])
    return _reversal(row, tuple(TakenFrom(*source) for source in sources)), row["home_store_id"]


async def lines_of(
    session: AsyncSession, member_id: UUID, scope: Scope, before: int | None, down_to: int
) -> list[tuple[int, EventLine]]:
    """What orders took back of a member, newest first: the event after which it stands, and the line.

    Args:
        before, down_to: only those after an event numbered below the one, and not below the other.
    """
    return await read_lines(session, _LINES, TAKEN_BACK, member_id, scope, (before, down_to))


def _reversal(row: asyncpg.Record, sources: tuple[TakenFrom, ...] = ()) -> Reversal:
    values = {name: value for name, value in row.items() if name != "home_store_id"}
    rules = zip(values.pop("rules"), values.pop("amounts"), strict=True)
    return Reversal(**values, rules=tuple(rules), sources=sources)
