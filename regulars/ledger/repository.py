"""All SQL of the ledger: whole batches in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.db.together import Write
from regulars.ledger.domain import (
    HOUSE,
    LedgerEntry,
    OpenPointsLot,
    PendingLot,
    balance_changes,
    debt_changes,
    pending_until,
)

_ENTRIES = (
    """entries as (
  insert into ledger_entry (id, kind, cause_id, member_id, effective_at, recorded_at)
  select e.*, $6::timestamptz
  from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::timestamptz[])
       as e(id, kind, cause_id, member_id, effective_at)
)""",
    """postings as (
  insert into posting (entry_id, leg, from_account_id, to_account_id, unit, amount, pack_version, rule_id)
  select * from unnest($7::uuid[], $8::smallint[], $9::uuid[], $10::uuid[], $11::text[], $12::bigint[],
                       $13::text[], $14::text[])
)""",
    """lots as (
  insert into lot (id, entry_id, account_id, unit, amount, available_at, expires_at)
  select * from unnest($15::uuid[], $16::uuid[], $17::uuid[], $18::text[], $19::bigint[],
                       $20::timestamptz[], $21::timestamptz[])
)""",
    """consumptions as (
  insert into lot_consumption (lot_id, entry_id, amount)
  select * from unnest($22::uuid[], $23::uuid[], $24::bigint[])
)""",
    """balances as (
  insert into balance (account_id, unit, amount, pending_until)
  select * from unnest($25::uuid[], $26::text[], $27::bigint[], $28::timestamptz[])
  on conflict (account_id, unit) do update
  set amount = balance.amount + excluded.amount,
      pending_until = greatest(balance.pending_until, excluded.pending_until)
)""",
)

# What was taken is summed lot by lot: joined, the planner reads every lot and consumption that there is.
_USED = "coalesce((select sum(amount) from lot_consumption where lot_id = lot.id), 0)"
_OPEN_LOTS = f"""
select l.id, asked.account_id, l.remaining, l.expires_at
from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) as asked(account_id, since, until)
cross join lateral (
  (select id, amount - {_USED} as remaining, expires_at from lot
   where account_id = asked.account_id and unit = 'points' and expires_at between asked.since and asked.until)
  union all
  (select id, amount - {_USED}, expires_at from lot
   where account_id = asked.account_id and unit = 'points' and expires_at > asked.until and amount > {_USED}
   order by expires_at limit 1)
) l
where l.remaining > 0
"""  # noqa: S608 — our own text


def entries_written(entries: Sequence[LedgerEntry], at: datetime) -> list[Write]:
    """To write entries with their postings and lots, and to move the cached balances."""
    if not entries:
        return []
    legs = [(e.id, leg, p) for e in entries for leg, p in enumerate(e.postings)]
    lots = [(e.id, lot) for e in entries for lot in e.lots]
    used = [(e.id, c) for e in entries for c in e.consumptions]
    changes = sorted(balance_changes(entries, HOUSE).items())
    pending = pending_until(entries)
    arguments = (
        [e.id for e in entries],
        [e.kind for e in entries],
        [e.cause_id for e in entries],
        [e.member_id for e in entries],
        [e.effective_at for e in entries],
        at,
        [entry_id for entry_id, _, _ in legs],
        [leg for _, leg, _ in legs],
        [p.from_account_id for _, _, p in legs],
        [p.to_account_id for _, _, p in legs],
        [p.unit for _, _, p in legs],
        [p.amount for _, _, p in legs],
        [p.pack_version for _, _, p in legs],
        [p.rule_id for _, _, p in legs],
        [lot.id for _, lot in lots],
        [entry_id for entry_id, _ in lots],
        [lot.account_id for _, lot in lots],
        [lot.unit for _, lot in lots],
        [lot.amount for _, lot in lots],
        [lot.available_at for _, lot in lots],
        [lot.expires_at for _, lot in lots],
        [c.lot_id for _, c in used],
        [entry_id for entry_id, _ in used],
        [c.amount for _, c in used],
        [account_id for (account_id, _), _ in changes],
        [unit for (_, unit), _ in changes],
        [amount for _, amount in changes],
        [pending.get(key) for key, _ in changes],
    )
    return [Write(_ENTRIES, arguments)]


async def write_relations(session: AsyncSession, entries: Sequence[LedgerEntry]) -> None:
    """Write what entries have reversed, and move what is owed; the entries themselves are written."""
    connection = await driver(session)
    reversals = [(e.id, e.reverses) for e in entries if e.reverses is not None]
    if reversals:
        await connection.execute(_REVERSALS, *zip(*reversals, strict=True))
    owed = debt_changes(entries)
    if owed:
        await connection.execute(_OWED, list(owed), list(owed.values()))


_REVERSALS = "insert into entry_reversal select * from unnest($1::uuid[], $2::uuid[])"
_OWED = """
insert into balance as b (account_id, unit, amount, owed)
select id, 'points', 0, greatest(change, 0) from unnest($1::uuid[], $2::bigint[]) o(id, change)
on conflict (account_id, unit) do update
set owed = b.owed + (select change from unnest($1::uuid[], $2::bigint[]) o(id, change)
                     where id = b.account_id)
