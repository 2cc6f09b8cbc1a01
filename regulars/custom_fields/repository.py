"""All SQL of a chain's own fields and their values."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    Uuid,
    any_,
    bindparam,
    column,
    delete,
    func,
    insert,
    select,
    table,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.custom_fields.domain import Choice, CustomField, Subject, Value
from regulars.custom_fields.tables import custom_field, custom_product, custom_value
from regulars.db.raw import driver

_LOCK: Final = select(func.pg_advisory_xact_lock(func.hashtext("regulars.custom_fields")))
# What processes remember of the chain they load anew when this number grows; it has no other meaning.
_chain = table("chain", column("places_version", BigInteger))
_BUMP: Final = update(_chain).values(places_version=_chain.c.places_version + 1)

_FIELDS: Final = select(
    custom_field.c.id,
    custom_field.c.subject,
    custom_field.c.code,
    custom_field.c.type,
    custom_field.c.title_zh,
    custom_field.c.title_en,
    custom_field.c.help_zh,
    custom_field.c.help_en,
    custom_field.c.low,
    custom_field.c.high,
    custom_field.c.choices,
    custom_field.c.default_value,
    custom_field.c.retired_at,
).order_by(custom_field.c.subject, custom_field.c.code)
_FIELD: Final = _FIELDS.where(custom_field.c.id == bindparam("field_id"))
_INSERT: Final = insert(custom_field)
_SUBJECT_COLUMN: Final[Mapping[Subject, Any]] = {
    "member": custom_value.c.member_id,
    "store": custom_value.c.place_id,
}
_MEMBERS: Final = (
    select(custom_value.c.member_id, custom_field.c.code, custom_value.c.value)
    .join(custom_field, custom_field.c.id == custom_value.c.field_id)
    .where(custom_value.c.member_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
)
# Through the driver: tills ask for two hundred codes at a time.
_PRODUCTS: Final = """
select product_code, fields::text as fields from custom_product where product_code = any($1::text[])
"""
_STORES: Final = (
    select(custom_value.c.place_id, custom_field.c.code, custom_value.c.value)
    .join(custom_field, custom_field.c.id == custom_value.c.field_id)
    .where(custom_value.c.place_id.is_not(None))
)


async def lock_fields(session: AsyncSession) -> None:
    """Let one transaction at a time change fields."""
    await session.execute(_LOCK)


async def tell_processes(session: AsyncSession) -> None:
    """Have every process load fields, and the values that it keeps, anew."""
    await session.execute(_BUMP)


async def fields(
    session: AsyncSession,
    subject: Subject | None = None,
    after: tuple[str, str] | None = None,
    limit: int | None = None,
) -> list[CustomField]:
    """Fields by subject and code."""
    wanted = _FIELDS if subject is None else _FIELDS.where(custom_field.c.subject == subject)
    if after is not None:
        wanted = wanted.where(tuple_(custom_field.c.subject, custom_field.c.code) > after)
    return [_field(row) for row in await session.execute(wanted.limit(limit))]


async def field(session: AsyncSession, field_id: UUID) -> CustomField | None:
    row = (await session.execute(_FIELD, {"field_id": field_id})).first()
    return None if row is None else _field(row)


async def insert_field(session: AsyncSession, new: CustomField, at: datetime, by: str) -> None:
    await session.execute(
        _INSERT,
        {
            "id": new.id,
            "subject": new.subject,
            "code": new.code,
            "type": new.type,
            "low": new.low,
            "high": new.high,
            "default_value": new.default,
            "created_at": at,
            "created_by": by,
            **_changeable(new),
        },
    )


async def update_field(session: AsyncSession, changed: CustomField) -> None:
    """Write what may change of a field."""
    await session.execute(
        update(custom_field).where(custom_field.c.id == changed.id).values(**_changeable(changed))
    )


async def values_of(session: AsyncSession, subject: Subject, owner: UUID) -> dict[str, Value]:
    """What is set for one member or store, by code."""
    wanted = (
        select(custom_field.c.code, custom_value.c.value)
        .join(custom_field, custom_field.c.id == custom_value.c.field_id)
        .where(_SUBJECT_COLUMN[subject] == owner)
    )
    return {row.code: row.value for row in await session.execute(wanted)}


async def values_of_members(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, dict[str, Value]]:
    """What is set for several members."""
    return _by_owner(await session.execute(_MEMBERS, {"ids": list(ids)}))


async def values_of_stores(session: AsyncSession) -> dict[UUID, dict[str, Value]]:
    """What is set for all stores."""
    return _by_owner(await session.execute(_STORES))


async def set_value(
    session: AsyncSession, field: CustomField, owner: UUID, value: Value, at: datetime, by: str
) -> None:
    """Write a value in place of the one before."""
    own = _SUBJECT_COLUMN[field.subject]
    written = upsert(custom_value).values(
        {"field_id": field.id, own.name: owner, "value": value, "set_at": at, "set_by": by}
    )
    kept = written.excluded
    await session.execute(
        written.on_conflict_do_update(
            index_elements=[own, custom_value.c.field_id],
            index_where=own.is_not(None),
            set_={"value": kept.value, "set_at": kept.set_at, "set_by": kept.set_by},
        )
    )


async def remove_value(session: AsyncSession, field: CustomField, owner: UUID) -> None:
    own = _SUBJECT_COLUMN[field.subject]
    await session.execute(delete(custom_value).where(custom_value.c.field_id == field.id, own == owner))


async def values_of_products(session: AsyncSession, codes: Collection[str]) -> dict[str, Mapping[str, Value]]:
    """What is set for several products, by their codes."""
    rows = await (await driver(session)).fetch(_PRODUCTS, list(codes))
    return {row["product_code"]: orjson.loads(row["fields"]) for row in rows}


async def all_products(session: AsyncSession) -> AsyncIterator[tuple[str, Mapping[str, Value]]]:
    """What is set for every product of the chain."""
    rows = await session.stream(select(custom_product.c.product_code, custom_product.c.fields))
    async for code, values in rows:
        yield code, values


async def page_of_products(session: AsyncSession, wanted: Sequence[str], after: str, limit: int) -> list[Any]:
    """Products by code, with what is set for each, when and by whom; only the wanted ones where any are."""
    page = select(custom_product).where(custom_product.c.product_code > after)
    if wanted:
        page = page.where(custom_product.c.product_code.in_(wanted))
    return list(await session.execute(page.order_by(custom_product.c.product_code).limit(limit)))


async def put_products(
    session: AsyncSession, values: Mapping[str, Mapping[str, Value]], at: datetime, by: str
) -> None:
    """Write what is set for products in place of what was; a product without values is let go."""
    rows = [
        {"product_code": code, "fields": dict(fields), "set_at": at, "set_by": by}
        for code, fields in values.items()
        if fields
    ]
    gone = [code for code, fields in values.items() if not fields]
    if rows:
        written = upsert(custom_product)
        kept = written.excluded
        changed = {"fields": kept.fields, "set_at": kept.set_at, "set_by": kept.set_by}
        await session.execute(
            written.on_conflict_do_update(index_elements=[custom_product.c.product_code], set_=changed), rows
        )
    if gone:
        await session.execute(delete(custom_product).where(custom_product.c.product_code.in_(gone)))


def _by_owner(rows: Any) -> dict[Any, dict[str, Value]]:  # noqa: ANN401 — rows of three columns
    found: dict[Any, dict[str, Value]] = {}
    for owner, code, value in rows:
        found.setdefault(owner, {})[code] = value
    return found


def _changeable(of: CustomField) -> dict[str, object]:
    return {
        "title_zh": of.title_zh,
        "title_en": of.title_en,
        "help_zh": of.help_zh,
        "help_en": of.help_en,
        "choices": [{"value": each.value, "zh": each.zh, "en": each.en} for each in of.choices],
        "retired_at": of.retired_at,
    }


def _field(row: Any) -> CustomField:  # noqa: ANN401 — a row of `_FIELDS`
    return CustomField(
        id=row.id,
        subject=row.subject,
        code=row.code,
        type=row.type,
        title_zh=row.title_zh,
        title_en=row.title_en,
        help_zh=row.help_zh,
        help_en=row.help_en,
        low=row.low,
        high=row.high,
        choices=tuple(Choice(**each) for each in row.choices),
        default=row.default_value,
        retired_at=row.retired_at,
    )
