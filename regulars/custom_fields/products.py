"""Use-cases of products' own values: set for many at once, listed by product code."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.custom_fields import repository
from regulars.custom_fields.domain import CustomField, ProductRow, Value, check_products, facts_of
from regulars.custom_fields.files import Fault, cell_of, columns_of, read_products
from regulars.kernel.beside import beside
from regulars.kernel.errors import FieldProblem, InvalidInput
from regulars.kernel.spreadsheet import line_of
from regulars.security import audit
from regulars.security.actor import Actor

MOST_AT_ONCE: Final = 1_000
_ACTION: Final = "product.set_custom_values"


@dataclass(frozen=True, slots=True)
class ProductValues:
    """What one product is by the chain's own fields.

    Attributes:
        set: what somebody set.
        facts: what rules read: a value for every field.
    """

    product_code: str
    set: Mapping[str, Value]
    facts: Mapping[str, Value]
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file of products' values.

    Attributes:
        products: how many it names; changed: codes of those that are not as they were.
        faults: what is wrong with it; with any, nothing was set.
    """

    products: int
    changed: Sequence[str] = ()
    faults: Sequence[Fault] = ()


async def load_file(
    session: AsyncSession, content: bytes, actor: Actor, at: datetime, *, as_json: bool, dry_run: bool
) -> Loaded:
    """Set products' values by a file: all of it, or nothing where one cell is wrong.

    Args:
        session: an open transaction.
        content: as `read_products` takes it.
        actor: admitted to edit packs at headquarters.
        at: aware instant, now.
        as_json: whether it is JSON, else CSV.
        dry_run: only say what is wrong with it.
    Raises: InvalidInput: the fields were changed while the file was read; nothing is set.
    """
    fields = await product_fields(session)
    found = await beside(read_products, content, fields, as_json=as_json)
    if found.faults or dry_run:
        return Loaded(len(found.rows), faults=found.faults)
    return Loaded(len(found.rows), await set_product_values(session, found.rows, actor, at))


async def export_table(session: AsyncSession) -> AsyncIterator[str]:
    """All products' values as lines of CSV that `load_file` takes again, and no spreadsheet computes."""
    columns = columns_of(await product_fields(session))
    yield line_of(columns)
    after = ""
    while page := await list_product_values(session, after=after, limit=MOST_AT_ONCE):
        for product in page:
            yield line_of([product.product_code, *(cell_of(product.set.get(name)) for name in columns[1:])])
        after = page[-1].product_code


async def set_product_values(
    session: AsyncSession, rows: Sequence[ProductRow], actor: Actor, at: datetime
) -> list[str]:
    """Set some values of products; purchases from now on are read with them, those before as they were.

    Args:
        session: an open transaction.
        rows: any number; of each product what is named changes, what is left out stays.
        actor: admitted to edit packs at headquarters.
        at: aware instant, now.
    Returns: the codes of the products that changed.
    Raises: InvalidInput: naming each row and field that does not fit; nothing is set.
    Source: docs/rules/custom-fields.md.
    """
    await repository.lock_fields(session)
    fields = await product_fields(session)
    problems: list[FieldProblem] = [*await beside(check_products, fields, rows)]
    if problems:
        raise InvalidInput(problems)
    changed: list[str] = []
    for begin in range(0, len(rows), MOST_AT_ONCE):
        changed += await _set(session, rows[begin : begin + MOST_AT_ONCE], actor, at)
    return changed


async def product_fields(session: AsyncSession) -> dict[str, CustomField]:
    """The chain's own fields of products, by code, retired ones with them."""
    return {field.code: field for field in await repository.fields(session, "product")}


async def list_product_values(
    session: AsyncSession, wanted: Sequence[str] = (), *, after: str = "", limit: int
) -> list[ProductValues]:
    """Products for which something is set, by their codes.

    Args:
        session: any.
        wanted: only these; none: all.
        after: the code behind which to go on.
        limit: how many at most.
    """
    fields = list((await product_fields(session)).values())
    return [
        ProductValues(row.product_code, row.fields, facts_of(fields, row.fields), row.set_at, row.set_by)
        for row in await repository.page_of_products(session, wanted, after, limit)
    ]


async def _set(session: AsyncSession, rows: Sequence[ProductRow], actor: Actor, at: datetime) -> list[str]:
    before = await repository.values_of_products(session, [code for code, _ in rows])
    after: dict[str, Mapping[str, Value]] = {}
    acts: list[audit.Changed] = []
    for code, values in rows:
        old = before.get(code, {})
        new = {name: value for name, value in {**old, **values}.items() if value is not None}
        touched = [name for name, value in values.items() if not _same(old.get(name), value)]
        if touched:
            after[code] = new
            was, became = {n: old.get(n) for n in touched}, {n: values[n] for n in touched}
            acts.append(audit.Changed(code, was, became))
    await repository.put_products(session, after, at, f"{actor.kind}:{actor.id}")
    await audit.record_changes(session, actor.kind, actor.id, _ACTION, "product", acts, at)
    return list(after)


def _same(old: Value | None, new: Value | None) -> bool:
    return type(old) is type(new) and old == new
