"""All SQL of undo orders, their frozen lists and their results."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import Text, Uuid, bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.paging import latest_first, page_values
from regulars.db.raw import driver
from regulars.rules.domain import Award
from regulars.security.scope import Scope, within_place
from regulars.undoing.asides import of_told
from regulars.undoing.domain import AT_WORK, Item, Result, Undo, UndoState
from regulars.undoing.tables import pack_undo

_ID: Final = bindparam("undo_id", type_=Uuid)
_NAMES: Final = tuple(field.name for field in fields(Undo))
_SELECT: Final = select(*(pack_undo.c[name] for name in _NAMES))
_ONE: Final = _SELECT.where(pack_undo.c.id == _ID, within_place(pack_undo.c.place_id))
_LOCK: Final = _ONE.with_for_update(of=pack_undo)
_CODE: Final = bindparam("code", type_=Text)
_PAGE: Final = latest_first(
    _SELECT.where(within_place(pack_undo.c.place_id), or_(_CODE.is_(None), pack_undo.c.pack_code == _CODE)),
    pack_undo.c.state,
    pack_undo.c.ordered_at,
    pack_undo.c.id,
)
_WAITING: Final = (
    select(pack_undo.c.id).where(pack_undo.c.state.in_(sorted(AT_WORK))).order_by(pack_undo.c.ordered_at)
)
_INSERT: Final = insert(pack_undo)
_MOVING: Final = (
    "state",
    "content_hash",
    "preview",
    "members_in_all",
    "members_done",
    "points_taken",
    "points_owed",
    "points_given",
    "tiers_moved",
    "tags_changed",
    "stages_moved",
    "messages_withdrawn",
    "differences",
    "done_after",
    "decided_at",
    "decided_by",
    "words",
    "started_at",
    "ended_at",
    "listed_at",
    "came_after",
)
_SAVE: Final = (
    update(pack_undo)
    .where(pack_undo.c.id == _ID)
    .values({name: bindparam(f"new_{name}", type_=pack_undo.c[name].type) for name in _MOVING})
)
_INSERT_ITEMS: Final = """
insert into pack_undo_item (undo_id, member_id, entry_id, cause_id, store_id, occurred_at, points, due, takes,
                            rules, lots, stood, gives, tier_from, tier_to, aside)
select $1::uuid, i.* from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[],
                                 $7::bigint[], $8::bigint[], $9::bigint[], $10::jsonb[], $11::jsonb[],
                                 $12::bigint[], $13::jsonb[], $14::text[], $15::text[], $16::jsonb[]) i
"""
_ITEM_COLUMNS: Final = """i.entry_id, i.member_id, i.cause_id, i.store_id, i.occurred_at, i.points, i.due,
       i.takes, i.rules::text as rules, i.lots::text as lots, i.stood, i.gives::text as gives,
       i.tier_from, i.tier_to, i.aside::text as aside"""
_NEXT_MEMBERS: Final = """
select distinct member_id from pack_undo_item
where undo_id = $1 and ($2::uuid is null or member_id > $2) order by member_id limit $3
"""
_ITEMS_OF: Final = f"""
select {_ITEM_COLUMNS} from pack_undo_item i
where i.undo_id = $1 and i.member_id = any($2::uuid[]) order by i.member_id, i.entry_id
"""  # noqa: S608 — our own text
_TAKEN: Final = """
select r.original_id as entry_id, sum(p.amount)::bigint as taken
from entry_reversal r join posting p on p.entry_id = r.entry_id
where r.original_id = any($1::uuid[]) and p.unit = 'points' and p.pack_version = $2 group by r.original_id
"""
_LIST: Final = f"""
select {_ITEM_COLUMNS}, r.due as due_then, r.taken, r.owed, r.given, r.moved, r.reversal_id, r.done_at
from pack_undo_item i left join pack_undo_result r on r.undo_id = i.undo_id and r.entry_id = i.entry_id
where i.undo_id = $1
  and ($2::uuid is null or (i.member_id, i.entry_id) > ($2, $3::uuid))
  and (not $4::boolean or r.taken <> i.takes
       or r.moved <> (i.tier_to is not null or coalesce((i.aside->>'changes')::boolean, false))
       or r.given <> (select coalesce(sum((g->>0)::bigint), 0) from jsonb_array_elements(i.gives) g))
  and ($5::uuid is null or i.member_id = $5)
order by i.member_id, i.entry_id limit $6
"""  # noqa: S608
_INSERT_RESULTS: Final = """
insert into pack_undo_result (undo_id, entry_id, version_name, due, taken, owed, given, moved,
                              reversal_id, done_at)
select $1::uuid, r.entry_id, $2::text, r.due, r.taken, r.owed, r.given, r.moved, r.reversal_id,
       $10::timestamptz
from unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::boolean[], $9::uuid[])
     r(entry_id, due, taken, owed, given, moved, reversal_id)
