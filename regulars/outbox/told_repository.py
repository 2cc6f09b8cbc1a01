"""All SQL about what workflows have been told, and which hints wait there until it is quieter."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.outbox.domain import LONGEST_CLAIM, Change, ClaimedRow, MemberNews, Patience, Sifted

# After a hint with a date, a workflow sleeps no longer than until that date, whatever it heard before.
_NOTE = """
insert into workflow_told as told (member_id, seq, due_at, told_at)
select *, $4::timestamptz
from unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) as news(member_id, seq, due_at)
order by member_id
on conflict (member_id) do update set
  seq = greatest(told.seq, excluded.seq),
  due_at = case when excluded.due_at is null and excluded.seq <= told.seq then told.due_at
                else excluded.due_at end,
  told_at = excluded.told_at
"""

# A workflow may look in between, and learn of the date that is put off here: then it sleeps until that.
_SIFT = """
with seen as materialized (
  select id, member_id, seq, events, next_due_at, created_at, changes from outbox
  where not bulk and id > $1
    and (claimed_until is null or claimed_until <= $3 or claimed_until > $6)
  order by id limit $2 for update skip locked
), known as materialized (
  select seen.*, told.due_at
  from seen join workflow_told told using (member_id)
  where seen.events = 0 and told.told_at > $4
  order by told.member_id for update of told
), may_wait as materialized (
  select * from known
  where next_due_at is null or (next_due_at > $5 and due_at <= next_due_at and due_at > $3)
), gone as (
  delete from outbox using may_wait where outbox.id = may_wait.id
), owed as (
  select member_id, max(seq) as seq, sum(changes)::integer as changes, min(created_at) as since,
         (array_agg(next_due_at order by seq desc, next_due_at))[1] as due_at,
         max(coalesce(next_due_at, 'infinity')) as latest_at
  from may_wait group by member_id
), noted as (
  update workflow_told as told set
    due_at = nullif(greatest(coalesce(told.due_at, 'infinity'), owed.latest_at), 'infinity'),
    owed_changes = told.owed_changes + owed.changes,
    owed_seq = greatest(told.owed_seq, owed.seq),
    owed_due_at = case when told.owed_seq > owed.seq then told.owed_due_at
                       when told.owed_seq = owed.seq then least(told.owed_due_at, owed.due_at)
                       else owed.due_at end,
    owed_since = coalesce(told.owed_since, owed.since)
  from owed where told.member_id = owed.member_id
)
select (select count(*) from seen), (select max(id) from seen),
       array(select greatest(0, extract(epoch from $3 - created_at) * 1000)::bigint from may_wait)
"""

# The planner knows the outbox as it was when it was empty; a backlog is to be read in order of its index.
_BY_INDEX = "select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)"

_RECALL = """
with owed as materialized (
  select member_id, owed_seq, owed_due_at, owed_since, owed_changes from workflow_told
  where owed_since <= $1 order by owed_since limit $2 for update skip locked
), paid as (
  update workflow_told as told
  set owed_changes = 0, owed_seq = null, owed_due_at = null, owed_since = null
  from owed where told.member_id = owed.member_id
)
insert into outbox (member_id, seq, events, next_due_at, bulk, created_at, changes, put_off,
                    claimed_by, claimed_until)
select member_id, owed_seq, 0, owed_due_at, false, owed_since, owed_changes, true, $3, $4 from owed
returning id, member_id, seq, events, next_due_at, created_at, changes
"""


async def note(session: AsyncSession, told: Sequence[MemberNews], at: datetime) -> None:
    """Keep what workflows were told."""
    await (await driver(session)).execute(
        _NOTE,
        [news.member_id for news in told],
        [news.seq for news in told],
        [news.next_due_at for news in told],
        at,
    )


async def sift(session: AsyncSession, *, after: int, rows: int, at: datetime, patience: Patience) -> Sifted:
    """Take hints that may wait out of the outbox, and keep them as one debt a member.

    Args:
        after: only rows with a higher id are read.
        rows: at most so many.
    """
    connection = await driver(session)
    await connection.execute(_BY_INDEX)
    row = await connection.fetchrow(
        _SIFT, after, rows, at, at - patience.known_for, at + patience.near, at + LONGEST_CLAIM
    )
    assert row is not None
    seen, last_id, waits_ms = row
    return Sifted(seen, last_id, tuple(waits_ms))


async def recall(
    session: AsyncSession, *, relay: str, owed_before: datetime, until: datetime, members: int
) -> list[ClaimedRow]:
    """Put debts back into the outbox, leased, those first that wait longest."""
    connection = await driver(session)
    rows = await connection.fetch(_RECALL, owed_before, members, relay, until)
    return [
        ClaimedRow(
            row["id"],
            Change(row["member_id"], row["seq"], row["events"], row["next_due_at"]),
            row["created_at"],
            attempts=0,
            changes=row["changes"],
            put_off=True,
        )
        for row in rows
    ]
