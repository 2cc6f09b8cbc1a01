"""All SQL of packs: versions, activations, and the paths of places that they are live at."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    column,
    exists,
    func,
    insert,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.db.together import Question
from regulars.rules.domain import PackKind, PackVersion
from regulars.rules.stored import Activation, Making, NewActivation, StoredVersion, VersionLine
from regulars.rules.tables import pack_activation, pack_version, pack_version_maker
from regulars.security.scope import Scope, touching_path

_place = table("place", column("id", Uuid), column("path", Text), column("code", Text), column("kind", Text))
_LINE_COLUMNS = (
    pack_version.c.id,
    pack_version.c.code,
    pack_version.c.version,
    pack_version.c.kind,
    pack_version.c.hash,
    pack_version.c.created_at,
    pack_version.c.created_by,
)

_LOCK: Final = select(func.pg_advisory_xact_lock(func.hashtext("regulars.rules")))
STATE: Final = Question(("(select max(id) from pack_activation)", "(select places_version from chain)"))
"""What grows with every activation, and what grows with every change of places."""
_ACTIVATIONS: Final = (
    select(
        pack_activation.c.id,
        pack_activation.c.pack_code,
        pack_activation.c.version_id,
        pack_version.c.version,
        pack_activation.c.place_id,
        cast(_place.c.path, Text).label("place_path"),
        pack_activation.c.live_from,
        pack_activation.c.recorded_at,
        pack_activation.c.recorded_by,
        pack_activation.c.reason,
        pack_activation.c.live_until,
        pack_activation.c.voids_id,
        pack_activation.c.release_id,
        pack_activation.c.rolled_back_id,
    )
    .join(_place, _place.c.id == pack_activation.c.place_id)
    .join(pack_version, pack_version.c.id == pack_activation.c.version_id, isouter=True)
    .order_by(pack_activation.c.id)
)
_ACTIVATIONS_OF: Final = _ACTIVATIONS.where(pack_activation.c.pack_code == bindparam("pack"))
_taken_back = pack_activation.alias("taken_back")
_IN_FORCE_OF: Final = _ACTIVATIONS_OF.where(
    pack_activation.c.id > bindparam("after", type_=BigInteger),
    pack_activation.c.voids_id.is_(None),
    ~exists(
        select(1).where(
            _taken_back.c.pack_code == pack_activation.c.pack_code,
            _taken_back.c.voids_id == pack_activation.c.id,
        )
    ),
    touching_path(_place.c.path),
).limit(bindparam("limit"))
_INSERT_MAKING: Final = upsert(pack_version_maker).on_conflict_do_nothing()
_MAKINGS: Final = (
    select(pack_version.c.version, pack_version_maker.c.made_by, pack_version_maker.c.based_on)
    .join(pack_version, pack_version.c.id == pack_version_maker.c.version_id)
    .where(pack_version.c.code == bindparam("pack"))
)
_PLACES: Final = select(_place.c.id, cast(_place.c.path, Text))
_PLACE_EXISTS: Final = select(_place.c.id).where(_place.c.id == bindparam("place_id"))
_PLACES_AMONG: Final = select(_place.c.code).where(
    _place.c.code == any_(bindparam("codes", type_=ARRAY(Text))), _place.c.kind != "terminal"
)
_VERSIONS: Final = select(*_LINE_COLUMNS, pack_version.c.document).where(
    pack_version.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)
_BY_HASH: Final = (
    select(*_LINE_COLUMNS, pack_version.c.document)
    .where(pack_version.c.code == bindparam("pack"), pack_version.c.hash == bindparam("digest"))
    .order_by(pack_version.c.version.desc())
    .limit(1)
)
_NEWEST: Final = (
    select(*_LINE_COLUMNS, pack_version.c.document)
    .where(pack_version.c.code == bindparam("pack"))
    .order_by(pack_version.c.version.desc())
    .limit(1)
)
_BY_NUMBER: Final = select(*_LINE_COLUMNS, pack_version.c.document).where(
    pack_version.c.code == bindparam("pack"), pack_version.c.version == bindparam("number")
)
_TITLES: Final = """
select v.code, v.version, (v.document::jsonb->'title')::text as title
from unnest($1::text[], $2::bigint[]) as w(code, version)
join pack_version v on v.code = w.code and v.version = w.version
"""
_LINES: Final = select(*_LINE_COLUMNS).order_by(pack_version.c.code, pack_version.c.version.desc())
_OF_KIND: Final = or_(
    bindparam("kind", type_=Text).is_(None), pack_version.c.kind == bindparam("kind", type_=Text)
)
_PACKS: Final = (
    select(*_LINE_COLUMNS)
    .where(pack_version.c.code > bindparam("after"), _OF_KIND)
    .ext(distinct_on(pack_version.c.code))
    .order_by(pack_version.c.code, pack_version.c.version.desc())
    .limit(bindparam("limit"))
)
_NEWEST_OF_EACH: Final = (
    select(*_LINE_COLUMNS, pack_version.c.document)
    .where(pack_version.c.code > bindparam("after"))
    .ext(distinct_on(pack_version.c.code))
    .order_by(pack_version.c.code, pack_version.c.version.desc())
    .limit(bindparam("limit"))
)
_LINES_OF: Final = (
    select(*_LINE_COLUMNS)
    .where(
        pack_version.c.code == bindparam("pack"),
        pack_version.c.version < bindparam("before", type_=BigInteger),
    )
    .order_by(pack_version.c.version.desc())
    .limit(bindparam("limit"))
)
_BEYOND_LAST: Final = 1 << 40
_INSERT_VERSION: Final = insert(pack_version)
_INSERT_ACTIVATION: Final = insert(pack_activation)


async def lock_packs(session: AsyncSession) -> None:
    """Let one transaction at a time change packs, so that numbers are gapless and ids commit in order."""
    await session.execute(_LOCK)


async def activations(session: AsyncSession) -> list[Activation]:
    """All activations, oldest first, with those that were taken back."""
    return [Activation(**row._mapping) for row in await session.execute(_ACTIVATIONS)]


async def activations_of(session: AsyncSession, code: str) -> list[Activation]:
    """A pack's activations, oldest first, with those that were taken back."""
    return [Activation(**row._mapping) for row in await session.execute(_ACTIVATIONS_OF, {"pack": code})]