"""


async def find(
    session: AsyncSession, undo_id: UUID, scope: Scope, *, for_change: bool = False
) -> Undo | None:
    """One order within a scope; for a change, one that nobody else changes until the transaction ends."""
    statement = _LOCK if for_change else _ONE
    row = (await session.execute(statement, {"undo_id": undo_id, **scope.parameters})).one_or_none()
    return None if row is None else Undo(**row._mapping)


async def page(
    session: AsyncSession,
    scope: Scope,
    *,
    states: Collection[UndoState],
    code: str | None,
    after: tuple[datetime, UUID] | None,
    count: int,
) -> list[Undo]:
    """Orders within a scope, the latest first."""
    values = {**page_values(states, after, count), "code": code, **scope.parameters}
    return [Undo(**row._mapping) for row in await session.execute(_PAGE, values)]


async def waiting(session: AsyncSession) -> list[UUID]:
    """Orders on which there is something to be done, the oldest first."""
    return list((await session.execute(_WAITING)).scalars())


async def write(session: AsyncSession, undo: Undo) -> None:
    """A new order."""
    await session.execute(_INSERT, {name: getattr(undo, name) for name in _NAMES})


async def save(session: AsyncSession, undo: Undo) -> None:
    """What moved of an order; the caller holds its lock."""
    values = {f"new_{name}": getattr(undo, name) for name in _MOVING}
    await session.execute(_SAVE, {"undo_id": undo.id, **values})


async def write_items(session: AsyncSession, undo_id: UUID, items: Sequence[Item]) -> None:
    """Add to the list of an order."""
    rows = [
        (
            item.member_id,
            item.entry_id,
            item.cause_id,
            item.store_id,
            item.occurred_at,
            item.points,
            item.due,
            item.takes,
            orjson.dumps(item.rules).decode(),
            orjson.dumps([(str(lot_id), points) for lot_id, points in item.lots]).decode(),
            item.stood,
            orjson.dumps([tuple(award) for award in item.gives]).decode(),
            item.tier_from,
            item.tier_to,
            None if item.aside is None else orjson.dumps(item.aside.told()).decode(),
        )
        for item in items
    ]
    if rows:
        await (await driver(session)).execute(_INSERT_ITEMS, undo_id, *zip(*rows, strict=True))


async def next_members(session: AsyncSession, undo_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
    """The next members on the list of an order, by id."""
    rows = await (await driver(session)).fetch(_NEXT_MEMBERS, undo_id, after, limit)
    return [row["member_id"] for row in rows]


async def items_of(session: AsyncSession, undo_id: UUID, member_ids: Sequence[UUID]) -> list[Item]:
    """All items of some members."""
    return [_item(row) for row in await (await driver(session)).fetch(_ITEMS_OF, undo_id, member_ids)]


async def taken_before(
    session: AsyncSession, version_name: str, entry_ids: Sequence[UUID]
) -> dict[UUID, int]:
    """What was taken back already of a version's points, by entry, whichever order did it."""
    rows = await (await driver(session)).fetch(_TAKEN, entry_ids, version_name)
    return {row["entry_id"]: row["taken"] for row in rows}


async def list_items(
    session: AsyncSession,
    undo_id: UUID,
    *,
    after: tuple[UUID, UUID] | None,
    only_differences: bool,
    member_id: UUID | None,
    limit: int,
) -> list[tuple[Item, Result | None]]:
    """Items with what became of them, by member and entry."""
    last_member, last_entry = after or (None, None)
    rows = await (await driver(session)).fetch(
        _LIST, undo_id, last_member, last_entry, only_differences, member_id, limit
    )
    return [(_item(row), _result(row)) for row in rows]


async def write_results(
    session: AsyncSession,
    undo: Undo,
    results: Sequence[tuple[UUID, int, int, int, int, bool, UUID | None]],
    at: datetime,
) -> None:
    """(entry, due, taken, owed, given, moved, new entry or event) of items that have been done."""
    columns = zip(*results, strict=True)
    await (await driver(session)).execute(_INSERT_RESULTS, undo.id, undo.version_name, *columns, at)


def _item(row: asyncpg.Record) -> Item:
    return Item(
        entry_id=row["entry_id"],
        member_id=row["member_id"],
        cause_id=row["cause_id"],
        store_id=row["store_id"],
        occurred_at=row["occurred_at"],
        points=row["points"],
        due=row["due"],
        takes=row["takes"],
        rules=tuple((str(rule), int(points)) for rule, points in orjson.loads(row["rules"])),
        lots=tuple((UUID(lot_id), int(points)) for lot_id, points in orjson.loads(row["lots"])),
        stood=row["stood"],
        gives=tuple(_award(*one) for one in orjson.loads(row["gives"])),
        tier_from=row["tier_from"],
        tier_to=row["tier_to"],
        aside=None if row["aside"] is None else of_told(orjson.loads(row["aside"])),
    )


def _result(row: asyncpg.Record) -> Result | None:
    if row["done_at"] is None:
        return None
    return Result(
        row["due_then"],
        row["taken"],
        row["owed"],
        row["given"],
        row["moved"],
        row["reversal_id"],
        row["done_at"],
    )


def _award(points: int, version: str, rule_id: str, expires_at: str | None, available_at: str) -> Award:
    until = None if expires_at is None else datetime.fromisoformat(expires_at)
    return Award(points, version, rule_id, until, datetime.fromisoformat(available_at))
