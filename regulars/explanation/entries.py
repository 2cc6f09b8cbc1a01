"""What was booked after purchases: taken back, given later, paid of debts; compared with lots and with the
record of who did it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.explanation.domain import Difference, DifferenceKind

_PAGE: Final = """
select e.id, e.kind, p.points, p.owed, b.from_lots, b.of_others, l.in_lots,
       case e.kind when 'reverse' then coalesce(d.result, m.redated)
                   when 'correct' then coalesce(r.points + r.redated, g.given) end as record,
       o.given
from ledger_entry e
cross join lateral (
  select coalesce(sum(amount) filter (where e.member_id in (from_account_id, to_account_id)), 0)::bigint
           as points,
         coalesce(sum(amount) filter (where e.member_id not in (from_account_id, to_account_id)), 0)::bigint
           as owed
  from posting where entry_id = e.id and unit = 'points') p
cross join lateral (
  select coalesce(sum(c.amount), 0)::bigint as from_lots,
         count(*) filter (where earned.cause_id <> e.cause_id) as of_others
  from lot_consumption c
  join lot on lot.account_id = e.member_id and lot.id = c.lot_id
  join ledger_entry earned on earned.id = lot.entry_id
  where c.entry_id = e.id) b
cross join lateral (
  select coalesce(sum(amount), 0)::bigint as in_lots from lot
  where e.kind = 'correct' and account_id = e.member_id and entry_id = e.id) l
left join entry_reversal t on t.entry_id = e.id
left join lateral (
  select coalesce(sum(amount), 0)::bigint as given from posting
  where entry_id = t.original_id and unit = 'points'
    and pack_version in (select pack_version from posting where entry_id = e.id)) o on true
left join lateral (
  select (taken + owed)::bigint as result from pack_undo_result
  where entry_id = t.original_id and reversal_id = e.id) d on true
left join purchase_recompute r on r.entry_id = e.id
left join purchase_recompute m on m.reversal_id = e.id
left join (select reversal_id, given from pack_undo_result where given > 0) g on g.reversal_id = e.id
where e.kind in ('reverse', 'correct', 'repay') and e.id > $1
  and ($2::timestamptz is null or e.recorded_at >= $2)
order by e.id limit $3
"""


@dataclass(frozen=True, slots=True)
class LaterEntry:
    """One entry with what ought to be of the same sum.

    Attributes:
        points: that it moves from or to the member's account; a payment moves them to what is owed.
        owed: of what is taken back, what no lot gave.
        from_lots, in_lots: what it took from lots, and what lies in its own.
        of_others: lots it took from that another purchase or correction brought.
        record: what the order, or the recomputing, says that it did; None where nothing does.
        given: of what is taken back, what its versions had given in the original entry; else None.
    """

    id: UUID
    kind: str
    points: int
    owed: int
    from_lots: int
    of_others: int
    in_lots: int
    record: int | None
    given: int | None


async def page(session: AsyncSession, after: UUID, since: datetime | None, limit: int) -> list[LaterEntry]:
    """Entries by id, from the one after `after`.

    Args:
        since: only what was recorded from then on; None for all.
    """
    rows = await (await driver(session)).fetch(_PAGE, after, since, limit)
    return [
        LaterEntry(
            row["id"],
            row["kind"],
            row["points"],
            row["owed"],
            row["from_lots"],
            row["of_others"],
            row["in_lots"],
            row["record"],
            row["given"] if row["kind"] == "reverse" else None,
        )
        for row in rows
    ]


def differences_of(entry: LaterEntry) -> tuple[Difference, ...]:
    """Where an entry, its lots and the record of who made it do not say the same."""
    return tuple(_differences(entry))


def _differences(entry: LaterEntry) -> Iterator[Difference]:
    lots = entry.in_lots if entry.kind == "correct" else entry.from_lots
    if lots != entry.points:
        yield _differs(entry, "lots", lots, entry.points)
    if entry.kind == "repay":
        if entry.of_others:  # a debt is paid by what is earned at that moment, and by nothing else
            yield _differs(entry, "lots", 0, entry.of_others)
        return
    whole = entry.points + entry.owed
    if entry.record != whole:
        yield _differs(entry, "reversal" if entry.kind == "reverse" else "points", whole, entry.record)
    if entry.given is not None and whole > entry.given:
        yield Difference("points", str(entry.id), f"≤ {entry.given}", str(whole))


def _differs(entry: LaterEntry, kind: DifferenceKind, recomputed: int, recorded: int | None) -> Difference:
    return Difference(kind, str(entry.id), str(recomputed), "–" if recorded is None else str(recorded))
