"""All SQL of explanations: reads only, whole pages in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.counters import CounterKey
from regulars.db.raw import driver
from regulars.explanation.limiting import claim_name
from regulars.explanation.stored import RuleKey, StoredLot, StoredPurchase
from regulars.lifecycle.repository import recent_before
from regulars.security.scope import Scope

_COUNTER: Final = ("pack_code", "limit_code", "unit", "subject", "period")
Move = tuple[str | None, str | None, str | None]

_PURCHASES: Final = """
select p.id, coalesce(p.member_id, a.member_id) as member_id, coalesce(p.seq, a.seq) as seq,
       p.store_id, s.code as store, p.receipt_no, p.channel, p.occurred_at, p.list_minor, p.sales_minor,
       coalesce(a.points, p.points) as points, coalesce(a.flags, p.flags) as flags,
       a.purchase_id is not null as attributed, p.lines::text as lines,
       coalesce(a.evaluation, p.evaluation)::text as evaluation,
       coalesce(m.home_store_id = p.store_id, false) as at_home
from purchase p
join place s on s.id = p.store_id
left join purchase_attribution a on a.purchase_id = p.id
left join member m on m.id = coalesce(p.member_id, a.member_id)
"""
_ONE: Final = f"""{_PURCHASES}
left join place h on h.id = m.home_store_id
where p.id = $1 and (s.path <@ any($2::text[]::ltree[]) or ($3 and h.path <@ any($2::text[]::ltree[])))
"""
_PAGE: Final = f"""{_PURCHASES}
where p.id > $1 and ($2::timestamptz is null or p.recorded_at >= $2 or a.recorded_at >= $2)
order by p.id limit $3
"""
_OF_IDS: Final = f"{_PURCHASES} where p.id = any($1::uuid[]) order by p.id"
_POSTINGS: Final = """
select e.cause_id, p.pack_version, p.rule_id, sum(p.amount)::bigint as points
from ledger_entry e join posting p on p.entry_id = e.id
where e.cause_id = any($1::uuid[]) and e.kind = 'earn' and p.unit = 'points'
group by 1, 2, 3
"""
# Lots are found by their account: they have no index by entry.
_LOTS: Final = """
select e.cause_id, l.amount, l.available_at, l.expires_at
from ledger_entry e join lot l on l.account_id = e.member_id and l.entry_id = e.id
where e.cause_id = any($1::uuid[]) and e.kind = 'earn' and l.unit = 'points'
"""
_CLAIMS: Final = """
select cause_id, cause, pack_code, limit_code, unit, subject, period, amount from budget_use
where cause_id = any($1::uuid[]) and cause in ('purchase', 'attribution')
"""
_MOVES: Final = """
select purchase_id, tier_to, pack_version, rule_id from lifecycle_event
where member_id = any($1::uuid[]) and purchase_id = any($2::uuid[]) and kind = 'upgraded'
order by event_no
"""


async def purchase(
    session: AsyncSession, purchase_id: UUID, scope: Scope, *, by_home: bool
) -> StoredPurchase | None:
    """A purchase whose store lies in the scope, or, `by_home`, whose member is at home there."""
    roots = scope.parameters["scope_paths"]
    row = await (await driver(session)).fetchrow(_ONE, purchase_id, roots, by_home)
    return None if row is None else (await _whole(session, [row]))[0]


async def page(
    session: AsyncSession, after: UUID, since: datetime | None, limit: int
) -> Sequence[StoredPurchase]:
    """Purchases in order of their ids: those recorded or attributed since an instant, or all."""
    rows = await (await driver(session)).fetch(_PAGE, after, since, limit)
    return await _whole(session, rows)


async def of_ids(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[StoredPurchase]:
    """Purchases that are named, wherever they were made, in order of their ids."""
    return await _whole(session, await (await driver(session)).fetch(_OF_IDS, list(ids)))


async def with_lately(session: AsyncSession, stored: Sequence[StoredPurchase]) -> list[StoredPurchase]:
    """The same purchases, ready for packs that ask what their members had done lately."""
    ids = [one.id for one in stored if one.member_id is not None]
    lately = await recent_before(session, ids) if ids else {}
    return [replace(one, lately=lately.get(one.id)) for one in stored]


async def _whole(session: AsyncSession, rows: Sequence[asyncpg.Record]) -> list[StoredPurchase]:
    connection = await driver(session)
    ids = [row["id"] for row in rows]
    members = list({row["member_id"] for row in rows if row["member_id"] is not None})
    postings: dict[UUID, dict[RuleKey, int]] = {}
    for row in await connection.fetch(_POSTINGS, ids):
        key = (row["pack_version"], row["rule_id"])
        postings.setdefault(row["cause_id"], {})[key] = row["points"]
    lots: dict[UUID, list[StoredLot]] = {}
    for row in await connection.fetch(_LOTS, ids):
        lots.setdefault(row["cause_id"], []).append(
            StoredLot(row["amount"], row["available_at"], row["expires_at"])
        )
    claims: dict[tuple[UUID, str], dict[str, int]] = {}
    for row in await connection.fetch(_CLAIMS, ids):
        counter = CounterKey(*(row[name] for name in _COUNTER))
        claims.setdefault((row["cause_id"], row["cause"]), {})[claim_name(counter)] = row["amount"]
    moves: dict[UUID, list[Move]] = {}
    for row in await connection.fetch(_MOVES, members, ids):
        moves.setdefault(row["purchase_id"], []).append((row["tier_to"], row["pack_version"], row["rule_id"]))
    return [
        _purchase(
            row,
            postings.get(row["id"], {}),
            lots.get(row["id"], ()),
            moves.get(row["id"], ()),
            claims.get((row["id"], "attribution" if row["attributed"] else "purchase"), {}),
        )
        for row in rows
    ]


def _purchase(
    row: asyncpg.Record,
    postings: Mapping[RuleKey, int],
    lots: Iterable[StoredLot],
    moves: Iterable[Move],
    claims: Mapping[str, int],
) -> StoredPurchase:
    return StoredPurchase(
        id=row["id"],
        member_id=row["member_id"],
        seq=row["seq"],
        store_id=row["store_id"],
        store=row["store"],
        receipt_no=row["receipt_no"],
        channel=row["channel"],
        occurred_at=row["occurred_at"],
        list_minor=row["list_minor"],
        sales_minor=row["sales_minor"],
        points=row["points"],
        flags=tuple(row["flags"]),
        attributed=row["attributed"],
        lines_text=row["lines"],
        evaluation_text=row["evaluation"],
        postings=postings,
        lots=tuple(lots),
        claims=claims,
        moves=tuple(moves),
        at_home=row["at_home"],
    )
