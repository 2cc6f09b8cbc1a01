"""Adds up what packs gave, behind the tills: each booked entry and each purchase once.

Nothing on the way of a purchase counts for us. Rows that were written since the last time are found among the
recently recorded ones by the transaction that wrote them: those before the oldest that was still open then
have been added up, those before the oldest that is open now are added up now. So nothing is counted twice or
left out, however long a transaction takes.

The first time there may be years of them. What had been written by then is added up backwards, from the
highest id to the lowest, some rows in each transaction; what is written meanwhile waits until that is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Self
from uuid import UUID

from asyncpg import Connection, Record
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.outlays.acts import NO_ID

Followed = Literal["elsewhere", "going_on", "up_to_date"]

ONE_AT_A_TIME: Final = 7_201_124  # advisory lock
CLOCKS_APART: Final = timedelta(days=3)
"""A row may say that it was recorded so much earlier than the latest of those before it."""
LAST: Final = UUID(int=(1 << 128) - 1)
FAR_APART: Final = 1 << 30
"""Numbers of transactions repeat; those that seem so much newer than the newest are of long ago."""

_STATE: Final = """
select as_of, recorded_to, seen_xid, counted_from, xmin::text::bigint = written_xid % 4294967296 as ours
from pack_outlay_state
"""
_SEEN: Final = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
WRITTEN_BEFORE: Final = f"age({{0}}.xmin) not between -{FAR_APART} and {{1}}"
"""For a row, and how many transactions ago is too late."""
# Of one round: what was written since the last one; or a step of the first: what lies between two ids.
_RECENT: Final = f"""
{{0}}.recorded_at >= $1::timestamptz and age({{0}}.xmin) <= age($2::text::xid)
and {WRITTEN_BEFORE.format("{0}", "age($3::text::xid)")}
"""
_BACK: Final = f"""
{{0}}.id >= $1::uuid and {{0}}.id < $2::uuid and {WRITTEN_BEFORE.format("{0}", "age($3::text::xid)")}
"""
_STEP_FROM: Final = """
select id from (
  (select id from purchase where id < $1::uuid order by id desc offset $2 limit 1)
  union all (select id from ledger_entry where id < $1::uuid order by id desc offset $2 limit 1)) x
order by id desc limit 1
"""
# Points that recomputing only dates anew are neither taken nor given.
_POINTS: Final = """
select p.pack_version as version, coalesce(b.store_id, original.store_id, s.home_store_id) as store_id,
       case when e.kind = 'earn' then b.business_day end as day, e.recorded_at,
       case when e.kind = 'reverse' then 0 else p.amount end as given,
       case when e.kind = 'reverse' then p.amount else 0 end as taken, 0::bigint as off
from ledger_entry e
join posting p on p.entry_id = e.id and p.unit = 'points'
join standing s on s.member_id = e.member_id
left join purchase b on b.id = e.cause_id
left join lateral (
  select ob.store_id from entry_reversal r join ledger_entry oe on oe.id = r.original_id
  join purchase ob on ob.id = oe.cause_id where r.entry_id = e.id) original on e.kind = 'reverse'
where e.kind in ('earn', 'correct', 'reverse') and {entries}
  and not (e.kind = 'reverse' and exists (select from purchase_recompute where reversal_id = e.id))
  and not (e.kind = 'correct' and exists (
    select from purchase_recompute r
    join posting m on m.entry_id = r.reversal_id and (m.pack_version, m.rule_id) = (p.pack_version, p.rule_id)
    where r.entry_id = e.id))
"""
_MONEY: Final = """
select split_part(substr(d.value->>'source', 6), '#', 1), b.store_id, b.business_day, b.recorded_at, 0, 0,
       (d.value->>'amount_minor')::bigint
