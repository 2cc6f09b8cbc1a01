"""All SQL of releases: the release, its places, and which of them somebody may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    column,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.base import Instant, Ltree
from regulars.releases.domain import PlannedPlace, Release, ReleaseState
from regulars.releases.tables import pack_release, pack_release_place
from regulars.security.scope import Scope, touching_path

_LAST: Final = UUID(int=(1 << 128) - 1)
_place: Final = table("place", column("id", Uuid), column("path", Ltree))
_COLUMNS: Final = [each for each in pack_release.c if each.name != "told_no"]
_FIXED: Final = frozenset({"id", "code", "version_id", "version", "kind", "hash", "submitted_at"})
_MOVING: Final = tuple(each.name for each in _COLUMNS if each.name not in _FIXED)

_TOUCHED: Final = exists(
    select(1)
    .select_from(_place)
    .where(
        _place.c.id == any_(pack_release.c.place_ids),
        touching_path(_place.c.path),
    )
)
_BY_ID: Final = select(*_COLUMNS).where(pack_release.c.id == bindparam("release_id"), _TOUCHED)
_LOCK: Final = _BY_ID.with_for_update(of=pack_release)
_RUNNING: Final = (
    select(*_COLUMNS)
    .where(pack_release.c.code == bindparam("pack"), pack_release.c.state.in_(("scheduled", "live")))
    .order_by(pack_release.c.id)
    .with_for_update(of=pack_release)
)
_ALL_RUNNING: Final = (
    select(*_COLUMNS)
    .where(pack_release.c.state.in_(("scheduled", "live")))
    .order_by(pack_release.c.id)
    .with_for_update(of=pack_release)
)
_PAGE: Final = (
    select(*_COLUMNS)
    .where(
        _TOUCHED,
        pack_release.c.id < bindparam("before", type_=Uuid),
        or_(bindparam("pack", type_=Text).is_(None), pack_release.c.code == bindparam("pack", type_=Text)),
        or_(
            bindparam("states", type_=ARRAY(Text)).is_(None),
            pack_release.c.state == any_(bindparam("states", type_=ARRAY(Text))),
            pack_release.c.next_due_at <= bindparam("at", type_=Instant),  # time may have moved it on
        ),
        or_(
            bindparam("place_id", type_=Uuid).is_(None),
            bindparam("place_id", type_=Uuid) == any_(pack_release.c.place_ids),
        ),
    )
    .order_by(pack_release.c.id.desc())
    .limit(bindparam("limit"))
)
_OPEN_SAME: Final = select(*_COLUMNS).where(
    pack_release.c.version_id == bindparam("wanted_id"), pack_release.c.state == "in_review"
)
_AUTHORS: Final = select(func.unnest(pack_release.c.authors)).where(
    pack_release.c.code == bindparam("pack"),
    pack_release.c.version > bindparam("since"),
    pack_release.c.version <= bindparam("until"),
)
_APPROVED: Final = (
    pack_release.c.code == bindparam("pack"),
    pack_release.c.state.in_(("approved", "scheduled", "live", "retired", "rolled_back", "cancelled")),
    pack_release.c.decided_at.is_not(None),  # one can be cancelled before anybody approves it
)
_LAST_APPROVED: Final = select(func.max(pack_release.c.draft_revision)).where(
    *_APPROVED, pack_release.c.draft_revision < bindparam("until")
)
_APPROVED_VERSIONS: Final = select(pack_release.c.version).where(*_APPROVED).distinct()
_PLACES: Final = (
    select(pack_release_place)
    .where(pack_release_place.c.release_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(pack_release_place.c.step, pack_release_place.c.place_id)
)
_INSERT: Final = insert(pack_release)
_UPDATE: Final = (
    update(pack_release)
    .where(pack_release.c.id == bindparam("this_id"))
    .values({name: bindparam(f"new_{name}", type_=pack_release.c[name].type) for name in _MOVING})
)
_FORGET_PLACES: Final = delete(pack_release_place).where(
    pack_release_place.c.release_id == bindparam("this_id")
)
_INSERT_PLACES: Final = insert(pack_release_place)
_PATHS: Final = select(_place.c.id, cast(_place.c.path, Text)).where(
    _place.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)
_UNTOLD: Final = (
    select(pack_release.c.id, pack_release.c.change_no)
    .where(pack_release.c.told_no < pack_release.c.change_no)
    .order_by(pack_release.c.id)
    .limit(bindparam("limit"))
)
_TOLD: Final = (
    update(pack_release)
    .where(pack_release.c.id == bindparam("this_id"), pack_release.c.told_no < bindparam("number"))
    .values(told_no=bindparam("number"))
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which releases a list shows; None: all."""

    code: str | None = None
    states: tuple[ReleaseState, ...] | None = None
    place_id: UUID | None = None


