"""Brings the members' features to an instant: only of those whose history changed, or whose window slid.

Nothing on the way of a purchase tells us who changed. PostgreSQL does: every version of a row carries the
transaction that wrote it, so the standings and members written since the last time are found by one scan
without any index, and the tills pay nothing (ADR 16).
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver

ONE_REFRESHER: Final = 7_201_122  # advisory lock
WINDOW: Final = "interval '8760 hours'"
QUARTER: Final = "interval '2160 hours'"
MONTH: Final = "interval '720 hours'"
AT_ONCE: Final = 5_000
MOST_CHANGED: Final = 200_000
"""With more than that, all are gathered anew."""

_STATE: Final = """
select as_of, seen_xid,
       xmin::text::bigint = written_xid % 4294967296 and whole_xid is not distinct from written_xid as ours
from member_feature_state
"""
_SEEN: Final = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_CHANGED: Final = """
select member_id from standing where age(xmin) <= age($2::text::xid)
union select id from member where age(xmin) <= age($2::text::xid)
union select member_id from member_feature where leaves_at < $1::timestamptz
limit $3
"""

# A standing keeps the sum of its own last window. What has dropped out since is subtracted; where a till's
# clock ran ahead and the window ends after $1, the purchases are counted anew. Whom a part is for is said
# within it too: a condition of the join alone is looked at when the part has been counted.
_SLID: Final = f"s.window_as_of <= $1::timestamptz and s.window_oldest_at < $1::timestamptz - {WINDOW}"
_AHEAD: Final = "s.window_as_of > $1::timestamptz"
_BOUGHT: Final = """
  (select occurred_at, sales_minor from purchase where member_id = s.member_id and {0}
   union all
   select occurred_at, sales_minor from purchase_attribution where member_id = s.member_id and {0}) bought
"""
_GONE: Final = _BOUGHT.format(
    f"{_SLID} and occurred_at >= s.window_as_of - {WINDOW} and occurred_at < $1::timestamptz - {WINDOW}"
)
_LEFT: Final = _BOUGHT.format(f"{_SLID} and occurred_at >= $1::timestamptz - {WINDOW}")
_INSIDE: Final = _BOUGHT.format(
    f"{_AHEAD} and occurred_at >= $1::timestamptz - {WINDOW} and occurred_at <= $1::timestamptz"
)
_RULE_TAGS: Final = """
  jsonb_each_text(m.rule_tags) as t(tag, until)
  where (t.until is null or t.until::timestamptz > $1::timestamptz)
"""
# Who has not bought within the longest of the short windows has nothing in any: no purchase is looked at.
_LATELY: Final = _BOUGHT.format(
    f"s.last_purchase_at >= $1::timestamptz - {QUARTER} "
    f"and occurred_at >= $1::timestamptz - {QUARTER} and occurred_at <= $1::timestamptz"
)
_IN_MONTH: Final = f"filter (where occurred_at >= $1::timestamptz - {MONTH})"
_EARLIER: Final = _BOUGHT.format("s.last_purchase_at > $1::timestamptz and occurred_at <= $1::timestamptz")
_NEW: Final = (
    *("home_store_id", "enrolled_us", "visits", "visits_365d", "spend_365d_minor", "leaves_at", "frozen"),
    *("tier", "stage", "tags"),
    *("visits_30d", "spend_30d_minor", "visits_90d", "spend_90d_minor", "last_visit_us"),
)
_LATER: Final = _BOUGHT.format(f"{_AHEAD} and occurred_at > $1::timestamptz")

_WRITE: Final = f"""
insert into member_feature as f (member_id, {", ".join(_NEW)})
select s.member_id, s.home_store_id, (extract(epoch from s.enrolled_at) * 1000000)::bigint,
  s.visits - coalesce(later.visits, 0),
  coalesce(inside.visits, s.visits_365d - coalesce(gone.visits, 0)),
  coalesce(inside.spend, s.spend_365d_minor - coalesce(gone.spend, 0)),
  least(ending.at, lately.oldest_in_month + {MONTH}, lately.oldest + {QUARTER},
        case when s.window_as_of > $1::timestamptz then $1::timestamptz
             when s.window_oldest_at >= $1::timestamptz - {WINDOW} then s.window_oldest_at + {WINDOW}
             else oldest.at + {WINDOW} end),
  s.frozen_at is not null, s.tier, s.stage,
  case when m.rule_tags is null then m.tags
       else m.tags || array(select t.tag from {_RULE_TAGS} and not t.tag = any(m.tags)
                            order by t.tag collate "C") end,
  lately.visits_30d, lately.spend_30d_minor, lately.visits_90d, lately.spend_90d_minor,
  (extract(epoch from coalesce(case when s.last_purchase_at <= $1::timestamptz then s.last_purchase_at
                                    else earlier.at end, s.enrolled_at)) * 1000000)::bigint
