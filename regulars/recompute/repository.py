"""All SQL of recomputing: what is flagged, what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.recompute.domain import Flagged, RecomputeCause, Resolved, failed_rules

# Each half is found by an index that holds nothing but flagged rows.
_ALL: Final = """
select f.*, r.points as added, r.entry_id, r.versions, r.reason, r.actor, r.recorded_at as resolved_at,
       r.redated, r.approved_by, r.outcome->>'tier_to' as tier_to
from (
  select p.id, 'purchase' as cause, p.member_id, p.store_id, p.receipt_no, p.occurred_at, p.points,
         p.evaluation
  from purchase p
  where 'recompute' = any(p.flags)
    and not exists (select from purchase_attribution a where a.purchase_id = p.id)
  union all
  select a.purchase_id, 'attribution', a.member_id, p.store_id, p.receipt_no, a.occurred_at, a.points,
         a.evaluation
  from purchase_attribution a join purchase p on p.id = a.purchase_id
  where 'recompute' = any(a.flags)
) f
join place s on s.id = f.store_id
left join purchase_recompute r on r.purchase_id = f.id and r.cause = f.cause
where s.path <@ any($1::text[]::ltree[])
"""
_PAGE: Final = f"""
select id, cause, member_id, store_id, receipt_no, occurred_at, points, (evaluation->'rules')::text as rules,
       added, entry_id, versions, reason, actor, resolved_at, redated, approved_by, tier_to
from ({_ALL}) x
where ($2::uuid is null or id > $2) and (resolved_at is not null) = $3
  and ($4::text is null or exists (
    select from jsonb_array_elements(evaluation->'rules') told
    where told->>'error' is not null and split_part(told->>'pack', '/', 1) = $4))
  and ($5::uuid[] is null or id = any($5))
order by id limit $6
"""  # noqa: S608 — our own text
_LOCK: Final = "select from purchase where id = any($1::uuid[]) order by id for update"
_WRITE: Final = """
insert into purchase_recompute (purchase_id, cause, member_id, points, entry_id, versions, outcome, reason,
                                actor, recorded_at, redated, reversal_id, tier_event_id, approved_by)
values ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9, $10, $11, $12, $13, $14)
"""
_ALONE: Final = """
select coalesce(sum(points), 0)::bigint from purchase_recompute
where recorded_at > $2 and actor = $1 and approved_by is null
"""
_ONE_ACTOR: Final = "select pg_advisory_xact_lock(hashtextextended($1, 7201123))"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which flagged purchases are meant.

    Attributes:
        paths: of places; purchases there and below. "" is the whole chain.
        pack: code of a pack of which a rule failed; None for any.
        purchase_ids: these alone; None for all.
        resolved: those that were dealt with, instead of those that were not.
    """

    paths: tuple[str, ...]
    pack: str | None = None
    purchase_ids: tuple[UUID, ...] | None = None
    resolved: bool = False


@dataclass(frozen=True, slots=True)
class NewRow:
    """What became of one purchase, to be written."""

    purchase_id: UUID
    cause: RecomputeCause
    member_id: UUID | None
    points: int
    entry_id: UUID | None
    versions: tuple[str, ...]
    outcome: str
    reason: str
    actor: str
    redated: int = 0
    reversal_id: UUID | None = None
    tier_event_id: UUID | None = None
    approved_by: str | None = None


async def page(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[Flagged]:
    """Flagged purchases in the order of their ids."""
    ids = None if wanted.purchase_ids is None else list(wanted.purchase_ids)
    rows = await (await driver(session)).fetch(
        _PAGE, list(wanted.paths), after, wanted.resolved, wanted.pack, ids, limit
    )
    return [_flagged(row) for row in rows]


async def lock(session: AsyncSession, purchase_ids: Sequence[UUID]) -> None:
    """Let nobody else give these to a member, or recompute them, until the transaction ends."""
    await (await driver(session)).execute(_LOCK, list(purchase_ids))


async def one_at_a_time(session: AsyncSession, actor: str) -> None:
    """Let nobody else count what this actor has given alone until the transaction ends."""
    await (await driver(session)).execute(_ONE_ACTOR, actor)


async def given_alone(session: AsyncSession, actor: str, since: datetime) -> int:
    """Points that an actor has given since then without anybody else."""
    points: int = await (await driver(session)).fetchval(_ALONE, actor, since)
    return points


async def write(session: AsyncSession, rows: Sequence[NewRow], at: datetime) -> None:
    """Keep what became of purchases.

    Raises: UniqueViolationError: one was dealt with already; nothing is written.
    """
    await (await driver(session)).executemany(
        _WRITE,
        [
            (
                row.purchase_id,
                row.cause,
                row.member_id,
                row.points,
                row.entry_id,
                list(row.versions),
                row.outcome,
                row.reason,
                row.actor,
                at,
                row.redated,
                row.reversal_id,
                row.tier_event_id,
                row.approved_by,
            )
            for row in rows
        ],
    )


def _flagged(row: asyncpg.Record) -> Flagged:
    resolved = None
    if row["resolved_at"] is not None:
        resolved = Resolved(
            points=row["added"],
            entry_id=row["entry_id"],
            versions=tuple(row["versions"]),
            reason=row["reason"],
            actor=row["actor"],
            at=row["resolved_at"],
            redated=row["redated"],
            tier_to=row["tier_to"],
            approved_by=row["approved_by"],
        )
    return Flagged(
        purchase_id=row["id"],
        cause=row["cause"],
        member_id=row["member_id"],
        store_id=row["store_id"],
        receipt_no=row["receipt_no"],
        occurred_at=row["occurred_at"],
        points=row["points"],
        failed=failed_rules(orjson.loads(row["rules"])),
        resolved=resolved,
    )