async def page_in_force(
    session: AsyncSession, code: str, scope: Scope, after: int, limit: int
) -> list[Activation]:
    """A pack's activations that say something at places that concern the scope, oldest first; `in_force`."""
    values = {"pack": code, "after": after, "limit": limit, **scope.parameters}
    return [Activation(**row._mapping) for row in await session.execute(_IN_FORCE_OF, values)]


async def place_paths(session: AsyncSession) -> dict[UUID, str]:
    """The path of every place."""
    return {row[0]: row[1] for row in await session.execute(_PLACES)}


async def places_among(session: AsyncSession, codes: Collection[str]) -> set[str]:
    """Which of these codes are those of stores, or of places above stores."""
    return {row[0] for row in await session.execute(_PLACES_AMONG, {"codes": list(codes)})}


async def has_place(session: AsyncSession, place_id: UUID) -> bool:
    """Whether the place is there."""
    return (await session.execute(_PLACE_EXISTS, {"place_id": place_id})).first() is not None


async def versions(session: AsyncSession, ids: Collection[UUID]) -> list[PackVersion]:
    """Versions by id, in no order."""
    rows = await session.execute(_VERSIONS, {"ids": list(ids)})
    return [_stored(row._mapping).version for row in rows]


async def version_with_hash(session: AsyncSession, code: str, digest: str) -> StoredVersion | None:
    """The newest version of exactly this content."""
    return await _one(session, _BY_HASH, {"pack": code, "digest": digest})