from standing s
join member m on m.id = s.member_id
left join lateral (select count(*) as visits, coalesce(sum(sales_minor), 0) as spend from {_GONE}) gone
  on {_SLID}
left join lateral (select min(occurred_at) as at from {_LEFT}) oldest
  on {_SLID}
left join lateral (select count(*) as visits, coalesce(sum(sales_minor), 0) as spend from {_INSIDE}) inside
  on {_AHEAD}
left join lateral (select min(t.until::timestamptz) - interval '1 microsecond' as at from {_RULE_TAGS}) ending
  on m.rule_tags is not null
left join lateral (select count(*) as visits from {_LATER}) later on {_AHEAD}
cross join lateral (
  select count(*) as visits_90d, coalesce(sum(sales_minor), 0) as spend_90d_minor, min(occurred_at) as oldest,
         count(*) {_IN_MONTH} as visits_30d, coalesce(sum(sales_minor) {_IN_MONTH}, 0) as spend_30d_minor,
         min(occurred_at) {_IN_MONTH} as oldest_in_month
  from {_LATELY}) lately
cross join lateral (select max(occurred_at) as at from {_EARLIER}) earlier
where {{chosen}}
on conflict (member_id) do update set
  {", ".join(f"{name} = excluded.{name}" for name in _NEW)}
where ({", ".join(f"f.{name}" for name in _NEW)})
  is distinct from ({", ".join(f"excluded.{name}" for name in _NEW)})
"""  # noqa: S608 — our own text
_WRITE_THESE: Final = _WRITE.format(chosen="s.member_id = any($2::uuid[])")
_WRITE_ALL: Final = _WRITE.format(chosen="true")
_FORGET: Final = """
delete from member_feature f where not exists (select from standing s where s.member_id = f.member_id)
"""
_SAY: Final = """
insert into member_feature_state as s (
  id, as_of, seen_xid, written_xid, members, undecided_members, whole_xid)
select 1, $1::timestamptz, $2, pg_current_xact_id()::text::bigint,
       (select count(*) from member_feature), (select count(*) from standing where next_due_at <= $1),
       pg_current_xact_id()::text::bigint
on conflict (id) do update set
  as_of = excluded.as_of, seen_xid = excluded.seen_xid, written_xid = excluded.written_xid,
  members = excluded.members, undecided_members = excluded.undecided_members, whole_xid = excluded.whole_xid
"""


async def refresh(
    session: AsyncSession, at: datetime, *, unless_newer_than: timedelta = timedelta(0)
) -> bool:
    """Bring all features to an instant.

    Args:
        session: in a transaction, not in a savepoint.
        at: aware UTC, now. Features never go back: an earlier instant than they are of changes nothing, but
            that those which an older program or another database has left are gathered anew, as of theirs.
        unless_newer_than: features that are younger than this are left as they are.
    Returns: whether anything was done; not where somebody else is at it, who will be done as soon as we.
    Source: ADR-0016.
    """
    connection = await driver(session)
    if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", ONE_REFRESHER):
        return False
    seen_xid = await connection.fetchval(
        _SEEN
    )  # before anything is read: what commits meanwhile is seen twice
    state = await connection.fetchrow(_STATE)
    if state is not None and not state["ours"]:
        at = max(at, state["as_of"])  # not to be trusted, whatever our clock says
    elif state is not None and (at <= state["as_of"] or at - state["as_of"] < unless_newer_than):
        return False
    changed = await _changed(connection, state, at)
    if changed is None:
        await connection.execute(_WRITE_ALL, at)
        await connection.execute(_FORGET)
        await connection.execute("analyze member_feature")
    else:
        for start in range(0, len(changed), AT_ONCE):
            await connection.execute(_WRITE_THESE, at, changed[start : start + AT_ONCE])
    await connection.execute(_SAY, at, seen_xid)
    return True


async def _changed(
    connection: "asyncpg.Connection[asyncpg.Record]", state: asyncpg.Record | None, at: datetime
) -> list[UUID] | None:
    """Who has to be gathered anew; None: all, the first time, after a restore, or when too many are."""
    if state is None or not state["ours"]:
        return None
    since = str(state["seen_xid"] % (1 << 32))
    changed = [row["member_id"] for row in await connection.fetch(_CHANGED, at, since, MOST_CHANGED + 1)]
    return changed if len(changed) <= MOST_CHANGED else None
