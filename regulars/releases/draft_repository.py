"""All SQL of drafts: the newest revision of each, and every save that was ever made."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Text, bindparam, case, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.releases.drafting import DraftLine, DraftState, Revision, RevisionLine
from regulars.releases.tables import pack_draft, pack_draft_revision, pack_release

_LINE: Final = (
    pack_draft_revision.c.id,
    pack_draft_revision.c.code,
    pack_draft_revision.c.revision,
    pack_draft_revision.c.based_on,
    pack_draft_revision.c.kind,
    pack_draft_revision.c.note,
    pack_draft_revision.c.saved_at,
    pack_draft_revision.c.saved_by,
    pack_draft_revision.c.no,
)
_LAST: Final = (1 << 63) - 1
_FULL: Final = select(*_LINE, pack_draft_revision.c.text)
_BEGIN: Final = upsert(pack_draft).on_conflict_do_nothing(index_elements=["code"])
_LOCK: Final = select(pack_draft.c.revision).where(pack_draft.c.code == bindparam("pack")).with_for_update()
_REVISION: Final = _FULL.where(
    pack_draft_revision.c.code == bindparam("pack"), pack_draft_revision.c.revision == bindparam("number")
)
_NEWEST: Final = (
    _FULL.where(pack_draft_revision.c.code == bindparam("pack"), pack_draft_revision.c.revision.is_not(None))
    .order_by(pack_draft_revision.c.revision.desc())
    .limit(1)
)
_BY_ID: Final = _FULL.where(pack_draft_revision.c.id == bindparam("save_id"))
_LINES: Final = (
    select(*_LINE)
    .where(
        pack_draft_revision.c.code == bindparam("pack"),
        pack_draft_revision.c.no < bindparam("before", type_=BigInteger),
    )
    .order_by(pack_draft_revision.c.no.desc())
    .limit(bindparam("limit"))
)
_STATE: Final = case(
    (
        exists(
            select(1).where(
                pack_release.c.code == pack_draft.c.code,
                pack_release.c.draft_revision == pack_draft.c.revision,
                pack_release.c.state.not_in(("rejected", "withdrawn", "cancelled")),
            )
        ),
        "submitted",
    ),
    else_="open",
)
_TEXT: Final = bindparam("text", type_=Text)
_WANTED_STATE: Final = bindparam("state", type_=Text)
_DRAFTS: Final = (
    select(
        pack_draft.c.code,
        pack_draft.c.revision,
        pack_draft.c.updated_at,
        pack_draft.c.updated_by,
        _STATE.label("state"),
    )
    .where(
        pack_draft.c.code > bindparam("after"),
        pack_draft.c.revision > 0,
        func.strpos(func.lower(pack_draft.c.code), func.lower(_TEXT)) > 0,
        or_(_WANTED_STATE.is_(None), _STATE == _WANTED_STATE),
    )
    .order_by(pack_draft.c.code)
    .limit(bindparam("limit"))
)
_BETWEEN: Final = (
    select(*_LINE)
    .where(
        pack_draft_revision.c.code == bindparam("pack"),
        pack_draft_revision.c.revision > bindparam("since"),
        pack_draft_revision.c.revision <= bindparam("until"),
    )
    .order_by(pack_draft_revision.c.revision)
)
_ADVANCE: Final = (
    update(pack_draft)
    .where(pack_draft.c.code == bindparam("pack"))
    .values(revision=bindparam("number"), updated_at=bindparam("at"), updated_by=bindparam("by"))
)
_INSERT: Final = insert(pack_draft_revision)


async def lock(session: AsyncSession, code: str, at: datetime, by: str) -> int:
    """Keep everybody else from saving the draft; its newest revision, 0 where it begins now."""
    row = {"code": code, "revision": 0, "updated_at": at, "updated_by": by}
    await session.execute(_BEGIN, row)
    return int((await session.execute(_LOCK, {"pack": code})).scalar_one())


async def find(session: AsyncSession, code: str, number: int | None) -> Revision | None:
    """One revision with its text; without a number the newest."""
    if number is None:
        return await _one(session, _NEWEST, {"pack": code})
    return await _one(session, _REVISION, {"pack": code, "number": number})


async def find_save(session: AsyncSession, save_id: UUID) -> Revision | None:
    """One save of any draft with its text, refused ones too."""
    return await _one(session, _BY_ID, {"save_id": save_id})


async def page_of_saves(
    session: AsyncSession, code: str, before: int | None, limit: int
) -> list[RevisionLine]:
    """The saves of a draft, newest first, refused ones too."""
    rows = await session.execute(_LINES, {"pack": code, "before": before or _LAST, "limit": limit})
    return [RevisionLine(**row._mapping) for row in rows]


async def page_of_drafts(
    session: AsyncSession, after: str, limit: int, text: str, state: DraftState | None
) -> list[DraftLine]:
    """Drafts by code, of those with the text in their code and in the state; "" and None: all."""
    values = {"after": after, "limit": limit, "text": text, "state": state}
    rows = await session.execute(_DRAFTS, values)
    return [DraftLine(**row._mapping) for row in rows]


async def saves_between(session: AsyncSession, code: str, since: int, until: int) -> list[RevisionLine]:
    """The revisions after `since`, up to `until`."""
    rows = await session.execute(_BETWEEN, {"pack": code, "since": since, "until": until})
    return [RevisionLine(**row._mapping) for row in rows]


async def insert_save(session: AsyncSession, revision: Revision) -> None:
    """Keep one save, and where it has a number, make it the newest of the draft."""
    line = revision.line
    row = {
        "id": line.id,
        "code": line.code,
        "revision": line.revision,
        "based_on": line.based_on,
        "kind": line.kind,
        "text": revision.text,
        "note": line.note,
        "saved_at": line.saved_at,
        "saved_by": line.saved_by,
    }
    await session.execute(_INSERT, row)
    if line.revision is not None:
        newest = {"pack": line.code, "number": line.revision, "at": line.saved_at, "by": line.saved_by}
        await session.execute(_ADVANCE, newest)


async def _one(session: AsyncSession, statement: Any, values: Mapping[str, object]) -> Revision | None:  # noqa: ANN401 — SQLAlchemy's Select of many columns
    row = (await session.execute(statement, values)).first()
    if row is None:
        return None
    found = dict(row._mapping)
    text = found.pop("text")
    return Revision(RevisionLine(**found), text)