from purchase b cross join lateral jsonb_array_elements(b.evaluation->'charged') d
where {purchases}
"""
BOOKED: Final = f"({_POINTS} union all {_MONEY})"
"""What was given, taken and taken off, for conditions on `entries` (e) and on `purchases` (b)."""
_ADD: Final = f"""
insert into pack_outlay as o (pack_code, day, version, store_id, points_given, points_taken, discount_minor)
select split_part(x.version, '/', 1), coalesce(x.day, (x.recorded_at at time zone place.time_zone)::date),
       split_part(x.version, '/', 2)::int, x.store_id, sum(x.given), sum(x.taken), sum(x.off)
from {BOOKED} x
join place on place.id = x.store_id
group by 1, 2, 3, 4
on conflict (pack_code, day, version, store_id) do update set
  points_given = o.points_given + excluded.points_given,
  points_taken = o.points_taken + excluded.points_taken,
  discount_minor = o.discount_minor + excluded.discount_minor
"""  # noqa: S608 — our own text, as below
_HOUR: Final = "('x' || left(replace({0}::text, '-', ''), 12))::bit(48)::bigint / 3600000"
_READ: Final = f"""
select substr(split_part(d.value->>'source', '#', 1), 6), 'discount', x.store_id, {_HOUR.format("x.id")}
from {{0}} x cross join lateral jsonb_array_elements(x.evaluation->'charged') d
where {{1}} and starts_with(d.value->>'source', 'pack:')
union
select r.value->>'pack', 'refusal', x.store_id, {_HOUR.format("x.id")}
from {{0}} x cross join lateral jsonb_array_elements(x.evaluation->'rules') r
where {{1}} and (r.value->>'applied')::boolean and r.value->>'note' <> 'capped'
  and r.value->>'note' not like 'limited:%'
"""  # noqa: S608
_CLAIMED: Final = """
(select a.purchase_id as id, a.recorded_at, a.xmin, a.evaluation, p.store_id
 from purchase_attribution a join purchase p on p.id = a.purchase_id)
"""
PURCHASE_OF_ENTRY: Final = """
case e.kind when 'earn' then e.cause_id else coalesce(
  (select r.purchase_id from purchase_recompute r where r.entry_id = e.id),
  (select i.cause_id from pack_undo_result r
   join pack_undo_item i on i.undo_id = r.undo_id and i.entry_id = r.entry_id and i.member_id = e.member_id
   where r.reversal_id = e.id and r.given > 0)) end
"""
"""For which purchase an entry (e) gave points: at the till, by recomputing it or by correcting a version."""
_ACTED: Final = f"""
insert into pack_act (version, kind, store_id, hour)
select p.pack_version, 'award', b.store_id, {_HOUR.format("e.id")}
from ledger_entry e join posting p on p.entry_id = e.id and p.unit = 'points'
join purchase b on b.id = {PURCHASE_OF_ENTRY}
where e.kind in ('earn', 'correct') and {{0}}
union
{_READ.format("purchase", "{1}")}
union
{_READ.format(_CLAIMED, "{1}")}
on conflict do nothing
"""  # noqa: S608
_LATEST: Final = """
select max(x.recorded_at) from (
  select max(e.recorded_at) as recorded_at from ledger_entry e where {0}
  union all select max(b.recorded_at) from purchase b where {1}) x
"""
_SAY: Final = """
insert into pack_outlay_state as s (id, as_of, recorded_to, seen_xid, written_xid, counted_from)
values (1, $1::timestamptz, $2::timestamptz, $3, pg_current_xact_id()::text::bigint, $4::uuid)
on conflict (id) do update set as_of = excluded.as_of, recorded_to = excluded.recorded_to,
  seen_xid = excluded.seen_xid, written_xid = excluded.written_xid, counted_from = excluded.counted_from
