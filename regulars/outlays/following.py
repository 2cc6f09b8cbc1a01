"""Adds up what packs gave, behind the tills: each booked entry and each purchase once.

Nothing on the way of a purchase counts for us. Rows that were written since the last time are found among the
recently recorded ones by the transaction that wrote them: those before the oldest that was still open then
have been added up, those before the oldest that is open now are added up now. So nothing is counted twice or
left out, however long a transaction takes.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver

ONE_AT_A_TIME: Final = 7_201_124  # advisory lock
CLOCKS_APART: Final = timedelta(days=3)
"""A row may say that it was recorded so much earlier than the latest of those before it."""

_STATE: Final = """
select recorded_to, seen_xid, xmin::text::bigint = written_xid % 4294967296 as ours from pack_outlay_state
"""
_SEEN: Final = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_FRESH: Final = """
{0}.recorded_at >= $1::timestamptz and age({0}.xmin) > age($3::text::xid)
and ($2::text is null or age({0}.xmin) <= age($2::text::xid))
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
from {BOOKED.format(entries=_FRESH.format("e"), purchases=_FRESH.format("b"))} x
join place on place.id = x.store_id
group by 1, 2, 3, 4
on conflict (pack_code, day, version, store_id) do update set
  points_given = o.points_given + excluded.points_given,
  points_taken = o.points_taken + excluded.points_taken,
  discount_minor = o.discount_minor + excluded.discount_minor
"""  # noqa: S608 — our own text, as below
_HOUR: Final = "('x' || left(replace({0}::text, '-', ''), 12))::bit(48)::bigint / 3600000"
_READ: Final = f"""
select substr(split_part(d.value->>'source', '#', 1), 6), 'discount', {_HOUR.format("x.id")}
from {{0}} x cross join lateral jsonb_array_elements(x.evaluation->'charged') d
where {_FRESH.format("x")} and starts_with(d.value->>'source', 'pack:')
union
select r.value->>'pack', 'refusal', {_HOUR.format("x.id")}
from {{0}} x cross join lateral jsonb_array_elements(x.evaluation->'rules') r
where {_FRESH.format("x")} and (r.value->>'applied')::boolean and r.value->>'note' is not null
"""  # noqa: S608
_ACTED: Final = f"""
insert into pack_act (version, kind, hour)
select p.pack_version, 'award', {_HOUR.format("e.id")}
from ledger_entry e join posting p on p.entry_id = e.id and p.unit = 'points'
where e.kind in ('earn', 'correct') and {_FRESH.format("e")}
union
{_READ.format("purchase")}
union
{_READ.format("(select purchase_id as id, recorded_at, xmin, evaluation from purchase_attribution)")}
on conflict do nothing
"""  # noqa: S608
_LATEST: Final = f"""
select max(x.recorded_at) from (
  select max(e.recorded_at) as recorded_at from ledger_entry e where {_FRESH.format("e")}
  union all select max(b.recorded_at) from purchase b where {_FRESH.format("b")}) x
"""  # noqa: S608
_SAY: Final = """
insert into pack_outlay_state as s (id, as_of, recorded_to, seen_xid, written_xid)
values (1, $1::timestamptz, $2::timestamptz, $3, pg_current_xact_id()::text::bigint)
on conflict (id) do update set as_of = excluded.as_of, recorded_to = excluded.recorded_to,
  seen_xid = excluded.seen_xid, written_xid = excluded.written_xid
"""
_LONG_AGO: Final = datetime.fromisoformat("1000-01-01T00:00:00+00:00")


async def follow(session: AsyncSession, at: datetime) -> bool:
    """Add up what was booked since the last time; all of it the first time, and after a restore elsewhere.

    Args:
        session: in a transaction, not in a savepoint.
        at: aware UTC, now: what was committed before is added up, but for what was written beside a
            transaction that is still open.
    Returns: whether anything was done; not where somebody else is at it.
    """
    connection = await driver(session)
    if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", ONE_AT_A_TIME):
        return False
    seen_xid = await connection.fetchval(_SEEN)
    state = await connection.fetchrow(_STATE)
    if state is None or not state["ours"]:
        await connection.execute("set local statement_timeout = 0")
        await connection.execute("delete from pack_outlay")
        await connection.execute("delete from pack_act")
        recorded_to, before = _LONG_AGO, None
    else:
        recorded_to = min(at, state["recorded_to"])  # clocks that ran ahead may have been put right
        before = _xid(state["seen_xid"])
    fresh = (recorded_to - CLOCKS_APART, before, _xid(seen_xid))
    await connection.execute(_ADD, *fresh)
    await connection.execute(_ACTED, *fresh)
    latest = await connection.fetchval(_LATEST, *fresh)
    await connection.execute(_SAY, at, max(recorded_to, latest or recorded_to), seen_xid)
    return True


def _xid(full: int) -> str:
    """A transaction's number as rows carry it."""
    return str(full % (1 << 32))
