"""All SQL of purchases: whole batches in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.purchases.domain import Basket


@dataclass(frozen=True, slots=True)
class Stored:
    """A purchase that stands already."""

    id: UUID
    business_key: str
    terminal_id: UUID
    idempotency_key: str | None
    body_hash: bytes
    receipt: str
    evaluation: str


@dataclass(frozen=True, slots=True)
class NewRow:
    """A purchase to be written, its documents already as text."""

    id: UUID
    basket: Basket
    body_hash: bytes
    seq: int | None
    sales_minor: int
    list_minor: int
    points: int
    flags: tuple[str, ...]
    lines: str
    evaluation: str
    receipt: str


_COLUMNS = [
    ("id", "uuid"),
    ("business_key", "text"),
    ("terminal_id", "uuid"),
    ("store_id", "uuid"),
    ("business_day", "date"),
    ("receipt_no", "text"),
    ("kind", "text"),
    ("idempotency_key", "text"),
    ("body_hash", "bytea"),
    ("source", "text"),
    ("member_id", "uuid"),
    ("seq", "bigint"),
    ("occurred_at", "timestamptz"),
    ("cashier", "text"),
    ("channel", "text"),
    ("original_purchase_id", "uuid"),
    ("quote_id", "uuid"),
    ("list_minor", "bigint"),
    ("sales_minor", "bigint"),
    ("points", "bigint"),
    ("line_count", "int"),
    ("tenders", "jsonb"),
    ("lines", "jsonb"),
    ("evaluation", "jsonb"),
    ("receipt", "json"),
]
_NAMES = ", ".join(name for name, _ in _COLUMNS)
_INSERT = f"""
insert into purchase ({_NAMES}, flags, recorded_at)
select {", ".join(f"n.{name}" for name, _ in _COLUMNS)}, string_to_array(n.flags, ','), $27
from unnest({", ".join(f"${i}::{kind}[]" for i, (_, kind) in enumerate(_COLUMNS, 1))}, $26::text[])
     as n({_NAMES}, flags)
"""  # noqa: S608 — column names of our own

_STORED = """
select id, business_key, terminal_id, idempotency_key, body_hash, receipt::text, evaluation::text
from purchase where business_key = any($1::text[])
union
select p.id, p.business_key, p.terminal_id, p.idempotency_key, p.body_hash, p.receipt::text,
       p.evaluation::text
from unnest($2::uuid[], $3::text[]) as k(terminal_id, idempotency_key)
join purchase p on p.terminal_id = k.terminal_id and p.idempotency_key = k.idempotency_key
"""

_FOR_ATTRIBUTION = """
select p.*, p.lines::text as lines_text, exists (
  select from purchase_attribution a where a.purchase_id = p.id) as attributed
from purchase p where p.id = $1 for update
"""

_ATTRIBUTE = """
insert into purchase_attribution (purchase_id, member_id, seq, occurred_at, sales_minor, recorded_at, actor,
                                  points, flags, evaluation, receipt)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


async def stored(session: AsyncSession, baskets: Sequence[Basket]) -> list[Stored]:
    """Purchases that any of the baskets' keys name already."""
    keys = [(b.terminal_id, b.idempotency_key) for b in baskets if b.idempotency_key is not None]
    rows = await (await driver(session)).fetch(
        _STORED,
        [basket.business_key for basket in baskets],
        [terminal_id for terminal_id, _ in keys],
        [key for _, key in keys],
    )
    return [Stored(**row) for row in rows]


async def write(session: AsyncSession, rows: Sequence[NewRow], at: datetime) -> None:
    """Insert purchases; a key that stands already is an IntegrityError of the driver."""
    if rows:
        columns = list(zip(*(_values(row) for row in rows), strict=True))
        await (await driver(session)).execute(_INSERT, *columns, at)


def _values(row: NewRow) -> tuple[Any, ...]:
    basket = row.basket
    return (
        row.id,
        basket.business_key,
        basket.terminal_id,
        basket.store_id,
        basket.business_day,
        basket.receipt_no,
        basket.kind,
        basket.idempotency_key,
        row.body_hash,
        "till" if basket.imported_as is None else "import",
        basket.member_id,
        row.seq,
        basket.occurred_at,
        basket.cashier,
        basket.channel,
        basket.original_purchase_id,
        basket.quote_id,
        row.list_minor,
        row.sales_minor,
        row.points,
        len(basket.lines),
        orjson.dumps(basket.tenders).decode(),
        row.lines,
        row.evaluation,
        row.receipt,
        ",".join(row.flags),
    )


async def lock_for_attribution(session: AsyncSession, purchase_id: UUID) -> Mapping[str, Any] | None:
    """A purchase's row, so that only one attribution looks at it at a time."""
    return await (await driver(session)).fetchrow(_FOR_ATTRIBUTION, purchase_id)


async def attribute(session: AsyncSession, values: Iterable[Any]) -> None:
    """Write one attribution, in the order of the table's columns."""
    await (await driver(session)).execute(_ATTRIBUTE, *values)
