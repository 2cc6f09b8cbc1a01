"""All SQL about the chain and its places."""

from collections.abc import Mapping, Sequence
from typing import Final, cast
from uuid import UUID

from sqlalchemy import Row, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text

from regulars.db.raw import driver
from regulars.organisation.domain import Chain, Place, PlaceKind
from regulars.organisation.tables import chain, place
from regulars.security.scope import Scope, within_path

_COLUMNS: Final = (
    place.c.id,
    place.c.parent_id,
    place.c.kind,
    place.c.code,
    place.c.name,
    place.c.path.cast(Text).label("path"),
    place.c.time_zone,
    place.c.cutoff_minutes,
    place.c.created_at,
    place.c.closed_at,
)

_CHAIN: Final = select(
    chain.c.name, chain.c.currency, chain.c.currency_exponent, chain.c.settings, chain.c.created_at
)
_INSERT_CHAIN: Final = upsert(chain).on_conflict_do_nothing().returning(chain.c.id)
_SET_SETTINGS: Final = update(chain).values(
    settings=bindparam("new_settings"), places_version=chain.c.places_version + 1
)
_SET_CURRENCY: Final = update(chain).values(
    currency=bindparam("new_currency"),
    currency_exponent=bindparam("new_exponent"),
    places_version=chain.c.places_version + 1,
)
_HQ_ALONE: Final = select(func.count() == 1).select_from(place)
_VERSION: Final = "select places_version from chain"
_BUMP: Final = update(chain).values(places_version=chain.c.places_version + 1)
_INSERT: Final = insert(place)
_ALL: Final = select(*_COLUMNS).order_by(place.c.path)
_BELOW: Final = select(*_COLUMNS).where(within_path(place.c.path)).order_by(place.c.path)
_BELOW_OF: Final = (
    select(*_COLUMNS)
    .where(
        within_path(place.c.path),
        place.c.kind == bindparam("kind"),
        place.c.code > bindparam("after"),
    )
    .order_by(place.c.code)
    .limit(bindparam("limit"))
)
_BY_ID: Final = select(*_COLUMNS).where(place.c.id == bindparam("place_id"), within_path(place.c.path))
_BY_CODE: Final = select(*_COLUMNS).where(place.c.code == bindparam("code"), within_path(place.c.path))
_BY_CODES: Final = select(*_COLUMNS).where(place.c.code == any_(bindparam("codes", type_=ARRAY(Text))))
_UPDATE: Final = (
    update(place)
    .where(place.c.id == bindparam("place_id"))
    .values(
        name=bindparam("new_name"),
        time_zone=bindparam("new_time_zone"),
        cutoff_minutes=bindparam("new_cutoff"),
        closed_at=bindparam("new_closed_at", type_=place.c.closed_at.type),
    )
)
_OPEN_BELOW: Final = select(func.count()).where(
    place.c.parent_id == bindparam("place_id"), place.c.closed_at.is_(None)
)


async def insert_chain(session: AsyncSession, row: Chain) -> bool:
    """Write the chain; False where there is one already."""
    values = {
        "id": 1,
        "name": row.name,
        "currency": row.currency,
        "currency_exponent": row.currency_exponent,
        "settings": row.settings,
        "created_at": row.created_at,
    }
    return (await session.execute(_INSERT_CHAIN, values)).first() is not None


async def find_chain(session: AsyncSession) -> Chain | None:
    row = (await session.execute(_CHAIN)).first()
    if row is None:
        return None
    return Chain(row.name, row.currency, row.currency_exponent, row.settings, row.created_at)


async def set_settings(session: AsyncSession, settings: Mapping[str, object]) -> None:
    await session.execute(_SET_SETTINGS, {"new_settings": settings})


async def set_currency(session: AsyncSession, currency: str, exponent: int) -> None:
    await session.execute(_SET_CURRENCY, {"new_currency": currency, "new_exponent": exponent})


async def headquarters_stand_alone(session: AsyncSession) -> bool:
    """Whether nothing has been opened below headquarters yet."""
    return bool((await session.execute(_HQ_ALONE)).scalar_one())


async def places_version(session: AsyncSession) -> int | None:
    """A number that grows with every change of a place; None without a chain."""
    version: int | None = await (await driver(session)).fetchval(_VERSION)
    return version


async def lock_places(session: AsyncSession) -> None:
    """Let one transaction at a time change places, and tell every cache that they changed."""
    await session.execute(_BUMP)


async def insert_places(session: AsyncSession, rows: Sequence[Place]) -> None:
    """Write places, parents before children."""
    values = [
        {
            "id": row.id,
            "parent_id": row.parent_id,
            "kind": row.kind,
            "code": row.code,
            "name": row.name,
            "path": row.path,
            "time_zone": row.time_zone,
            "cutoff_minutes": row.cutoff_minutes,
            "created_at": row.created_at,
        }
        for row in rows
    ]
    await session.execute(_INSERT, values)


async def update_place(session: AsyncSession, row: Place) -> None:
    values = {
        "place_id": row.id,
        "new_name": row.name,
        "new_time_zone": row.time_zone,
        "new_cutoff": row.cutoff_minutes,
        "new_closed_at": row.closed_at,
    }
    await session.execute(_UPDATE, values)


async def all_places(session: AsyncSession) -> list[Place]:
    """Every place, a parent before its children; for the process's own cache."""
    return [_place(row) for row in await session.execute(_ALL)]


async def places_below(session: AsyncSession, scope: Scope) -> list[Place]:
    """Every place inside the scope, a parent before its children."""
    return [_place(row) for row in await session.execute(_BELOW, scope.parameters)]


async def page_of_kind(
    session: AsyncSession, scope: Scope, kind: PlaceKind, after: str, limit: int
) -> list[Place]:
    parameters = {"kind": kind, "after": after, "limit": limit, **scope.parameters}
    return [_place(row) for row in await session.execute(_BELOW_OF, parameters)]


async def find_place(session: AsyncSession, place_id: UUID, scope: Scope) -> Place | None:
    row = (await session.execute(_BY_ID, {"place_id": place_id, **scope.parameters})).first()
    return _place(row) if row else None


async def find_by_code(session: AsyncSession, code: str, scope: Scope) -> Place | None:
    row = (await session.execute(_BY_CODE, {"code": code, **scope.parameters})).first()
    return _place(row) if row else None


async def find_by_codes(session: AsyncSession, codes: Sequence[str]) -> dict[str, Place]:
    rows = await session.execute(_BY_CODES, {"codes": list(codes)})
    return {found.code: found for found in map(_place, rows)}


async def count_open_children(session: AsyncSession, place_id: UUID) -> int:
    return (await session.execute(_OPEN_BELOW, {"place_id": place_id})).scalar_one()


def _place(row: Row[*tuple[object, ...]]) -> Place:
    values = row._mapping
    return Place(
        id=values["id"],
        parent_id=values["parent_id"],
        kind=cast(PlaceKind, values["kind"]),
        code=values["code"],
        name=values["name"],
        path=values["path"],
        time_zone=values["time_zone"],
        cutoff_minutes=values["cutoff_minutes"],
        created_at=values["created_at"],
        closed_at=values["closed_at"],
    )