"""
_LONG_AGO: Final = datetime.fromisoformat("1000-01-01T00:00:00+00:00")


def _added(fresh: str) -> Sequence[str]:
    """The two statements that add up fresh rows, and the one that tells the latest of them."""
    entries, purchases, read = fresh.format("e"), fresh.format("b"), fresh.format("x")
    return (
        _ADD.format(entries=entries, purchases=purchases),
        _ACTED.format(entries, read),
        _LATEST.format(entries, purchases),
    )


_ROUND: Final = _added(_RECENT)
_STEP: Final = _added(_BACK)


@dataclass(frozen=True, slots=True)
class _State:
    """How far all has been added up: what was written before `seen_xid`, down to the id `counted_from`."""

    as_of: datetime
    recorded_to: datetime
    seen_xid: int
    counted_from: UUID

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(row["as_of"], row["recorded_to"], row["seen_xid"], UUID(str(row["counted_from"])))


@dataclass(frozen=True, slots=True)
class Portion:
    """How much is added up in one transaction.

    Attributes:
        rows: purchases, or entries, at most; the first time.
        transactions: those that wrote them, at most; afterwards.
    """

    rows: int = 2_000
    transactions: int = 20_000


USUAL: Final = Portion()


async def follow(session: AsyncSession, at: datetime, portion: Portion = USUAL) -> Followed:
    """Add up a portion of what was booked since the last time; or of all, the first time and after a restore.

    Args:
        session: in a transaction of its own, not in a savepoint; cut off, nothing of this portion was done.
        at: aware UTC, now: what was committed before is added up in the end, but for what was written beside
            a transaction that is still open.
        portion: how much of it now.
    Returns: whether there is more to do, all has been done, or somebody else is at it.
    """
    connection = await driver(session)
    if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", ONE_AT_A_TIME):
        return "elsewhere"
    newest = await connection.fetchval(_SEEN)
    row = await connection.fetchrow(_STATE)
    if row is None or not row["ours"] or newest - row["seen_xid"] >= FAR_APART:
        await connection.execute("delete from pack_outlay")
        await connection.execute("delete from pack_act")
        before = _State(at, _LONG_AGO, newest, LAST)
    else:
        before = _State.of(row)
    if before.counted_from == NO_ID:
        after = await _go_on(connection, before, newest, at, portion)
    else:
        after = await _go_back(connection, before, portion)
    await connection.execute(_SAY, after.as_of, after.recorded_to, after.seen_xid, after.counted_from)
    return "up_to_date" if after.counted_from == NO_ID and after.seen_xid == newest else "going_on"


async def _go_on(
    connection: "Connection[Record]", before: _State, newest: int, at: datetime, portion: Portion
) -> _State:
    """Up to the newest transaction that has ended, or some of the way; the clock is told at the end."""
    recorded_to = min(at, before.recorded_to)  # clocks that ran ahead may have been put right
    to = min(newest, before.seen_xid + portion.transactions)
    latest = await _add(connection, _ROUND, recorded_to - CLOCKS_APART, _xid(before.seen_xid), _xid(to))
    as_of = at if to == newest else before.as_of
    return _State(as_of, max(recorded_to, latest or recorded_to), to, NO_ID)


async def _go_back(connection: "Connection[Record]", before: _State, portion: Portion) -> _State:
    """Down to a lower id."""
    reached = await connection.fetchval(_STEP_FROM, before.counted_from, portion.rows - 1)
    first = NO_ID if reached is None else UUID(str(reached))
    latest = await _add(connection, _STEP, first, before.counted_from, _xid(before.seen_xid))
    recorded_to = max(before.recorded_to, latest or before.recorded_to)
    return _State(before.as_of, recorded_to, before.seen_xid, first)


async def _add(
    connection: "Connection[Record]", statements: Sequence[str], *fresh: object
) -> datetime | None:
    """Add up fresh rows; the clock of the latest of them."""
    add, act, tell = statements
    await connection.execute(add, *fresh)
    await connection.execute(act, *fresh)
    latest: datetime | None = await connection.fetchval(tell, *fresh)
    return latest


def _xid(full: int) -> str:
    """A transaction's number as rows carry it."""
    return str(full % (1 << 32))
