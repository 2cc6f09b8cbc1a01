"""Reads stored history for a replay, member by member, in the order of recording.

The statements name tables of five packages: one pass over what they wrote together is what a replay is.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.lifecycle.event_rows import event_of
from regulars.rehearsal.history import Bought, Corrected, MemberHistory, TakenBack, TakenShare, Told

ROWS_AT_ONCE: Final = 500

_LAST_OF_EACH = """
select member_id from (
  select member_id, row_number() over (order by member_id) as number, count(*) over () as members
  from standing) s
where number % $1 = 0 or number = members order by number
"""
_BETWEEN = "select member_id from standing where member_id > $1 and member_id <= $2 order by member_id"
_STANDINGS = """
select member_id, home_store_id, enrolled_at, care_from, advanced_to
from standing where member_id = any($1::uuid[])
"""
_EVENTS = """
select member_id, event_no, after_seq, kind, effective_at, recorded_at, tier_from, tier_to, stage_from,
       stage_to, pack_version, rule_id, reason::text as reason, worked
from lifecycle_event where member_id = any($1::uuid[]) order by member_id, event_no
"""
# The record is unpacked once a row: each single arrow would decompress the whole of it anew.
_WHAT = """
  {p}.sales_minor, p.list_minor, {p}.points, 'late' = any({p}.flags) as late, p.lines::text as lines,
  e.packs::text as packs, coalesce(e.facts #> '{{member,tags}}', '[]')::text as tags,
  coalesce(e.facts -> 'tags_by_rules', '[]')::text as rule_tags, coalesce(e.asked, '[]')::text as asked,
  (e.facts -> 'custom')::text as own, e.reached, e.awards::text as awards, e.offered::text as offered,
  case when e.reasons ? 'limited' then jsonb_path_query_array(
    {p}.evaluation -> 'rules', '$[*] ? (@.note starts with "limited:")')::text else '[]' end as limited
"""
_RECORD = """
cross join lateral jsonb_to_record({p}.evaluation)
           as e(packs jsonb, facts jsonb, awards jsonb, offered jsonb, asked jsonb, reasons jsonb,
                reached text)
"""
_PURCHASES = f"""
select p.member_id, p.id as purchase_id, p.seq, p.store_id, p.occurred_at, p.recorded_at, p.channel,
       false as attributed, {_WHAT.format(p="p")}
from purchase p {_RECORD.format(p="p")}
where p.member_id = any($1::uuid[]) order by p.member_id, p.seq
"""  # noqa: S608 — our own text, as below
_ATTRIBUTED = f"""
select a.member_id, p.id as purchase_id, a.seq, p.store_id, p.occurred_at, a.recorded_at, p.channel,
       true as attributed, {_WHAT.format(p="a")}
from purchase_attribution a join purchase p on p.id = a.purchase_id {_RECORD.format(p="a")}
where a.member_id = any($1::uuid[]) order by a.member_id, a.seq
"""  # noqa: S608
_ANONYMOUS = f"""
select null::uuid as member_id, p.id as purchase_id, 0 as seq, p.store_id, p.occurred_at, p.recorded_at,
       p.channel, false as attributed, {_WHAT.format(p="p")}
from purchase p {_RECORD.format(p="p")}
where p.member_id is null and p.occurred_at >= $1 and p.occurred_at < $2
order by p.occurred_at
"""  # noqa: S608
_ANONYMOUS_SPAN = """
select min(occurred_at), max(occurred_at) from purchase
where member_id is null and occurred_at < $2 and ($1::timestamptz is null or occurred_at >= $1)
"""
_BOUNDS = """
with spent as (
  select s.member_id, coalesce(sum(p.sales_minor), 0) as minor
  from standing s
  left join purchase p on p.member_id = s.member_id and p.occurred_at < $2
       and ($1::timestamptz is null or p.occurred_at >= $1)
  group by s.member_id)
select percentile_disc(array[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
       within group (order by minor)::bigint[]
from spent
"""
# Without any undo in the chain, nobody's entries are looked through. Adjustments by hand are left aside.
_TAKEN = """
select e.member_id, e.id as entry_id, e.effective_at, original.cause_id as purchase_id, p.pack_version,
       earned.cause_id as earned_with, l.expires_at, c.amount
from ledger_entry e
join posting p on p.entry_id = e.id and p.leg = 0
join lot_consumption c on c.entry_id = e.id
join lot l on l.account_id = e.member_id and l.id = c.lot_id
join ledger_entry earned on earned.id = l.entry_id
left join entry_reversal r on r.entry_id = e.id
left join ledger_entry original on original.id = r.original_id
where exists (select from entry_reversal)
  and e.member_id = any($1::uuid[]) and e.kind not in ('earn', 'expire', 'adjust')
order by e.member_id, e.effective_at, e.id, l.expires_at, l.id
"""
_CORRECTED = """
select e.member_id, e.effective_at, e.cause_id, coalesce(pr.purchase_id, original.cause_id) as purchase_id,
       array(select distinct split_part(pack_version, '/', 1) from posting
             where entry_id = e.id) as pack_codes,
       array(select (amount, expires_at) from lot where account_id = e.member_id and entry_id = e.id) as lots
from ledger_entry e
left join purchase_recompute pr on pr.entry_id = e.id
left join entry_reversal r on r.entry_id = e.id
left join ledger_entry original on original.id = r.original_id
where e.member_id = any($1::uuid[]) and e.kind = 'correct'
order by e.member_id, e.effective_at, e.id
"""
_COUNT = "select (select count(*) from purchase) + (select count(*) from purchase_attribution)"


async def bounds_of_members(session: AsyncSession, together: int) -> list[UUID]:
    """Where to cut the members, by id, into parts of so many: the last id of each part."""
    return [row[0] for row in await (await driver(session)).fetch(_LAST_OF_EACH, together)]


async def members_between(session: AsyncSession, after: UUID, last: UUID) -> list[UUID]:
    """The members of one part, by id."""
    return [row[0] for row in await (await driver(session)).fetch(_BETWEEN, after, last)]


async def anonymous_span(
    session: AsyncSession, since: datetime | None, until: datetime
) -> tuple[datetime, datetime] | None:
    """When the first and the last purchase happened that named no member; None without one."""
    row = await (await driver(session)).fetchrow(_ANONYMOUS_SPAN, since, until)
    return None if row is None or row[0] is None else (row[0], row[1])


async def count_purchases(session: AsyncSession) -> int:
    """How many purchases a rehearsal will replay."""
    return int(await (await driver(session)).fetchval(_COUNT))


async def decile_bounds(session: AsyncSession, since: datetime | None, until: datetime) -> list[int]:
    """The spend that parts one tenth of the members from the next, ascending, in minor units."""
    found = await (await driver(session)).fetchval(_BOUNDS, since, until)
    return [int(bound) for bound in found or ()]


async def histories(session: AsyncSession, member_ids: Sequence[UUID]) -> AsyncIterator[MemberHistory]:
    """Each member's history, by id; purchases are streamed, so that one member's are in memory at a time."""
    connection = await driver(session)
    members = {row["member_id"]: _history(row) for row in await connection.fetch(_STANDINGS, member_ids)}
    events: dict[UUID, list[Told]] = {}
    for row in await connection.fetch(_EVENTS, member_ids):
        events.setdefault(row["member_id"], []).append(_told(row))
    attributed: dict[UUID, list[Bought]] = {}
    for row in await connection.fetch(_ATTRIBUTED, member_ids):
        attributed.setdefault(row["member_id"], []).append(_bought(row))
    for member_id, taken in _taken(await connection.fetch(_TAKEN, member_ids)):
        members[member_id].taken = taken
    for row in await connection.fetch(_CORRECTED, member_ids):
        member = members[row["member_id"]]
        member.corrected = (*member.corrected, _corrected(row))
    present = sorted(members)
    position = 0
    async for rows in _streamed(connection, _PURCHASES, member_ids):
        for row in rows:
            while present[position] != row["member_id"]:
                yield _whole(members[present[position]], events, attributed)
                position += 1
            members[present[position]].bought.append(_bought(row))
    for member_id in present[position:]:
        yield _whole(members[member_id], events, attributed)


async def anonymous(session: AsyncSession, since: datetime, until: datetime) -> AsyncIterator[Bought]:
    """Purchases in [since, until) that named no member, in order of time."""
    async for rows in _streamed(await driver(session), _ANONYMOUS, since, until):
        for row in rows:
            yield _bought(row)


async def _streamed(
    connection: "asyncpg.Connection[asyncpg.Record]", query: str, *values: object
) -> AsyncIterator[list[asyncpg.Record]]:
    cursor = await connection.cursor(query, *values)
    while rows := await cursor.fetch(ROWS_AT_ONCE):
        yield rows


def _whole(
    history: MemberHistory, events: Mapping[UUID, list[Told]], attributed: Mapping[UUID, list[Bought]]
) -> MemberHistory:
    history.told = events.get(history.member_id, [])
    later = attributed.get(history.member_id)
    if later:
        history.bought = sorted([*history.bought, *later], key=lambda bought: bought.seq)
    return history


def _taken(rows: Sequence[asyncpg.Record]) -> Iterator[tuple[UUID, list[TakenBack]]]:
    for member_id, theirs in groupby(rows, key=itemgetter("member_id")):
        taken = []
        for _, group in groupby(theirs, key=itemgetter("entry_id")):
            parts = list(group)
            shares = tuple(TakenShare(row["earned_with"], row["expires_at"], row["amount"]) for row in parts)
            entry = parts[0]
            code = entry["pack_version"].rpartition("/")[0]
            taken.append(TakenBack(entry["effective_at"], entry["purchase_id"], code, shares))
        yield member_id, taken


def _corrected(row: asyncpg.Record) -> Corrected:
    return Corrected(
        row["effective_at"],
        row["cause_id"],
        row["purchase_id"],
        frozenset(row["pack_codes"]),
        tuple((lot[0], lot[1]) for lot in row["lots"]),
    )


def _history(row: asyncpg.Record) -> MemberHistory:
    return MemberHistory(
        row["member_id"], row["home_store_id"], row["enrolled_at"], row["care_from"], row["advanced_to"]
    )


def _told(row: asyncpg.Record) -> Told:
    return Told(event_of(row), row["recorded_at"])


def _bought(row: asyncpg.Record) -> Bought:
    return Bought(
        row["purchase_id"],
        row["member_id"],
        row["seq"],
        row["store_id"],
        row["occurred_at"],
        row["recorded_at"],
        row["channel"],
        row["sales_minor"],
        row["list_minor"],
        row["points"],
        row["late"],
        row["attributed"],
        row["lines"],
        row["packs"],
        row["tags"],
        row["own"],
        row["awards"],
        row["offered"],
        row["reached"],
        row["rule_tags"],
        row["asked"],
        row["limited"],
    )
