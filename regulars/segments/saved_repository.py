"""All SQL of saved segments."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import (
    Integer,
    Row,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    table,
)
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.base import Ltree
from regulars.security.scope import Scope, touching_path
from regulars.segments.domain import SegmentVersion
from regulars.segments.tables import segment_version

_place = table("place", column("id", Uuid), column("code", Text), column("path", Ltree))
_V: Final = segment_version.c
# What a place above has defined is there for all below it; whom it counts, the scope says.
_IN_SIGHT: Final = touching_path(_place.c.path)
_CODE: Final = bindparam("code", type_=Text)
_SEEN: Final[Select[Any]] = (
    select(segment_version, _place.c.code.label("place_code"), _place.c.path.label("place_path"))
    .join(_place, _place.c.id == _V.place_id)
    .where(_IN_SIGHT)
)
_NEWEST: Final = select(segment_version).where(_V.code == _CODE).order_by(_V.version.desc()).limit(1)
_ONE_NEWEST: Final = _SEEN.where(_V.code == _CODE).order_by(_V.version.desc()).limit(1)
_ONE: Final = _SEEN.where(_V.code == _CODE, _V.version == bindparam("version", type_=Integer))
_NEWEST_SEEN: Final = (
    _SEEN.where(_V.code > bindparam("after", type_=Text))
    .ext(distinct_on(_V.code))
    .order_by(_V.code, _V.version.desc())
    .subquery()
)
_TITLE: Final = cast(_NEWEST_SEEN.c.document, JSONB)["title"]
_PAGE: Final = (
    select(_NEWEST_SEEN)
    .where(
        func.strpos(
            func.lower(func.concat_ws("\n", _NEWEST_SEEN.c.code, _TITLE["zh"].astext, _TITLE["en"].astext)),
            func.lower(bindparam("text", type_=Text)),
        )
        > 0
    )
    .order_by(_NEWEST_SEEN.c.code)
    .limit(bindparam("limit", type_=Integer))
)
_OLDER: Final = (
    _SEEN.where(_V.code == _CODE, _V.version < bindparam("before", type_=Integer))
    .order_by(_V.version.desc())
    .limit(bindparam("limit", type_=Integer))
)
_INSERT: Final = insert(segment_version)
_LOCK: Final = sql_text("select pg_advisory_xact_lock(7201123, hashtext(:code))")


@dataclass(frozen=True, slots=True)
class Seen:
    """A version with the place it belongs to."""

    version: SegmentVersion
    place_code: str
    place_path: str


async def lock(session: AsyncSession, code: str) -> None:
    """Let nobody else save this segment until the transaction ends."""
    await session.execute(_LOCK, {"code": code})


async def newest(session: AsyncSession, code: str) -> SegmentVersion | None:
    """The newest version of all there are, in sight or not: codes are unique in the chain."""
    row = (await session.execute(_NEWEST, {"code": code})).first()
    return None if row is None else _version(row)


async def find(session: AsyncSession, scope: Scope, code: str, version: int | None) -> Seen | None:
    """One version in sight; the newest where none is named."""
    parameters: dict[str, object] = {**scope.parameters, "code": code}
    if version is not None:
        parameters["version"] = version
    row = (await session.execute(_ONE_NEWEST if version is None else _ONE, parameters)).first()
    return None if row is None else _seen(row)


async def page(session: AsyncSession, scope: Scope, after: str, limit: int, text: str) -> list[Seen]:
    """The newest versions in sight, by code, of those with the text in code or title; "": all."""
    values = {**scope.parameters, "after": after, "limit": limit, "text": text}
    return [_seen(row) for row in await session.execute(_PAGE, values)]


async def versions(session: AsyncSession, scope: Scope, code: str, before: int, limit: int) -> list[Seen]:
    """The versions of one segment in sight below a number, newest first."""
    asked = {**scope.parameters, "code": code, "before": before, "limit": limit}
    return [_seen(row) for row in await session.execute(_OLDER, asked)]


async def write(session: AsyncSession, version: SegmentVersion, document: str) -> None:
    """Append a version."""
    await session.execute(
        _INSERT,
        {
            "id": version.id,
            "code": version.code,
            "version": version.version,
            "place_id": version.place_id,
            "hash": version.hash,
            "document": document,
            "created_at": version.created_at,
            "created_by": version.created_by,
            "reason": version.reason,
        },
    )


def _seen(row: Row[Any]) -> Seen:
    return Seen(_version(row), row.place_code, str(row.place_path))


def _version(row: Row[Any]) -> SegmentVersion:
    content = orjson.loads(row.document)
    return SegmentVersion(
        id=UUID(str(row.id)),
        code=row.code,
        version=row.version,
        place_id=UUID(str(row.place_id)),
        hash=row.hash,
        title_zh=content["title"]["zh"],
        title_en=content["title"]["en"],
        description=content["description"],
        when=content["when"],
        created_at=row.created_at,
        created_by=row.created_by,
        reason=row.reason,
    )
