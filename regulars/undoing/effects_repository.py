"""All SQL over what a pack version did: read from the books, from purchases and from members' events."""

from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.undoing.award_lots import AwardEntry, AwardLot, ReadPurchase
from regulars.undoing.domain import EffectKind, Reach

ROWS_AT_ONCE: Final = 2_000

# A version is used by few of a member's purchases or by nearly all: in either case one pass over the rows
# costs less than an index that every sale would have to keep.
IN_REACH: Final = """
(select path from place where id = x.store_id) <@ any($2::text[]::ltree[])
and ($3::timestamptz is null or x.at >= $3) and ($4::timestamptz is null or x.at < $4)
"""
BOUGHT: Final = """
(select id, member_id, store_id, occurred_at as at, evaluation from purchase
 where member_id is not null or not exists (select from purchase_attribution where purchase_id = purchase.id)
 union all
 select a.purchase_id, a.member_id, p.store_id, a.occurred_at, a.evaluation
 from purchase_attribution a join purchase p on p.id = a.purchase_id)
"""
# Entries that gave for a purchase what the till had not: by recomputing it, or by correcting a version.
_GIVEN_LATER: Final = """
(select entry_id, purchase_id, versions from purchase_recompute where entry_id is not null
 union all
 select r.reversal_id, i.cause_id, null from pack_undo_result r
 join pack_undo_item i on i.undo_id = r.undo_id and i.entry_id = r.entry_id where r.given > 0)
"""
_OF_PURCHASE: Final = f"""
left join {_GIVEN_LATER} g on e.kind = 'correct' and g.entry_id = e.id
join purchase p on p.id = case e.kind when 'earn' then e.cause_id else g.purchase_id end
"""
_DISCOUNTS = f"""
select 'discount' as kind, b.at, b.id, split_part(d.value->>'source', '#', 2) as rule_id, b.member_id,
       b.store_id, sum((d.value->>'amount_minor')::bigint)::bigint as amount, '' as what
from {BOUGHT} b cross join lateral jsonb_array_elements(b.evaluation->'charged') d
where b.evaluation->'packs' ? $1 and split_part(d.value->>'source', '#', 1) = 'pack:' || $1
group by b.at, b.id, rule_id, b.member_id, b.store_id
"""  # noqa: S608 — our own text
_REFUSALS = f"""
select 'refusal' as kind, b.at, b.id, r.value->>'rule' as rule_id, b.member_id, b.store_id,
       0::bigint as amount, r.value->>'note' as what
from {BOUGHT} b cross join lateral jsonb_array_elements(b.evaluation->'rules') r
where b.evaluation->'packs' ? $1 and r.value->>'pack' = $1 and (r.value->>'applied')::boolean
  and r.value->>'note' is not null and r.value->>'note' <> 'capped'
  and r.value->>'note' not like 'limited:%'
"""  # noqa: S608
_MOVES = """
select 'move' as kind, e.effective_at as at, e.id, coalesce(e.rule_id, '') as rule_id, e.member_id,
       coalesce(p.store_id, s.home_store_id) as store_id, 0::bigint as amount,
       concat_ws(' ', e.kind, coalesce(e.tier_to, e.stage_to)) as what
from lifecycle_event e join standing s on s.member_id = e.member_id
left join purchase p on p.id = e.purchase_id
where e.pack_version = $1
"""
_OF_KIND: Final[dict[EffectKind, str]] = {
    "discount": _DISCOUNTS,
    "refusal": _REFUSALS,
    "move": _MOVES,
}
_SUMS: Final = {
    kind: f"""
select split_part(x.what, ' ', 1) as what, count(*) as effects, coalesce(sum(x.amount), 0)::bigint as amount
from ({source}) x where {IN_REACH} group by 1 order by 1
"""  # noqa: S608
    for kind, source in _OF_KIND.items()
}
_ENTRIES: Final = f"""
select x.* from (
  select e.id as entry_id, e.member_id, p.id as cause_id, p.store_id, p.occurred_at as at,
         g.versions as dated_by,
         (select jsonb_agg(jsonb_build_array(rule_id, amount) order by leg)::text
          from posting where entry_id = e.id and unit = 'points' and pack_version = $1) as awards,
         array(select (id, amount, available_at, expires_at) from lot
               where account_id = e.member_id and unit = 'points' and entry_id = e.id) as lots,
         coalesce((select sum(p.amount) from entry_reversal r join posting p on p.entry_id = r.entry_id
                   where r.original_id = e.id and p.unit = 'points' and p.pack_version = $1), 0)::bigint
           as taken
  from (select distinct entry_id from posting where pack_version = $1 and unit = 'points') v
  join ledger_entry e on e.id = v.entry_id and e.kind in ('earn', 'correct')
  {_OF_PURCHASE}) x
where {IN_REACH} order by x.member_id, x.entry_id
"""  # noqa: S608
_READ: Final = """
select p.id, p.store_id, p.occurred_at, p.channel, p.sales_minor, p.list_minor, p.lines::text as lines,
       coalesce(a.evaluation, p.evaluation)::text as evaluation
from purchase p left join purchase_attribution a on a.purchase_id = p.id where p.id = any($1::uuid[])
"""


async def sums(session: AsyncSession, reach: Reach, kind: EffectKind) -> list[tuple[str, int, int]]:
    """(what, how many, amount) of the effects of one kind."""
    rows = await (await driver(session)).fetch(_SUMS[kind], *reach_values(reach))
    return [(row["what"], row["effects"], row["amount"]) for row in rows]


async def entries(session: AsyncSession, reach: Reach) -> AsyncIterator[list[AwardEntry]]:
    """Entries that booked awards of a version, some at a time, in order of member and entry."""
    cursor = await (await driver(session)).cursor(_ENTRIES, *reach_values(reach))
    while rows := await cursor.fetch(ROWS_AT_ONCE):
        yield [_entry(row) for row in rows]


async def read_purchases(session: AsyncSession, purchase_ids: Sequence[UUID]) -> dict[UUID, ReadPurchase]:
    """How purchases were read when their points were booked."""
    rows = await (await driver(session)).fetch(_READ, purchase_ids)
    return {
        row["id"]: ReadPurchase(
            row["store_id"],
            row["occurred_at"],
            row["channel"],
            row["sales_minor"],
            row["list_minor"],
            row["lines"].encode(),
            orjson.loads(row["evaluation"]),
        )
        for row in rows
    }


def reach_values(reach: Reach) -> Sequence[object]:
    """The four parameters that every statement over a reach begins with."""
    return (reach.version, list(reach.place_paths), reach.since, reach.until)


def _entry(row: asyncpg.Record) -> AwardEntry:
    return AwardEntry(
        entry_id=row["entry_id"],
        member_id=row["member_id"],
        cause_id=row["cause_id"],
        store_id=row["store_id"],
        occurred_at=row["at"],
        taken_before=row["taken"],
        rules=tuple((str(rule_id), int(points)) for rule_id, points in orjson.loads(row["awards"])),
        lots=tuple(AwardLot(*lot) for lot in row["lots"]),
        dated_by=tuple(row["dated_by"] or ()),
    )
