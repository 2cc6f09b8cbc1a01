"""All SQL of rehearsals themselves."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import (
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    delete,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.base import Instant, Json
from regulars.db.paging import latest_first, page_values
from regulars.rehearsal.domain import DraftPack, RankedMember, Rehearsal, State
from regulars.rehearsal.tables import rehearsal, rehearsal_member
from regulars.rules.domain import PackVersion
from regulars.security.scope import Scope, within_place

_APART: Final = ("packs", "report", "ordered_by_kind", "ordered_by_id")
_ID: Final = bindparam("rehearsal_id", type_=Uuid)
_SELECT: Final = select(
    *(column for column in rehearsal.c if column.name not in _APART),
    (rehearsal.c.ordered_by_kind + ":" + rehearsal.c.ordered_by_id).label("ordered_by"),
    literal_column("jsonb_path_query_array(rehearsal.packs, '$[*].name')", Json).label("pack_names"),
    literal_column(
        "(select jsonb_agg(cast(each.pack ->> 'text' as jsonb) -> 'title' order by each.place)"
        " from jsonb_array_elements(rehearsal.packs) with ordinality as each(pack, place))",
        Json,
    ).label("pack_titles"),
)
_ONE: Final = _SELECT.add_columns(rehearsal.c.report).where(
    rehearsal.c.id == _ID, within_place(rehearsal.c.place_id)
)
_LOCK: Final = select(rehearsal.c.state).where(rehearsal.c.id == _ID).with_for_update()
_PACKS: Final = select(rehearsal.c.packs).where(rehearsal.c.id == _ID)
_DIGEST: Final = bindparam("digest", type_=Text)
_DIGESTS: Final = cast(array([_DIGEST]), ARRAY(Text))
_PAGE: Final = latest_first(
    _SELECT.where(
        within_place(rehearsal.c.place_id),
        or_(_DIGEST.is_(None), rehearsal.c.pack_hashes.contains(_DIGESTS)),
    ),
    rehearsal.c.state,
    rehearsal.c.ordered_at,
    rehearsal.c.id,
)
_COVERS: Final = sql_text(
    "not exists (select from place wanted where wanted.id = any(cast(:place_ids as uuid[]))"
    " and not wanted.path <@ (select path from place where id = rehearsal.place_id))"
)
_FINISHED_FOR: Final = (
    _SELECT.where(rehearsal.c.state == "finished", rehearsal.c.pack_hashes.contains(_DIGESTS), _COVERS)
    .order_by(rehearsal.c.ended_at.desc())
    .limit(1)
)
_WAITING: Final = (
    select(rehearsal.c.id)
    .where(rehearsal.c.state.in_(("queued", "running")), rehearsal.c.ordered_by_kind != "command")
    .order_by(rehearsal.c.ordered_at)
)
_MEMBERS: Final = (
    select(rehearsal_member.c.rank, rehearsal_member.c.member_id, rehearsal_member.c.change)
    .where(
        rehearsal_member.c.rehearsal_id == _ID,
        rehearsal_member.c.measure == bindparam("measure", type_=Text),
        rehearsal_member.c.side == bindparam("side", type_=Text),
        rehearsal_member.c.rank > bindparam("after_rank", type_=Integer),
    )
    .order_by(rehearsal_member.c.rank)
    .limit(bindparam("count", type_=Integer))
)
_THIS: Final = update(rehearsal).where(rehearsal.c.id == _ID)
_BEGIN: Final = _THIS.where(rehearsal.c.state.in_(("queued", "running"))).values(
    state="running",
    started_at=bindparam("at", type_=Instant),
    attempts=rehearsal.c.attempts + 1,
    purchases_done=0,
    purchases_in_all=bindparam("in_all", type_=Integer),
)
_PROGRESS: Final = (
    _THIS.where(rehearsal.c.state == "running")
    .values(purchases_done=bindparam("done", type_=Integer))
    .returning(rehearsal.c.cancel_asked)
)
_ASK_TO_CANCEL: Final = _THIS.values(cancel_asked=True)
_BREAK_OFF: Final = (
    update(rehearsal)
    .where(
        rehearsal.c.state == "running",
        rehearsal.c.ordered_by_kind == "command",
        rehearsal.c.id != _ID,
    )
    .values(state="failed", failed_with="rehearsal_interrupted", ended_at=bindparam("at", type_=Instant))
)


@dataclass(frozen=True, slots=True)
class NewRehearsal:
    """A rehearsal to be written."""

    id: UUID
    place_id: UUID
    packs: tuple[DraftPack, ...]
    texts: tuple[str, ...]
    since: datetime | None
    until: datetime
    ordered_at: datetime
    ordered_by_kind: str
    ordered_by_id: str


async def write(session: AsyncSession, new: NewRehearsal) -> None:
    """Queue a rehearsal."""
    packs = [
        {
            "id": str(pack.version.id),
            "code": pack.version.code,
            "version": pack.version.version,
            "name": pack.version.name,
            "kind": pack.version.kind,
            "hash": pack.version.hash,
            "published": pack.published,
            "text": text,
        }
        for pack, text in zip(new.packs, new.texts, strict=True)
    ]
    row = {
        "id": new.id,
        "place_id": new.place_id,
        "pack_hashes": [pack.version.hash for pack in new.packs],
        "packs": packs,
        "since": new.since,
        "until": new.until,
        "state": "queued",
        "ordered_at": new.ordered_at,
        "ordered_by_kind": new.ordered_by_kind,
        "ordered_by_id": new.ordered_by_id,
    }
    await session.execute(insert(rehearsal), row)


async def one(session: AsyncSession, rehearsal_id: UUID, scope: Scope) -> Rehearsal | None:
    """One rehearsal with its report."""
    row = (await session.execute(_ONE, {"rehearsal_id": rehearsal_id, **scope.parameters})).first()
    return None if row is None else _rehearsal(row._mapping)


async def page(
    session: AsyncSession,
    scope: Scope,
    *,
    states: Collection[State],
    digest: str | None,
    after: tuple[datetime, UUID] | None,
    count: int,
) -> list[Rehearsal]:
    """Rehearsals without their reports, the latest first."""
    values = {**page_values(states, after, count), "digest": digest, **scope.parameters}
    rows = await session.execute(_PAGE, values)
    return [_rehearsal(row._mapping) for row in rows]


async def finished_for(session: AsyncSession, digest: str, place_ids: Collection[UUID]) -> Rehearsal | None:
    """The latest finished rehearsal of a draft with this content at or above all these places."""
    values = {"digest": digest, "place_ids": list(place_ids)}
    row = (await session.execute(_FINISHED_FOR, values)).first()
    return None if row is None else _rehearsal(row._mapping)


async def waiting(session: AsyncSession) -> list[UUID]:
    """Rehearsals that a workflow is to carry out, the oldest first."""
    return list(await session.scalars(_WAITING))


async def drafts_of(session: AsyncSession, rehearsal_id: UUID) -> list[DraftPack]:
    """The drafts of a rehearsal."""
    packs = (await session.execute(_PACKS, {"rehearsal_id": rehearsal_id})).scalar_one()
    return [
        DraftPack(
            PackVersion(
                UUID(pack["id"]),
                pack["code"],
                pack["version"],
                pack["kind"],
                pack["hash"],
                orjson.loads(pack["text"]),
            ),
            pack["published"],
        )
        for pack in packs
    ]


async def lock(session: AsyncSession, rehearsal_id: UUID) -> State | None:
    """Keep others from changing its state; the state, or None where there is none."""
    return (await session.execute(_LOCK, {"rehearsal_id": rehearsal_id})).scalar_one_or_none()


async def begin(session: AsyncSession, rehearsal_id: UUID, in_all: int, at: datetime) -> None:
    """It is at work, from the beginning."""
    await session.execute(_BEGIN, {"rehearsal_id": rehearsal_id, "in_all": in_all, "at": at})


async def break_off_others(session: AsyncSession, rehearsal_id: UUID, at: datetime) -> None:
    """What a command had begun and nobody works on any more, for we hold the lock."""
    await session.execute(_BREAK_OFF, {"rehearsal_id": rehearsal_id, "at": at})


async def tell_progress(session: AsyncSession, rehearsal_id: UUID, done: int) -> bool:
    """Note how far it is; whether it is to stop."""
    asked = (
        await session.execute(_PROGRESS, {"rehearsal_id": rehearsal_id, "done": done})
    ).scalar_one_or_none()
    return asked is None or asked


async def ask_to_cancel(session: AsyncSession, rehearsal_id: UUID) -> None:
    """Whoever works on it will see this within a second."""
    await session.execute(_ASK_TO_CANCEL, {"rehearsal_id": rehearsal_id})


async def end(
    session: AsyncSession,
    rehearsal_id: UUID,
    state: State,
    at: datetime,
    *,
    failed_with: str | None = None,
    report: Mapping[str, Any] | None = None,
    done: int | None = None,
) -> None:
    """It has ended, one way or another."""
    values: dict[str, Any] = {"state": state, "failed_with": failed_with, "report": report, "ended_at": at}
    if done is not None:
        values |= {"purchases_done": done, "purchases_in_all": done}
    await session.execute(_THIS.values(**values), {"rehearsal_id": rehearsal_id})


async def write_members(
    session: AsyncSession, rehearsal_id: UUID, measure: str, side: str, changes: Sequence[Mapping[str, Any]]
) -> None:
    """Keep whom it makes the greatest differences for, in order; what an earlier attempt kept goes."""
    await session.execute(
        delete(rehearsal_member).where(
            and_(
                rehearsal_member.c.rehearsal_id == rehearsal_id,
                rehearsal_member.c.measure == measure,
                rehearsal_member.c.side == side,
            )
        )
    )
    rows = [
        {
            "rehearsal_id": rehearsal_id,
            "measure": measure,
            "side": side,
            "rank": rank,
            "member_id": UUID(change["member_id"]),
            "change": change,
        }
        for rank, change in enumerate(changes, 1)
    ]
    if rows:
        await session.execute(insert(rehearsal_member), rows)


async def members(
    session: AsyncSession, rehearsal_id: UUID, measure: str, side: str, after_rank: int, count: int
) -> list[RankedMember]:
    """Some of the members with the greatest differences, in order."""
    rows = await session.execute(
        _MEMBERS,
        {
            "rehearsal_id": rehearsal_id,
            "measure": measure,
            "side": side,
            "after_rank": after_rank,
            "count": count,
        },
    )
    return [RankedMember(row.rank, row.member_id, row.change) for row in rows]


def _rehearsal(row: Mapping[Any, Any]) -> Rehearsal:
    values = dict(row)
    values["pack_names"] = tuple(values["pack_names"])
    values["pack_titles"] = tuple(values["pack_titles"])
    values["pack_hashes"] = tuple(values["pack_hashes"])
    return Rehearsal(**values)
