"""All SQL of purchases: whole batches in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.db.together import Question, Write
from regulars.purchases.domain import Basket, Discount, Line
from regulars.rules.facts import plain_code


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


@dataclass(frozen=True, slots=True)
class Attribution:
    """A purchase given to a member afterwards, its documents as text."""

    purchase_id: UUID
    member_id: UUID
    seq: int
    occurred_at: datetime
    sales_minor: int
    actor: str
    points: int
    flags: tuple[str, ...]
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
    ("tenders", "text"),
    ("lines", "text"),
    ("evaluation", "text"),
    ("receipt", "text"),
]
# Handed over as text: the driver would pass each JSON value through a function of ours.
_CAST = {"tenders": "::json", "lines": "::json", "evaluation": "::jsonb", "receipt": "::json"}
_NAMES = ", ".join(name for name, _ in _COLUMNS)
_GIVEN = ", ".join(f"n.{name}{_CAST.get(name, '')}" for name, _ in _COLUMNS)
_BOUGHT = f"""bought as (
insert into purchase ({_NAMES}, flags, recorded_at)
select {_GIVEN}, string_to_array(n.flags, ','), $27::timestamptz
from unnest({", ".join(f"${i}::{kind}[]" for i, (_, kind) in enumerate(_COLUMNS, 1))}, $26::text[])
     as n({_NAMES}, flags)
)"""  # noqa: S608 — column names of our own
# Whoever comes second waits for the first to commit, and is then told that the quote is gone.
_TAKE_QUOTES = """
insert into quote_use (quote_id, purchase_id)
select quote_id, purchase_id
from unnest($1::uuid[], $2::uuid[]) with ordinality as k(quote_id, purchase_id, place)
order by quote_id, place
on conflict do nothing returning purchase_id
"""

_KNOWN = """(select count(*) from purchase where business_key = any($1::text[]))
+ (select count(*) from unnest($2::uuid[], $3::text[]) as k(terminal_id, idempotency_key)
   join purchase p on p.terminal_id = k.terminal_id and p.idempotency_key = k.idempotency_key)"""
_STORED = """
select id, business_key, terminal_id, idempotency_key, body_hash, receipt::text, evaluation::text
from purchase where business_key = any($1::text[])
union
select p.id, p.business_key, p.terminal_id, p.idempotency_key, p.body_hash, p.receipt::text,
       p.evaluation::text
from unnest($2::uuid[], $3::text[]) as k(terminal_id, idempotency_key)
join purchase p on p.terminal_id = k.terminal_id and p.idempotency_key = k.idempotency_key
"""

_LOCK = "select from purchase where id = $1 for update"
_FOR_ATTRIBUTION = """
select p.*, p.lines::text as lines_text, exists (
  select from purchase_attribution a where a.purchase_id = p.id) as attributed
from purchase p where p.id = $1
"""

_ATTRIBUTE = """
insert into purchase_attribution (purchase_id, member_id, seq, occurred_at, sales_minor, recorded_at, actor,
                                  points, flags, evaluation, receipt)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


def known(baskets: Sequence[Basket]) -> Question:
    """Whether any of the baskets' keys names a purchase that stands: 0 for none, as nearly always."""
    return Question((_KNOWN,), _keys(baskets))


async def stored(session: AsyncSession, baskets: Sequence[Basket]) -> list[Stored]:
    """Purchases that any of the baskets' keys name already."""
    return [Stored(**row) for row in await (await driver(session)).fetch(_STORED, *_keys(baskets))]


def _keys(baskets: Sequence[Basket]) -> tuple[list[str], list[UUID], list[str]]:
    by_till = [(b.terminal_id, b.idempotency_key) for b in baskets if b.idempotency_key is not None]
    return [b.business_key for b in baskets], [till for till, _ in by_till], [key for _, key in by_till]


async def take_quotes(session: AsyncSession, wanted: Sequence[tuple[UUID, UUID]]) -> set[UUID]:
    """Let quotes be used up, each by one purchase for ever.

    Args:
        session: in a transaction that holds the members' locks.
        wanted: (quote, purchase); of several for one quote the first gets it.
    Returns: the purchases that got theirs.
    """
    rows = await (await driver(session)).fetch(_TAKE_QUOTES, *map(list, zip(*wanted, strict=True)))
    return {row["purchase_id"] for row in rows}


def written(rows: Sequence[NewRow], at: datetime) -> list[Write]:
    """To insert purchases; a key that stands already is an IntegrityError of the driver."""
    if not rows:
        return []
    columns = zip(*(_values(row) for row in rows), strict=True)
    return [Write((_BOUGHT,), (*columns, at))]


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


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """A purchase as somebody wants to attribute it."""

    id: UUID
    basket: Basket
    lines: str
    owned: bool


async def lock_for_attribution(session: AsyncSession, purchase_id: UUID) -> Unclaimed | None:
    """A purchase under lock, so that only one attribution looks at it at a time."""
    connection = await driver(session)
    await connection.execute(_LOCK, purchase_id)  # what is read after the wait is what the winner left
    row = await connection.fetchrow(_FOR_ATTRIBUTION, purchase_id)
    if row is None:
        return None
    basket = Basket(
        terminal_id=row["terminal_id"],
        store_id=row["store_id"],
        receipt_no=row["receipt_no"],
        occurred_at=row["occurred_at"],
        business_day=row["business_day"],
        lines=tuple(_line(line) for line in orjson.loads(row["lines_text"])),
        kind=row["kind"],
        channel=row["channel"],
    )
    return Unclaimed(row["id"], basket, row["lines_text"], row["member_id"] is not None or row["attributed"])


def _line(stored_line: dict[str, Any]) -> Line:
    discounts = tuple(Discount(**discount) for discount in stored_line.pop("discounts"))
    sku, department = plain_code(stored_line.pop("sku")), plain_code(stored_line.pop("department"))
    return Line(**stored_line, sku=sku, department=department, discounts=discounts)


async def attribute(session: AsyncSession, row: Attribution, at: datetime) -> None:
    """Write one attribution."""
    await (await driver(session)).execute(
        _ATTRIBUTE,
        row.purchase_id,
        row.member_id,
        row.seq,
        row.occurred_at,
        row.sales_minor,
        at,
        row.actor,
        row.points,
        list(row.flags),
        row.evaluation,
        row.receipt,
    )