async def insert_release(session: AsyncSession, release: Release) -> None:
    """Keep a release."""
    await session.execute(_INSERT, {each.name: _value(release, each.name) for each in _COLUMNS})


async def save(session: AsyncSession, release: Release) -> None:
    """Keep what has changed of a release, and its places."""
    values = {f"new_{name}": _value(release, name) for name in _MOVING}
    await session.execute(_UPDATE, {"this_id": release.id, **values})
    await session.execute(_FORGET_PLACES, {"this_id": release.id})
    if release.places:
        await session.execute(_INSERT_PLACES, [_place_row(release.id, place) for place in release.places])


async def find(
    session: AsyncSession, release_id: UUID, scope: Scope, *, for_change: bool = False
) -> Release | None:
    """One release that concerns a place in the scope, or one above it."""
    statement = _LOCK if for_change else _BY_ID
    found = await _many(session, statement, {"release_id": release_id, **scope.parameters})
    return found[0] if found else None


async def running(session: AsyncSession, code: str) -> list[Release]:
    """The releases of a pack that are written into the places' time, oldest first, locked."""
    return await _many(session, _RUNNING, {"pack": code})


async def all_running(session: AsyncSession) -> list[Release]:
    """The releases of all packs that are written into the places' time, oldest first, locked."""
    return await _many(session, _ALL_RUNNING, {})


async def page(
    session: AsyncSession, scope: Scope, wanted: Filter, *, at: datetime, before: UUID | None, limit: int
) -> list[Release]:
    """Releases that concern the scope, newest first; also those that time may have moved to another state."""
    values = {
        "pack": wanted.code,
        "states": None if wanted.states is None else list(wanted.states),
        "place_id": wanted.place_id,
        "at": at,
        "before": before or _LAST,
        "limit": limit,
        **scope.parameters,
    }
    return await _many(session, _PAGE, values)


async def in_review_of(session: AsyncSession, version_id: UUID) -> list[Release]:
    """The releases of a version that wait for approval."""
    return await _many(session, _OPEN_SAME, {"wanted_id": version_id})


async def authors_of(session: AsyncSession, code: str, *, since: int, until: int) -> set[str]:
    """Everybody who is an author of a release of a version after `since`, up to `until`, of whatever became
    of it."""
    rows = await session.execute(_AUTHORS, {"pack": code, "since": since, "until": until})
    return set(rows.scalars())


async def last_approved_revision(session: AsyncSession, code: str, until: int) -> int:
    """The newest draft revision before `until` that was approved; 0 for none."""
    return int((await session.execute(_LAST_APPROVED, {"pack": code, "until": until})).scalar() or 0)


async def approved_versions(session: AsyncSession, code: str) -> set[int]:
    """The versions of a pack that somebody approved."""
    return set((await session.execute(_APPROVED_VERSIONS, {"pack": code})).scalars())


async def paths_of(session: AsyncSession, place_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The paths of places; those that are not there are left out."""
    rows = await session.execute(_PATHS, {"ids": list(place_ids)})
    return {row[0]: row[1] for row in rows}


async def untold(session: AsyncSession, limit: int) -> list[tuple[UUID, int]]:
    """Releases whose workflow has not heard of the newest change, with the number of that."""
    return [(row[0], row[1]) for row in await session.execute(_UNTOLD, {"limit": limit})]


async def note_told(session: AsyncSession, release_id: UUID, change_no: int) -> None:
    """Remember what a release's workflow has heard of."""
    await session.execute(_TOLD, {"this_id": release_id, "number": change_no})


async def _many(session: AsyncSession, statement: Any, values: Mapping[str, object]) -> list[Release]:  # noqa: ANN401 — SQLAlchemy's Select of many columns
    rows = [dict(row._mapping) for row in await session.execute(statement, values)]
    places: dict[UUID, list[PlannedPlace]] = {row["id"]: [] for row in rows}
    if rows:
        for found in await session.execute(_PLACES, {"ids": list(places)}):
            planned = dict(found._mapping)
            places[planned.pop("release_id")].append(PlannedPlace(**planned))
    return [replace(_release(row), places=tuple(places[row["id"]])) for row in rows]


def _release(row: dict[str, Any]) -> Release:
    lists = {name: tuple(row[name]) for name in ("place_ids", "authors")}
    return Release(**{**row, **lists})


def _value(release: Release, name: str) -> object:
    value = getattr(release, name)
    return list(value) if isinstance(value, tuple) else value


def _place_row(release_id: UUID, place: PlannedPlace) -> dict[str, object]:
    return {
        "release_id": release_id,
        "place_id": place.place_id,
        "step": place.step,
        "state": place.state,
        "starts": place.starts,
        "ends": place.ends,
        "starts_at": place.starts_at,
        "ends_at": place.ends_at,
    }