"""
_LOTS_OF = f"""
select asked.account_id, l.*
from unnest($1::uuid[]) as asked(account_id)
cross join lateral (
  select id, amount - {_USED} as remaining, available_at, expires_at from lot
  where account_id = asked.account_id and unit = 'points' and (expires_at is null or expires_at > $2)
) l
where l.remaining > 0
"""  # noqa: S608


async def lots_of(
    session: AsyncSession, account_ids: Sequence[UUID], at: datetime
) -> list[tuple[UUID, OpenPointsLot]]:
    """(account, lot) of points that have not expired by an instant."""
    rows = await (await driver(session)).fetch(_LOTS_OF, account_ids, at)
    return [
        (
            row["account_id"],
            OpenPointsLot(row["id"], int(row["remaining"]), row["available_at"], row["expires_at"]),
        )
        for row in rows
    ]


async def open_lots(
    session: AsyncSession, spans: Mapping[UUID, tuple[datetime, datetime]]
) -> list[tuple[UUID, UUID, int, datetime]]:
    """(account, lot, remaining, expires_at) of points that expire in a span, and the next after it."""
    connection = await driver(session)
    since, until = zip(*spans.values(), strict=True)
    rows = await connection.fetch(_OPEN_LOTS, list(spans), since, until)
    return [(row["account_id"], row["id"], int(row["remaining"]), row["expires_at"]) for row in rows]


_CONSUMED = """
select l.id, c.amount, l.available_at, l.expires_at from lot_consumption c join lot l on l.id = c.lot_id
where c.entry_id = $1 order by l.expires_at, l.id
"""


async def lots_consumed(session: AsyncSession, entry_id: UUID) -> list[OpenPointsLot]:
    """What an entry took, as lots of that much."""
    rows = await (await driver(session)).fetch(_CONSUMED, entry_id)
    return [OpenPointsLot(row["id"], row["amount"], row["available_at"], row["expires_at"]) for row in rows]


_PENDING_LOTS = f"""
select asked.account_id, l.*
from unnest($1::uuid[], $2::timestamptz[]) as asked(account_id, since)
cross join lateral (
  select amount - {_USED} as remaining, available_at, expires_at from lot
  where account_id = asked.account_id and unit = 'points' and available_at > asked.since
) l
where l.remaining > 0
"""  # noqa: S608


async def pending_lots(
    session: AsyncSession, since: Mapping[UUID, datetime]
) -> list[tuple[UUID, PendingLot]]:
    """(account, lot) of points that were not yet available at an instant of each account."""
    connection = await driver(session)
    rows = await connection.fetch(_PENDING_LOTS, list(since), list(since.values()))
    return [
        (row["account_id"], PendingLot(int(row["remaining"]), row["available_at"], row["expires_at"]))
        for row in rows
    ]


_OPEN_ACCOUNTS = """
insert into account (id, kind, code) select id, 'member', null from unnest($1::uuid[]) as a(id)
"""


async def open_accounts(session: AsyncSession, member_ids: Iterable[UUID]) -> None:
    """Give members their accounts."""
    connection = await driver(session)
    await connection.execute(_OPEN_ACCOUNTS, list(member_ids))
