"""All SQL about terminal keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Row, any_, bindparam, column, func, insert, select, table, true, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import DateTime, Text, Uuid

from regulars.db.base import Ltree
from regulars.security.domain import TerminalKey
from regulars.security.scope import Scope, within_path
from regulars.security.tables import terminal_key

# Places belong to the layer above; of them this layer reads only what a key depends on.
_place: Final = table(
    "place",
    column("id", Uuid),
    column("parent_id", Uuid),
    column("kind", Text),
    column("path", Ltree),
    column("closed_at", DateTime(timezone=True)),
)
_store: Final = _place.alias("store")

_LOCK_TERMINAL: Final = (
    select(_place.c.id)
    .where(
        _place.c.id == bindparam("terminal_id"),
        _place.c.kind == "terminal",
        _place.c.closed_at.is_(None),
        within_path(_place.c.path),
    )
    .with_for_update()
)
_LIVE: Final = select(func.count()).where(
    terminal_key.c.terminal_id == bindparam("terminal_id"), terminal_key.c.revoked_at.is_(None)
)
_INSERT: Final = insert(terminal_key)
_LIST: Final = (
    select(terminal_key)
    .join_from(terminal_key, _place, _place.c.id == terminal_key.c.terminal_id)
    .where(terminal_key.c.terminal_id == bindparam("terminal_id"), within_path(_place.c.path))
    .order_by(terminal_key.c.id)
)
_REVOKE: Final = (
    update(terminal_key)
    .where(
        terminal_key.c.terminal_id == bindparam("terminal"),
        terminal_key.c.key_id == bindparam("key"),
        terminal_key.c.terminal_id.in_(select(_place.c.id).where(within_path(_place.c.path))),
    )
    .values(revoked_at=func.coalesce(terminal_key.c.revoked_at, bindparam("at")))
    .returning(terminal_key.c.key_id)
)
_PROOFS: Final = (
    select(
        terminal_key.c.key_id,
        terminal_key.c.secret_mac,
        terminal_key.c.terminal_id,
        _store.c.id.label("store_id"),
        _store.c.path.cast(Text).label("store_path"),
    )
    .join_from(terminal_key, _place, _place.c.id == terminal_key.c.terminal_id)
    .join(_store, _store.c.id == _place.c.parent_id)
    .where(
        terminal_key.c.key_id == any_(bindparam("keys", type_=ARRAY(Text))),
        terminal_key.c.revoked_at.is_(None),
        _place.c.closed_at.is_(None),
        _store.c.closed_at.is_(None),
    )
)
# Several processes note the same keys; whoever finds one in another's hand leaves it to that one.
_NOTE_USED: Final = (
    update(terminal_key)
    .where(
        terminal_key.c.id.in_(
            select(terminal_key.c.id)
            .where(
                terminal_key.c.key_id == any_(bindparam("keys", type_=ARRAY(Text))),
                func.coalesce(terminal_key.c.last_used_at < func.now() - timedelta(hours=1), true()),
            )
            .with_for_update(skip_locked=True)
        )
    )
    .values(last_used_at=func.now())
)


@dataclass(frozen=True, slots=True)
class KeyProof:
    """What a presented key is checked against, and whom it proves."""

    key_id: str
    secret_mac: bytes
    terminal_id: UUID
    store_id: UUID
    store_path: str


async def lock_terminal(session: AsyncSession, terminal_id: UUID, scope: Scope) -> bool:
    """Hold the open terminal for this transaction; False where there is none inside the scope."""
    parameters = {"terminal_id": terminal_id, **scope.parameters}
    return (await session.execute(_LOCK_TERMINAL, parameters)).first() is not None


async def count_live(session: AsyncSession, terminal_id: UUID) -> int:
    return (await session.execute(_LIVE, {"terminal_id": terminal_id})).scalar_one()


async def insert_key(
    session: AsyncSession, key: TerminalKey, secret_mac: bytes, created_by: UUID | None
) -> None:
    values = {
        "id": key.id,
        "terminal_id": key.terminal_id,
        "key_id": key.key_id,
        "secret_mac": secret_mac,
        "created_at": key.created_at,
        "created_by": created_by,
    }
    await session.execute(_INSERT, values)


async def list_keys(session: AsyncSession, terminal_id: UUID, scope: Scope) -> list[TerminalKey]:
    rows = await session.execute(_LIST, {"terminal_id": terminal_id, **scope.parameters})
    return [_key(row) for row in rows]


async def revoke(session: AsyncSession, terminal_id: UUID, key_id: str, scope: Scope, at: datetime) -> bool:
    parameters = {"terminal": terminal_id, "key": key_id, "at": at, **scope.parameters}
    return (await session.execute(_REVOKE, parameters)).first() is not None


async def find_proofs(session: AsyncSession, key_ids: Sequence[str]) -> dict[str, KeyProof]:
    rows = await session.execute(_PROOFS, {"keys": key_ids})
    return {
        row.key_id: KeyProof(row.key_id, row.secret_mac, row.terminal_id, row.store_id, row.store_path)
        for row in rows
    }


async def note_used(session: AsyncSession, key_ids: Sequence[str]) -> None:
    """That keys are in use, where nobody noted it within the hour; waits for nobody."""
    await session.execute(_NOTE_USED, {"keys": key_ids})


def _key(row: Row[*tuple[object, ...]]) -> TerminalKey:
    values = row._mapping
    return TerminalKey(
        values["id"],
        values["key_id"],
        values["terminal_id"],
        values["created_at"],
        values["revoked_at"],
        values["last_used_at"],
    )
