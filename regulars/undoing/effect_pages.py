"""All SQL over a page of what a pack version did: it stops where the page is full, and sums what is on it.

Ids of purchases and of what they earn grow with time, so their own keys give the order of recording, and no
index has to be kept for these pages. What was given later (by recomputing, by correcting a version) has ids
that say nothing of time. Looking stops after a moment, too, and says how far back it came; hours in which
the version did nothing of the kind are passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Final
from uuid import UUID

from asyncpg import QueryCanceledError, Record
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.outlays.acts import NO_ID, ActKind, stretch_before
from regulars.outlays.following import PURCHASE_OF_ENTRY
from regulars.undoing.domain import Effect, EffectKey, EffectKind, EffectPage, QuickKind, Reach
from regulars.undoing.effects_repository import IN_REACH, reach_values

LAST: Final = UUID(int=(1 << 128) - 1)
CLOCKS_DIFFER: Final = timedelta(days=1)
_REACHED: Final = IN_REACH.replace("x.store_id", "p.store_id").replace("x.at", "p.occurred_at")
_MADE_AT: Final = "select created_at from pack_version where code = $1 and version = $2"

_SAME_RULE: Final = """
s.entry_id = po.entry_id and s.rule_id = po.rule_id and s.pack_version = $1 and s.unit = 'points'
"""
_AWARDS: Final = f"""
select p.occurred_at as at, e.id, po.rule_id, e.member_id, p.store_id,
       (select sum(s.amount) from posting s where {_SAME_RULE})::bigint as amount, '' as what
from posting po
join ledger_entry e on e.id = po.entry_id and e.kind in ('earn', 'correct')
join purchase p on p.id = {PURCHASE_OF_ENTRY}
where po.pack_version = $1 and po.unit = 'points' and po.entry_id >= $8::uuid and po.entry_id <= $5::uuid
  and ($9::uuid[] is null or p.store_id = any($9))
  and not exists (select from posting s where {_SAME_RULE} and s.leg < po.leg)
  and (po.entry_id, po.rule_id) < ($5::uuid, $6::text) and {_REACHED}
order by po.entry_id desc, po.rule_id desc limit $7
"""  # noqa: S608 — our own text
_READ_BY: Final = f"""
from purchase p left join purchase_attribution a on a.purchase_id = p.id
cross join lateral (select coalesce(a.evaluation, p.evaluation) as evaluation) v
cross join lateral ({{0}}) d
where case when $9::uuid[] is null or p.store_id = any($9) then v.evaluation->'packs' ? $1 end
  and p.id >= $8::uuid and p.id <= $5::uuid and (p.id, d.rule_id) < ($5::uuid, $6::text) and {_REACHED}
order by p.id desc, d.rule_id desc limit $7
"""
_OF_READ: Final = """
select p.occurred_at as at, p.id, d.rule_id, coalesce(a.member_id, p.member_id) as member_id, p.store_id,
       d.amount, d.what
"""
_CHARGED: Final = """
  select split_part(c.value->>'source', '#', 2) as rule_id,
         sum((c.value->>'amount_minor')::bigint)::bigint as amount, '' as what
  from jsonb_array_elements(v.evaluation->'charged') c
  where split_part(c.value->>'source', '#', 1) = 'pack:' || $1 group by 1
"""
_REFUSED: Final = """
  select r.value->>'rule' as rule_id, 0::bigint as amount, r.value->>'note' as what
  from jsonb_array_elements(v.evaluation->'rules') r
  where r.value->>'pack' = $1 and (r.value->>'applied')::boolean and r.value->>'note' is not null
    and r.value->>'note' <> 'capped' and r.value->>'note' not like 'limited:%'
"""
_MOVES: Final = f"""
select e.effective_at as at, e.id, coalesce(e.rule_id, '') as rule_id, e.member_id, h.store_id,
       0::bigint as amount, concat_ws(' ', e.kind, coalesce(e.tier_to, e.stage_to)) as what
from lifecycle_event e
cross join lateral (
  select coalesce((select store_id from purchase where id = e.purchase_id),
                  (select home_store_id from standing where member_id = e.member_id)) as store_id) h
where e.pack_version = $1 and $8::uuid is not null
  and (e.effective_at, e.id, coalesce(e.rule_id, '')) < ($9::timestamptz, $5::uuid, $6::text)
  and {IN_REACH.replace("x.store_id", "h.store_id").replace("x.at", "e.effective_at")}
order by e.effective_at desc, e.id desc, rule_id desc limit $7
"""  # noqa: S608
_OF_ITS_TABLE: Final = f"""
where $8::uuid is not null and (x.at, x.id, x.rule_id) < ($9::timestamptz, $5::uuid, $6::text) and {IN_REACH}
order by x.at desc, x.id desc, x.rule_id desc limit $7
"""
_TAGS: Final = f"""
select x.* from (
  select t.effective_at as at, t.id, t.rule_id, t.member_id, p.store_id, 0::bigint as amount,
         concat_ws(' ', case when t.given then 'given' else 'ended' end, t.tag) as what
  from member_tag t join purchase p on p.id = t.purchase_id
  where t.pack_version = $1 and t.undo_id is null) x
{_OF_ITS_TABLE}
"""  # noqa: S608 — our own text
_MESSAGES: Final = f"""
select x.* from (
  select occurred_at as at, id, rule_id, member_id, store_id, 0::bigint as amount, template as what
  from message_request where pack_version = $1) x
{_OF_ITS_TABLE}
"""  # noqa: S608
_PAGES: Final[dict[EffectKind, str]] = {
    "award": _AWARDS,
    "discount": _OF_READ + _READ_BY.format(_CHARGED),
    "refusal": _OF_READ + _READ_BY.format(_REFUSED),
    "move": _MOVES,
    "tag": _TAGS,
    "message": _MESSAGES,
}
_COUNTS: Final[dict[QuickKind, str]] = {
    "award": f"select count(*) from ({_AWARDS}) n",  # noqa: S608
    "move": f"select count(*) from ({_MOVES}) n",  # noqa: S608
    "tag": f"select count(*) from ({_TAGS}) n",  # noqa: S608
    "message": f"select count(*) from ({_MESSAGES}) n",  # noqa: S608
}
_STEP: Final = """
select id, {0} as at, recorded_at from {1} where id = coalesce(
  (select id from {1} where id >= $1::uuid and id <= $2::uuid order by id desc offset $3 limit 1),
  (select id from {1} where id >= $1::uuid and id <= $2::uuid order by id limit 1))
