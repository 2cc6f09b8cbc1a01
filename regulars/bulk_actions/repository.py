"""All SQL of bulk actions, their frozen lists and their results."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import RowMapping, Uuid, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.bulk_actions.domain import AT_WORK, BulkAction, BulkState, Item, Result
from regulars.bulk_actions.tables import bulk_action
from regulars.db.paging import latest_first, page_values
from regulars.db.raw import driver
from regulars.security.scope import Scope, within_place

_ID: Final = bindparam("action_id", type_=Uuid)
_NAMES: Final = tuple(field.name for field in fields(BulkAction))
_SELECT: Final = select(*(bulk_action.c[name] for name in _NAMES))
_ONE: Final = _SELECT.where(bulk_action.c.id == _ID, within_place(bulk_action.c.place_id))
_LOCK: Final = _ONE.with_for_update(of=bulk_action)
_PAGE: Final = latest_first(
    _SELECT.where(within_place(bulk_action.c.place_id)),
    bulk_action.c.state,
    bulk_action.c.ordered_at,
    bulk_action.c.id,
)
_WAITING: Final = (
    select(bulk_action.c.id)
    .where(bulk_action.c.state.in_(sorted(AT_WORK)))
    .order_by(bulk_action.c.ordered_at)
)
_INSERT: Final = insert(bulk_action)
_MOVING: Final = (
    "state",
    "changed",
    "unchanged",
    "refused",
    "points_given",
    "reason",
    "decided_at",
    "decided_by",
    "words",
    "started_at",
    "ended_at",
)
_SAVE: Final = (
    update(bulk_action)
    .where(bulk_action.c.id == _ID)
    .values({name: bindparam(f"new_{name}", type_=bulk_action.c[name].type) for name in _MOVING})
)
_INSERT_ITEMS: Final = """
insert into bulk_action_item
  (action_id, no, subject_id, member_id, store_id, points, redated, missed_minor, tier_to, dropped)
select $1::uuid, i.*
from unnest($2::int[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::bigint[], $8::bigint[],
            $9::text[], $10::boolean[]) i
"""
_COLUMNS: Final = tuple(field.name for field in fields(Item))
_ITEM: Final = ", ".join(f"i.{name}" for name in _COLUMNS)
_NEXT: Final = f"""
select {_ITEM} from bulk_action_item i
where i.action_id = $1
  and not exists (select from bulk_action_result r where r.action_id = i.action_id and r.no = i.no)
order by i.no limit $2
"""  # noqa: S608 — our own text
_LIST: Final = f"""
select {_ITEM}, r.outcome, r.detail, r.points as given, r.done_at
from bulk_action_item i left join bulk_action_result r on r.action_id = i.action_id and r.no = i.no
where i.action_id = $1 and i.no > $2 order by i.no limit $3
"""  # noqa: S608
_INSERT_RESULTS: Final = """
insert into bulk_action_result (action_id, no, outcome, detail, points, done_at)
select $1::uuid, r.*, $6::timestamptz from unnest($2::int[], $3::text[], $4::text[], $5::bigint[]) r
on conflict do nothing
"""
_ONE_DRAFT: Final = "select pg_advisory_xact_lock(hashtextextended($1, 7201124))"
_LAST_OF: Final = """
select a.id from bulk_action a join bulk_action_item i on i.action_id = a.id
where i.member_id = $1 and a.state <> 'draft' order by a.ordered_at desc limit $2
"""


async def one_at_a_time(session: AsyncSession, action_id: UUID) -> None:
    """Let nobody else draw up an action of this id until the transaction ends."""
    await (await driver(session)).execute(_ONE_DRAFT, str(action_id))


async def find(
    session: AsyncSession, action_id: UUID, scope: Scope, *, for_change: bool = False
) -> BulkAction | None:
    """One action within a scope; for a change, one that nobody else changes until the transaction ends."""
    statement = _LOCK if for_change else _ONE
    row = (await session.execute(statement, {"action_id": action_id, **scope.parameters})).one_or_none()
    return None if row is None else _action(row._mapping)


async def page(
    session: AsyncSession,
    scope: Scope,
    *,
    states: Collection[BulkState],
    after: tuple[datetime, UUID] | None,
    count: int,
) -> list[BulkAction]:
    """Actions within a scope, the latest first."""
    values = {**page_values(states, after, count), **scope.parameters}
    return [_action(row._mapping) for row in await session.execute(_PAGE, values)]


async def waiting(session: AsyncSession) -> list[UUID]:
    """Actions on which there is something to be done, the oldest first."""
    return list((await session.execute(_WAITING)).scalars())


async def write(session: AsyncSession, action: BulkAction, items: Sequence[Item]) -> None:
    """A new action with its list."""
    values = {name: getattr(action, name) for name in _NAMES}
    await session.execute(_INSERT, {**values, "versions": list(action.versions)})
    rows = [tuple(getattr(item, name) for name in _COLUMNS) for item in items]
    await (await driver(session)).execute(_INSERT_ITEMS, action.id, *zip(*rows, strict=True))


async def save(session: AsyncSession, action: BulkAction) -> None:
    """What moved of an action; the caller holds its lock."""
    values = {f"new_{name}": getattr(action, name) for name in _MOVING}
    await session.execute(_SAVE, {"action_id": action.id, **values})


async def next_items(session: AsyncSession, action_id: UUID, limit: int) -> list[Item]:
    """The next items without a result."""
    rows = await (await driver(session)).fetch(_NEXT, action_id, limit)
    return [_item(row) for row in rows]


async def list_items(
    session: AsyncSession, action_id: UUID, after: int, limit: int
) -> list[tuple[Item, Result | None]]:
    """Items with what became of them, in the order of the list."""
    rows = await (await driver(session)).fetch(_LIST, action_id, after, limit)
    return [(_item(row), _result(row)) for row in rows]


async def write_results(
    session: AsyncSession, action_id: UUID, results: Sequence[tuple[int, str, str, int]], at: datetime
) -> None:
    """(no, outcome, detail, points) of items that have been dealt with."""
    await (await driver(session)).execute(_INSERT_RESULTS, action_id, *zip(*results, strict=True), at)


async def last_of_member(session: AsyncSession, member_id: UUID, limit: int) -> list[UUID]:
    """The actions that a member was on the list of, the latest first."""
    rows = await (await driver(session)).fetch(_LAST_OF, member_id, limit)
    return [row["id"] for row in rows]


def _action(row: RowMapping) -> BulkAction:
    values: dict[str, Any] = {**row}
    return BulkAction(**values | {"versions": tuple(values["versions"])})


def _item(row: asyncpg.Record) -> Item:
    return Item(*(row[name] for name in _COLUMNS))


def _result(row: asyncpg.Record) -> Result | None:
    if row["done_at"] is None:
        return None
    return Result(row["subject_id"], row["outcome"], row["detail"], row["given"], row["done_at"])
