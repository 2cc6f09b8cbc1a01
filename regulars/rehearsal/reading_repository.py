"""Reads stored history for a replay, member by member, in the order of recording.

The statements name tables of five packages: one pass over what they wrote together is what a replay is.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.lifecycle.event_rows import event_of
from regulars.members.tagging import TagChange
from regulars.rehearsal.history import (
    Bought,
    Corrected,
    MemberHistory,
    Policy,
    Retagged,
    TakenBack,
    TakenShare,
    Told,
)

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
# Without any undo or adjustment in the chain, nobody's entries are looked through.
_TAKEN = """
select e.member_id, e.id as entry_id, e.cause_id, e.effective_at, e.kind, original.cause_id as reversed,
       by_pack.points,
       by_pack.owed, earned.cause_id as earned_with, l.expires_at, c.amount,
       pr.reversal_id is not null as dates_alone
from ledger_entry e
cross join lateral (
  select array_agg((code, amount) order by code) as points, sum(owed)::bigint as owed from (
    select split_part(pack_version, '/', 1) as code, sum(amount)::bigint as amount,
           coalesce(sum(amount) filter (where from_account_id <> e.member_id), 0) as owed
    from posting where entry_id = e.id group by 1) p) by_pack
left join lot_consumption c on c.entry_id = e.id
left join lot l on l.account_id = e.member_id and l.id = c.lot_id
left join ledger_entry earned on earned.id = l.entry_id
left join entry_reversal r on r.entry_id = e.id
left join ledger_entry original on original.id = r.original_id
left join purchase_recompute pr on pr.reversal_id = e.id
where (exists (select from entry_reversal) or exists (select from adjustment))
  and e.member_id = any($1::uuid[]) and e.kind in ('reverse', 'repay', 'adjust')
  and (c.lot_id is not null or e.kind = 'reverse' and by_pack.owed > 0)
order by e.member_id, e.effective_at, e.id, l.expires_at, l.id
"""
_GIVEN = """
select e.member_id, e.id as entry_id, e.effective_at, e.kind, e.cause_id, pr.purchase_id,
       case when e.kind = 'adjust' then (
         select o.cause_id from entry_reversal r join ledger_entry o on o.id = r.original_id
         where r.entry_id = e.id) end as reverses,
       array(select (split_part(pack_version, '/', 1), sum(amount)::bigint) from posting
             where entry_id = e.id group by split_part(pack_version, '/', 1)) as by_pack,
       array(select (amount, expires_at, available_at) from lot
             where account_id = e.member_id and entry_id = e.id) as lots
from ledger_entry e
left join purchase_recompute pr on pr.entry_id = e.id
where e.member_id = any($1::uuid[])
  and (e.kind = 'correct' or e.kind = 'adjust' and exists (select from lot where account_id = e.member_id
                                                             and entry_id = e.id))
order by e.member_id, e.effective_at, e.id
"""
# Which purchase an undo order corrected by which entry: asked only where it did anything for these members.
_BY_UNDO = """
select r.reversal_id, i.cause_id as purchase_id, u.to_version is not null as corrects, u.policy
from pack_undo u
join pack_undo_item i on i.undo_id = u.id and i.member_id = any($1::uuid[])
join pack_undo_result r on r.undo_id = i.undo_id and r.entry_id = i.entry_id
where r.reversal_id = any($2::uuid[])
"""
# What rules did to tags follows from the purchases.
_RETAGGED = """
select g.member_id, g.recorded_at, beside.earlier, beside.later, g.tag, g.given, g.effective_at, g.until,
       coalesce(g.pack_version, ''), coalesce(g.rule_id, '')
from member_tag g
cross join lateral (
  select coalesce(array_agg(p.purchase_id) filter (where p.no < g.no), '{}') as earlier,
         coalesce(array_agg(p.purchase_id) filter (where p.no > g.no), '{}') as later
  from member_tag p
  where p.member_id = g.member_id and p.effective_at = g.effective_at and p.undo_id is null
    and p.ended_by is null) beside
where g.member_id = any($1::uuid[]) and (g.undo_id is not null or g.ended_by is not null)
order by g.member_id, g.no
"""
_TIER_VERSIONS = "select id from pack_version where kind = 'tier'"
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


async def tier_versions(session: AsyncSession) -> list[UUID]:
    """Every version of the packs of tiers: corrections may name one that was never live."""
    return [row[0] for row in await (await driver(session)).fetch(_TIER_VERSIONS)]


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
    await _read_entries(connection, members)
    for row in await connection.fetch(_RETAGGED, member_ids):
        member_id, recorded_at, earlier, later, *change = row
        member = members[member_id]
        retagged = Retagged(recorded_at, TagChange(*change), frozenset(earlier), frozenset(later))
        member.retagged = (*member.retagged, retagged)
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


async def _read_entries(
    connection: "asyncpg.Connection[asyncpg.Record]", members: Mapping[UUID, MemberHistory]
) -> None:
    """Add what was taken back and given afterwards."""
    taken = await connection.fetch(_TAKEN, list(members))
    given = await connection.fetch(_GIVEN, list(members))
    entry_ids = {row["entry_id"] for row in (*taken, *given) if row["kind"] in ("reverse", "correct")}
    by_undo = await connection.fetch(_BY_UNDO, list(members), list(entry_ids)) if entry_ids else []
    corrected = {row["reversal_id"]: row["purchase_id"] for row in by_undo if row["corrects"]}
    policies = {row["reversal_id"]: row["policy"] for row in by_undo}
    for _, group in groupby(taken, key=itemgetter("entry_id")):
        rows = list(group)
        member = members[rows[0]["member_id"]]
        policy = policies.get(rows[0]["entry_id"], "let_be")
        member.taken = (*member.taken, _taken(rows, policy, corrects=_corrects(rows[0], corrected)))
    for row in given:
        member = members[row["member_id"]]
        member.corrected = (*member.corrected, _given(row, corrected.get(row["entry_id"])))


def _corrects(row: asyncpg.Record, by_undo: Mapping[UUID, UUID]) -> bool:
    """Whether another version decided how much is taken, or when it expires."""
    return row["dates_alone"] or row["entry_id"] in by_undo


def _taken(rows: Sequence[asyncpg.Record], policy: Policy, *, corrects: bool) -> TakenBack:
    entry = rows[0]
    by_hand = entry["kind"] == "adjust"
    return TakenBack(
        entry["effective_at"],
        None if by_hand else entry["reversed"],
        tuple((one[0], one[1]) for one in entry["points"]),
        tuple(
            TakenShare(row["earned_with"], row["expires_at"], row["amount"])
            for row in rows
            if row["amount"] is not None
        ),
        entry["owed"] if entry["kind"] == "reverse" else 0,
        corrects,
        by_hand,
        "within_balance" if by_hand else policy,
        entry["cause_id"] if by_hand else None,
    )


def _given(row: asyncpg.Record, purchase_id: UUID | None) -> Corrected:
    by_hand = row["kind"] == "adjust"
    return Corrected(
        row["effective_at"],
        row["cause_id"],
        row["purchase_id"] or purchase_id,
        () if by_hand else tuple((one[0], one[1]) for one in row["by_pack"]),
        tuple((lot[0], lot[1]) for lot in row["lots"]),
        row["reverses"],
        tuple(lot[2] for lot in row["lots"]),
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