"""
_STEPS: Final[dict[ActKind, str]] = {
    "award": _STEP.format("recorded_at", "ledger_entry"),
    "discount": _STEP.format("occurred_at", "purchase"),
    "refusal": _STEP.format("occurred_at", "purchase"),
}
_COUNTING_MS: Final = 150
FAR: Final = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long purchases, or what they earned, are read back for one page.

    Attributes:
        purchases: read in one step, or entries; ten times as many where it is known at which stores to look,
            for those of others are not opened.
        ms: no further step begins after that many.
    """

    purchases: int = 1_000
    ms: int = 80


USUAL: Final = Patience()
_UNOPENED: Final = 10


async def page(
    session: AsyncSession,
    reach: Reach,
    kind: EffectKind,
    after: EffectKey | None,
    limit: int,
    patience: Patience,
) -> EffectPage:
    """Effects of one kind, the latest first.

    Moves, tags and messages go by when they took effect, all others as they were recorded.
    """
    at, last_id, rule_id = after or (FAR, LAST, "")
    if kind == "award" or kind == "discount" or kind == "refusal":
        return await _read_back(session, reach, kind, (last_id, rule_id), limit, patience)
    values = (*reach_values(reach), last_id, rule_id, limit + 1, NO_ID, at)
    rows = await (await driver(session)).fetch(_PAGES[kind], *values)
    return _page([_effect(kind, row) for row in rows], limit)


async def _read_back(
    session: AsyncSession,
    reach: Reach,
    kind: ActKind,
    key: tuple[UUID, str],
    limit: int,
    patience: Patience,
) -> EffectPage:
    """Step by step backwards, until the page is full, nothing is left or patience is at its end."""
    connection = await driver(session)
    began = perf_counter()
    last_id, rule_id = key
    first = NO_ID if kind == "award" else await _first(session, reach)
    found: list[Effect] = []
    while True:
        stretch = await stretch_before(session, reach.version, kind, reach.place_paths, last_id)
        if stretch is None or stretch.last < first:
            return _page(found, limit)
        if stretch.last != last_id:
            last_id, rule_id = stretch.last, ""
        begin = max(first, stretch.first)
        most = patience.purchases if stretch.stores is None else patience.purchases * _UNOPENED
        step = await connection.fetchrow(_STEPS[kind], begin, last_id, most - 1)
        if step is not None:
            rest = limit + 1 - len(found)
            values = (*reach_values(reach), last_id, rule_id, rest, step["id"], stretch.stores)
            found += [_effect(kind, row) for row in await connection.fetch(_PAGES[kind], *values)]
            if len(found) > limit:
                return _page(found, limit)
            last_id, rule_id = _below(step["id"]), ""
            if (perf_counter() - began) * 1000 >= patience.ms:
                return EffectPage(found, (step["at"], last_id, rule_id), step["recorded_at"])
        elif begin == first:
            return _page(found, limit)
        else:
            last_id, rule_id = _below(begin), ""


def _below(lowest: UUID) -> UUID:
    """Where to go on looking once `lowest` has been read."""
    return UUID(int=UUID(str(lowest)).int - 1)


def _page(found: Sequence[Effect], limit: int) -> EffectPage:
    """Of one more than are shown, where there are as many."""
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    return EffectPage(shown, (last.at, last.id, last.rule_id) if last else None)


def _effect(kind: EffectKind, row: Record) -> Effect:
    return Effect(
        kind,
        row["at"],
        row["id"],
        row["rule_id"],
        row["member_id"],
        row["store_id"],
        row["amount"],
        row["what"],
    )


async def count(session: AsyncSession, reach: Reach, kind: QuickKind, most: int) -> int | None:
    """How many effects of one kind there are; counting stops at `most`, and after a moment: None."""
    values = (*reach_values(reach), LAST, "", most, NO_ID, None if kind == "award" else FAR)
    connection = await driver(session)
    try:
        async with connection.transaction():
            await connection.execute(f"set local statement_timeout = {_COUNTING_MS}")
            found: int = await connection.fetchval(_COUNTS[kind], *values)
    except QueryCanceledError:
        return None
    return found


async def _first(session: AsyncSession, reach: Reach) -> UUID:
    """No purchase was read by a version before there was one."""
    code, _, number = reach.version.rpartition("/")
    made_at = await (await driver(session)).fetchval(_MADE_AT, code, int(number))
    return UUID(int=0 if made_at is None else _millis(made_at - CLOCKS_DIFFER) << 80)


def _millis(at: datetime) -> int:
    """What ids of purchases begin with."""
    return max(0, int(at.timestamp() * 1000))
