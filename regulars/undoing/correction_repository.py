"""All SQL over purchases that a version read, and over what was posted for them since."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.undoing.award_lots import AwardLot, ReadPurchase
from regulars.undoing.correcting import Posted, Touched
from regulars.undoing.domain import Reach
from regulars.undoing.effects_repository import BOUGHT, IN_REACH, reach_values

ROWS_AT_ONCE: Final = 500
_TOUCHED: Final = f"""
select x.*, p.channel, p.sales_minor, p.list_minor, p.lines::text as lines, x.evaluation::text as record
from {BOUGHT} x join purchase p on p.id = x.id
where x.member_id is not null and x.evaluation->'packs' ? $1 and {IN_REACH}
order by x.member_id, x.id
"""  # noqa: S608 — our own text
_POSTED: Final = """
with gave as (
  select id, cause_id as purchase_id, 0 as later from ledger_entry
  where cause_id = any($1::uuid[]) and kind = 'earn'
  union all
  select r.reversal_id, i.cause_id, 1 from pack_undo_item i
  join pack_undo_result r on r.undo_id = i.undo_id and r.entry_id = i.entry_id
  where i.cause_id = any($1::uuid[]) and r.given > 0)
select g.purchase_id, g.id,
       (select jsonb_agg(jsonb_build_array(pack_version, rule_id, amount) order by leg)::text
        from posting where entry_id = g.id and unit = 'points') as postings,
       (select jsonb_agg(jsonb_build_array(p.pack_version, p.rule_id, p.amount,
                                           u.to_version is not null))::text
        from entry_reversal r join posting p on p.entry_id = r.entry_id and p.unit = 'points'
        left join pack_undo_result d on d.entry_id = g.id and d.reversal_id = r.entry_id
        left join pack_undo u on u.id = d.undo_id
        where r.original_id = g.id) as taken_back,
       array(select (id, amount, available_at, expires_at) from lot
             where account_id = e.member_id and unit = 'points' and entry_id = g.id) as lots
from gave g join ledger_entry e on e.id = g.id order by g.purchase_id, g.later, g.id
"""


async def touched(session: AsyncSession, reach: Reach) -> AsyncIterator[list[Touched]]:
    """Members' purchases that a version read, some at a time, in order of member and purchase."""
    cursor = await (await driver(session)).cursor(_TOUCHED, *reach_values(reach))
    while rows := await cursor.fetch(ROWS_AT_ONCE):
        posted = await posted_for(session, reach.version, [row["id"] for row in rows])
        yield [_touched(row, posted.get(row["id"], ())) for row in rows]


async def posted_for(
    session: AsyncSession, version: str, purchase_ids: Sequence[UUID]
) -> dict[UUID, tuple[Posted, ...]]:
    """What was posted for purchases and stands: by the till, then by corrections, in order of time."""
    code = version.rpartition("/")[0]
    rows = await (await driver(session)).fetch(_POSTED, purchase_ids)
    found: dict[UUID, tuple[Posted, ...]] = {}
    for row in rows:
        standing: dict[tuple[str, str], int] = {}
        for name, rule_id, points in orjson.loads(row["postings"]):
            standing[name, rule_id] = standing.get((name, rule_id), 0) + points
        decided = dict(standing)
        for name, rule_id, points, by_correction in orjson.loads(row["taken_back"] or "[]"):
            standing[name, rule_id] = standing.get((name, rule_id), 0) - points
            if by_correction or name.rpartition("/")[0] == code:
                decided[name, rule_id] = decided.get((name, rule_id), 0) - points
        one = Posted(row["id"], standing, decided, tuple(AwardLot(*lot) for lot in row["lots"]))
        found[row["purchase_id"]] = (*found.get(row["purchase_id"], ()), one)
    return found


def _touched(row: asyncpg.Record, posted: tuple[Posted, ...]) -> Touched:
    record: dict[str, Any] = orjson.loads(row["record"])
    read = ReadPurchase(
        row["store_id"],
        row["at"],
        row["channel"],
        row["sales_minor"],
        row["list_minor"],
        row["lines"].encode(),
        record,
    )
    return Touched(row["id"], row["member_id"], read, posted)
