"""All SQL of the outbox: written with the purchase, claimed by lease, deleted once accepted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Integer,
    Row,
    and_,
    any_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.base import Instant
from regulars.db.together import Write
from regulars.outbox.domain import (
    BULK_LOAD_LOCK,
    CHANNEL,
    LONGEST_CLAIM,
    STOPPED_IMPORT_WAITS,
    Backlog,
    Change,
    ClaimedRow,
)
from regulars.outbox.tables import bulk_load, outbox, relay_status, workflow_told

_WRITTEN = """announced as (
  insert into outbox (member_id, seq, events, next_due_at, bulk, created_at)
  select n.*, $6 from unnest($1::uuid[], $2::bigint[], $3::int[], $4::timestamptz[], $5::boolean[]) as n
)"""
_WAKES = "pg_notify($7, '') where $8"
_UNFINISHED = exists().where(
    bulk_load.c.ended_at.is_(None), bulk_load.c.begun_at > func.now() - STOPPED_IMPORT_WAITS
)
_BULK_MAY_GO = select(
    and_(func.pg_try_advisory_xact_lock_shared(literal(BULK_LOAD_LOCK, BigInteger)), ~_UNFINISHED)
)
_BEGIN_BULK = upsert(bulk_load).values(id=1, begun_at=bindparam("at", type_=Instant))
_BEGIN_BULK = _BEGIN_BULK.on_conflict_do_update(
    index_elements=[bulk_load.c.id], set_={"begun_at": _BEGIN_BULK.excluded.begun_at, "ended_at": None}
)
_END_BULK = update(bulk_load).values(ended_at=bindparam("at", type_=Instant))

_AT = bindparam("at", type_=Instant)
_IS_FREE = or_(
    outbox.c.claimed_until.is_(None),
    outbox.c.claimed_until <= _AT,
    outbox.c.claimed_until > _AT + LONGEST_CLAIM,
)
_MAY_GO = outbox.c.bulk <= bindparam("bulk_too", type_=Boolean)  # false < true: the rest goes first
_WAS_SIFTED = or_(outbox.c.bulk, outbox.c.id <= bindparam("up_to", type_=BigInteger))
# Arrays, not sets to join: to a planner that knows the outbox as it was when it was empty, going through all
# of it for each row is as good as anything, and a backlog would hold the relay up for minutes.
_WAITING_LONGEST = (
    select(outbox.c.member_id)
    .where(_IS_FREE, _MAY_GO, _WAS_SIFTED)
    .order_by(outbox.c.bulk, outbox.c.id)
    .limit(bindparam("members", type_=Integer))
)
_FREE_ROWS = (
    select(outbox.c.id)
    .where(
        outbox.c.member_id == any_(func.array(_WAITING_LONGEST.scalar_subquery())),
        *(_IS_FREE, _MAY_GO, _WAS_SIFTED),
    )
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(outbox)
    .where(outbox.c.id == any_(func.array(_FREE_ROWS.scalar_subquery())))
    .values(
        claimed_until=bindparam("until", type_=Instant),
        claimed_by=bindparam("relay"),
    )
    .returning(
        outbox.c.id,
        outbox.c.member_id,
        outbox.c.seq,
        outbox.c.events,
        outbox.c.next_due_at,
        outbox.c.bulk,
        outbox.c.created_at,
        outbox.c.attempts,
        outbox.c.changes,
        outbox.c.put_off,
    )
)
_THESE = outbox.c.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))
_DELETE = delete(outbox).where(_THESE)
_RELEASE = (
    update(outbox)
    .where(_THESE, outbox.c.claimed_by == bindparam("relay"))
    .values(
        claimed_until=bindparam("until", type_=Instant),
        claimed_by=None,
        attempts=outbox.c.attempts + bindparam("failures", type_=Integer),
    )
)
_BACKLOG = select(
    func.coalesce(func.sum(outbox.c.changes).filter(_MAY_GO), 0),
    func.coalesce(func.sum(outbox.c.changes).filter(~_MAY_GO), 0),
    func.min(outbox.c.created_at).filter(_MAY_GO, ~outbox.c.put_off),
    select(func.coalesce(func.sum(workflow_told.c.owed_changes), 0))
    .where(workflow_told.c.owed_since.is_not(None))
    .scalar_subquery(),
)
_REPORT = upsert(relay_status).on_conflict_do_update(
    index_elements=[relay_status.c.relay],
    set_={
        name: upsert(relay_status).excluded[name]
        for name in (
            *("seen_at", "signals", "events", "lag_ms_median", "lag_ms_max", "last_error"),
            *("put_off", "settled_ms_median"),
        )
    },
)
_FORGET_RELAYS = delete(relay_status).where(
    or_(
        relay_status.c.relay == bindparam("gone"), relay_status.c.seen_at < bindparam("before", type_=Instant)
    )
)


def changes_written(changes: Sequence[Change], at: datetime, *, wakes: bool) -> Write:
    """To put rows into the outbox, and where it `wakes` the relays, to do so when the transaction commits."""
    arguments = (
        [change.member_id for change in changes],
        [change.seq for change in changes],
        [change.events for change in changes],
        [change.next_due_at for change in changes],
        [change.bulk for change in changes],
        at,
        CHANNEL,
        wakes,
    )
    return Write((_WRITTEN,), arguments, last=_WAKES)


async def bulk_may_go(session: AsyncSession) -> bool:
    """Whether no import runs or waits to be finished; keeps one from starting until this transaction ends."""
    return bool((await session.execute(_BULK_MAY_GO)).scalar_one())


async def begin_bulk(session: AsyncSession, at: datetime) -> None:
    """Note that an import has begun."""
    await session.execute(_BEGIN_BULK, {"at": at})


async def end_bulk(session: AsyncSession, at: datetime) -> None:
    """Note that it is done."""
    await session.execute(_END_BULK, {"at": at})


async def claim(
    session: AsyncSession,
    *,
    relay: str,
    at: datetime,
    until: datetime,
    members: int,
    bulk_too: bool,
    up_to: int,
) -> list[ClaimedRow]:
    """Lease every free row of the members that wait longest.

    Args:
        members: how many of the oldest rows are looked at; at most as many members are claimed.
        up_to: highest id of rows that are not bulk.
    """
    rows = await session.execute(
        _CLAIM,
        {
            "relay": relay,
            "at": at,
            "until": until,
            "members": members,
            "bulk_too": bulk_too,
            "up_to": up_to,
        },
    )
    return [_claimed(row) for row in rows]


async def remove(session: AsyncSession, ids: Sequence[int]) -> None:
    """Forget rows that Temporal has accepted."""
    await session.execute(_DELETE, {"ids": list(ids)})


async def release(
    session: AsyncSession, ids: Sequence[int], *, relay: str, until: datetime | None, failures: int
) -> None:
    """End this relay's lease; with `until`, nobody takes the rows before then."""
    await session.execute(_RELEASE, {"ids": list(ids), "relay": relay, "until": until, "failures": failures})


async def backlog(session: AsyncSession, *, bulk_too: bool) -> Backlog:
    """How many changes wait, and since when."""
    waiting, held, oldest_at, put_off = (await session.execute(_BACKLOG, {"bulk_too": bulk_too})).one()
    return Backlog(waiting + put_off, held, oldest_at, put_off)


async def report(session: AsyncSession, **status: object) -> None:
    """Keep one relay's figures; columns as in `relay_status`."""
    await session.execute(_REPORT, status)


async def forget_relays(session: AsyncSession, *, gone: str, before: datetime) -> None:
    """Drop the figures of a relay that ends, and of those not seen since `before`."""
    await session.execute(_FORGET_RELAYS, {"gone": gone, "before": before})


def _claimed(row: Row[Any]) -> ClaimedRow:
    change = Change(row.member_id, row.seq, row.events, row.next_due_at, row.bulk)
    return ClaimedRow(row.id, change, row.created_at, row.attempts, row.changes, row.put_off)