async def newest_version(session: AsyncSession, code: str) -> StoredVersion | None:
    """The version with the highest number."""
    return await _one(session, _NEWEST, {"pack": code})


async def version_numbered(session: AsyncSession, code: str, number: int) -> StoredVersion | None:
    """One version."""
    return await _one(session, _BY_NUMBER, {"pack": code, "number": number})


async def titles(
    session: AsyncSession, names: Collection[tuple[str, int]]
) -> dict[tuple[str, int], Mapping[str, str]]:
    """(code, version) → what it is called, by language."""
    columns = ([code for code, _ in names], [version for _, version in names])
    rows = await (await driver(session)).fetch(_TITLES, *columns)
    return {(row["code"], row["version"]): json.loads(row["title"]) for row in rows}


async def version_lines(session: AsyncSession) -> list[VersionLine]:
    """All versions of all packs, by code, newest first."""
    return [VersionLine(**row._mapping) for row in await session.execute(_LINES)]


async def page_of_packs(
    session: AsyncSession, after: str, limit: int, kind: PackKind | None
) -> list[VersionLine]:
    """The newest version of each pack, or of those of one kind, by code."""
    values = {"after": after, "limit": limit, "kind": kind}
    return [VersionLine(**row._mapping) for row in await session.execute(_PACKS, values)]


async def page_of_newest(session: AsyncSession, after: str, limit: int) -> list[StoredVersion]:
    """The newest version of each pack, by code, with its text."""
    rows = await session.execute(_NEWEST_OF_EACH, {"after": after, "limit": limit})
    return [_stored(row._mapping) for row in rows]


async def page_of_versions(
    session: AsyncSession, code: str, before: int | None, limit: int
) -> list[VersionLine]:
    """The versions of a pack, newest first."""
    values = {"pack": code, "before": _BEYOND_LAST if before is None else before, "limit": limit}
    return [VersionLine(**row._mapping) for row in await session.execute(_LINES_OF, values)]


async def insert_version(session: AsyncSession, stored: StoredVersion) -> None:
    """Keep a version."""
    version = stored.version
    row = {
        "id": version.id,
        "code": version.code,
        "version": version.version,
        "kind": version.kind,
        "hash": version.hash,
        "document": stored.text,
        "created_at": stored.created_at,
        "created_by": stored.created_by,
    }
    await session.execute(_INSERT_VERSION, row)


async def insert_making(session: AsyncSession, version_id: UUID, making: Making, at: datetime) -> None:
    """Note who made a version of what; the same again changes nothing."""
    row = {"version_id": version_id, "made_by": making.made_by, "based_on": making.based_on, "made_at": at}
    await session.execute(_INSERT_MAKING, row)


async def makings_of(session: AsyncSession, code: str) -> list[Making]:
    """Who made each version of a pack, and of which."""
    return [Making(**row._mapping) for row in await session.execute(_MAKINGS, {"pack": code})]


async def insert_activations(
    session: AsyncSession,
    rows: Sequence[NewActivation],
    *,
    pack_code: str,
    release_id: UUID | None,
    recorded_at: datetime,
    recorded_by: str,
    reason: str | None,
) -> None:
    """Keep activations of a pack, in this order."""
    common = {
        "pack_code": pack_code,
        "release_id": release_id,
        "recorded_at": recorded_at,
        "recorded_by": recorded_by,
        "reason": reason,
    }
    for row in rows:
        await session.execute(_INSERT_ACTIVATION, {**asdict(row), **common})


async def _one(session: AsyncSession, statement: Any, values: Mapping[str, object]) -> StoredVersion | None:  # noqa: ANN401 — SQLAlchemy's Select of many columns
    row = (await session.execute(statement, values)).first()
    return None if row is None else _stored(row._mapping)


def _stored(row: Mapping[Any, Any]) -> StoredVersion:
    text: str = row["document"]
    version = PackVersion(row["id"], row["code"], row["version"], row["kind"], row["hash"], json.loads(text))
    return StoredVersion(version, text, row["created_at"], row["created_by"])
